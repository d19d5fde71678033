"""Loud or silent, spoken or not, and bringing recordings to a pleasant level."""

from __future__ import annotations

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import g711
from umserver.wire.audio.level import NOISE_CEILING, SPEECH_LEVEL, gain, normalise
from umserver.wire.audio.pcm import (
    Pcm,
    clipped,
    frame_levels,
    from_octets,
    to_octets,
)
from umserver.wire.audio.silence import is_loud, noise_floor, speech_frames, speech_seconds
from umserver.wire.audio.tones import silence


def words(seconds: float, level: float, noise: float = -75.0, seed: int = 1) -> Pcm:
    """Bursts of 0.4 s with pauses of 0.2 s at about `level` dBFS, over noise (dBFS)."""
    random = np.random.default_rng(seed)
    count = round(seconds * 8000)
    spoken = (np.arange(count) // 1600) % 3 < 2
    voice = random.normal(0, 32768 * 10 ** (level / 20), count) * spoken
    return clipped(voice + random.normal(0, 32768 * 10 ** (noise / 20), count))


class Loudness(SynchronousTestCase):
    """One frame, without decoding."""

    def test_loud_or_not(self) -> None:
        """Speech is loud, noise far below and single clicks are not, in both laws."""
        for codec in ("PCMU", "PCMA"):
            quiet = g711.SILENCE[codec] * 160
            loud = g711.encode(codec, words(0.02, -25.0))
            self.assertTrue(is_loud(codec, loud))
            self.assertFalse(is_loud(codec, quiet))
            self.assertFalse(is_loud(codec, g711.encode(codec, words(0.02, -60.0))))
            self.assertFalse(is_loud(codec, b"\x00" * 7 + quiet[7:]))
            self.assertTrue(is_loud(codec, b"\x00" * 8 + quiet[8:]))
            self.assertFalse(is_loud(codec, b""))


class Speech(SynchronousTestCase):
    """A whole recording."""

    def test_how_much_is_spoken(self) -> None:
        """Words count with the short pauses within them; silence and steady noise do not."""
        for codec in ("PCMU", "PCMA"):
            spoken = speech_seconds(codec, g711.encode(codec, words(6.0, -25.0)))
            self.assertTrue(3.5 < spoken < 5.5, spoken)
        for noise in (-75.0, -50.0, -40.0):
            hiss = words(6.0, -120.0, noise)
            self.assertLess(
                speech_seconds("PCMU", g711.encode("PCMU", hiss)), 0.3 if noise < -45 else 7
            )

    def test_clicks_and_tiny_recordings(self) -> None:
        """A click is not speech; a recording of a few frames is judged too."""
        click = silence(3.0)
        click[8000:8160] = 20_000
        self.assertEqual(speech_seconds("PCMU", g711.encode("PCMU", click)), 0.0)
        self.assertEqual(speech_seconds("PCMU", b""), 0.0)
        short = g711.encode("PCMU", words(0.06, -20.0))
        self.assertApproximates(speech_seconds("PCMU", short), 0.06, 0.001)
        self.assertGreater(speech_seconds("PCMU", g711.encode("PCMU", words(0.14, -20.0))), 0.1)
        self.assertEqual(len(noise_floor(frame_levels(silence(0.0)))), 0)

    def test_soft_words_over_noise(self) -> None:
        """Words 15 dB above a noisy line are found, and the noise between them is not."""
        frames = speech_frames(words(6.0, -35.0, -55.0))
        self.assertTrue(0.5 < float(frames.mean()) < 0.8)


class Level(SynchronousTestCase):
    """What the MP3 sounds like."""

    def spoken_level(self, pcm: Pcm) -> float:
        levels = frame_levels(pcm)
        return float(10 * np.log10(np.mean(10 ** (levels[speech_frames(pcm)] / 10))))

    def test_soft_and_loud_become_alike(self) -> None:
        """A soft and a loud caller end within 1 dB of the wanted level."""
        for level in (-36.0, -25.0, -12.0):
            after = normalise(words(4.0, level))
            self.assertApproximates(self.spoken_level(after), SPEECH_LEVEL, 1.0)

    def test_bounds(self) -> None:
        """Nothing is raised by more than 20 dB, nor noise blown up, nor peaks cut."""
        self.assertApproximates(gain(words(4.0, -48.0, -90.0)), 20.0, 0.1)
        noisy = words(4.0, -35.0, -52.0)
        self.assertLessEqual(
            gain(noisy) + float(np.median(noise_floor(frame_levels(noisy)))), NOISE_CEILING + 0.1
        )
        peaky = words(4.0, -30.0)
        peaky[1000:1100] = 30_000
        self.assertLessEqual(int(np.abs(normalise(peaky).astype(int)).max()), 32_767)
        self.assertLess(gain(peaky), 1.0)

    def test_silence_stays(self) -> None:
        """Where nothing is spoken nothing is changed."""
        quiet = silence(1.0)
        self.assertIs(normalise(quiet), quiet)


class Linear(SynchronousTestCase):
    """Samples and octets."""

    def test_round_trip(self) -> None:
        """Octets are little-endian; half a sample is dropped; too loud is cut off."""
        self.assertEqual(from_octets(b"\1\0\xff\xff\7").tolist(), [1, -1])
        self.assertEqual(to_octets(from_octets(b"\1\2\3\4")), b"\1\2\3\4")
        self.assertEqual(clipped(np.array([1e6, -1e6, 0.6])).tolist(), [32767, -32768, 1])
        self.assertEqual(frame_levels(silence(0.05)).tolist(), [-100.0, -100.0])
