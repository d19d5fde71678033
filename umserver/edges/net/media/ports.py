"""Pairs of UDP sockets for sound: RTP on an even port, RTCP on the next.

Knows: the socket module. Must never know: packets.
"""

from __future__ import annotations

import ctypes
import errno
import random as chance
import socket
from contextlib import suppress

from attrs import frozen

from umserver.edges.net.sockets import bind, family_of

RECEIVE_BUFFER = 64 * 1024
"""Octets: some 200 ms of packets and their overhead in the kernel."""

STAMPED = 35
"""SO_TIMESTAMPNS: the kernel notes when a packet came (Linux; the socket module lacks the name)."""

_TRIES = 200


class NoPorts(Exception):
    """No free pair of ports in the range on this address."""


@frozen
class PortPair:
    """Both sockets, bound and non-blocking."""

    rtp: socket.socket
    rtcp: socket.socket
    host: str
    port: int
    """Of RTP; RTCP has the next."""

    def close(self) -> None:
        """Give the ports back."""
        self.rtp.close()
        self.rtcp.close()


def open_pair(host: str, ports: range, random: chance.Random, dscp: int = 0) -> PortPair:
    """A random free pair within the range. Raises NoPorts."""
    first = ports.start + (ports.start & 1)
    count = max(0, (ports.stop - first) // 2)
    if not count:
        raise NoPorts(f"the range {ports} holds no even port with its successor")
    start = random.randrange(count)
    for step in range(min(count, _TRIES)):
        port = first + 2 * ((start + step) % count)
        pair = _try_pair(host, port)
        if pair is not None:
            _tune(pair, dscp)
            return pair
    raise NoPorts(f"no free pair of ports from {first} to {ports.stop - 1} on {host}")


def _try_pair(host: str, port: int) -> PortPair | None:
    rtp: socket.socket | None = None
    try:
        rtp = bind(host, port, socket.SOCK_DGRAM)
        return PortPair(rtp, bind(host, port + 1, socket.SOCK_DGRAM), host, port)
    except OSError as error:
        if rtp is not None:
            rtp.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise NoPorts(f"{host} port {port}: {error.strerror}") from error


def _tune(pair: PortPair, dscp: int) -> None:
    pair.rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    with suppress(OSError):
        pair.rtcp.setsockopt(socket.SOL_SOCKET, STAMPED, 1)
    if dscp:
        for sock in (pair.rtp, pair.rtcp):
            if sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
            else:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)


def disconnect(sock: socket.socket) -> None:
    """Let a connected socket hear everybody again; it stays bound.

    That is `connect` to no family (AF_UNSPEC), which the socket module cannot say. Raises OSError.
    """
    nobody = bytes(128)
    if ctypes.CDLL(None, use_errno=True).connect(sock.fileno(), nobody, len(nobody)) < 0:
        raise OSError(ctypes.get_errno(), "disconnect")


def is_reachable(host: str, port: int) -> bool:
    """Whether packets can be sent there: an address, not a name or the wildcard of a held call."""
    try:
        packed = socket.inet_pton(family_of(host), host)
    except (OSError, ValueError):
        return False
    return 0 < port < 65536 and any(packed)
