"""SIP over UDP: one port per address we listen on.

Knows: sockets and addresses. Must never know: what a message says. Sources: RFC 3261 §18. A port is
read until it is empty, but for no longer than a media clock can wait: the rest waits its turn. What
the guard does not admit ends here, what can be answered at once is.

A datagram costs 2 µs to read and 4 to send; one that is not admitted costs 4 in all.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import perf_counter

from attrs import define, field
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.net.guard import Guard
from umserver.edges.net.sockets import bind, family_of, is_wildcard, local_address_towards
from umserver.wire.sip.effects import Flow

log = Logger()

Address = tuple[str, int]
MOST_OCTETS = 65535
RECEIVE_BUFFER = 4 << 20
"""Octets the system may hold for us while we are busy: some thousand INVITEs."""
MOST_AT_ONCE = 256
"""Datagrams read before others get their turn."""
LONGEST_TURN = 0.002
"""Seconds."""
_LOOK_EVERY = 8
"""Datagrams between two looks at the time."""
_room = bytearray(MOST_OCTETS)
"""Where every datagram arrives. One that is read into a block of this size, cut to its own and kept
for a while, leaves a hole that nothing fits: at 60 calls a second that was a megabyte a minute."""
_in_room = memoryview(_room)


@implementer(IReadDescriptor)
class UdpPort:
    """One open port. `heard` is told of each datagram."""

    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket.socket,
        heard: Callable[[UdpPort, bytes, Address], None],
    ) -> None:
        self._reactor, self._sock, self._heard = reactor, sock, heard
        name = sock.getsockname()
        self.host: str = name[0]
        self.port: int = name[1]
        self.send_to = sock.sendto
        reactor.addReader(self)

    def fileno(self) -> int:
        """For the reactor; -1 once closed."""
        return self._sock.fileno()

    def logPrefix(self) -> str:
        """For the reactor."""
        return "SIP over UDP"

    def doRead(self) -> None:
        """Something came: read on until nothing is left or others have waited long enough."""
        receive, heard = self._sock.recvfrom_into, self._heard
        until = perf_counter() + LONGEST_TURN
        for count in range(MOST_AT_ONCE):
            try:
                size, address = receive(_room)
            except BlockingIOError:
                return
            except OSError as error:
                log.debug("reading failed: {error}", error=error)
                continue
            try:
                heard(self, bytes(_in_room[:size]), address)
            except Exception:  # the reactor would close the port for it
                log.failure("a datagram could not be served")
            if count % _LOOK_EVERY == 0 and perf_counter() > until:
                return

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops."""
        self.close()

    def close(self) -> None:
        """Hear nothing any more; the port is free at once."""
        if self._sock.fileno() >= 0:
            self._reactor.removeReader(self)
            self._sock.close()


@define(eq=False)
class UdpPorts:
    """All our UDP ports together; chooses the one to send from."""

    reactor: IReactorFDSet
    received: Callable[[bytes, Flow], None]
    lost: Callable[[Flow], None]
    at_once: Callable[[bytes, Address, Address], tuple[bytes, Address] | None] | None = None
    """Gives the answer to a datagram, and where it goes, where that needs no thought."""
    guard: Guard | None = None
    answered: int = field(init=False, default=0)
    """Datagrams that were answered at once, or dropped."""
    _ports: dict[Address, UdpPort] = field(init=False, factory=dict)

    def listen(self, host: str, port: int) -> int:
        """Open one port; 0 takes a free one. Returns the port number. Raises OSError."""
        sock = bind(host, port, socket.SOCK_DGRAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            opened = UdpPort(self.reactor, sock, self._heard)
        except OSError:
            sock.close()
            raise
        opened.host = host
        self._ports[(host, opened.port)] = opened
        return opened.port

    def close(self) -> list[object]:
        """Stop listening; the Deferreds (or None) of the ports."""
        ports, self._ports = self._ports, {}
        for port in ports.values():
            port.close()
        return []

    def local_for(self, remote: Address) -> Address | None:
        """Our address towards this peer, None when no port can reach it."""
        local = self._port_for(Flow("udp", remote, ("", 0)))
        if local is None:
            return None
        return local_address_towards(remote[0], local.host), local.port

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one datagram (Transport)."""
        port = self._port_for(flow)
        if port is None:
            log.debug("no port reaches {host}", host=flow.remote[0])
            self.lost(flow)
            return
        try:
            port.send_to(data, flow.remote)
        except BlockingIOError:
            log.debug("the system has no room for a datagram")  # lost, as on the way
        except (OSError, OverflowError, ValueError) as error:
            log.debug("sending to {host} failed: {error}", host=flow.remote[0], error=error)
            self.lost(flow)

    def _heard(self, port: UdpPort, data: bytes, address: Address) -> None:
        remote = (address[0], address[1])
        if self.guard is not None and not self.guard.admits(remote[0], data):
            return
        if not data.strip(b"\r\n\0 "):
            return
        local = (local_address_towards(remote[0], port.host), port.port)
        try:
            reply = self.at_once(data, remote, local) if self.at_once is not None else None
        except Exception:
            log.failure("a glance failed; the message is taken apart")
            reply = None
        if reply is None:
            self.received(data, Flow("udp", remote, local))
            return
        self.answered += 1
        if reply[0]:
            self._reply(port, *reply)

    def _reply(self, port: UdpPort, data: bytes, to: Address) -> None:
        try:
            port.send_to(data, to)
        except OSError as error:
            log.debug("answering {host} failed: {error}", host=to[0], error=error)

    def _port_for(self, flow: Flow) -> UdpPort | None:
        family = family_of(flow.remote[0])
        fitting = [port for port in self._ports.values() if family_of(port.host) == family]
        for port in fitting:
            if port.port == flow.local[1] and (
                is_wildcard(port.host) or port.host == flow.local[0]
            ):
                return port
        return fitting[0] if fitting else None
