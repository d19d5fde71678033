"""What wakes the media engine: a timerfd read by the reactor, or callLater.

Knows: Linux timerfd, the reactor's readers. Must never know: legs. Times are monotonic float
seconds. callLater is rounded to milliseconds and late under load; a timerfd is exact to some 0.1
ms.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorFDSet,
    IReactorTime,
    IReadDescriptor,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

log = Logger()

_MONOTONIC = 1
_NONBLOCK = 0o4000
_CLOEXEC = 0o2000000
_ABSOLUTE = 1


class Pulse(Protocol):
    """Wakes its owner at a moment; at most one moment is armed."""

    def now(self) -> float:
        """Monotonic seconds."""

    def arm(self, when: float) -> None:
        """Wake at this moment instead of any other."""

    def disarm(self) -> None:
        """Do not wake."""

    def close(self) -> None:
        """Never wake again."""


class CallLaterPulse:
    """A pulse from any reactor or a test's stepping clock."""

    def __init__(self, clock: IReactorTime, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._call: IDelayedCall | None = None

    def now(self) -> float:
        """The clock's seconds."""
        return float(self._clock.seconds())

    def arm(self, when: float) -> None:
        """Wake at this moment instead of any other."""
        self.disarm()
        self._call = self._clock.callLater(max(0.0, when - self.now()), self._fire)

    def _fire(self) -> None:
        self._call = None
        self._wake()

    def disarm(self) -> None:
        """Do not wake."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def close(self) -> None:
        """Never wake again."""
        self.disarm()


class _Spec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Timer(ctypes.Structure):
    _fields_ = [("interval", _Spec), ("value", _Spec)]


@implementer(IReadDescriptor)
class TimerPulse:
    """A pulse from a timerfd. Raises OSError (or AttributeError) where the system has none."""

    def __init__(self, reactor: IReactorFDSet, wake: Callable[[], None]) -> None:
        self._reactor = reactor
        self._wake = wake
        library = ctypes.CDLL(None, use_errno=True)
        self._settime = library.timerfd_settime
        self._fd: int = library.timerfd_create(_MONOTONIC, _NONBLOCK | _CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._timer = _Timer()
        self._pointer = ctypes.byref(self._timer)
        try:
            reactor.addReader(self)
        except OSError:
            os.close(self._fd)
            raise

    def now(self) -> float:
        """CLOCK_MONOTONIC, which is what the timer counts."""
        return time.monotonic()

    def arm(self, when: float) -> None:
        """Wake at this moment instead of any other."""
        nanoseconds = max(1, int(when * 1e9))
        self._timer.value.seconds, self._timer.value.nanoseconds = divmod(nanoseconds, 10**9)
        self._settime(self._fd, _ABSOLUTE, self._pointer, None)

    def disarm(self) -> None:
        """Do not wake."""
        self._timer.value.seconds = self._timer.value.nanoseconds = 0
        self._settime(self._fd, _ABSOLUTE, self._pointer, None)

    def close(self) -> None:
        """Never wake again."""
        if self._fd >= 0:
            self._reactor.removeReader(self)
            os.close(self._fd)
            self._fd = -1

    def fileno(self) -> int:
        """For the reactor."""
        return self._fd

    def logPrefix(self) -> str:
        """For the reactor."""
        return "media clock"

    def doRead(self) -> None:
        """The moment has come."""
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        self._wake()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops."""
        self.close()


def open_pulse(
    clock: IReactorTime, reactor: IReactorFDSet | None, wake: Callable[[], None]
) -> Pulse:
    """The best pulse that there is here."""
    if reactor is not None:
        try:
            return TimerPulse(reactor, wake)
        except (OSError, AttributeError) as error:
            log.warn("no timerfd here ({error}); the media clock will be less exact", error=error)
    return CallLaterPulse(clock, wake)
