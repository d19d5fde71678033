"""The media engine under test: a process of its own, with legs that play, record, or are joined."""

from __future__ import annotations

import argparse
import cProfile
import gc
import os
import pstats
import sys
import time
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from attrs import evolve
from twisted.internet import epollreactor
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from benches.recordings import Shelf
from umserver.edges.net.media import Leg, MediaEngine
from umserver.interfaces import Clip, ITake
from umserver.service.calm import SWITCH_SECONDS
from umserver.wire.media import MediaPlan
from umserver.wire.srtp import Keying, MasterKey, suite_named

PORTS = range(20_000, 40_000)
SLOT = 0.005
"""Seconds between two ticks of the media clock."""
CLIP_SECONDS = 60
WITHOUT_END = 1000.0
"""Seconds that a recording may be silent, and last."""


def keying(number: int, name: str) -> Keying | None:
    """The keys of this leg in a suite, as the server has them; None without."""
    suite = suite_named(name)
    if suite is None:
        return None
    chance = Random(number)
    ours, theirs = (MasterKey(chance.randbytes(suite.secret)) for _ in range(2))
    return Keying(suite, ours, (theirs,))


def serve(options: argparse.Namespace, pipe: Connection) -> None:
    """The process: says "ready", hears where the peers are, says its ports, and what it came to."""
    if options.cores:
        os.sched_setaffinity(0, {int(options.cores.partition(",")[0])})
    epollreactor.install()  # type: ignore[no-untyped-call]
    from twisted.internet import reactor  # installs another one when it is imported before

    sys.setswitchinterval(SWITCH_SECONDS)
    load = Load(reactor, options)
    pipe.send("ready")
    pipe.send(load.open(pipe.recv()))
    load.measure(pipe)


@implementer(ITake)
class Nowhere:
    """A recording that nobody keeps."""

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """See ITake."""
        return succeed(None)


class Watched(MediaEngine):
    """An engine that keeps how late each of its ticks was, in seconds."""

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor, reactor, PORTS, Random(1), dscp=0)
        self.late: list[float] = []

    def _measure(self, now: float, slot: int) -> None:
        super()._measure(now, slot)
        self.late.append(now - (self._origin + slot * SLOT))


class Load:
    """The legs of one run, and what they cost."""

    def __init__(self, reactor: Any, options: argparse.Namespace) -> None:
        self.reactor, self.options = reactor, options
        self.shelf = Shelf(reactor) if options.disk else None
        self.engine = Watched(reactor)
        self.engine.start()
        self.legs: list[Leg] = []
        self.profile = cProfile.Profile() if options.profile else None

    def open(self, targets: list[tuple[str, int, int]]) -> list[int]:
        """A leg for each peer (host, port, RTCP port); their ports."""
        chance = Random(2)
        sound = bytes(chance.choice((0x20, 0x30, 0xA0, 0xB1)) for _ in range(CLIP_SECONDS * 8000))
        clip = Clip("long", {"PCMU": sound, "PCMA": sound})
        for target in targets:
            self._open(clip, *target)
        gc.collect()
        gc.freeze()
        return [leg.port for leg in self.legs]

    def measure(self, pipe: Connection) -> None:
        """Run, and say the figures."""
        self.reactor.callLater(self.options.settle, self._begin)
        end = self.options.settle + self.options.seconds
        self.reactor.callLater(end, lambda: Deferred.fromCoroutine(self._end(pipe)))
        self.reactor.run()

    def _open(self, clip: Clip, host: str, port: int, rtcp: int) -> None:
        modes, number = self.options.modes, len(self.legs)
        keys, laws = keying(number, self.options.srtp), {0: "PCMU"}
        plan = MediaPlan(host, port, rtcp, "PCMU", 0, 101, receive_codecs=laws, keying=keys)
        if "laws" in modes and number % 2:
            plan = evolve(plan, codec="PCMA", payload_type=8)
        leg = self.engine.open(host)
        leg.connect(plan)
        if "play" in modes:
            leg.play([clip])
        if "record" in modes:
            leg.record(self.shelf.take() if self.shelf else Nowhere(), WITHOUT_END, WITHOUT_END)
        if "bridge" in modes and number % 2:
            leg.join(self.legs[-1])
        self.legs.append(leg)

    def _begin(self) -> None:
        self.engine.late.clear()
        self.engine.metrics.skipped = 0
        self.cpu, self.wall = time.process_time(), time.monotonic()
        self.before = self._counts()
        if self.profile is not None:
            self.profile.enable()

    async def _end(self, pipe: Connection) -> None:
        try:
            told = self._told()
            if self.profile is not None:
                self.profile.disable()
                pstats.Stats(self.profile).sort_stats("tottime").print_stats(18)
            if self.shelf is not None:
                told.update(await self.shelf.check())
            pipe.send(told)
        finally:
            self.engine.stop()
            self.reactor.stop()

    def _counts(self) -> tuple[int, int]:
        """Packets that all legs sent and heard."""
        return (
            sum(leg._speaker.packets for leg in self.legs),
            sum(leg._inlet.packets for leg in self.legs),
        )

    def _told(self) -> dict[str, object]:
        """The figures: seconds, packets, milliseconds of lateness (p50, p99, p99.9)."""
        cpu, wall = time.process_time() - self.cpu, time.monotonic() - self.wall
        sent, heard = (now - then for now, then in zip(self._counts(), self.before, strict=True))
        late = sorted(self.engine.late)
        qualities = [leg._reports.quality(leg._inlet, leg._speaker) for leg in self.legs]
        return {
            "cpu": cpu,
            "wall": wall,
            "sent": sent,
            "heard": heard,
            "late": [late[int(len(late) * share)] * 1000 for share in (0.5, 0.99, 0.999)],
            "skipped": self.engine.metrics.skipped,
            "faults": self.engine.metrics.faults,
            "forged": sum(quality.forged for quality in qualities),
            "lost": sum(leg._inlet.source.lost for leg in self.legs),
        }
