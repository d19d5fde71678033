"""A mail server as a mailer: SMTP and LMTP over TCP, TLS or a UNIX socket.

Knows: Twisted's endpoints and TLS. Must never know: commands and answers, which are `handover`'s.
One connection a mail, each stage of it bounded. Nothing of a mail's text and no password is logged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from attrs import define, evolve, field
from OpenSSL import SSL
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IPullProducer,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.mail.cleaning import one_line
from umserver.edges.mail.login import Login
from umserver.edges.mail.smtp.effects import (
    BodySent,
    Close,
    Delivered,
    Effect,
    Failed,
    Send,
    SendBody,
    StartTls,
)
from umserver.edges.mail.smtp.handover import Handover
from umserver.edges.mail.smtp.terms import Terms
from umserver.edges.threads import Threads
from umserver.interfaces import IMailer, PermanentFailure, TemporaryFailure
from umserver.org.messages import OutgoingMail

CONNECT_SECONDS = 45.0
"""For the name's look-up and all of its addresses together."""


@implementer(IHandshakeListener, IPullProducer)
class Talk(Protocol):
    """Performs what a handover wants; `outcome` fires once."""

    def __init__(
        self,
        core: Handover,
        clock: Any,
        now: Callable[[], float],
        tls: IOpenSSLClientConnectionCreator | None,
    ) -> None:
        self.core = core
        self.outcome: Deferred[None] = Deferred()
        self._clock, self._now, self._tls = clock, now, tls
        self._timer: IDelayedCall | None = None
        self._decided = self._gone = self._sending = False

    # the connection speaks

    def connectionMade(self) -> None:
        """It stands; one that comes after the decision is of no use."""
        if self._decided:
            cast(Any, self.transport).abortConnection()
            return
        self._perform(self.core.connected(self._now()))

    def dataReceived(self, data: bytes) -> None:
        """The server spoke."""
        self._perform(self.core.receive(data, self._now()))

    def handshakeCompleted(self) -> None:
        """TLS stands."""
        self._perform(self.core.secured(self._now()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone."""
        self._gone = True
        self._perform(self.core.lost(trouble(reason)))

    def resumeProducing(self) -> None:
        """There is room for more of the text."""
        self._perform(self.core.more(self._now()))

    def stopProducing(self) -> None:
        """The connection takes no more; connectionLost says why."""

    def no_connection(self, why: str) -> None:
        """There will be none."""
        self._perform(self.core.lost(why))

    # the core speaks

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._do(effect)
        self._arm()

    def _do(self, effect: Effect) -> None:
        transport = cast(Any, self.transport)
        if isinstance(effect, Delivered | Failed):
            self._decide(effect)
        elif transport is None or self._gone:
            return
        elif isinstance(effect, Send):
            transport.write(effect.data)
        elif isinstance(effect, StartTls):
            transport.startTLS(self._tls)
        elif isinstance(effect, SendBody):
            self._sending = True
            transport.registerProducer(self, False)
        elif isinstance(effect, BodySent):
            self._rest()
        elif isinstance(effect, Close):
            self._rest()
            transport.loseConnection()

    def _rest(self) -> None:
        if self._sending:
            self._sending = False
            cast(Any, self.transport).unregisterProducer()

    def _decide(self, effect: Delivered | Failed) -> None:
        self._decided = True
        if isinstance(effect, Delivered):
            self.outcome.callback(None)
        elif effect.permanent:
            self.outcome.errback(PermanentFailure(effect.why))
        else:
            self.outcome.errback(TemporaryFailure(effect.why))

    def _arm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        if self.core.deadline is not None:
            wait = max(0.0, self.core.deadline - self._now())
            self._timer = self._clock.callLater(wait, self._wake)

    def _wake(self) -> None:
        effects = self.core.wake(self._now())
        self._perform(effects)
        if effects and self.transport is not None and not self._gone:
            cast(Any, self.transport).abortConnection()


def trouble(reason: Failure) -> str:
    """Why a connection failed, in words for an operator."""
    fault = reason.value
    if isinstance(fault, ConnectionDone):
        return "hung up"
    if isinstance(fault, SSL.Error):
        words = [str(part[-1]) for part in fault.args[0]] if fault.args and fault.args[0] else []
        return f"cannot be spoken to by TLS: {one_line(', '.join(words), 200) or 'it hung up'}"
    kind = type(fault).__name__
    if kind in ("VerificationError", "CertificateError"):
        return "shows a certificate for another name"
    return one_line(f"cannot be reached: {fault or kind}", 300)


@implementer(IMailer)
@define(eq=False)
class ServerMailer:
    """Hands every mail to one server."""

    clock: Any
    """IReactorTime."""
    endpoint: IStreamClientEndpoint
    terms: Terms
    threads: Threads
    tls: IOpenSSLClientConnectionCreator | None = None
    """For STARTTLS; the endpoint brings its own where TLS comes first."""
    safe: bool = False
    """Whether nobody can listen before STARTTLS."""
    token_file: Path | None = None
    """Read anew for each mail, since bearer tokens live for an hour."""
    now: Callable[[], float] = field(default=time.monotonic)

    def deliver(self, mail: OutgoingMail) -> Deferred[None]:
        """Fires when the server has taken the mail. See `IMailer`."""
        if self.token_file is None:
            return self._talk(self.terms, mail)
        reading = self.threads.run(_read_token, self.token_file)
        return reading.addCallback(lambda token: self._talk(self._with(token), mail))

    def _with(self, token: str) -> Terms:
        login = self.terms.login or Login("")
        return evolve(self.terms, login=evolve(login, token=token))

    def _talk(self, terms: Terms, mail: OutgoingMail) -> Deferred[None]:
        talk = Talk(Handover(terms, mail, self.safe), self.clock, self.now, self.tls)
        try:
            connecting = self.endpoint.connect(Factory.forProtocol(lambda: talk))
        except Exception as fault:
            return fail(TemporaryFailure(f"{terms.server} cannot be reached: {fault}"))
        patience = self.clock.callLater(
            CONNECT_SECONDS, talk.no_connection, "cannot be reached: no answer"
        )

        def came(result: object) -> None:
            if patience.active():
                patience.cancel()
            if isinstance(result, Failure):
                talk.no_connection(trouble(result))

        connecting.addBoth(came)
        return talk.outcome


def _read_token(path: Path) -> str:
    """Raises TemporaryFailure."""
    try:
        token = path.read_text("ascii").strip()
    except (OSError, ValueError) as fault:
        words = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise TemporaryFailure(f"the token file {path} cannot be read: {words}") from None
    if not token or any(c.isspace() for c in token):
        raise TemporaryFailure(f"the token file {path} does not hold one token")
    return token
