"""Numbers without wrap, sources that change, what is counted."""

from __future__ import annotations

from math import isclose

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.rtp.sequence import MAX_DROPOUT, SWITCHED, UNSURE, Source


def numbers(source: Source, ssrc: int, sequences: list[int]) -> list[int]:
    """What a source makes of these packets."""
    return [source.admit(ssrc, sequence & 0xFFFF) for sequence in sequences]


class OrderTests(SynchronousTestCase):
    """RFC 3550 A.1."""

    @given(some.integers(0, 0xFFFF), some.lists(some.integers(-50, 2000), min_size=1, max_size=300))
    def test_wrap(self, first: int, steps: list[int]) -> None:
        """Whatever is lost or late, the numbers differ as the true ones do, over any wrap."""
        source, true, sent = Source(), first, [first]
        for step in steps:
            sent.append(true + step)
            true = max(true, true + step)
        found = numbers(source, 7, sent)
        self.assertEqual([n - found[0] for n in found], [n - first for n in sent])

    def test_the_first_packet_counts_at_once(self) -> None:
        """A key in the very first packet of a call is heard."""
        source = Source()
        self.assertEqual((source.expected, source.lost, source.total_received), (0, 0, 0))
        self.assertGreaterEqual(source.admit(1, 65535), 0)
        self.assertEqual(source.admit(1, 0) - source.highest, 0)
        self.assertEqual((source.received, source.expected), (2, 2))

    def test_duplicates_and_late_ones(self) -> None:
        """A doubled packet has the number of the first, a late one its own."""
        source = Source()
        a, b, c, d = numbers(source, 1, [10, 12, 12, 11])
        self.assertEqual((b - a, c - a, d - a), (2, 2, 1))

    def test_another_source_has_to_prove_itself(self) -> None:
        """Three packets in a row make a new source; its numbers lie far above all former ones."""
        source = Source()
        (last,) = numbers(source, 1, [100])
        self.assertEqual(numbers(source, 2, [500, 501, 502]), [UNSURE, UNSURE, SWITCHED])
        again = numbers(source, 2, [500, 501, 502])
        self.assertEqual(again, [again[0], again[0] + 1, again[0] + 2])
        self.assertGreater(again[0], last + 1000)
        self.assertEqual((source.switches, source.lost, source.total_received), (1, 0, 4))

    def test_strays_never_take_over(self) -> None:
        """Packets of changing sources, or one now and then between others, are never believed."""
        source = Source()
        source.admit(1, 0)
        for n in range(1, 200):
            source.admit(1, n)
            self.assertEqual(source.admit(1000 + n, n), UNSURE)
            source.admit(1, n)
        self.assertEqual(source.ssrc, 1)
        for n in range(30):
            self.assertEqual(source.admit(2, 7 * n), UNSURE)

    def test_a_restart_of_the_numbers(self) -> None:
        """Two packets in a row far from all others are a restart of the same source."""
        source = Source()
        numbers(source, 1, [100, 101])
        jump = 101 + MAX_DROPOUT + 5
        self.assertEqual(numbers(source, 1, [jump, jump + 1]), [UNSURE, SWITCHED])
        self.assertEqual(numbers(source, 1, [jump, jump + 1])[1], source.highest)

    def test_a_lost_packet_while_in_doubt(self) -> None:
        """One lost packet does not make a new source start its proof again."""
        source = Source()
        source.admit(1, 0)
        self.assertEqual(numbers(source, 2, [5, 6, 8]), [UNSURE, UNSURE, SWITCHED])


class CountTests(SynchronousTestCase):
    """RFC 3550 A.3 and A.8."""

    def test_loss(self) -> None:
        """Lost in all and since the last question, in 256ths."""
        source = Source()
        numbers(source, 1, [n for n in range(100) if n % 4])
        self.assertEqual((source.lost, source.expected, source.received), (24, 99, 75))
        self.assertEqual(source.fraction_lost(), (24 << 8) // 99)
        numbers(source, 1, list(range(100, 110)))
        self.assertEqual(source.fraction_lost(), 0)
        self.assertEqual(source.fraction_lost(), 0)
        numbers(source, 1, [109] * 50)
        self.assertEqual((source.lost_now, source.fraction_lost()), (0, 0))
        source.admit(1, 2000)
        self.assertEqual(source.fraction_lost(), 255)

    def test_jitter(self) -> None:
        """An even stream has none; one that swings by 10 ms comes near 80 units; jumps are none."""
        source = Source()
        for n in range(200):
            source.measure(160 * n, 5.0 + 0.02 * n)
        self.assertTrue(isclose(source.jitter, 0.0, abs_tol=1e-6))
        for n in range(200, 600):
            source.measure(160 * n, 5.0 + 0.02 * n + 0.01 * (n % 2))
        self.assertApproximates(source.jitter, 80.0, 1.0)
        before = source.jitter
        source.measure(0x7FFFFFFF, 20.0)
        self.assertEqual(source.jitter, before)
