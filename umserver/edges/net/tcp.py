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
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.net.sockets import bind, family_of, local_address_towards
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.stream import StreamBroken, StreamFramer

log = Logger()

PONG = b"\r\n"


@define(frozen=True)
class Limits:
    """What a stream peer may cost us."""

    first_message: float = 30.0
    """Seconds within which the first whole message must have come."""
    message: float = 30.0
    """Seconds that one message may take to arrive (a slow-loris peer is cut off)."""
    idle: float = 7200.0
    """Seconds without any message; longer than the longest call."""
    connect: float = 8.0
    """Seconds that opening a connection may take."""
    connections: int = 2000
    connections_per_host: int = 500
    queued: int = 64
    """Messages that may wait for a connection to stand."""
    unsent: int = 1 << 20
    """Octets that a peer which does not read may leave with us."""


@define(eq=False)
class TcpConnections:
    """All SIP connections over TCP; opens new ones for flows that have none (Transport)."""

    reactor: Any
    """IReactorTCP, IReactorSocket and IReactorTime in one."""
    received: Callable[[bytes, Flow], None]
    lost: Callable[[Flow], None]
    limits: Limits = field(factory=Limits)
    refused: int = field(init=False, default=0)
    """Connections turned away because of the caps."""
    _ports: list[IListeningPort] = field(init=False, factory=list)
    _bound: list[tuple[str, int]] = field(init=False, factory=list)
    _numbers: count[int] = field(init=False, factory=lambda: count(1))
    _open: dict[int, _Connection] = field(init=False, factory=dict)
    _by_peer: dict[tuple[str, int], _Connection] = field(init=False, factory=dict)
    _closed: bool = field(init=False, default=False)

    def __len__(self) -> int:
        return len(self._open)

    def listen(self, host: str, port: int) -> int:
        """Accept connections here; 0 takes a free port. Returns the port number. Raises OSError."""
        sock = bind(host, port, socket.SOCK_STREAM)
        try:
            bound: int = sock.getsockname()[1]
            factory = Factory.forProtocol(lambda: _Connection(self))
            factory.noisy = False
            listening = self.reactor.adoptStreamPort(sock.fileno(), sock.family, factory)
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

    def _connect(self, flow: Flow) -> _Connection:
        connection = _Connection(self, opened_by_us=True)
        connection.peer = flow.remote
        self._by_peer[flow.remote] = connection
        host, port = flow.remote
        factory = _Opening(connection)
        self.reactor.connectTCP(host, port, factory, timeout=self.limits.connect)
        return connection

    def _admit(self, connection: _Connection) -> bool:
        """Whether there is room for one more."""
        if self._closed:
            return False
        host = connection.peer[0]
        theirs = sum(1 for other in self._open.values() if other.peer[0] == host)
        full = len(self._open) >= self.limits.connections
        if connection.opened_by_us or not (full or theirs >= self.limits.connections_per_host):
            return True
        self.refused += 1
        return False

    def _opened(self, connection: _Connection) -> None:
        connection.number = next(self._numbers)
        self._open[connection.number] = connection
        self._by_peer[connection.peer] = connection

    def _gone(self, connection: _Connection) -> None:
        self._open.pop(connection.number, None)
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]
        for flow in connection.flows:
            self.lost(flow)


class _Connection(Protocol):
    """One connection; between being asked for and standing it queues."""

    def __init__(self, all: TcpConnections, opened_by_us: bool = False) -> None:
        self.opened_by_us = opened_by_us
        self.peer: tuple[str, int] = ("", 0)
        self.number = 0
        self.flows: set[Flow] = set()
        self._all = all
        self._framer = StreamFramer()
        self._pongs = 0
        self._queue: list[bytes] = []
        self._flow: Flow | None = None
        self._alarm: IDelayedCall | None = None
        self._has_spoken = opened_by_us
        self._is_midway = False
        self._choked = 0
        self._is_choked = False

    # Twisted

    def connectionMade(self) -> None:
        assert self.transport is not None
        peer: Any = self.transport.getPeer()
        here: Any = self.transport.getHost()
        if not self.opened_by_us:
            self.peer = (peer.host, peer.port)
        if not self._all._admit(self):
            self.transport.abortConnection()  # type: ignore[attr-defined]
            return
        self._all._opened(self)
        self.transport.setTcpNoDelay(True)  # type: ignore[attr-defined]
        self.transport.setTcpKeepAlive(True)  # type: ignore[attr-defined]
        self.transport.registerProducer(self, True)  # type: ignore[attr-defined]
        self._flow = Flow("tcp", self.peer, (here.host, here.port), self.number)
        self.flows.add(self._flow)
        limits = self._all.limits
        self._set_alarm(limits.idle if self.opened_by_us else limits.first_message)
        queue, self._queue = self._queue, []
        for data in queue:
            self._write(data)

    def dataReceived(self, data: bytes) -> None:
        assert self._flow is not None
        try:
            messages = self._framer.feed(data)
        except StreamBroken as broken:
            log.debug("stream from {peer} is broken: {why}", peer=self.peer, why=broken)
            self._abort()
            return
        self._answer_pings()
        self._watch(bool(messages))
        for message in messages:
            self._all.received(message, self._flow)
        if self._framer.is_broken:
            self.flush_and_close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_alarm()
        self._all._gone(self)

    def pauseProducing(self) -> None:
        """The peer does not read what we wrote; said with every further write (IPushProducer)."""
        if not self._is_choked:
            self._is_choked, self._choked = True, 0

    def resumeProducing(self) -> None:
        """The peer reads again (IPushProducer)."""
        self._is_choked = False

    def stopProducing(self) -> None:
        """The connection goes (IPushProducer)."""

    # ours

    def send(self, data: bytes, flow: Flow) -> None:
        """Write, or queue until the connection stands."""
        self.flows.add(flow)
        if self._flow is not None:
            self._write(data)
        elif len(self._queue) < self._all.limits.queued:
            self._queue.append(data)

    def could_not_open(self) -> None:
        """No connection came about."""
        self._all._gone(self)

    def flush_and_close(self) -> None:
        """Close once everything written has left."""
        if self.transport is not None:
            self.transport.unregisterProducer()  # type: ignore[attr-defined]
            self.transport.loseConnection()
            self._set_alarm(2.0)

    def _write(self, data: bytes) -> None:
        assert self.transport is not None
        if self._is_choked:
            self._choked += len(data)
            if self._choked > self._all.limits.unsent:
                self._abort()
                return
        self.transport.write(data)

    def _watch(self, is_whole: bool) -> None:
        """Give a message that has begun its time; nothing but a whole message earns more."""
        self._has_spoken = self._has_spoken or is_whole
        was_midway = self._is_midway and not is_whole
        self._is_midway = self._framer.is_midway
        if self._is_midway:
            if self._has_spoken and not was_midway:
                self._set_alarm(self._all.limits.message)
        elif is_whole:
            self._set_alarm(self._all.limits.idle)

    def _answer_pings(self) -> None:
        fresh, self._pongs = self._framer.pongs - self._pongs, self._framer.pongs
        if fresh > 0:
            self._write(PONG * fresh)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def _set_alarm(self, seconds: float) -> None:
        if self._alarm is not None and self._alarm.active():
            self._alarm.reset(seconds)
        else:
            self._alarm = self._all.reactor.callLater(seconds, self._abort)

    def _stop_alarm(self) -> None:
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()


class _Opening(ClientFactory):
    noisy = False

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def buildProtocol(self, addr: object) -> _Connection:
        return self._connection

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        log.debug("no connection to {peer}: {why}", peer=self._connection.peer, why=reason.value)
        self._connection.could_not_open()
