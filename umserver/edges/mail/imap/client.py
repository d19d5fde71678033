"""Twisted's IMAP client, made fit for mail servers that are slow, odd or false.

Knows: where Twisted's client would wait for ever, or take in what it should not. Must never know:
what is asked of a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import connectionDone
from twisted.mail.imap4 import IMAP4Client
from twisted.python.failure import Failure

from umserver.interfaces import Unavailable

MOST_LITERAL = 80 << 20
"""Octets of a literal that are taken from a server."""


class Client(IMAP4Client):
    """Twisted's client, which lets no server fill our memory."""

    transport: Any

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.greeted: Deferred[None] = Deferred()

    def serverGreeting(self, caps: object) -> None:
        """The first line came."""
        if not self.greeted.called:
            self.greeted.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Also before the first line, as when its certificate is not good enough."""
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if not self.greeted.called:
            self.greeted.errback(reason)

    def abort(self) -> None:
        """Hang up at once; harmless without a connection."""
        if self.transport is not None:
            try:
                self.transport.abortConnection()
            except AttributeError:  # Twisted's TLS, where the handshake has failed already
                self.transport.loseConnection()

    def protect(self, starttls: IOpenSSLClientConnectionCreator) -> None:
        """Begin TLS. Raises Unavailable where somebody has put in words of their own before."""
        if self.clearLineBuffer():  # type: ignore[no-untyped-call]
            raise Unavailable("the mail server says more than it may before TLS")
        self.transport.startTLS(starttls)

    def _setupForLiteral(self, rest: bytes, octets: int) -> None:
        if octets > MOST_LITERAL:
            self.transport.loseConnection()
            return
        super()._setupForLiteral(rest, octets)  # type: ignore[no-untyped-call]

    def _extraInfo(self, lines: Sequence[Any]) -> None:
        """News of the mailbox that nobody asked for."""

    def messageFile(self, octets: int) -> Any:
        """In memory: the bound is above."""
        from io import BytesIO

        return BytesIO()
