"""The estimate of how good a call sounded."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.rtp.quality import Quality, mos


class QualityTests(SynchronousTestCase):
    """ITU-T G.107 in its simple form."""

    def test_a_perfect_call(self) -> None:
        """Without loss and delay G.711 reaches 4.4."""
        self.assertApproximates(mos(0.0, 0.0), 4.41, 0.01)
        self.assertApproximates(Quality(packets_received=100).mos, 4.4, 0.02)

    def test_loss_and_delay_make_it_worse(self) -> None:
        """The score falls with either, first slowly, and never leaves 1 to 4.5."""
        losses = [mos(20.0, share / 100) for share in range(0, 101, 5)]
        delays = [mos(float(ms), 0.0) for ms in range(0, 2000, 100)]
        for scores in (losses, delays):
            self.assertEqual(scores, sorted(scores, reverse=True))
            self.assertTrue(all(1.0 <= score <= 4.5 for score in scores))
        self.assertLess(losses[2], 3.5)

    def test_the_record(self) -> None:
        """Loss is a share of what the peer sent; an unknown round trip counts as none."""
        self.assertEqual(Quality().loss, 0.0)
        quality = Quality(packets_received=90, packets_lost=10, jitter=0.01, round_trip=0.4)
        self.assertEqual(quality.loss, 0.1)
        self.assertLess(quality.mos, Quality(packets_received=90, packets_lost=10).mos)
