"""Ringing sounds as people of a country know it."""

from __future__ import annotations

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm
from umserver.wire.audio.ringing import ringing


def peaks(pcm: Pcm) -> set[int]:
    """Frequencies (Hz) of the first 0.4 s that stand out."""
    spectrum = np.abs(np.fft.rfft(pcm[:3200].astype(float)))
    return {round(i * SAMPLE_RATE / 3200) for i in np.flatnonzero(spectrum > spectrum.max() / 2)}


class RingingTests(SynchronousTestCase):
    """The tone while somebody is called."""

    def test_tones(self) -> None:
        """North America hears 440 and 480 Hz, France 440 Hz, Britain 400 and 450, others 425."""
        for country, wanted in (
            ("1", {440, 480}),
            ("33", {440}),
            ("44", {400, 450}),
            ("49", {425}),
            ("", {425}),
            ("+1", {440, 480}),
        ):
            self.assertEqual(peaks(ringing(country)), wanted, country)

    def test_cadence(self) -> None:
        """It sounds first, then pauses; one round can be repeated without a click."""
        for country, rounds, sound in (("1", 6.0, 2.0), ("33", 5.0, 1.5), ("44", 3.0, 0.4)):
            pcm = ringing(country)
            self.assertEqual(len(pcm), round(rounds * SAMPLE_RATE))
            self.assertTrue(np.any(pcm[: round(sound * SAMPLE_RATE) - 10]))
            self.assertFalse(np.any(pcm[-SAMPLE_RATE:]))
