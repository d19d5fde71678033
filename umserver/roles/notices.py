"""Mails about mailboxes go from the store, where PINs are changed, into this server's spool.

Knows: when to look, and that a mail leaves the store only once it is in the spool. Must never know:
what a mail says, how it is kept. One that is in the spool and cannot be forgotten, since the store
is away, is not put there a second time; only a crash just then may send it again, with the same
Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.interfaces import IMessageStore

if TYPE_CHECKING:
    from umserver.org.messages import Envelope

log = Logger()

LOOK_EVERY = 30.0
"""Seconds between two looks when nobody says that there is something: another server may have put
it there.
"""


class Outbox(Protocol):
    """The store. Everything can fail with Unavailable."""

    def take_notices(self, holder: str) -> Deferred[Sequence[Envelope]]:
        """The oldest mails for this server alone; the same again until they are forgotten."""

    def forget_notices(self, ids: Sequence[str]) -> Deferred[None]:
        """They are safe elsewhere."""


@define(eq=False)
class NoticePost:
    """Runs from `start` to `stop`."""

    clock: IReactorTime
    outbox: Outbox
    spool: IMessageStore
    holder: str
    """This server, by a name that it has after a restart too."""
    _running: bool = field(init=False, default=False)
    _looking: Deferred[None] | None = field(init=False, default=None)
    _again: bool = field(init=False, default=False)
    _timer: IDelayedCall | None = field(init=False, default=None)
    _posted: set[str] = field(init=False, factory=set)
    """Ids of mails that are in the spool, and in the store still."""

    def start(self) -> None:
        """Send what waits, and look for more from now on."""
        self._running = True
        self.look()

    def stop(self) -> Deferred[None]:
        """Look no more; fires when what was taken is in the spool."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        return self._done()

    def look(self) -> Deferred[None]:
        """See what waits; fires when that is in the spool, or could not be put there. Never fails.

        While a look is under way, one more follows it.
        """
        if not self._running:
            return succeed(None)
        if self._looking is not None:
            self._again = True
            return self._done()
        self._looking = Deferred()
        done = self._done()
        Deferred.fromCoroutine(self._look())
        return done

    def _done(self) -> Deferred[None]:
        """Fires with the end of the look that is under way."""
        if self._looking is None:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._looking.addCallback(done.callback)
        return done

    async def _look(self) -> None:
        again = True
        while again and self._running:
            self._again = False
            try:
                again = await self._move() or self._again
            except Exception as fault:
                log.error("mails about mailboxes wait in the store: {why}", why=fault)
                again = False
        looked, self._looking = self._looking, None
        if self._running:
            self._arm()
        if looked is not None:
            looked.callback(None)

    async def _move(self) -> bool:
        """Some mails, one after the other; whether there may be more.

        One that the spool does not take holds up no other.
        """
        moved = False
        for notice in await self.outbox.take_notices(self.holder):
            try:
                await self._hand_over(notice)
                moved = True
            except Exception as fault:
                log.error("the mail {id} waits in the store: {why}", id=notice.id, why=fault)
        return moved

    async def _hand_over(self, notice: Envelope) -> None:
        if notice.id not in self._posted:
            await self.spool.post(notice)
            self._posted.add(notice.id)
            log.info("a mail about a mailbox is in the queue", id=notice.id)
        await self.outbox.forget_notices([notice.id])
        self._posted.discard(notice.id)

    def _arm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self.clock.callLater(LOOK_EVERY, self.look)
