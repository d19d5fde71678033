"""That this server lives, told to the store, so that each lamp has one keeper (spec 4.8).

Knows: how often the lease is renewed, and what else the store tells then. Must never know: what is
done about a lamp. A server whose lease has run out may have lost its lamps, and tells nobody.
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

ALONE, TOGETHER = 10.0, 2.0
"""Seconds between two beats, without and with other servers."""
LEASE_SECONDS = 30.0
"""How long lamps wait for their keeper before another server takes them."""
TAKE_AT_ONCE = 200
"""Lamps of a server that is gone, taken over with one beat."""
COUNT_EVERY = 30.0
"""Seconds between two counts of the lamps."""


@define(eq=False)
class Lease:
    """Beats from `begin` to `end`."""

    clock: IReactorTime
    book: LampBook
    heard: Callable[..., object]
    """Told the address of a lamp of ours that another server nudged; with `force` of a new one."""
    has_company: bool
    known: int = field(init=False, default=0)
    """Lamps that this server keeps."""
    lit: int = field(init=False, default=0)
    _until: float = field(init=False, default=float("-inf"))
    _count_at: float = field(init=False, default=float("-inf"))
    _timer: IDelayedCall | None = field(init=False, default=None)
    _running: bool = field(init=False, default=False)
    _problem: str = field(init=False, default="")

    @property
    def is_valid(self) -> bool:
        """Whether no other server can have taken our lamps."""
        return self.clock.seconds() < self._until

    async def begin(self) -> None:
        """Live, and go on telling so."""
        self._running = True
        await self._beat()

    async def end(self) -> None:
        """Let others have our lamps at once."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        try:
            await self.book.release()
        except Unavailable as fault:
            log.warn("other servers wait for our lamps: {why}", why=str(fault))

    async def _beat(self) -> None:
        try:
            await self._renew()
            self._problem = ""
        except Unavailable as fault:
            if str(fault) != self._problem:
                log.error("lamps cannot be kept: {why}", why=str(fault))
            self._problem = str(fault)
        except Exception:
            log.failure("keeping the lamps failed")
        if self._running:
            seconds = TOGETHER if self.has_company else ALONE
            self._timer = self.clock.callLater(seconds, self._again)

    def _again(self) -> None:
        Deferred.fromCoroutine(self._beat())

    async def _renew(self) -> None:
        began = self.clock.seconds()
        nudged = await self.book.renew(LEASE_SECONDS)
        self._until = began + LEASE_SECONDS
        if not self._running:
            return
        for address in nudged:
            self.heard(address)
        if self.has_company:
            for address in await self.book.take_over(TAKE_AT_ONCE):
                self.heard(address, force=True)
        if began >= self._count_at:
            self._count_at = began + COUNT_EVERY
            self.known, self.lit = await self.book.tally()
