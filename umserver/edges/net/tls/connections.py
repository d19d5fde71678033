"""SIP over TLS: streams whose peers say who they are.

Knows: handshakes, certificates, which names are expected where. Must never know: what a message
says, gateways. Sources: RFC 3261 §26.3.1, RFC 5922 §7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from attrs import define, field, frozen
from OpenSSL import SSL
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.net.connection import Connection
from umserver.edges.net.sockets import is_address
from umserver.edges.net.tcp import TcpConnections
from umserver.edges.net.tls.complaints import Complaints
from umserver.edges.net.tls.contexts import (
    REVOKED,
    connection_in,
    context_for,
    is_alert,
    refused,
    words_of,
)
from umserver.edges.net.tls.credentials import Credentials
from umserver.edges.net.tls.names import names_of
from umserver.edges.net.tls.revocations import Revocations
from umserver.wire.sip.effects import Flow

Proves = Callable[[Sequence[str], str], bool]
"""Whether a certificate with these names is one for this host."""


@frozen
class Ready:
    """Credentials, and what OpenSSL has made of them."""

    credentials: Credentials
    server: SSL.Context | None
    """None without a certificate: whoever shows nothing takes no connections."""
    client: SSL.Context


@define(eq=False, kw_only=True)
class Identity:
    """Who we are and whom we believe, now; connections take what holds when they begin."""

    expected: Callable[[str], Sequence[str]]
    """The host names, one of which a peer at this IP address must prove when we call it."""
    proves: Proves
    complaints: Complaints
    host: str = ""
    """Our own name, which peers are told where our certificate is for it."""
    check: bool = True
    """False believes whoever answers: for people who look for a fault."""
    server: SSL.Context | None = field(init=False, default=None)
    client: SSL.Context | None = field(init=False, default=None)
    credentials: Credentials | None = field(init=False, default=None)

    @property
    def announced(self) -> str:
        """The name that our certificate proves, empty when it is for another."""
        held = self.credentials
        named = self.host and held is not None and self.proves(held.names, self.host)
        return self.host if named else ""

    def take(self, credentials: Credentials) -> None:
        """From now on these. Raises CertificateFault, and those before go on."""
        self.hold(self.ready(credentials))

    def ready(self, credentials: Credentials) -> Ready:
        """These, made ready, which big revocation lists let take a while: any thread will do.

        Raises CertificateFault.
        """
        strict = context_for(credentials)
        client = strict if self.check else context_for(credentials, check=False)
        return Ready(credentials, strict if credentials.chain else None, client)

    def hold(self, ready: Ready) -> None:
        """From now on these."""
        self.server, self.client, self.credentials = ready.server, ready.client, ready.credentials

    @property
    def revocations(self) -> Revocations:
        """What counts against peers, beside what OpenSSL finds."""
        held = self.credentials
        return held.revocations if held is not None and self.check else Revocations()


@define(eq=False)
class TlsConnections(TcpConnections):
    """All SIP connections over TLS (Transport)."""

    identity: Identity = field(kw_only=True)
    complaints: Complaints = field(kw_only=True)
    """Where trouble with peers goes."""
    shaking: set[Connection] = field(init=False, factory=set)
    """Those that peers opened and that have not shaken hands yet."""
    latest_end: float | None = field(init=False, default=None)
    """When the certificate that was shown last ends, seconds since 1970."""

    @property
    def transport(self) -> str:
        """The name of these flows (Connections)."""
        return "tls"

    def names(self, flow: Flow) -> tuple[str, ...]:
        """What the peer of this connection has proved; empty without a certificate."""
        found = self._open.get(flow.connection)
        return found.names if isinstance(found, TlsConnection) else ()

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one message (Transport)."""
        standing = flow.connection or flow.remote in self._by_peer
        if not standing and not self._may_open(flow):
            self.lost(flow)
            return
        super().send(data, flow)

    def _may_open(self, flow: Flow) -> bool:
        if self.identity.client is None:
            self.complaints.note(flow.remote[0], "we have no certificate to show")
            return False
        if self.identity.check and not self.identity.expected(flow.remote[0]):
            self.complaints.note(flow.remote[0], "no host name is known that it could prove")
            return False
        return True

    def end_revoked(self) -> None:
        """Lists have changed: connections of peers whose certificates stand in them end."""
        for connection in [one for one in self._open.values() if isinstance(one, TlsConnection)]:
            if connection.is_shaken and (why := connection.revoked()):
                self.complaints.note(connection.peer[0], why)
                connection.abort()

    def admit(self, connection: Connection) -> bool:
        """Whether there is room for one more; strangers in a crowd have none (Connections)."""
        crowded = not connection.opened_by_us and len(self.shaking) >= self.limits.handshakes
        if crowded and not self.identity.expected(connection.peer[0]):
            self.refused += 1
            return False
        return super().admit(connection)

    def connection(self, opened_by_us: bool = False) -> Connection:
        """A new one."""
        return TlsConnection(self, opened_by_us)

    def wrapped(self, factory: Any, connection: Connection | None) -> Any:
        """With TLS around it."""
        creator = _Creator(self.identity, connection)
        around = TLSMemoryBIOFactory(creator, connection is not None, factory, self.reactor)
        around.noisy = False
        return around


@implementer(IHandshakeListener)
class TlsConnection(Connection):
    """One connection, which stands once both sides know enough of each other."""

    def __init__(self, all: TlsConnections, opened_by_us: bool = False) -> None:
        super().__init__(all, opened_by_us)
        self.names: tuple[str, ...] = ()
        self._tls = all
        self._why = ""
        self.is_shaken = False
        """Whether the handshake is over."""

    def begin(self) -> None:
        """Messages have to wait for the handshake, and that has to hurry."""
        self.set_alarm(self._tls.limits.handshake)
        if not self.opened_by_us:
            self._tls.shaking.add(self)

    def handshakeCompleted(self) -> None:
        """Both sides have shown what they have (IHandshakeListener)."""
        assert self.transport is not None
        shown = self.transport.getPeerCertificate()  # type: ignore[attr-defined]
        self.is_shaken = True
        self._tls.shaking.discard(self)
        certificate = shown.to_cryptography() if shown is not None else None
        if certificate is not None:
            self.names = names_of(certificate)
            guard = self._tls.guard
            self.has_proved = guard is not None and guard.known_names(self.names)
            self._tls.latest_end = certificate.not_valid_after_utc.timestamp()
        objection = self.revoked() or (self._stranger() if self.opened_by_us else "")
        if objection:
            self._tls.complaints.note(self.peer[0], objection)
            self.abort()
        else:
            self.stand()

    def revoked(self) -> str:
        """Why the peer's certificate is not good any more, by today's lists; else empty.

        OpenSSL has asked those that there were when the handshake began, and about no certificate
        that we trust for itself.
        """
        revocations = self._tls.identity.revocations
        if not revocations.lists:
            return ""
        assert self.transport is not None
        tls = self.transport.getHandle()  # type: ignore[attr-defined]
        for depth, shown in enumerate(tls.get_verified_chain() or ()):
            with suppress(ValueError, TypeError):  # what cannot be read stands in no list
                certificate = shown.to_cryptography()
                if revocations.revokes(certificate):
                    return refused(certificate, REVOKED, depth)
        return ""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is no more; a handshake that came to nothing is told (Protocol).

        With TLS 1.3 the peer may refuse our certificate when we believe the handshake over.
        """
        if self.number and (not self.is_shaken or is_alert(reason.value)):
            self._tls.complaints.note(self.peer[0], self._why or self._words(reason))
        self._tls.shaking.discard(self)
        super().connectionLost(reason)

    def note(self, why: str) -> None:
        """Why the peer's certificate is not believed."""
        self._why = self._why or why

    def abort(self) -> None:
        """End it at once; a handshake that took too long is told as that."""
        if not self.is_shaken:
            self.note(f"no handshake within {self._tls.limits.handshake:g} s")
        super().abort()

    def _words(self, reason: Failure) -> str:
        if isinstance(reason.value, SSL.Error):
            return words_of(reason.value)
        return "it hung up during the handshake"

    def _stranger(self) -> str:
        """Why this is not whom we wanted to reach; empty when it is."""
        identity = self._tls.identity
        wanted = identity.expected(self.peer[0])
        if not identity.check or any(identity.proves(self.names, host) for host in wanted):
            return ""
        shown = ", ".join(self.names[:3]) or "nobody"
        return f"its certificate is for {shown}, and it should be {' or '.join(wanted[:3])}"


@implementer(IOpenSSLServerConnectionCreator, IOpenSSLClientConnectionCreator)
@define(eq=False)
class _Creator:
    """Begins the TLS of one connection with what holds now."""

    identity: Identity
    connection: Connection | None

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """For a peer that has come (IOpenSSLServerConnectionCreator)."""
        assert self.identity.server is not None
        return connection_in(self.identity.server, tlsProtocol)

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """For a peer that we call (IOpenSSLClientConnectionCreator)."""
        assert self.identity.client is not None and self.connection is not None
        made = connection_in(self.identity.client, tlsProtocol)
        wanted = next(iter(self.identity.expected(self.connection.peer[0])), "")
        if wanted and not is_address(wanted):
            made.set_tlsext_host_name(wanted.encode("ascii", "ignore"))
        return made
