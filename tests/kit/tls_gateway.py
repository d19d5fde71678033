"""A gateway that speaks SIP over TLS, with a TLS stack that is not the server's.

Knows: the text gateway, the standard library's TLS in memory. Must never know: the server's parts.
It calls over connections of its own, takes those of others, and answers where a request came from.
"""

from __future__ import annotations

import ssl
from typing import Any

from attrs import define, field
from twisted.internet.protocol import ClientFactory, Factory, Protocol

from tests.kit.gateway import Gateway
from tests.kit.raw_sip import Address, parse_raw


class Pipe(Protocol):
    """One TLS connection: text in, text out."""

    def __init__(self, gateway: TlsGateway, context: ssl.SSLContext, server: bool) -> None:
        self._gateway = gateway
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server else gateway.calls_name or None
        self._tls = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)
        self._waiting: list[bytes] = []
        self._buffer = b""
        self.shaken = False
        self.lost = False
        self.peer: Address = ("", 0)

    @property
    def version(self) -> str | None:
        """TLSv1.2 or TLSv1.3."""
        return self._tls.version()

    @property
    def cipher(self) -> str:
        """The name of the suite."""
        found = self._tls.cipher()
        return found[0] if found else ""

    def shown(self) -> bytes | None:
        """The other side's certificate, DER."""
        return self._tls.getpeercert(binary_form=True)

    def connectionMade(self) -> None:
        """Begin."""
        assert self.transport is not None
        there: Any = self.transport.getPeer()
        self.peer = (there.host, there.port)
        self._gateway.pipes[self.peer] = self
        self._turn()

    def dataReceived(self, data: bytes) -> None:
        """Some octets of TLS."""
        self._in.write(data)
        self._turn()

    def connectionLost(self, reason: Any = None) -> None:
        """Over."""
        self.lost = True
        if self._gateway.pipes.get(self.peer) is self:
            del self._gateway.pipes[self.peer]

    def write(self, data: bytes) -> None:
        """Send it, once that is possible."""
        self._waiting.append(data)
        self._turn()

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.loseConnection()

    def _turn(self) -> None:
        try:
            if not self.shaken:
                self._tls.do_handshake()
                self.shaken = True
            while self._waiting:
                self._tls.write(self._waiting.pop(0))
            while data := self._tls.read(65536):
                self._buffer += data
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as fault:
            self._gateway.faults.append(fault.reason or str(fault))
            self.close()
        assert self.transport is not None
        if self._out.pending:
            self.transport.write(self._out.read())
        self._messages()

    def _messages(self) -> None:
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = int(parse_raw(head + b"\r\n\r\n").header("Content-Length") or 0)
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            message = head + b"\r\n\r\n" + rest[:length]
            self._gateway.datagramReceived(message, self.peer)


@define(eq=False, kw_only=True)
class TlsGateway(Gateway):
    """Calls by TLS; see `Gateway`."""

    client: ssl.SSLContext
    server: ssl.SSLContext | None = None
    """None takes no connections."""
    calls_name: str = ""
    """The server name that it asks for."""
    over: str = "TLS"
    pipes: dict[Address, Pipe] = field(init=False, factory=dict)
    """Connections that stand, by the other end."""
    faults: list[str] = field(init=False, factory=list)
    """Why connections failed, as the library says."""
    taken: list[Pipe] = field(init=False, factory=list)
    """Those that the server opened."""

    def __attrs_post_init__(self) -> None:
        factory = Factory.forProtocol(self._accepted)
        listening = self.stage.listenTCP(0, factory, interface=self.host)
        self.port = listening.getHost().port

    def _accepted(self) -> Pipe:
        assert self.server is not None
        pipe = Pipe(self, self.server, True)
        self.taken.append(pipe)
        return pipe

    def pipe_to(self, to: Address) -> Pipe:
        """The connection there, opened where there is none."""
        pipe = self.pipes.get(to)
        if pipe is None or pipe.lost:
            pipe = self.pipes[to] = Pipe(self, self.client, False)
            self.stage.connectTCP(*to, _Opening(pipe))
        return pipe

    def send(self, text: str, to: Address | None = None) -> None:
        """Send one message over a connection to there."""
        pipe = self.pipe_to(to or self.remote)
        data = text.encode("utf-8", "surrogateescape")
        if pipe.transport is None:
            pipe._waiting.append(data)
        else:
            pipe.write(data)

    def close(self) -> None:
        """Hang up everything."""
        for pipe in list(self.pipes.values()):
            pipe.close()
        self.stage.settle()


class _Opening(ClientFactory):
    noisy = False

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def buildProtocol(self, addr: object) -> Pipe:
        return self._pipe

    def clientConnectionFailed(self, connector: object, reason: Any) -> None:
        self._pipe.connectionLost(reason)
