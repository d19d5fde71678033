"""RTCP: reports as they stand on the wire, when they are due, what is learnt from them."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.rtp.rtcp import (
    Description,
    Goodbye,
    ReceiverReport,
    Report,
    ReportBlock,
    Reporter,
    SenderReport,
    build,
    jitter_seconds,
    ntp_time,
    parse,
)
from umserver.wire.rtp.sequence import Source

U32 = some.integers(0, 0xFFFFFFFF)
BLOCKS = some.lists(
    some.builds(
        ReportBlock,
        ssrc=U32,
        fraction_lost=some.integers(0, 255),
        lost=some.integers(-0x800000, 0x7FFFFF),
        highest=U32,
        jitter=U32,
        last_report=U32,
        delay=U32,
    ),
    max_size=4,
).map(tuple)
NAMES = some.text("abc@.é", max_size=20)
REPORTS = some.lists(
    some.builds(
        SenderReport,
        ssrc=U32,
        ntp=some.integers(0, 2**64 - 1),
        timestamp=U32,
        packets=U32,
        octets=U32,
        blocks=BLOCKS,
    )
    | some.builds(ReceiverReport, ssrc=U32, blocks=BLOCKS)
    | some.builds(Description, some.lists(some.tuples(U32, NAMES), max_size=4).map(tuple))
    | some.builds(Goodbye, some.lists(U32, max_size=4).map(tuple)),
    max_size=5,
)
WALL = 1_700_000_000.0


class WireTests(SynchronousTestCase):
    """RFC 3550 §6.4 to §6.6."""

    @given(REPORTS)
    def test_round_trip(self, reports: list[Report]) -> None:
        """A compound packet is read as what was put into it, in whole words."""
        data = build(reports)
        self.assertEqual(len(data) % 4, 0)
        self.assertEqual(parse(data), reports)

    def test_by_hand(self) -> None:
        """The octets stand where the RFC draws them."""
        block = ReportBlock(0xAABBCCDD, 64, -1, 0x00010002, 7, 8, 9)
        self.assertEqual(
            build([ReceiverReport(0x01020304, (block,)), Goodbye((5,))]).hex(),
            "81c9000701020304aabbccdd40ffffff0001000200000007000000080000000981cb000100000005",
        )
        self.assertEqual(
            build([Description(((1, "ab"),))]).hex(), "81ca0003000000010102616200000000"
        )
        self.assertEqual(ntp_time(0.5), (2_208_988_800 << 32) + (1 << 31))

    def test_more_loss_than_there_is_room_for(self) -> None:
        """Counts beyond 24 bits stay at the edge."""
        for lost, told in ((9_000_000, 0x7FFFFF), (-9_000_000, -0x800000)):
            (report,) = parse(build([ReceiverReport(1, (ReportBlock(2, 0, lost, 0, 0),))]))
            assert isinstance(report, ReceiverReport)
            self.assertEqual(report.blocks[0].lost, told)

    def test_what_is_passed_over(self) -> None:
        """Unknown kinds, other items of a description and padding are passed over."""
        other = bytes.fromhex("81cc0002") + b"\0\0\0\1name"
        items = bytes.fromhex("81ca000400000001") + b"\2\2xy" + b"\1\2ab" + bytes(4)
        padded = bytes.fromhex("a1cb00020000000500000004")
        hollow = bytes.fromhex("a0cb0001000000ff")
        self.assertEqual(
            parse(other + items + padded + hollow),
            [Description(((1, "ab"),)), Goodbye((5,)), Goodbye(())],
        )

    def test_what_is_broken(self) -> None:
        """Reading stops at the first broken part; what came before it counts."""
        good = build([ReceiverReport(1)])
        for bad in (
            b"\x41\xc9\0\1\0\0\0\1",
            b"\x81\xc9\0\7\0\0\0\1",
            b"\x81\xc9\0\1\0\0\0\1",
            b"\x80\xc8\0\1\0\0\0\1",
            b"\x82\xcb\0\1\0\0\0\1",
            b"\x80",
        ):
            self.assertEqual(parse(good + bad), [ReceiverReport(1)], bad)
        cut = bytes.fromhex("82ca00020000000101ff6162")
        self.assertEqual(parse(cut), [Description(((1, "ab"),))])
        self.assertEqual(parse(bytes.fromhex("81ca00020000000161616101")), [Description(())])

    @given(
        some.binary(max_size=120) | some.binary(max_size=60).map(lambda b: b"\x81\xca\0\x05" + b)
    )
    def test_rubbish_raises_nothing(self, data: bytes) -> None:
        """No octets make the reader stumble."""
        parse(data)
        Reporter(1, "x", Random(1)).hear(data, Source(), 0.0, WALL)


class ReporterTests(SynchronousTestCase):
    """When, and what."""

    def setUp(self) -> None:
        self.reporter = Reporter(0xABC, "name@example.com", Random(1))
        self.source = Source()

    def report(self, packets: int, now: float = 10.0) -> list[Report]:
        return parse(self.reporter.report(self.source, packets, 160 * packets, 5, now, WALL + now))

    def test_when(self) -> None:
        """The first report comes after half the time, later ones after 5 s or so, spread."""
        self.reporter.begin(100.0)
        self.assertTrue(101.0 <= self.reporter.deadline <= 103.2)
        gaps = []
        for now in range(1000):
            self.report(0, float(now))
            gaps.append(self.reporter.deadline - now)
        self.assertTrue(min(gaps) > 2.0 and max(gaps) < 6.2)
        self.assertApproximates(sum(gaps) / 1000, 5 / 1.21828, 0.1)

    def test_sender_or_receiver(self) -> None:
        """Who sent since the last report says how much; who did not only says what was heard."""
        sent = self.report(7)
        self.assertEqual(sent[0], SenderReport(0xABC, ntp_time(WALL + 10.0), 5, 7, 1120))
        self.assertEqual(sent[1], Description(((0xABC, "name@example.com"),)))
        self.assertEqual(self.report(7)[0], ReceiverReport(0xABC))

    def test_what_was_heard(self) -> None:
        """Loss, the extended highest number and when the last sender report came."""
        for sequence in (65534, 65535, 1):
            self.source.admit(9, sequence)
        sender = SenderReport(9, 0x1122334455667788, 0, 0, 0)
        self.assertTrue(self.reporter.hear(build([sender]), self.source, 8.0, WALL))
        (block,) = self.report(0)[0].blocks  # type: ignore[union-attr]
        self.assertEqual(block, ReportBlock(9, 64, 1, 0x10001, 0, 0x33445566, 2 * 65536))

    def test_before_anything_is_heard(self) -> None:
        """A sender report may come before sound; another source's later on does not count."""
        self.reporter.hear(build([SenderReport(9, 1 << 40, 0, 0, 0)]), self.source, 8.0, WALL)
        self.source.admit(9, 1)
        self.reporter.hear(build([SenderReport(8, 1 << 41, 0, 0, 0)]), self.source, 9.0, WALL)
        (block,) = self.report(0)[0].blocks  # type: ignore[union-attr]
        self.assertEqual((block.last_report, block.delay), (1 << 24, 2 * 65536))

    def test_round_trip(self) -> None:
        """Half a second there and back, of which the peer says it kept 0.2 s, is 0.3 s."""
        ours = self.report(7)[0]
        assert isinstance(ours, SenderReport)
        middle = ours.ntp >> 16 & 0xFFFFFFFF
        block = ReportBlock(0xABC, 0, 3, 0, 0, middle, int(0.2 * 65536))
        self.reporter.hear(build([ReceiverReport(9, (block,))]), self.source, 10.5, WALL + 10.5)
        assert self.reporter.round_trip is not None
        self.assertApproximates(self.reporter.round_trip, 0.3, 0.001)
        self.assertEqual(self.reporter.lost_by_peer, 3)

    def test_implausible_answers(self) -> None:
        """Blocks about others, without our stamp, or from before it teach no round trip."""
        middle = ntp_time(WALL) >> 16 & 0xFFFFFFFF
        for block in (
            ReportBlock(1, 0, 5, 0, 0, middle, 0),
            ReportBlock(0xABC, 0, 5, 0, 0, 0, 0),
            ReportBlock(0xABC, 0, 5, 0, 0, middle + 65536, 0),
        ):
            self.reporter.hear(build([ReceiverReport(9, (block,))]), self.source, 1.0, WALL)
        self.assertIsNone(self.reporter.round_trip)

    def test_goodbye(self) -> None:
        """The farewell names us; the peer's own is noticed, another source's is not."""
        last = parse(self.reporter.farewell(self.source, 1, 160, 5, 1.0, WALL))
        self.assertEqual(last[-1], Goodbye((0xABC,)))
        self.source.admit(9, 1)
        self.reporter.hear(build([Goodbye((8,))]), self.source, 1.0, WALL)
        self.assertFalse(self.reporter.goodbye)
        self.reporter.hear(build([Goodbye((8, 9))]), self.source, 1.0, WALL)
        self.assertTrue(self.reporter.goodbye)

    def test_jitter(self) -> None:
        """Jitter in seconds."""
        self.source.jitter = 80.0
        self.assertEqual(jitter_seconds(self.source), 0.01)
