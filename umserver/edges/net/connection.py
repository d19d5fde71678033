"""One SIP connection over a stream: what it costs us at most, and what waits for it to stand.

Knows: Twisted's stream transports, framing, time limits. Must never know: what a message says, how
connections are found or encrypted. Sources: RFC 3261 §18.3; keep-alives of RFC 5626 §3.5.1.
"""

from __future__ import annotations

from typing import Any, Protocol

from attrs import define
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

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
    handshake: float = 10.0
    """Seconds that a TLS handshake may take."""
    handshakes: int = 200
    """Handshakes at once after which only peers that we expect may begin another."""
    connect: float = 8.0
    """Seconds that opening a connection may take."""
    connections: int = 2000
    for_strangers: int = 1500
    """Connections after which only peers that we expect may open another."""
    connections_per_host: int = 500
    queued: int = 64
    """Messages that may wait for a connection to stand."""
    unsent: int = 1 << 20
    """Octets that a peer which does not read may leave with us."""


class Connections(Protocol):
    """Where connections belong to."""

    reactor: Any
    limits: Limits

    @property
    def transport(self) -> str:
        """tcp or tls."""

    def take(self, data: bytes, connection: Connection, flow: Flow) -> bool:
        """A whole message has come; whether the connection may bring more."""

    def admit(self, connection: Connection) -> bool:
        """Whether there is room for one more."""

    def opened(self, connection: Connection) -> None:
        """It has come about, and gets its number."""

    def gone(self, connection: Connection) -> None:
        """It is no more."""


class Connection(StreamProtocol):
    """One connection; between being asked for and standing it queues."""

    def __init__(self, all: Connections, opened_by_us: bool = False) -> None:
        self.opened_by_us = opened_by_us
        self.peer: tuple[str, int] = ("", 0)
        self.has_proved = False
        """Whether the peer has shown that it is somebody whom we expect."""
        self.number = 0
        self._here = ("", 0)
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
        if not self._all.admit(self):
            self.transport.abortConnection()  # type: ignore[attr-defined]
            return
        self._all.opened(self)
        self.transport.setTcpNoDelay(True)  # type: ignore[attr-defined]
        self.transport.setTcpKeepAlive(True)  # type: ignore[attr-defined]
        self._here = (here.host, here.port)
        self.begin()

    def begin(self) -> None:
        """Bytes can flow; who needs more than that for messages puts `stand` off."""
        self.stand()

    def stand(self) -> None:
        """Messages can flow."""
        assert self.transport is not None
        self.transport.registerProducer(self, True)  # type: ignore[attr-defined]
        self._flow = Flow(self._all.transport, self.peer, self._here, self.number)
        self.flows.add(self._flow)
        limits = self._all.limits
        self.set_alarm(limits.idle if self.opened_by_us else limits.first_message)
        queue, self._queue = self._queue, []
        for data in queue:
            self._write(data)

    def dataReceived(self, data: bytes) -> None:
        assert self._flow is not None
        try:
            messages = self._framer.feed(data)
        except StreamBroken as broken:
            log.debug("stream from {peer} is broken: {why}", peer=self.peer, why=broken)
            self.abort()
            return
        self._answer_pings()
        self._watch(bool(messages))
        for message in messages:
            if not self._all.take(message, self, self._flow):
                return
        if self._framer.is_broken:
            self.flush_and_close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_alarm()
        self._all.gone(self)

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
        self._all.gone(self)

    def flush_and_close(self) -> None:
        """Close once everything written has left."""
        if self.transport is not None:
            self.transport.unregisterProducer()  # type: ignore[attr-defined]
            self.transport.loseConnection()
            self.set_alarm(2.0)

    def _write(self, data: bytes) -> None:
        assert self.transport is not None
        if self._is_choked:
            self._choked += len(data)
            if self._choked > self._all.limits.unsent:
                self.abort()
                return
        self.transport.write(data)

    def _watch(self, is_whole: bool) -> None:
        """Give a message that has begun its time; nothing but a whole message earns more."""
        self._has_spoken = self._has_spoken or is_whole
        was_midway = self._is_midway and not is_whole
        self._is_midway = self._framer.is_midway
        if self._is_midway:
            if self._has_spoken and not was_midway:
                self.set_alarm(self._all.limits.message)
        elif is_whole:
            self.set_alarm(self._all.limits.idle)

    def _answer_pings(self) -> None:
        fresh, self._pongs = self._framer.pongs - self._pongs, self._framer.pongs
        if fresh > 0:
            self._write(PONG * fresh)

    def abort(self) -> None:
        """End it at once; what has not left is lost."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def set_alarm(self, seconds: float) -> None:
        """Abort it in so many seconds, instead of when it was said before."""
        if self._alarm is not None and self._alarm.active():
            self._alarm.reset(seconds)
        else:
            self._alarm = self._all.reactor.callLater(seconds, self.abort)

    def _stop_alarm(self) -> None:
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()
