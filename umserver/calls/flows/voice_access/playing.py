"""A message while it is heard: pause, back and forth, and every key that leads on (spec 5.4).

Knows: a clip and where in it the listener is. Must never know: what the leading keys do; those of
`acts` that are no moves lead on.
"""

from __future__ import annotations

from enum import Enum

from attrs import evolve

from umserver.calls.flows.voice_access.acts import WHILE_PLAYING
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.sequences import sequence
from umserver.interfaces import SAMPLE_RATE, Clip

STEP_SECONDS = 5.0
"""How far 1 goes back and 3 goes ahead."""
PAUSE_SECONDS = 20.0
"""How long a pause lasts before it is spoken of again."""
MOST_PAUSES = 30
"""How often; then the message goes on."""


class Move(Enum):
    """Moves within a message."""

    BACK = "1"
    PAUSE = "2"
    AHEAD = "3"
    END = "33"
    HELP = "0"


MOVES = {move.value: move for move in Move}
LEADING = tuple(keys for keys in WHILE_PLAYING if keys not in MOVES)
"""What is left to the caller of `listen`."""
_TABLE = {**MOVES, **dict.fromkeys(LEADING)}


def rest_of(clip: Clip, seconds: float) -> Clip:
    """What follows after so many seconds."""
    at = round(seconds * SAMPLE_RATE)
    return evolve(clip, encoded={law: sound[at:] for law, sound in clip.encoded.items()})


async def listen(owner: Owner, clip: Clip, at: float = 0.0) -> tuple[str, float]:
    """Play until the end ("") or a key that leads on (the keys); and the seconds heard by then.

    Raises HungUp, TimeUp.
    """
    while at < clip.seconds:
        started = owner.call.clock.seconds()
        if await owner.call.play(rest_of(clip, at)):
            return "", clip.seconds
        at = min(at + owner.call.clock.seconds() - started, clip.seconds)
        keys, move = await sequence(owner.call, _TABLE, 0.0)
        if move is Move.BACK:
            at = max(0.0, at - STEP_SECONDS)
        elif move is Move.AHEAD:
            at += STEP_SECONDS
        elif move is Move.END:
            break
        elif move is Move.HELP:
            await owner.say("playback-help")
        elif move is Move.PAUSE:
            await _pause(owner)
        elif keys in LEADING:
            return keys, at
        else:
            await owner.say("invalid-key")
    return "", clip.seconds


async def _pause(owner: Owner) -> None:
    """Until 2 or any other key; other keys keep their meaning."""
    for _ in range(MOST_PAUSES):
        await owner.say("playback-paused")
        if await owner.call.key(PAUSE_SECONDS) is not None:
            return
