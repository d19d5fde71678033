"""Reading one offered or answered audio stream: is it usable, and what would we agree to?

Knows: RFC 3264 §6, RFC 3551, RFC 4733, RFC 3605. Must never know: the history of the session, our
own address beyond what is handed in, how sound is protected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from attrs import frozen

from umserver.wire.media import refusal
from umserver.wire.media.protection import PROFILES, Terms, Unusable
from umserver.wire.sdp.description import Connection, Media, SessionDescription
from umserver.wire.sdp.formats import Format, events_of, formats_of

EVENT = "TELEPHONE-EVENT"
OUR_EVENTS = frozenset(range(17))
"""The keys and the hook flash (RFC 4733 §3.2)."""

DEFAULT_PTIME = 20
PTIMES = range(10, 61)
_MOST_SSRC = 0xFFFFFFFF

Address = IPv4Address | IPv6Address


@frozen
class Direction:
    """May the describing side send, may it receive (RFC 3264 §5.1)."""

    send: bool = True
    receive: bool = True

    def __str__(self) -> str:
        names = {
            (True, True): "sendrecv",
            (True, False): "sendonly",
            (False, True): "recvonly",
            (False, False): "inactive",
        }
        return names[self.send, self.receive]


_DIRECTIONS = {
    str(each): each
    for each in (Direction(send, receive) for send in (True, False) for receive in (True, False))
}


@frozen
class Stream:
    """One audio stream of the other side that we could take."""

    host: str
    port: int
    rtcp_port: int
    """0: no place for RTCP at `host`."""
    direction: Direction
    codecs: tuple[Format, ...]
    """G.711 formats that we know, in the other side's order, at least one."""
    event: Format | None
    events: frozenset[int]
    """The telephone events both sides know; empty where `event` is None."""
    ptime: int
    taken: Mapping[int, Format]
    """Every payload type whose meaning was stated."""
    sources: frozenset[int] = frozenset()
    """The SSRCs of its packets, where they are stated (RFC 5576 §4.1)."""

    def reports_port(self, terms: Terms) -> int:
        """Where RTCP goes; 0 for nowhere."""
        return self.port if terms.mux else self.rtcp_port


def read_stream(
    description: SessionDescription,
    media: Media,
    codecs: Collection[str],
    known: Mapping[int, Format],
    ours: tuple[Address, int],
) -> Stream:
    """The stream of one m= line with a port above 0.

    `codecs` are our names, `known` what payload types without an rtpmap mean, `ours` our address
    and RTP port. Raises Unusable.
    """
    if media.kind.lower() != "audio":
        raise Unusable(f"media type {media.kind}", refusal.MEDIA_TYPE)
    if media.proto.upper() not in PROFILES:
        raise Unusable(f"profile {media.proto}", refusal.TRANSPORT_PROTOCOL)
    formats = formats_of(media, known)
    sound = tuple(each for each in formats if any(each.means(codec) for codec in codecs))
    if not sound:
        raise Unusable("no common codec", refusal.MEDIA_FORMAT)
    host = _host(media.connection or description.connection, media.port, ours)
    events = {
        each: events_of(each.parameters) & OUR_EVENTS for each in formats if each.means(EVENT)
    }
    event = next((each for each in events if events[each]), None)
    direction = _direction(description, media)
    if ip_address(host).is_unspecified:
        direction = Direction(direction.send, False)
    return Stream(
        host=host,
        port=media.port,
        rtcp_port=_rtcp_port(media, host),
        direction=direction,
        codecs=sound,
        event=event,
        events=events[event] if event is not None else frozenset(),
        ptime=_ptime(description, media),
        taken={each.payload_type: each for each in formats},
        sources=_sources(media),
    )


def _sources(media: Media) -> frozenset[int]:
    """The SSRCs that are announced; what cannot be read announces nothing."""
    texts = [value.partition(" ")[0] for value in media.values("ssrc")]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 11]
    return frozenset(number for number in numbers if number <= _MOST_SSRC)


def _direction(description: SessionDescription, media: Media) -> Direction:
    """Media level before session level, sendrecv if unsaid (RFC 8866 §6.7)."""
    for attributes in (media.attributes, description.attributes):
        for each in attributes:
            if each.name in _DIRECTIONS:
                return _DIRECTIONS[each.name]
    return Direction()


def _host(connection: Connection | None, port: int, ours: tuple[Address, int]) -> str:
    if connection is None:
        raise Unusable("no c= line", refusal.MISCELLANEOUS)
    versions = {"IP4": 4, "IP6": 6}
    version = versions.get(connection.addr_type.upper())
    if connection.net_type.upper() != "IN" or version is None:
        raise Unusable("not an Internet address", refusal.NETWORK_PROTOCOL)
    try:
        address = ip_address(connection.address.partition("/")[0])
    except ValueError:
        raise Unusable("not an IP literal", refusal.ADDRESS_FORMAT) from None
    if address.version != version:
        raise Unusable("an address of the other family", refusal.ADDRESS_FORMAT)
    _check_reachable(address, port, ours)
    return str(address)


def _check_reachable(address: Address, port: int, ours: tuple[Address, int]) -> None:
    our_address, our_port = ours
    if address.is_unspecified:
        return
    plain = address
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise Unusable("an address with a zone", refusal.ADDRESS_FORMAT)
        plain = address.ipv4_mapped or address
    if plain.is_multicast:
        raise Unusable("a multicast address", refusal.MULTICAST)
    if plain.is_unspecified or (
        isinstance(plain, IPv4Address) and (plain.packed[0] == 0 or plain.packed[0] >= 240)
    ):
        raise Unusable("a broadcast or reserved address", refusal.ADDRESS_FORMAT)
    if address.version != our_address.version:
        raise Unusable("an address family that we do not have", refusal.ADDRESS_FORMAT)
    if address == our_address and port in (our_port, our_port + 1):
        raise Unusable("our own media port", refusal.MISCELLANEOUS)


def _rtcp_port(media: Media, host: str) -> int:
    """`a=rtcp` (RFC 3605 §2.1) or the next port; 0 where that is elsewhere or no port."""
    if ip_address(host).is_unspecified:
        return 0
    for value in media.values("rtcp"):
        parts = value.split()
        port = _number(parts[0]) if parts else None
        if port is None or port > 65_535 or len(parts) not in (1, 4):
            continue
        if port == media.port:
            break  # meant for rtcp-mux (RFC 8035), which is agreed elsewhere if at all
        return port if len(parts) == 1 or _same(parts[3], host) else 0
    return media.port + 1 if media.port < 65_535 else 0


def _same(text: str, host: str) -> bool:
    try:
        return ip_address(text) == ip_address(host)
    except ValueError:
        return False


def _ptime(description: SessionDescription, media: Media) -> int:
    """What the other side wants in a packet, in whole 10 ms, at most its maxptime; 20 if unsaid."""
    wanted = _first_number((*media.values("ptime"), *description.values("ptime")))
    chosen = wanted // 10 * 10 if wanted in PTIMES and wanted is not None else DEFAULT_PTIME
    most = _first_number((*media.values("maxptime"), *description.values("maxptime")))
    if most is not None and 0 < most < chosen:
        chosen = max(PTIMES.start, most // 10 * 10)
    return chosen


def _first_number(values: tuple[str, ...]) -> int | None:
    return next((number for number in map(_number, values) if number is not None), None)


def _number(text: str) -> int | None:
    """A short decimal number; a fraction behind a point is dropped; None for anything else."""
    whole = text.partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) <= 9 else None
