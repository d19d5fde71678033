"""Where messages go: answers back to their senders, requests to the next hop.

Knows: addresses as literals. Must never know: name servers, sockets.
Sources: RFC 3261 §18.2.1, §18.2.2, §12.2.1.1; RFC 3581.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from attrs import evolve

from umserver.wire.sip.effects import Flow
from umserver.wire.sip.headers import Via
from umserver.wire.sip.message import Request
from umserver.wire.sip.uri import Uri

DEFAULT_PORT = 5060
DEFAULT_TLS_PORT = 5061
_LAST_PORT = 65535


@lru_cache(maxsize=4096)
def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host part spells, None for a name."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def is_answerable(flow: Flow) -> bool:
    """Whether a message from there may be answered: never to groups, broadcast or nowhere."""
    return is_answerable_at(flow.remote)


def is_answerable_at(remote: tuple[str, int]) -> bool:
    """The same of an address."""
    if literal(remote[0]) is None:
        return True
    return 0 < remote[1] <= _LAST_PORT and _is_somebody(remote[0])


@lru_cache(maxsize=1024)
def _is_somebody(host: str) -> bool:
    """Whether this address is one machine's."""
    address = literal(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    address = mapped or address
    if address is None or address.is_multicast or address.is_unspecified:
        return False
    return str(address) != "255.255.255.255"


def default_port(transport: str) -> int:
    """The port of a sent-by or URI that names none."""
    return DEFAULT_TLS_PORT if transport == "tls" else DEFAULT_PORT


def reply_flow(via: Via | None, flow: Flow) -> Flow:
    """The way an answer takes.

    Always to the real source address, never to maddr or the sent-by host.
    """
    if flow.is_reliable or via is None:
        return flow
    if any(name == "rport" for name, _ in via.params):  # RFC 3581 §4
        return flow
    return evolve(flow, remote=(flow.remote[0], _sent_by_port(via, flow)))


def reply_fallback(via: Via | None, flow: Flow) -> Flow | None:
    """The way an answer takes once its connection is gone (RFC 3261 §18.2.2)."""
    if not flow.is_reliable or via is None:
        return None
    port = via.port if via.port and via.port <= _LAST_PORT else default_port(flow.transport)
    return evolve(flow, remote=(flow.remote[0], port), connection=0)


def _sent_by_port(via: Via, flow: Flow) -> int:
    if via.port is None:
        return DEFAULT_PORT
    return via.port if 0 < via.port <= _LAST_PORT else flow.remote[1]


def dialog_flow(invite: Request, flow: Flow, hop: Uri) -> Flow:
    """The way to the peer of a dialog that this INVITE opened; `flow` is the one its answers take.

    An address in the next hop counts, unless the peer stands behind an address translator (then the
    way its request came), or a living connection already leads to that host.
    """
    believed = invite.via.host
    is_translated = literal(believed) is not None and literal(believed) != literal(flow.remote[0])
    if is_translated and literal(hop.host) == literal(believed):
        return flow
    return next_hop(hop, flow)


def is_hidden(hop: Uri, flow: Flow) -> bool:
    """Whether this route or target is no public address (RFC 1918, RFC 6598) of a peer elsewhere.

    Nobody outside the peer's own network reaches it there; what leads to it is the known way.
    """
    address = literal(hop.param("maddr") or hop.host)
    return address is not None and not address.is_global and address != literal(flow.remote[0])


def next_hop(hop: Uri, flow: Flow) -> Flow:
    """The way to a route or target, when its host is an address; else the known way."""
    address = literal(hop.param("maddr") or hop.host)
    known = literal(flow.remote[0])
    if address is None or known is None or address.version != known.version:
        return flow
    if address.is_multicast or address.is_unspecified or hop.scheme not in ("sip", "sips"):
        return flow
    transport = _transport(hop, flow)
    if flow.is_reliable and address == known and transport == flow.transport:
        return flow
    port = hop.port if hop.port and hop.port <= _LAST_PORT else default_port(transport)
    host = hop.param("maddr") or hop.host
    if transport == flow.transport and (host, port) == flow.remote:
        return flow
    return evolve(flow, transport=transport, remote=(host, port), connection=0)


def _transport(hop: Uri, flow: Flow) -> str:
    if hop.scheme == "sips":
        return "tls"
    named = (hop.param("transport") or "").lower()
    return named if named in ("udp", "tcp", "tls") else flow.transport
