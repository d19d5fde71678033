"""Which answering desk is the best of a mailbox, and the redirect that leads to it.

Knows: what desks say of themselves. Must never know: whether they live, when to ask them (`fleet`).
The same mailbox goes to the same desk while that has room (rendezvous hashing, Thaler and
Ravishankar 1998, weighted by free room), which keeps what a desk remembers of a user in one place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from hashlib import blake2b

from umserver.interfaces import FleetServer, RedirectTarget

STEPS = 8
"""Free room is told apart in so many steps, so that a few calls do not move a mailbox."""

PLAIN, TLS, TLS_BY_NAME = "mbx", "mbx-tls", "mbx-tls-by-name"
"""Ports of a desk; the last is that of a desk whose certificate is for its name."""


def ranked(servers: Sequence[FleetServer], key: str) -> Sequence[FleetServer]:
    """Best first for this key; more free room makes a server the best of more keys."""
    return sorted(servers, key=lambda server: _score(server, key))


def room(server: FleetServer) -> int:
    """Free room in steps; 0 only for none."""
    share = max(server.capacity - server.calls, 0) / max(server.capacity, 1)
    return math.ceil(share * STEPS)


def _score(server: FleetServer, key: str) -> float:
    weight = max(room(server), 1) * max(server.capacity, 1)
    digest = blake2b(f"{server.name.casefold()}\n{key}".encode(), digest_size=8).digest()
    chance = (int.from_bytes(digest) + 1) / (2**64 + 1)
    return -math.log(chance) / weight


def redirects(
    desks: Sequence[FleetServer],
    transport: str,
    token: str,
    host_of: Callable[[FleetServer], str],
) -> Sequence[RedirectTarget]:
    """Where a call that came by this transport (udp, tcp, tls) is sent on to, in the desks' order.

    What came by TLS stays with TLS (spec 4.1, 1.2): a desk without such a port is left out.
    """
    doors = (TLS_BY_NAME, TLS) if transport == "tls" else (PLAIN,)
    found: list[RedirectTarget] = []
    for desk in desks:
        for door in doors:
            port = desk.ports.get(door)
            if port is not None:
                weight = 1.0 / (len(found) + 1)
                found.append(RedirectTarget(host_of(desk), port, transport, token, weight))
                break
    return found


def has_door(server: FleetServer) -> bool:
    """Whether calls can be sent there at all."""
    return not server.ports.keys().isdisjoint((PLAIN, TLS, TLS_BY_NAME))
