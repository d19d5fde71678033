"""The RTP header: 12 octets, contributing sources, an extension, padding.

Knows: RFC 3550 §5.1 and §5.3.1. Must never know: sockets, codecs, what a payload means.
`HEADER` and `span` are for the hot path, `Packet` for everything rarer.
"""

from __future__ import annotations

from struct import Struct, unpack_from

from attrs import field, frozen

HEADER = Struct("!BBHII")
"""First octet, marker and payload type, sequence number, timestamp, SSRC."""

VERSION = 2
MARKER = 0x80
PLAIN = 0x80
"""First octet of a packet with neither padding, extension nor contributing sources."""

MAX_SIZE = 2048
"""Octets of the longest packet that is looked at."""

_PADDING = 0x20
_EXTENSION = 0x10


@frozen
class Packet:
    """One RTP packet."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes = field(default=b"", repr=False)
    marker: bool = False
    csrc: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None
    """Profile number and content; the content is padded to a multiple of 4 octets when sent."""

    def to_bytes(self) -> bytes:
        """The packet as it goes on the wire, without padding."""
        first = PLAIN | len(self.csrc) | (_EXTENSION if self.extension else 0)
        second = self.payload_type | (MARKER if self.marker else 0)
        parts = [HEADER.pack(first, second, self.sequence, self.timestamp, self.ssrc)]
        parts += [source.to_bytes(4, "big") for source in self.csrc]
        if self.extension:
            profile, content = self.extension
            words = -(-len(content) // 4)
            parts.append(profile.to_bytes(2, "big") + words.to_bytes(2, "big"))
            parts.append(content.ljust(words * 4, b"\0"))
        return b"".join([*parts, self.payload])


def span(data: bytes | bytearray | memoryview, length: int) -> tuple[int, int] | None:
    """Where the payload of the packet in `data[:length]` begins and ends; None if it is no RTP."""
    if not 12 <= length <= MAX_SIZE or data[0] >> 6 != VERSION:
        return None
    first = data[0]
    start, end = 12 + 4 * (first & 15), length
    if first & _EXTENSION:
        if start + 4 > length:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & _PADDING:
        padding = data[length - 1]
        if padding == 0:
            return None
        end -= padding
    return (start, end) if start <= end else None


def parse(data: bytes) -> Packet | None:
    """The packet in these octets, or None when they are no RTP packet of version 2."""
    where = span(data, len(data))
    if where is None:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    count = first & 15
    extension = None
    if first & _EXTENSION:
        at = 12 + 4 * count
        (profile,) = unpack_from("!H", data, at)
        extension = (profile, bytes(data[at + 4 : where[0]]))
    return Packet(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=bytes(data[where[0] : where[1]]),
        marker=bool(second & MARKER),
        csrc=unpack_from(f"!{count}I", data, 12),
        extension=extension,
    )
