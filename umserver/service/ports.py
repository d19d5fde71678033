"""Whether the ports of SIP can be had, asked before anything that takes long (prompts).

Knows: which ports a start will open. Must never know: what is said there.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from errno import EADDRINUSE

from umserver.edges.net.sockets import bind
from umserver.edges.net.station import has_ipv6
from umserver.service.doors import NAMES, Door

BOTH = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
EVERYWHERE = ("0.0.0.0", "::")


def look_for(doors: Iterable[Door], hosts: Sequence[str]) -> None:
    """Open what will be opened, and close it again. Raises OSError for a port that is taken, and
    ValueError for one that is wanted twice.

    Other faults are left to the real opening, which comes later and says the same.
    """
    doors = tuple(doors)
    _once(doors)
    for door in doors:
        kinds = [(door.port, kind) for kind in BOTH] if door.is_plain else []
        kinds += [(door.tls_port, socket.SOCK_STREAM)] if door.is_tls else []
        for port, kind in kinds:
            for host in hosts or EVERYWHERE:
                if port and (host != "::" or has_ipv6()):
                    _look(host, port, kind)


def _look(host: str, port: int, kind: socket.SocketKind) -> None:
    try:
        bind(host, port, kind).close()
    except OSError as fault:
        if fault.errno == EADDRINUSE:
            raise


def _once(doors: Iterable[Door]) -> None:
    """Two of our own ports may not be one; people do not look for another server then."""
    owners: dict[int, str] = {}
    for door in doors:
        whose = NAMES[door.role]
        wanted = [(door.port, f"the {whose}, plain")] if door.is_plain else []
        wanted += [(door.tls_port, f"the {whose}, TLS")] if door.is_tls else []
        for port, use in wanted:
            if port and (other := owners.setdefault(port, use)) != use:
                raise ValueError(f"port {port} is wanted twice: by {other}, and by {use}")
