"""Keeps the interpreter from pausing while sound flows: garbage, and threads that will not let go.

Knows: Python's garbage collector and its switch interval. Must never know: what the process does.
Everything that lives when calls begin to come is spared for good. The young are looked through as
usual: under a millisecond with few calls, but up to 50 with 600 of which 30 are replaced a second,
since those that end cancel the count of those that begin. Calls that end are free at once, without
any look (`tests/journeys/test_nothing_stays.py`); what else may have grown old is looked through
while nothing goes on. While something does, a look would stop the sound of 600 calls for 50 ms, so
there is one only when memory has grown, no more often than once a minute and no more than 0.4 % of
the time, or after an hour: 30 calls a second leave nothing for it (`scripts/bench soak`). What was
freed is then given back to the machine.
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

YOUNG, MIDDLE, NEVER = 2000, 2, 1_000_000
"""Objects after which the young are looked through; rounds of that before the middle ones are.
Few rounds: what goes does not count as coming, so that in a steady flood a round is 10,000."""
SWITCH_SECONDS = 0.001
"""How long a worker thread may hold the interpreter when the reactor wants it."""
EVERY = 5.0
"""Seconds between two looks at whether nothing goes on."""
SHORTEST, LONGEST = 60.0, 3600.0
"""Seconds between two looks while something goes on: with memory that grows, and without."""
GROWTH = 16 << 20
"""Octets by which the process must have grown since the last look."""
SHARE = 0.004
"""Of the time that such looks may take."""
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
    last: float = field(init=False, default=0.0)
    """Seconds of processor time that the last look took."""
    longest: float = field(init=False, default=0.0)
    """Seconds that the longest look took."""
    looks: int = field(init=False, default=0)
    _before: tuple[int, int, int] = field(init=False, default=(700, 10, 10))
    _interval: float = field(init=False, default=0.005)
    _figure: int = field(init=False, default=-1)
    _looked_at: float = field(init=False, default=0.0)
    _resident: int = field(init=False, default=0)
    """Octets after the last look."""
    _loop: LoopingCall | None = field(init=False, default=None)

    def begin(self) -> None:
        """From now on."""
        self._before, self._interval = gc.get_threshold(), sys.getswitchinterval()
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._looked_at, self._resident = self.clock.seconds(), self.resident()
        self._loop = LoopingCall(self._look_when_idle)
        self._loop.clock = self.clock
        self._loop.start(EVERY, now=False)

    def end(self) -> None:
        """As before."""
        if self._loop is None:
            return
        self._loop.stop()
        self._loop = None
        gc.set_threshold(*self._before)
        sys.setswitchinterval(self._interval)
        gc.unfreeze()

    def _look_when_idle(self) -> None:
        figure, now = self.busy(), self.clock.seconds()
        is_idle = figure == self._figure
        self._figure = figure
        if is_idle or now - self._looked_at >= self._pause():
            self._look(now)

    def _pause(self) -> float:
        """Seconds between two looks as things are."""
        if self.resident() - self._resident < GROWTH:
            return LONGEST
        return max(SHORTEST, self.last / SHARE)

    def _look(self, now: float) -> None:
        begin = thread_time()
        gc.collect()
        give_back()
        self.last = pause = thread_time() - begin
        self._looked_at, self._resident = now, self.resident()
        self.looks += 1
        self.longest = max(self.longest, pause)
        if pause > LONG_PAUSE:
            log.debug("the garbage collector took {ms:.0f} ms", ms=pause * 1e3)
