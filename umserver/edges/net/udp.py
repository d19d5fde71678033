"""SIP over UDP: one port per address we listen on.

Knows: sockets and addresses. Must never know: what a message says. Sources: RFC 3261 §18.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from attrs import define, field
from twisted.internet.interfaces import IListeningPort, IReactorSocket
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from umserver.edges.net.sockets import bind, family_of, is_wildcard, local_address_towards
from umserver.wire.sip.effects import Flow

log = Logger()

MOST_OCTETS = 65535
RECEIVE_BUFFER = 1 << 20
"""Octets the system may hold for us while we are busy: about a thousand INVITEs."""


class _Ear(DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._heard = heard

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard(data, (addr[0], addr[1]))


@define(eq=False)
class UdpPorts:
    """All our UDP ports together; chooses the one to send from."""

    reactor: IReactorSocket
    received: Callable[[bytes, Flow], None]
    lost: Callable[[Flow], None]
    _ports: dict[tuple[str, int], IListeningPort] = field(init=False, factory=dict)

    def listen(self, host: str, port: int) -> int:
        """Open one port; 0 takes a free one. Returns the port number. Raises OSError."""
        sock = bind(host, port, socket.SOCK_DGRAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            bound: int = sock.getsockname()[1]
            local = (host, bound)
            ear = _Ear(lambda data, remote: self._heard(data, remote, local))
            self._ports[local] = self.reactor.adoptDatagramPort(
                sock.fileno(), sock.family, ear, maxPacketSize=MOST_OCTETS
            )
        finally:
            sock.close()
        return bound

    def close(self) -> list[object]:
        """Stop listening; the Deferreds (or None) of the ports."""
        ports, self._ports = self._ports, {}
        return [port.stopListening() for port in ports.values()]

    def local_for(self, remote: tuple[str, int]) -> tuple[str, int] | None:
        """Our address towards this peer, None when no port can reach it."""
        local = self._port_for(Flow("udp", remote, ("", 0)))
        if local is None:
            return None
        return local_address_towards(remote[0], local[0]), local[1]

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one datagram (Transport)."""
        local = self._port_for(flow)
        if local is None:
            log.debug("no port reaches {host}", host=flow.remote[0])
            self.lost(flow)
            return
        transport = self._ports[local]
        try:
            transport.write(data, flow.remote)  # type: ignore[attr-defined]
        except Exception as error:
            log.debug("sending to {host} failed: {error}", host=flow.remote[0], error=error)
            self.lost(flow)

    def _heard(self, data: bytes, remote: tuple[str, int], local: tuple[str, int]) -> None:
        if not data.strip(b"\r\n\0 "):
            return
        host = local_address_towards(remote[0], local[0])
        self.received(data, Flow("udp", remote, (host, local[1])))

    def _port_for(self, flow: Flow) -> tuple[str, int] | None:
        family = family_of(flow.remote[0])
        fitting = [local for local in self._ports if family_of(local[0]) == family]
        for local in fitting:
            if local[1] == flow.local[1] and (is_wildcard(local[0]) or local[0] == flow.local[0]):
                return local
        return fitting[0] if fitting else None
