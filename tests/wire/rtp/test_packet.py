"""RTP headers: what was sent is what is read, and rubbish is nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.rtp.packet import MAX_SIZE, Packet, parse, span

PACKETS = some.builds(
    Packet,
    payload_type=some.integers(0, 127),
    sequence=some.integers(0, 0xFFFF),
    timestamp=some.integers(0, 0xFFFFFFFF),
    ssrc=some.integers(0, 0xFFFFFFFF),
    payload=some.binary(max_size=200),
    marker=some.booleans(),
    csrc=some.lists(some.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extension=some.none()
    | some.tuples(
        some.integers(0, 0xFFFF),
        some.integers(0, 5).flatmap(lambda n: some.binary(min_size=4 * n, max_size=4 * n)),
    ),
)


class PacketTests(SynchronousTestCase):
    """RFC 3550 §5.1."""

    def test_a_packet_by_hand(self) -> None:
        """The octets stand where the RFC draws them."""
        data = bytes.fromhex("b2e51234000000a0deadbeef0000000100000002bede000110ff0000")
        packet = parse(data + b"sound" + b"\0\0\3")
        self.assertEqual(
            packet,
            Packet(101, 0x1234, 160, 0xDEADBEEF, b"sound", True, (1, 2), (0xBEDE, b"\x10\xff\0\0")),
        )

    @given(PACKETS)
    def test_round_trip(self, packet: Packet) -> None:
        """Whatever we send is read as what it was, and found whole in a longer buffer."""
        data = packet.to_bytes()
        self.assertEqual(parse(data), packet)
        where = span(bytearray(data + b"rest"), len(data))
        assert where is not None
        self.assertEqual(data[slice(*where)], packet.payload)

    def test_an_extension_of_odd_size_is_filled(self) -> None:
        """Content that is no multiple of four octets is padded."""
        packet = parse(Packet(0, 1, 2, 3, b"x", extension=(7, b"abcde")).to_bytes())
        assert packet is not None
        self.assertEqual((packet.extension, packet.payload), ((7, b"abcde\0\0\0"), b"x"))

    @given(some.binary(max_size=300))
    def test_rubbish_raises_nothing(self, data: bytes) -> None:
        """No octets make the parser stumble; what it takes lies within them."""
        packet = parse(data)
        if packet is not None:
            self.assertIn(packet.payload, data)

    def test_what_is_no_packet(self) -> None:
        """Too short, too long, another version, broken padding and extensions that run out."""
        head = bytes(11)
        for data in (
            b"",
            b"\x80" + bytes(10),
            b"\x40" + head,
            b"\x81" + head,
            b"\x90" + head,
            b"\x90" + head + b"\0\0\0\2" + bytes(4),
            b"\xa0" + head + b"\0",
            b"\xa0" + head + b"\2",
            b"\x80" + bytes(MAX_SIZE),
        ):
            self.assertIsNone(parse(data), data[:20])
        self.assertEqual(span(b"\xa0" + head + b"\1", 13), (12, 12))
