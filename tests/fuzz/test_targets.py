"""Every wire format holds its promise for its seeds, for spoilt seeds, and for anything at all."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis.strategies import binary
from twisted.trial.unittest import SynchronousTestCase

from tests.fuzz.targets import TARGETS

SPOILT = 60
"""Spoilt copies of each format's seeds, taken in turn."""


def spoilt(chance: Random, seed: bytes, other: bytes) -> bytes:
    """A seed with a few octets changed, lost, doubled, or brought in from another one."""
    data = bytearray(seed)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data) + 1)
        span = chance.randrange(1, 9)
        match chance.randrange(4):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + span]
            case 2:
                data[at:at] = data[at : at + span] * chance.randrange(1, 40)
            case _:
                begin = chance.randrange(len(other) + 1)
                data[at : at + span] = other[begin : begin + span]
    return bytes(data)


class TargetTests(SynchronousTestCase):
    """Promises for any input."""

    def test_seeds(self) -> None:
        """What others published is read, or refused in words."""
        for target in TARGETS.values():
            for seed in target.seeds():
                target.run(seed)

    def test_spoilt_seeds(self) -> None:
        """So is what was damaged on its way."""
        for target in TARGETS.values():
            seeds = list(target.seeds())
            for number in range(max(SPOILT, len(seeds))):
                chance = Random(number)
                seed, other = seeds[number % len(seeds)], chance.choice(seeds)
                target.run(spoilt(chance, seed, other))

    def test_anything(self) -> None:
        """So is anything at all."""
        for target in TARGETS.values():
            given(binary(max_size=400))(
                settings(max_examples=60, deadline=None, database=None)(target.run)
            )()
