"""The wheel of legs: every 5 ms a slot, in every slot the legs whose turn it is.

Knows: legs, the pulse. Must never know: packets. A leg with packets of 20 ms stands in every
fourth slot, so a quarter of all calls moves at a time and no burst leaves at once. A late tick
catches up at most 60 ms; what lies before that is skipped, timestamps go on with the wall.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from attrs import define
from twisted.internet.interfaces import IReactorFDSet, IReactorTime
from twisted.logger import Logger

from umserver.edges.net.media.capture import News
from umserver.edges.net.media.clock import Pulse, open_pulse
from umserver.edges.net.media.dtls import Identity, make_identity
from umserver.edges.net.media.leg import Leg
from umserver.edges.net.media.ports import NoPorts, open_pair

log = Logger()

SLOT = 0.005
"""Seconds."""

WHEEL = 12
"""Slots after which the wheel repeats; also the most that a late tick catches up."""

MEDIA_TIMEOUT = 60.0
"""Seconds without a packet after which a peer is taken for lost; long enough for a caller whose
telephone sends nothing while it is silent to listen to a menu."""

_PERIODS = {10: 2, 20: 4, 30: 2, 40: 4, 50: 2, 60: 4}
_EARLY = 1e-6


@define
class Metrics:
    """How well the clock keeps time."""

    wakes: int = 0
    late: float = 0.0
    """Seconds, summed over all wakes."""
    latest: float = 0.0
    """Seconds."""
    skipped: int = 0
    """Slots that were given up."""
    opened: int = 0
    """Legs."""
    secured: int = 0
    """Legs closed whose sound was encrypted."""
    forged: int = 0
    """Packets to them that were not genuine."""
    replayed: int = 0
    """Packets to them that came again, or far too late."""
    faults: int = 0
    """Exceptions in ticks and in what was told after them."""


class MediaEngine:
    """Give it the reactor as clock and as reactor; a test gives a stepping clock and None."""

    def __init__(
        self,
        clock: IReactorTime,
        reactor: IReactorFDSet | None,
        ports: range,
        random: Random,
        *,
        media_timeout: float = MEDIA_TIMEOUT,
        dscp: int = 46,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`media_timeout` in seconds, 0 for never; `dscp` marks our packets, 0 not."""
        self.random = random
        self.media_timeout = media_timeout
        self.metrics = Metrics()
        self._clock = clock
        self._reactor = reactor
        self._ports = ports
        self._dscp = dscp
        self._wall = wall
        self._pulse: Pulse | None = None
        self._origin = 0.0
        self._next = 0
        self._wheel: list[dict[Leg, None]] = [{} for _ in range(WHEEL)]
        self._ticking: dict[Leg, tuple[int, int]] = {}
        self._legs: dict[Leg, None] = {}
        self._turning = False
        self._identity: Identity | None = None

    def start(self) -> None:
        """Be ready for legs. The clock runs only while there are some."""
        if self._pulse is None:
            self._pulse = open_pulse(self._clock, self._reactor, self._wake)
            self._origin = self._pulse.now()

    def stop(self) -> None:
        """Close every leg and the clock."""
        for leg in list(self._legs):
            leg.close()
        if self._pulse is not None:
            self._pulse.close()
            self._pulse = None

    @property
    def legs(self) -> int:
        """Open legs."""
        return len(self._legs)

    def now(self) -> float:
        """Monotonic seconds of the clock that ticks."""
        return self._pulse.now() if self._pulse is not None else 0.0

    def identity(self) -> Identity:
        """Our certificate for handshakes, made when it is first asked for."""
        if self._identity is None:
            self._identity = make_identity()
        return self._identity

    def open(self, host: str) -> Leg:
        """A leg on this local address. Raises NoPorts."""
        if self._pulse is None:
            raise NoPorts("the media engine is not running")
        leg = Leg(self, open_pair(host, self._ports, self.random, self._dscp), self._wall)
        self._legs[leg] = None
        self.metrics.opened += 1
        return leg

    # -- what legs ask

    def attach(self, leg: Leg, ptime: int) -> None:
        """Tick this leg as packets of `ptime` ms need it."""
        period = _PERIODS.get(ptime, 4)
        if leg in self._ticking:
            if self._ticking[leg][0] == period:
                return
            self._leave(leg)
        if not self._ticking:
            self._next = self._slot(self.now()) + 1
        phase = min(range(period), key=lambda slot: len(self._wheel[slot]))
        self._ticking[leg] = (period, phase)
        for slot in range(phase, WHEEL, period):
            self._wheel[slot][leg] = None
        self._arm()

    def _leave(self, leg: Leg) -> None:
        period, phase = self._ticking.pop(leg)
        for slot in range(phase, WHEEL, period):
            del self._wheel[slot][leg]

    def forget(self, leg: Leg) -> None:
        """This leg is closed."""
        self._legs.pop(leg, None)
        if leg.secured and leg.quality is not None:
            self.metrics.secured += 1
            self.metrics.forged += leg.quality.forged
            self.metrics.replayed += leg.quality.replayed
        if leg in self._ticking:
            self._leave(leg)
        if not self._ticking and self._pulse is not None:
            self._pulse.disarm()

    # -- the clock

    def _slot(self, now: float) -> int:
        return int((now - self._origin) / SLOT + _EARLY)

    def _arm(self) -> None:
        """Wake at the next slot that has legs; at once when a long tick has made it late."""
        if self._turning or self._pulse is None or not self._ticking:
            return
        first = self._next
        while not self._wheel[first % WHEEL]:
            first += 1
        self._next = first
        self._pulse.arm(self._origin + first * SLOT)

    def _wake(self) -> None:
        if self._pulse is None or not self._ticking:
            return
        now = self._pulse.now()
        due, first = self._slot(now), self._next
        self._measure(now, first)
        if due - first >= WHEEL:
            self.metrics.skipped += due - first - WHEEL + 1
            first = due - WHEEL + 1
        news: News = []
        self._turning = True
        for slot in range(first, due + 1):
            for leg in self._wheel[slot % WHEEL]:
                try:
                    leg.tick(slot, now, news)
                except Exception:
                    self.metrics.faults += 1
                    log.failure("a tick failed")
        self._next = due + 1
        self._tell(news)
        self._turning = False
        self._arm()

    def _tell(self, news: News) -> None:
        for act, arguments in news:
            try:
                act(*arguments)
            except Exception:
                self.metrics.faults += 1
                log.failure("what a tick told was not taken well")

    def _measure(self, now: float, slot: int) -> None:
        late = now - (self._origin + slot * SLOT)
        metrics = self.metrics
        metrics.wakes += 1
        metrics.late += late
        if late > metrics.latest:
            metrics.latest = late
