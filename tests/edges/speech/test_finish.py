"""From an engine's or a person's sound to a clip for telephones."""

from __future__ import annotations

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.speech.finish import (
    EDGE_SECONDS,
    PROMPT_LEVEL,
    finish,
    in_band,
    levelled,
    trimmed,
    without_clicks,
)
from umserver.wire.audio.pcm import frame_levels


def tone(frequency: float, seconds: float = 1.0, rate: int = 8000, peak: float = 8000.0) -> object:
    """A sine that swells and fades within a twentieth of a second."""
    time = np.arange(round(seconds * rate)) / rate
    swell = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.05)
    return (peak * swell * np.sin(2 * np.pi * frequency * time)).astype(np.int16)


def syllables(peak: float) -> object:
    """Five tones with pauses between them."""
    one = [tone(700, 0.3, peak=peak), np.zeros(1200, np.int16)]
    return np.concatenate(one * 5)  # type: ignore[arg-type]


def level(pcm: object) -> float:
    """dBFS of the middle of the sound."""
    frames = frame_levels(pcm)  # type: ignore[arg-type]
    return float(np.median(frames))


class FinishTests(SynchronousTestCase):
    """What `finish` promises."""

    def test_band(self) -> None:
        """What a telephone does not carry is taken out; speech is left alone."""
        self.assertGreater(level(in_band(tone(1000))), level(tone(1000)) - 0.3)
        self.assertGreater(level(in_band(tone(3000))), level(tone(3000)) - 0.5)
        self.assertLess(level(in_band(tone(50))), level(tone(50)) - 10)
        self.assertLess(level(in_band(tone(3900))), level(tone(3900)) - 30)

    def test_nothing_folds_back(self) -> None:
        """A hiss above 4 kHz does not come back as a whistle below."""
        self.assertEqual(len(finish(tone(6000, rate=22050), 22050)), 0)

    def test_level(self) -> None:
        """Soft and loud recordings come out equally loud."""
        for peak in (800.0, 8000.0, 32000.0):
            made = finish(syllables(peak), 8000)
            loud = frame_levels(made)[frame_levels(made) > -45]
            self.assertApproximates(10 * np.log10(np.mean(10 ** (loud / 10))), PROMPT_LEVEL, 1)

    def test_no_sample_is_clipped(self) -> None:
        """A peak that stands out is not cut off: the whole becomes a little softer instead."""
        sound = syllables(3000.0)
        sound[4000:4004] = (9000, -9000, 9000, -9000)
        made = levelled(sound)
        self.assertLess(int(np.abs(made.astype(np.int32)).max()), 32_000)

    def test_short_silence_at_the_ends(self) -> None:
        """Dead air before and after is cut to a twentieth of a second."""
        quiet = np.zeros(8000, np.int16)
        cut = trimmed(np.concatenate([quiet, tone(700), quiet]))  # type: ignore[list-item]
        self.assertApproximates(len(cut) / 8000, 1.0 + 2 * EDGE_SECONDS, 0.02)
        padded = trimmed(tone(700))  # type: ignore[arg-type]
        self.assertApproximates(len(padded) / 8000, 1.0 + 2 * EDGE_SECONDS, 0.02)

    def test_only_silence(self) -> None:
        """Silence is no sound."""
        self.assertEqual(len(finish(np.zeros(8000, np.int16), 8000)), 0)
        self.assertEqual(len(finish(np.zeros(0, np.int16), 8000)), 0)

    def test_no_snap(self) -> None:
        """A recording that begins at full loudness does not snap."""
        made = without_clicks(np.full(8000, 12000, np.int16))
        self.assertEqual((made[0], made[-1]), (0, 0))
        self.assertLess(np.abs(np.diff(made.astype(int))).max(), 400)
        self.assertEqual(made[4000], 12000)
        self.assertEqual(len(without_clicks(np.zeros(0, np.int16))), 0)
