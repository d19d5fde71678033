"""Rounds through all mailboxes: every lamp is right again within hours (spec 4.8; 12 no 14).

Knows: how many mailboxes there are by and by, the pace. Must never know: what a look comes to. The
first round after a start or a change of settings is quick, further ones take as long as a lamp may
go without being told anew.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.interfaces import Unavailable
from umserver.roles.lamp_book import LampBook

log = Logger()

ROUND_SECONDS = 6 * 3600.0
"""Within which every mailbox is looked at."""
QUICK_PACE = 0.05
"""Seconds between two mailboxes of a quick round."""
QUICK_SHARE, SLOW_SHARE = 1 / 6, 1 / 360
"""Share of a round's time after which what was told is told anew: a quick round leaves alone what
was told within the hour.
"""
PART = 100
"""Addresses that are read at once."""
AFTER_A_FAULT = 30.0


@define(eq=False)
class Rounds:
    """Goes round from `start` to `stop`."""

    clock: IReactorTime
    book: LampBook
    look: Callable[[str, float], bool]
    """Looks at a mailbox soon, and tells anew what was told so many seconds ago or earlier.

    False when there is too much to do just now.
    """
    seconds: float = ROUND_SECONDS
    _share: float = field(init=False, default=QUICK_SHARE)
    _part: list[str] = field(init=False, factory=list)
    _last: str = field(init=False, default="")
    _count: int = field(init=False, default=0)
    _pace: float = field(init=False, default=QUICK_PACE)
    _timer: IDelayedCall | None = field(init=False, default=None)
    _running: bool = field(init=False, default=False)
    _reading: bool = field(init=False, default=False)
    _again: bool = field(init=False, default=False)

    def start(self) -> None:
        """Begin a quick round; from the beginning when one goes on."""
        self._running = True
        self._last, self._part, self._count, self._pace = "", [], 0, QUICK_PACE
        self._share = QUICK_SHARE
        if self._reading:
            self._again = True
        else:
            self._after(0.0)

    def stop(self) -> None:
        """Go no further."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _after(self, seconds: float) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._running:
            self._timer = self.clock.callLater(seconds, self._step)

    def _step(self) -> None:
        if not self._part:
            self._reading = True
            Deferred.fromCoroutine(self._read()).addErrback(
                lambda failure: log.failure("a round through the lamps failed", failure)
            )
            return
        if self.look(self._part[0], self.seconds * self._share):
            self._last = self._part.pop(0)
            self._count += 1
            self._after(self._pace if self._part else 0.0)
        else:
            self._after(max(1.0, self._pace))

    async def _read(self) -> None:
        wait = 0.0
        try:
            part = await self.book.mailboxes(self._last, PART)
            if self._again:
                self._again = False
            elif part:
                self._part = list(part)
            else:
                wait = self._pace = max(QUICK_PACE, self.seconds / max(self._count, 1))
                self._last, self._count, self._share = "", 0, SLOW_SHARE
        except Unavailable as fault:
            log.warn("mailboxes cannot be read: {why}", why=str(fault))
            wait = AFTER_A_FAULT
        finally:
            self._reading = False
        self._after(min(wait, self.seconds))
