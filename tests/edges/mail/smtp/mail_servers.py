"""What the tests of handing mail over share: servers, and a case with one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.mail import smtp
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from tests.edges.mail.letters import outgoing
from tests.kit.mail_server import MailServer
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.mailers import mailer_for
from umserver.edges.threads import Here
from umserver.interfaces import IMailer

real: Any = reactor


class ServerCase(TestCase):
    """A server and a mailer for it."""

    timeout = 20.0

    def setUp(self) -> None:
        self.server = MailServer()

    def listen(self, tls: Any = None) -> int:
        """The server on a TCP port."""
        if tls is None:
            port = real.listenTCP(0, self.server, interface="127.0.0.1")
        else:
            port = real.listenSSL(0, self.server, tls, interface="127.0.0.1")
        self.addCleanup(self.server.all_closed)
        self.addCleanup(port.stopListening)
        return int(port.getHost().port)

    def mailer(self, kind: str = "smtp", port: int = 0, **settings: Any) -> IMailer:
        """A mailer for it."""
        server = MailHost(port=port or self.listen(), **settings)
        return mailer_for(real, kind, server, threads=Here(), helo="um.example.com")

    async def refused(self, kind: type[Exception], mailer: IMailer, **changes: object) -> str:
        """Deliver, expect this failure, return its words."""
        fault = await self.assertFailure(mailer.deliver(outgoing(**changes)), kind)  # type: ignore[arg-type]
        return str(fault)


class NeverThere:
    """An endpoint that never comes to a result."""

    def connect(self, factory: object) -> Deferred[Any]:
        """Wait for ever."""
        return Deferred()


@implementer(smtp.IMessageDelivery)
class Sink(smtp.SMTPFactory):
    """Twisted's server, keeping one mail."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = BytesIO()
        self.gone: Deferred[None] = Deferred()

    def buildProtocol(self, addr: object) -> Any:
        """One connection."""
        sink = self

        class Session(smtp.ESMTP):
            def connectionLost(self, reason: Any) -> None:
                super().connectionLost(reason)
                sink.gone.callback(None)

        session = Session()
        session.delivery = self
        session.factory = self
        return session

    def receivedHeader(self, *about: Any) -> bytes:
        """Ours, so that it can be cut off again."""
        return b"Received: here"

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        """Everybody may."""
        return origin

    def validateTo(self, user: Any) -> Any:
        """Everybody gets."""
        return lambda: self

    def lineReceived(self, line: bytes) -> None:
        """A line of the mail."""
        self.kept.write(line + b"\r\n")

    def eomReceived(self) -> Deferred[None]:
        """All of it."""
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def connectionLost(self) -> None:
        """Not whole."""
