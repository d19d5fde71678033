"""Capture files: SIP messages as a pcap that any network analyser opens, and back.

Knows: the classic pcap file, IPv4, IPv6, UDP and TCP headers. Must never know: files. Sources: the
pcap file format (magic a1b2c3d4, link types 1, 101, 113, 276), RFC 791, RFC 8200, RFC 768, RFC
9293. Reading takes one message a packet; streams are not put together.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from umserver.wire.trace.message import Address, TracedMessage

_MAGIC = 0xA1B2C3D4
_NANO_MAGIC = 0xA1B23C4D
_RAW_IP = 101
_UDP, _TCP = 17, 6
_LINK_HEADER = {0: 4, 1: 14, 101: 0, 113: 16, 228: 0, 229: 0, 276: 20}
_MOST_DATA = 65000


class CaptureError(ValueError):
    """This is no capture file we can read; `args[0]` says why."""


def write_capture(messages: Iterable[TracedMessage], wall_offset: float = 0.0) -> bytes:
    """A pcap file (raw IP).

    `wall_offset` seconds are added to each time, to make it wall time since 1970.
    """
    out = [struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, 0x40000, _RAW_IP)]
    sequence: dict[tuple[Address, Address], int] = {}
    for message in messages:
        way, back = (
            (message.source, message.destination),
            (message.destination, message.source),
        )
        data = message.data[:_MOST_DATA]
        packet = _ip(message, data, sequence.get(way, 1), sequence.get(back, 1))
        if message.transport != "udp":
            sequence[way] = sequence.get(way, 1) + len(data)
        when = max(0.0, message.time + wall_offset)
        micro = round(when * 1_000_000)
        size = len(packet)
        out.append(struct.pack("<IIII", micro // 1_000_000, micro % 1_000_000, size, size))
        out.append(packet)
    return b"".join(out)


def _ip(message: TracedMessage, data: bytes, sequence: int, acknowledged: int) -> bytes:
    source, destination = _packed(message.source[0]), _packed(message.destination[0])
    if len(source) != len(destination):
        source = destination = b"\0" * 4
    protocol = _UDP if message.transport == "udp" else _TCP
    ports = struct.pack("!HH", message.source[1] & 0xFFFF, message.destination[1] & 0xFFFF)
    if protocol == _UDP:
        head = ports + struct.pack("!HH", 8 + len(data), 0)
    else:
        mask = 0xFFFFFFFF
        head = ports + struct.pack(
            "!IIBBHHH", sequence & mask, acknowledged & mask, 0x50, 0x18, 0xFFFF, 0, 0
        )
    pseudo = source + destination + struct.pack("!II", len(head) + len(data), protocol)
    check = _checksum(pseudo + head + data) or 0xFFFF
    at = 6 if protocol == _UDP else 16
    segment = head[:at] + struct.pack("!H", check) + head[at + 2 :] + data
    if len(source) == 16:
        return struct.pack("!IHBB", 0x60000000, len(segment), protocol, 64) + (
            source + destination + segment
        )
    top = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0)
    whole = top + source + destination
    return whole[:10] + struct.pack("!H", _checksum(whole)) + whole[12:] + segment


def _packed(host: str) -> bytes:
    try:
        return ip_address(host.partition("%")[0]).packed
    except ValueError:
        return b"\0" * 4


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def read_capture(data: bytes) -> list[TracedMessage]:
    """The SIP messages in a pcap file, in order; other packets are passed over.

    Raises CaptureError.
    """
    if len(data) < 24:
        raise CaptureError("too short for a pcap file")
    for order in "<>":
        (magic,) = struct.unpack_from(order + "I", data)
        if magic in (_MAGIC, _NANO_MAGIC):
            break
    else:
        raise CaptureError("not a pcap file (pcapng is not read; `editcap -F pcap` converts)")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    if link not in _LINK_HEADER:
        raise CaptureError(f"link type {link} is not read")
    fraction = 1e-9 if magic == _NANO_MAGIC else 1e-6
    found = []
    for when, frame in _frames(data, order, fraction):
        message = _message(when, frame, link)
        if message is not None:
            found.append(message)
    return found


def _frames(data: bytes, order: str, fraction: float) -> Iterator[tuple[float, bytes]]:
    at = 24
    while at + 16 <= len(data):
        seconds, part, kept, _ = struct.unpack_from(order + "IIII", data, at)
        at += 16
        yield seconds + part * fraction, data[at : at + kept]
        at += kept


def _message(when: float, frame: bytes, link: int) -> TracedMessage | None:
    packet = frame[_LINK_HEADER[link] :]
    if link == 1 and frame[12:14] == b"\x81\x00":
        packet = packet[4:]
    if len(packet) < 40:
        return None
    if packet[0] >> 4 == 4:
        protocol, start = packet[9], (packet[0] & 15) * 4
        source, destination = packet[12:16], packet[16:20]
        packet = packet[: struct.unpack_from("!H", packet, 2)[0]]
    elif packet[0] >> 4 == 6:
        protocol, start = packet[6], 40
        source, destination = packet[8:24], packet[24:40]
    else:
        return None
    segment = packet[start:]
    if protocol not in (_UDP, _TCP) or len(segment) < (8 if protocol == _UDP else 20):
        return None
    payload = segment[8:] if protocol == _UDP else segment[(segment[12] >> 4) * 4 :]
    if not _is_sip(payload):
        return None
    ports = struct.unpack_from("!HH", segment)
    return TracedMessage(
        when,
        (str(ip_address(source)), ports[0]),
        (str(ip_address(destination)), ports[1]),
        "udp" if protocol == _UDP else "tcp",
        payload,
    )


def _is_sip(payload: bytes) -> bool:
    first = payload.lstrip(b"\r\n").split(b"\n", 1)[0].strip()
    return first.startswith(b"SIP/2.0 ") or first.endswith(b" SIP/2.0")
