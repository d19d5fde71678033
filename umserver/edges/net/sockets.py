"""Sockets bound the way we need them, and which of our addresses a peer sees.

Knows: the socket module. Must never know: SIP. Nothing here blocks or sends.
"""

from __future__ import annotations

import socket
from functools import lru_cache
from time import monotonic

WILDCARDS = ("0.0.0.0", "::", "")
_REMEMBERED = 30.0
"""Seconds that a route is remembered."""


def family_of(host: str) -> socket.AddressFamily:
    """AF_INET6 for an address with colons, else AF_INET."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def is_wildcard(host: str) -> bool:
    """Whether this listens on every address."""
    return host in WILDCARDS


def is_address(host: str) -> bool:
    """Whether this is an IP address (not a name)."""
    try:
        socket.inet_pton(family_of(host), host.partition("%")[0])
    except (OSError, ValueError):
        return False
    return True


def bind(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket on this address; an IPv6 one takes no IPv4, so both may share a port.

    Raises OSError, which names the port that cannot be had.
    """
    sock = socket.socket(family_of(host), kind)
    try:
        sock.setblocking(False)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(128)
    except OSError as fault:
        sock.close()
        named = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        raise OSError(fault.errno, fault.strerror, f"{named} port {port} of {host}") from fault
    return sock


def local_address_towards(remote: str, bound: str) -> str:
    """The address of ours that packets to `remote` (an IP address) come from.

    `bound` itself unless that is a wildcard; loopback when there is no route.
    """
    return _route_to(remote, int(monotonic() / _REMEMBERED)) if is_wildcard(bound) else bound


def primary_address() -> str:
    """The IPv4 address by which this machine is reached from outside, as its routes say."""
    return local_address_towards("192.0.2.1", "0.0.0.0")


@lru_cache(maxsize=1024)
def _route_to(remote: str, slot: int) -> str:
    family = family_of(remote)
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "::1" if family == socket.AF_INET6 else "127.0.0.1"
