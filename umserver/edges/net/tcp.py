"""SIP over TCP: connections that peers opened and those we open on demand.

Knows: connections by number and by peer, time limits, caps. Must never know: what a message says.
Sources: RFC 3261 §18.1.1, §18.3; keep-alives of RFC 5626 §3.5.1.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import count
from typing import Any

from attrs import define, field
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ClientFactory, Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.net.connection import Connection, Limits
from umserver.edges.net.guard import Guard
from umserver.edges.net.sockets import bind, family_of, local_address_towards
from umserver.wire.sip.effects import Flow

log = Logger()

__all__ = ["Limits", "TcpConnections"]


@define(eq=False)
class TcpConnections:
    """All SIP connections over TCP; opens new ones for flows that have none (Transport)."""

    reactor: Any
    """IReactorTCP, IReactorSocket and IReactorTime in one."""
    received: Callable[[bytes, Flow], None]
    lost: Callable[[Flow], None]
    limits: Limits = field(factory=Limits)
    guard: Guard | None = field(init=False, default=None)
    refused: int = field(init=False, default=0)
    """Connections turned away because of the caps."""
    _ports: list[IListeningPort] = field(init=False, factory=list)
    _bound: list[tuple[str, int]] = field(init=False, factory=list)
    _numbers: count[int] = field(init=False, factory=lambda: count(1))
    _open: dict[int, Connection] = field(init=False, factory=dict)
    _by_peer: dict[tuple[str, int], Connection] = field(init=False, factory=dict)
    _closed: bool = field(init=False, default=False)

    def __len__(self) -> int:
        return len(self._open)

    def listen(self, host: str, port: int) -> int:
        """Accept connections here; 0 takes a free port. Returns the port number. Raises OSError."""
        sock = bind(host, port, socket.SOCK_STREAM)
        try:
            bound: int = sock.getsockname()[1]
            listening = self.reactor.adoptStreamPort(sock.fileno(), sock.family, self._accepting())
        finally:
            sock.close()
        self._closed = False
        self._ports.append(listening)
        self._bound.append((host, bound))
        return bound

    def close(self) -> list[object]:
        """Stop listening and drop every connection; the Deferreds (or None) of the ports."""
        self._closed = True
        ports, self._ports = self._ports, []
        self._bound.clear()
        for connection in list(self._open.values()):
            connection.flush_and_close()
        return [port.stopListening() for port in ports]

    def local_for(self, remote: tuple[str, int]) -> tuple[str, int] | None:
        """Our listening address towards this peer; port 0 when we listen nowhere."""
        family = family_of(remote[0])
        for host, port in self._bound:
            if family_of(host) == family:
                return local_address_towards(remote[0], host), port
        return local_address_towards(remote[0], ""), 0

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one message (Transport)."""
        connection = self._open.get(flow.connection) or self._by_peer.get(flow.remote)
        if connection is None:
            if flow.connection or self._closed:
                self.lost(flow)
                return
            connection = self._connect(flow)
        connection.send(data, flow)

    def _connect(self, flow: Flow) -> Connection:
        connection = self.connection(opened_by_us=True)
        connection.peer = flow.remote
        self._by_peer[flow.remote] = connection
        host, port = flow.remote
        factory = self.wrapped(Opening(connection), connection)
        self.reactor.connectTCP(host, port, factory, timeout=self.limits.connect)
        return connection

    def _accepting(self) -> Any:
        factory = Factory.forProtocol(self.connection)
        factory.noisy = False
        return self.wrapped(factory, None)

    # what other kinds of streams do otherwise

    @property
    def transport(self) -> str:
        """The name of these flows (Connections)."""
        return "tcp"

    def connection(self, opened_by_us: bool = False) -> Connection:
        """A new one."""
        return Connection(self, opened_by_us)

    def wrapped(self, factory: Any, connection: Connection | None) -> Any:
        """The factory that really is used; without a connection it is for those of peers."""
        return factory

    def admit(self, connection: Connection) -> bool:
        """Whether there is room for one more (Connections)."""
        if self._closed:
            return False
        host = connection.peer[0]
        theirs = sum(1 for other in self._open.values() if other.peer[0] == host)
        full = len(self._open) >= self._room_for(host)
        if connection.opened_by_us or not (full or theirs >= self.limits.connections_per_host):
            return True
        self.refused += 1
        return False

    def _room_for(self, host: str) -> int:
        """Open connections with which it is full; strangers leave some to whoever is expected."""
        is_stranger = self.guard is not None and not self.guard.expects(host)
        return self.limits.for_strangers if is_stranger else self.limits.connections

    def take(self, data: bytes, connection: Connection, flow: Flow) -> bool:
        """A whole message has come; whether the connection may bring more (Connections).

        A stranger who says too much is cut off; what an expected peer should not say is passed
        over.
        """
        guard, host = self.guard, connection.peer[0]
        if guard is None or connection.opened_by_us:
            is_welcome = True
        elif connection.has_proved:
            is_welcome = guard.admits_expected(data)
        else:
            is_welcome = guard.admits(host, data)
        if is_welcome:
            self.received(data, flow)
            return True
        assert guard is not None
        if connection.has_proved or guard.expects(host):
            return True
        connection.abort()
        return False

    def opened(self, connection: Connection) -> None:
        """It has come about (Connections)."""
        connection.number = next(self._numbers)
        self._open[connection.number] = connection
        self._by_peer[connection.peer] = connection

    def gone(self, connection: Connection) -> None:
        """It is no more (Connections)."""
        self._open.pop(connection.number, None)
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]
        for flow in connection.flows:
            self.lost(flow)


class Opening(ClientFactory):
    """Opens one connection."""

    noisy = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def buildProtocol(self, addr: object) -> Connection:
        return self._connection

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        log.debug("no connection to {peer}: {why}", peer=self._connection.peer, why=reason.value)
        self._connection.could_not_open()
