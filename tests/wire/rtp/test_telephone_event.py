"""Keys as telephone-events, against published sequences and a bad line."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from struct import unpack_from

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.rtp.packet import parse
from umserver.wire.rtp.sequence import SWITCHED, Source
from umserver.wire.rtp.telephone_event import KEYS, EventReceiver, EventSender

VECTORS = Path(__file__).parents[2] / "vectors" / "rtp-events"


def keys_in(packets: list[bytes]) -> str:
    """What a receiver hears in these RTP packets, with type 101 agreed."""
    source, receiver, found = Source(), EventReceiver(), ""
    for data in packets:
        packet = parse(data)
        assert packet is not None
        number = source.admit(packet.ssrc, packet.sequence)
        if number == SWITCHED:
            receiver.reset()
        elif number >= 0 and packet.payload_type == 101:
            found += receiver.feed(number, packet.timestamp, packet.payload, packet.marker)
    return found


def captured(path: Path) -> list[bytes]:
    """The UDP payloads of a little-endian pcap file of Ethernet frames."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        size = unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16 : at + 16 + size]
        found.append(frame[14 + 4 * (frame[14] & 15) + 8 :])
        at += 16 + size
    return [payload for payload in found if len(payload) >= 12]


def said(key: str, timestamp: int, **changes: int) -> list[tuple[int, bool, bytes]]:
    """The packets of one press."""
    sender, packets = EventSender(key, timestamp, **changes), []
    while not sender.finished:
        packets.append(sender.next_packet(160))
    return packets


def heard(packets: list[tuple[int, int, bool, bytes]]) -> str:
    """The keys in packets of (number, timestamp, marker, payload)."""
    receiver = EventReceiver()
    return "".join(receiver.feed(n, stamp, data, marker) for n, stamp, marker, data in packets)


class PublishedTests(SynchronousTestCase):
    """What others sent."""

    def test_cases(self) -> None:
        """Each sequence of packets means the listed keys; a source that stays is believed."""
        cases = json.loads((VECTORS / "rfc4733-cases.json").read_text(encoding="utf-8"))["cases"]
        self.assertEqual(len(cases), 15)
        for case in cases:
            packets = [bytes.fromhex(packet["hex"]) for packet in case["packets"]]
            wanted = case["digits"]
            if case["name"] == "other-ssrc":
                (wanted,) = case["also_acceptable"]
            self.assertEqual(keys_in(packets), wanted, case["name"])

    def test_captures(self) -> None:
        """The captures of another program hold the key of their name, once."""
        files = sorted(VECTORS.glob("*.pcap"))
        self.assertEqual(len(files), 4)
        for path in files:
            name = path.stem.rpartition("_")[2].replace("pound", "#")
            self.assertEqual(keys_in(captured(path)), name)


class ReceiverTests(SynchronousTestCase):
    """Each press once, whatever happens to its packets."""

    @given(some.integers(0, 2**32), some.text(KEYS, min_size=1, max_size=12))
    def test_any_disorder(self, seed: int, keys: str) -> None:
        """Lost (but not all), doubled and swapped packets change nothing."""
        random, number, packets = Random(seed), 1000, []
        stamp = random.getrandbits(32)
        for key in keys:
            press = []
            for at, marker, payload in said(key, stamp):
                press.append((number, at, marker, payload))
                number += 1
            stamp = (stamp + random.choice((800, 960, 1600, 80_000))) & 0xFFFFFFFF
            kept = [each for each in press if random.random() > 0.3] or press[-1:]
            kept += [each for each in kept if random.random() < 0.2]
            packets += sorted(kept, key=lambda each: each[0] + random.choice((0, 0, 0, 1.5)))
        self.assertEqual(heard(packets), keys)

    def test_a_press_that_comes_late_whole(self) -> None:
        """A short press overtaken by the next one is still heard, once."""
        first, second = said("1", 0, length=160), said("2", 1600, length=160)
        packets = [(10 + n, *p) for n, p in enumerate(second)]
        packets += [(7 + n, *p) for n, p in enumerate(first)]
        self.assertEqual(heard(packets), "21")

    def test_far_too_late(self) -> None:
        """Packets from long ago are not news."""
        packets = [(500, *said("1", 80_000)[0]), (100, *said("2", 0)[0])]
        self.assertEqual(heard(packets), "1")

    def test_a_sender_that_never_moves_its_timestamp(self) -> None:
        """A new press under the old timestamp is known by its marker and its short duration."""
        packets = [(n, *p) for n, p in enumerate(said("5", 160) + said("5", 160))]
        self.assertEqual(heard(packets), "55")

    def test_a_key_seen_again_from_before(self) -> None:
        """A late packet with a higher number but an old timestamp is no new press."""
        press = said("5", 160)
        packets = [(1, *press[0]), (2, *said("6", 1600)[0]), (3, *said("5", 3200)[0])]
        packets.append((4, 160, False, press[0][2]))
        self.assertEqual(heard(packets), "565")

    def test_a_long_press(self) -> None:
        """Twelve seconds of one key are one key, also when a few packets are lost."""
        packets = [(n, *p) for n, p in enumerate(said("*", 0xFFFFFF00, length=96_000))]
        self.assertEqual(heard(packets), "*")
        self.assertEqual(heard([p for p in packets if p[0] % 7]), "*")
        self.assertGreater(len({p[1] for p in packets}), 1)

    def test_same_key_twice_with_every_end_lost(self) -> None:
        """Two presses of a key are two, though no packet with an end arrived."""
        packets = [(n, *p) for n, p in enumerate(said("5", 0)[:4])]
        packets += [(50 + n, *p) for n, p in enumerate(said("5", 9000)[:4])]
        self.assertEqual(heard(packets), "55")

    def test_a_lost_end_and_a_lost_beginning(self) -> None:
        """Two quick presses of a key are two, though an end and a beginning are lost."""
        first, second = said("0", 0), said("0", 800)
        for left, right in ((2, 1), (4, 2), (1, 4), (4, 6)):
            packets = [(n, *p) for n, p in enumerate(first[:left])]
            packets += [(7 + n, *p) for n, p in enumerate(second) if n >= right]
            self.assertEqual(heard(packets), "00", (left, right))

    def test_a_sender_that_moves_its_timestamp(self) -> None:
        """One long press is one key there too, with a packet lost now and then."""
        packets = [(n, 160 * n, not n, b"\5\x0a\0\xa0") for n in range(40)]
        packets.append((40, 160 * 39, False, b"\5\x8a\0\xa0"))
        self.assertEqual(heard(packets), "5")
        self.assertEqual(heard([p for p in packets if p[0] % 6 != 3]), "5")

    def test_a_sender_that_moves_timestamp_and_duration(self) -> None:
        """Both grow with every packet, or the timestamp goes on in the repeated ends: one key.

        No press can begin before the same key was let go (RFC 4733 §2.5.1.2).
        """
        length = [(160 * n).to_bytes(2, "big") for n in range(12)]
        both = [(n, 160 * n, not n, b"\5\x0a" + length[n + 1]) for n in range(5)]
        both += [(5 + n, 160 * (5 + n), False, b"\5\x8a" + length[5]) for n in range(3)]
        self.assertEqual(heard(both), "5")
        ends = [(n, stamp, mark, data) for n, (stamp, mark, data) in enumerate(said("5", 160))]
        ends = [(n, stamp + 160 * max(0, n - 4), mark, data) for n, stamp, mark, data in ends]
        again = [(20 + n, *packet) for n, packet in enumerate(said("5", 2400))]
        self.assertEqual(heard(ends + again), "55")

    def test_ends_among_the_next_press(self) -> None:
        """An end that is repeated while the next key is down presses neither of them again."""
        first, second = said("1", 0, length=160), said("2", 1600)
        packets = [first[0], second[0], first[1], second[1], first[2], *second[2:]]
        self.assertEqual(heard([(n, *packet) for n, packet in enumerate(packets)]), "12")

    def test_segments_cut_early(self) -> None:
        """Senders that begin a new segment before the field is full press one key."""
        first = [
            (n, 0, not n, bytes((5, 10)) + (160 * (n + 1)).to_bytes(2, "big")) for n in range(200)
        ]
        then = [
            (200 + n, 32_000, False, bytes((5, 10)) + (160 * (n + 1)).to_bytes(2, "big"))
            for n in range(9)
        ]
        self.assertEqual(heard(first + then), "5")

    def test_what_is_no_key(self) -> None:
        """Short payloads, flash and tones are passed over; a reset forgets what was pressed."""
        receiver = EventReceiver()
        for payload in (b"", b"\5\0\0", b"\x10\x0a\0\xa0", b"\xff\x0a\0\xa0"):
            self.assertEqual(receiver.feed(1, 0, payload), "")
        self.assertEqual(receiver.feed(2, 0, b"\5\x0a\0\xa0", True), "5")
        self.assertEqual(receiver.feed(3, 0, b"\5\x0a\1\x40"), "")
        receiver.reset()
        self.assertEqual(receiver.feed(4, 0, b"\5\x0a\1\x40"), "5")

    @given(
        some.lists(
            some.tuples(
                some.integers(0, 300),
                some.integers(0, 2000),
                some.booleans(),
                some.binary(max_size=6),
            )
        )
    )
    def test_rubbish(self, packets: list[tuple[int, int, bool, bytes]]) -> None:
        """Whatever comes, at most one key a packet is told and nothing is raised."""
        self.assertLessEqual(len(heard(packets)), len(packets))


class SenderTests(SynchronousTestCase):
    """RFC 4733 §2.5."""

    def test_a_press(self) -> None:
        """Marker first, growing durations, the end three times."""
        packets = said("#", 0xFFFFFFF0, volume=20, length=400)
        self.assertEqual(
            packets,
            [
                (0xFFFFFFF0, True, b"\x0b\x14\x00\xa0"),
                (0xFFFFFFF0, False, b"\x0b\x14\x01\x40"),
                (0xFFFFFFF0, False, b"\x0b\x94\x01\x90"),
                (0xFFFFFFF0, False, b"\x0b\x94\x01\x90"),
                (0xFFFFFFF0, False, b"\x0b\x94\x01\x90"),
            ],
        )

    def test_segments(self) -> None:
        """Past 65535 units a new segment goes on where the last one ended."""
        packets = said("1", 5, length=150_000)
        stamps = sorted({stamp for stamp, _, _ in packets})
        self.assertEqual(stamps, [5, 5 + 65535, 5 + 2 * 65535])
        last = int.from_bytes(packets[-1][2][2:], "big")
        self.assertEqual(2 * 65535 + last, 150_000)
