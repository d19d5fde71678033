"""Keeps the interpreter from pausing while sound flows: garbage, and threads that will not let go.

Knows: Python's garbage collector and its switch interval. Must never know: what the process does.
Everything that lives when calls begin to come is spared for good. The collector counts what is made
less what goes, so that while calls come and go it would look rarely and then through nearly all of
them: 36 to 50 ms every 10 to 20 s with 600 calls, 30 of them replaced every second. Here the young
are looked through by time instead, four times a second while something goes on, when they are few:
under a millisecond. Calls that end are free at once, without any look
(`tests/journeys/test_nothing_stays.py`); what else throws itself away in circles and grows older is
looked for while nothing goes on, or when memory has grown by more than calls need. What was freed
is given back to the machine every five seconds, which takes a tenth of a millisecond.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from time import thread_time

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from umserver.service.thrift import give_back, resident

log = Logger()

SWITCH_SECONDS = 0.0002
"""How long a thread may hold the interpreter when another wants it.

Every datagram that is sent lets go of it for a moment: beside two threads that never rest a burst
of 150 took 100 ms with 1 ms, and takes a quarter with this (`scripts/bench turns`). Shorter turns
cost more than they give: with 50 µs a busy reactor beside a busy thread spent half of its time on
taking turns.
"""
YOUNG = 0.25
"""Seconds between two looks at what was made since the last."""
EVERY = 5.0
"""Seconds between two looks at whether nothing goes on."""
SHORTEST = 60.0
"""Seconds between two looks while something goes on."""
GROWTH = 128 << 20
"""Octets by which the process must have grown for that.

Neither 1,500 calls nor 2,000 hostile datagrams a second need as much; a look would take half a
second amid those.
"""
LONG_PAUSE = 0.05
"""Seconds; a longer one is said."""


@define(eq=False)
class Calm:
    """One process's. `begin` once it is set up, `end` when it stops."""

    clock: IReactorTime
    busy: Callable[[], int]
    """A figure that grows with what goes on, and stays the same while nothing does."""
    resident: Callable[[], int] = resident
    """Octets of memory that the process has."""
    longest: float = field(init=False, default=0.0)
    """Seconds of processor time that the longest look took."""
    looks: int = field(init=False, default=0)
    _interval: float = field(init=False, default=0.005)
    _figure: int = field(init=False, default=-1)
    _looked_at: float = field(init=False, default=0.0)
    _resident: int = field(init=False, default=0)
    """Octets after the last look."""
    _loop: LoopingCall | None = field(init=False, default=None)
    _young: LoopingCall = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._young = LoopingCall(gc.collect, 0)
        self._young.clock = self.clock

    def begin(self) -> None:
        """From now on."""
        self._interval = sys.getswitchinterval()
        gc.disable()
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._looked_at, self._resident = self.clock.seconds(), self.resident()
        self._loop = LoopingCall(self._look_around)
        self._loop.clock = self.clock
        self._loop.start(EVERY, now=False)

    def end(self) -> None:
        """As before."""
        if self._loop is None:
            return
        self._loop.stop()
        self._loop = None
        self._look_at_the_young(often=False)
        sys.setswitchinterval(self._interval)
        gc.unfreeze()
        gc.enable()

    def _look_around(self) -> None:
        figure, now = self.busy(), self.clock.seconds()
        is_idle = figure == self._figure
        self._figure = figure
        self._look_at_the_young(often=not is_idle)
        if is_idle or (now - self._looked_at >= SHORTEST and self._has_grown()):
            self._look(now)
        else:
            give_back()

    def _look_at_the_young(self, *, often: bool) -> None:
        if often and not self._young.running:
            self._young.start(YOUNG, now=False)
        elif self._young.running and not often:
            self._young.stop()

    def _has_grown(self) -> bool:
        return self.resident() - self._resident >= GROWTH

    def _look(self, now: float) -> None:
        begin = thread_time()
        gc.collect()
        give_back()
        pause = thread_time() - begin
        self._looked_at, self._resident = now, self.resident()
        self.looks += 1
        self.longest = max(self.longest, pause)
        if pause > LONG_PAUSE:
            log.debug("the garbage collector took {ms:.0f} ms", ms=pause * 1e3)
