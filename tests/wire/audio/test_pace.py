"""Speech slower and faster: as long as asked for, at its own pitch."""

from __future__ import annotations

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio.pace import paced
from umserver.wire.audio.pcm import Pcm


def tone(hertz: float, seconds: float = 2.0) -> Pcm:
    """A steady voice of one note."""
    return (8000 * np.sin(np.arange(round(8000 * seconds)) * 2 * np.pi * hertz / 8000)).astype(
        np.int16
    )


def pitch(pcm: Pcm) -> float:
    """The strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return float(spectrum.argmax() * 8000 / len(pcm))


class PaceTests(SynchronousTestCase):
    """A few notes."""

    def test_length(self) -> None:
        """Half the speed takes twice as long, one and a half times two thirds."""
        for pace in (0.5, 0.6, 0.8, 1.25, 1.5, 2.0):
            made = len(paced(tone(200), pace))
            self.assertLess(abs(made - 16_000 / pace), 1_000, str(pace))

    def test_pitch(self) -> None:
        """Deep and high voices keep their pitch, and their loudness."""
        for hertz in (90.0, 200.0, 440.0, 1000.0):
            for pace in (0.6, 0.8, 1.25, 1.5):
                made = paced(tone(hertz), pace)
                self.assertLess(abs(pitch(made) - hertz), 3.0, f"{hertz} Hz, {pace}")
                middle = made[2000:-2000].astype(float)
                self.assertLess(abs(np.sqrt(np.mean(middle**2)) / (8000 / np.sqrt(2)) - 1), 0.1)

    def test_nothing_to_do(self) -> None:
        """At its own speed, and when it is too short to matter, sound stays octet by octet."""
        for pcm, pace in ((tone(200), 1.0), (tone(200, 0.05), 1.5), (tone(200, 0.0), 0.5)):
            self.assertEqual(paced(pcm, pace).tolist(), pcm.tolist())

    def test_any_length(self) -> None:
        """No length makes it fail."""
        random = np.random.default_rng(4)
        for count in (879, 880, 881, 1000, 1234, 2401):
            noise = random.integers(-9000, 9000, count).astype(np.int16)
            for pace in (0.5, 1.5, 2.0):
                self.assertGreater(len(paced(noise, pace)), 0)

    def test_bounds(self) -> None:
        """Other speeds are an error of ours."""
        for pace in (0.0, 0.4, 2.1, -1.0, float("nan")):
            with self.assertRaises(ValueError):
                paced(tone(200), pace)
