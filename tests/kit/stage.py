"""A stage: a reactor whose time moves only when we say so, with real sockets, files and threads.

Knows: Twisted's select reactor, deadlines. Must never know: what is played on it. Simulated seconds
walk from deadline to deadline, and only while nothing else can happen: every socket is quiet, every
call that is due has been made, no pool thread is at work. Real time passes only while threads are
at work (bounded) or when `wait` asks for it. A stage is never installed, so the reactor of the test
runner is left alone.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from queue import Queue
from time import monotonic
from types import FrameType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from twisted.internet.defer import Deferred
from twisted.internet.process import reapAllProcesses
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from umserver.edges.threads import Pool

T = TypeVar("T")
What = Deferred[T] | Callable[[], T]

START = 5_000.0
"""Monotonic seconds at which a stage begins; far from 0, so that no time counts as none."""
WALL = 1_790_000_000.0
"""Seconds since 1970 at which a stage begins (September 2026)."""
THREAD_PATIENCE = 20.0
"""Real seconds that threads may work while simulated time stands."""
MOST_TURNS = 20_000
"""Turns at one simulated moment; more are a loop that never ends."""

_NAP = 0.005
_WAIT, _GET = threading.Condition.wait.__code__, Queue.get.__code__


class TooLate(AssertionError):
    """What was waited for did not come in time."""


class _InOrder(dict[Any, None]):
    """A set that keeps the order in which things were put in, so that stories repeat."""

    def __init__(self, things: Iterable[Any] = ()) -> None:
        super().__init__((thing, None) for thing in things)

    def add(self, thing: Any) -> None:
        """Put it in."""
        self[thing] = None

    def discard(self, thing: Any) -> None:
        """Take it out, if it is there."""
        self.pop(thing, None)


class Stage(SelectReactor):
    """A reactor to be handed to code as clock, as maker of sockets and as maker of threads."""

    _registerAsIOThread = False

    def __init__(self) -> None:
        self._now = START
        self._acts = 0
        self.errands = 0
        """Works given to threads of ours that have not come back."""
        super().__init__()
        reads: Any = _InOrder(self._reads)
        writes: Any = _InOrder()
        self._reads, self._writes = reads, writes
        self.startRunning(installSignalHandlers=False)

    # what code sees

    def seconds(self) -> float:
        """Simulated monotonic seconds."""
        return self._now

    def wall(self) -> float:
        """Simulated seconds since 1970."""
        return WALL + self._now - START

    def came_back(self, result: T) -> T:
        """One of `errands` is done."""
        self.errands -= 1
        return result

    # what tests do

    def settle(self) -> None:
        """Let everything happen that can happen at this moment; threads come to rest."""
        turns, rest_by = 0, 0.0
        while True:
            turns += 1
            if turns > MOST_TURNS:
                raise TooLate(f"no rest at {self._now - START:.3f} s after {MOST_TURNS} turns")
            if self._turn():
                continue
            if not self.errands and not threads_at_work():
                if not self.threadCallQueue:
                    return
                continue
            rest_by = rest_by or monotonic() + THREAD_PATIENCE
            if monotonic() > rest_by:
                raise TooLate(f"threads still work after {THREAD_PATIENCE:g} real seconds")
            turns = 0
            self.doIteration(_NAP)

    def walk(self, seconds: float) -> None:
        """Let so much simulated time pass."""
        end = self._now + seconds
        self.settle()
        while self._step(end):
            self.settle()

    def run_until(self, what: What[T], seconds: float = 60.0) -> T:
        """Let time pass until this Deferred has fired or this predicate is true; its result.

        Raises what the Deferred failed with, or TooLate after so many simulated seconds.
        """
        done = _watch(what)
        end = self._now + seconds
        self.settle()
        while not done():
            if not self._step(end) and not done():
                raise TooLate(f"it did not come within {seconds:g} s: {what!r}")
            self.settle()
        return _result(what)

    def wait(self, what: What[T], seconds: float = 20.0) -> T:
        """Let real time pass while simulated time stands: for what other processes do.

        Raises what the Deferred failed with, or TooLate after so many real seconds.
        """
        done = _watch(what)
        end = monotonic() + seconds
        self.settle()
        while not done():
            if monotonic() > end:
                raise TooLate(f"it did not come within {seconds:g} real seconds: {what!r}")
            self.doIteration(_NAP)
            reapAllProcesses()
            self.settle()
        return _result(what)

    def close(self) -> None:
        """End: thread pools stop, sockets that are left are closed, nothing more is called."""
        if not self.running:
            return
        for call in self.getDelayedCalls():
            call.cancel()
        self.settle()
        self.fireSystemEvent("shutdown")
        closed = Failure(ConnectionAbortedError("the stage is closed"))
        for reader in list(self._internalReaders):
            self._removeInternalReader(reader)
            reader.connectionLost(closed)
        self.waker = None

    # inside

    def _turn(self) -> bool:
        """One turn of the reactor without waiting; whether anything happened or is to happen."""
        acts = self._acts
        before = len(self.threadCallQueue)
        self.runUntilCurrent()
        self.doIteration(0)
        return bool(self._acts != acts or before or self.threadCallQueue or self._is_due())

    def _doReadOrWrite(self, selectable: Any, method: str) -> None:
        self._acts += 1
        super()._doReadOrWrite(selectable, method)

    def _is_due(self) -> bool:
        timeout = self.timeout()
        return timeout is not None and timeout <= 0

    def _step(self, end: float) -> bool:
        """Move time to the next deadline, at most to `end`; False when it stands there already."""
        if self._now >= end:
            return False
        timeout = self.timeout()
        self._now = end if timeout is None else min(end, self._deadline())
        return True

    def _deadline(self) -> float:
        calls = self._pendingTimedCalls
        return max(self._now, calls[0].time) if calls else self._now


def _noted(pool: Pool, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
    done: Deferred[Any] = _run(pool, work, *args, **kwargs)
    stage = pool.reactor
    if isinstance(stage, Stage) and not done.called:
        stage.errands += 1
        done.addBoth(stage.came_back)
    return done


_run, Pool.run = Pool.run, _noted  # type: ignore[method-assign]


def threads_at_work() -> bool:
    """Whether a thread of any of Twisted's pools has something to do or is doing it."""
    frames = sys._current_frames()
    frames.pop(threading.get_ident(), None)  # or it held itself, and with it all it can see
    for thread in threading.enumerate():
        if thread.name.startswith("PoolThread-"):
            frame = frames.get(thread.ident or 0)
            if frame is None or not _is_idle(thread, frame):
                return True
    return False


_pools: WeakKeyDictionary[threading.Thread, tuple[object, list[Queue[Any]]]] = WeakKeyDictionary()
"""What each pool thread runs, and the queues that it takes its work from."""


def _is_idle(thread: threading.Thread, frame: FrameType) -> bool:
    """Whether it waits at its empty queue: the frames of waiting, and directly below its work."""
    if frame.f_code is not _WAIT or frame.f_back is None or frame.f_back.f_code is not _GET:
        return False
    if thread not in _pools:
        work: Any = getattr(thread, "_target", None)
        cells = [cell.cell_contents for cell in getattr(work, "__closure__", None) or ()]
        queues = [cell for cell in cells if isinstance(cell, Queue)]
        _pools[thread] = (getattr(work, "__code__", None), queues)
    code, queues = _pools[thread]
    below = frame.f_back.f_back
    return below is not None and below.f_code is code and not any(q.queue for q in queues)


def _watch(what: What[Any]) -> Callable[[], object]:
    """A question whether it has come."""
    if not isinstance(what, Deferred):
        return what
    deferred = what
    return lambda: deferred.called and not deferred.paused


def _result(what: What[T]) -> T:
    if not isinstance(what, Deferred):
        return what()
    results: list[Any] = []
    what.addBoth(results.append)
    if isinstance(results[0], Failure):
        results[0].raiseException()
    result: T = results[0]
    return result
