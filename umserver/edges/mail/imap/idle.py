"""One mailbox on an IMAP server that tells by itself when something happens (IDLE, RFC 2177).

Knows: how a connection idles, when it has to begin anew, how long to wait after a fault. Must never
know: messages. Whatever the server says while it idles counts as a change; who is told looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from umserver.edges.mail.imap.session import ImapSession, Refused
from umserver.interfaces import Unavailable

log = Logger()

RENEW_SECONDS = 600.0
"""A server may hang up after 30 minutes (RFC 2177 §3), and a connection that is dead is noticed."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 120.0
"""Seconds between a fault and the next try; each wait is twice as long as the one before."""
GATHER = 0.1
"""Seconds between the first news of a burst and its being told."""


@define(eq=False)
class Idler:
    """Idles in one INBOX from `start` to `stop`."""

    reactor: Any
    connect: Callable[[], Awaitable[ImapSession]]
    changed: Callable[[], object]
    """Called when it can be seen, and after every change from then on."""
    unable: Callable[[], object]
    """Called once where the server knows no IDLE: somebody has to look instead."""
    _session: ImapSession | None = field(init=False, default=None)
    _running: bool = field(init=False, default=False)
    _wait: float = field(init=False, default=FIRST_WAIT)
    _timer: IDelayedCall | None = field(init=False, default=None)
    _news: IDelayedCall | None = field(init=False, default=None)

    def start(self) -> None:
        """Connect, and idle until told otherwise."""
        self._running = True
        self._begin()

    def stop(self) -> None:
        """Hang up."""
        self._running = False
        for call in (self._timer, self._news):
            if call is not None and call.active():
                call.cancel()
        self._hang_up()

    @property
    def is_idle(self) -> bool:
        """Whether the server would tell now."""
        return self._session is not None and self._session.is_idling

    def _begin(self) -> None:
        self._timer = None
        done = Deferred.fromCoroutine(self._stay())
        done.addErrback(lambda failure: log.failure("idling failed", failure))

    async def _stay(self) -> None:
        """Until the connection breaks; then again later."""
        try:
            await self._idle()
        except (Unavailable, Refused) as fault:
            log.debug("a mailbox cannot be watched: {why}", why=str(fault))
        self._hang_up()
        if self._running:
            self._timer = self.reactor.callLater(self._wait, self._begin)
            self._wait = min(self._wait * 2, LONGEST_WAIT)

    async def _idle(self) -> None:
        session = self._session = await self.connect()
        if not self._running:
            return
        if "IDLE" not in session.capabilities:
            self._running = False
            self.unable()
            return
        if not await session.select("INBOX"):
            raise Unavailable("the mail server shows no INBOX")
        while self._running:
            await session.idle(self._is_idling, self._heard, RENEW_SECONDS)

    def _is_idling(self) -> None:
        self._wait = FIRST_WAIT
        self._heard()

    def _heard(self) -> None:
        if self._running and self._news is None:
            self._news = self.reactor.callLater(GATHER, self._tell)

    def _tell(self) -> None:
        self._news = None
        self.changed()

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
