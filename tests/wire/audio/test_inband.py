"""Keys and fax tones in the voice, against published sounds and the limits of Q.24."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import g711, tones
from umserver.wire.audio.inband import CngDetector, DtmfDetector
from umserver.wire.audio.pcm import ZERO_DBM0_PEAK, Pcm, clipped
from umserver.wire.audio.wav import read_wav

VECTORS = Path(__file__).parents[2] / "vectors" / "dtmf-inband"
ALL_KEYS = "".join(tones.KEYS)
Real = NDArray[np.float64]


def keys_in(pcm: Pcm, chunk: int = 160) -> str:
    """The keys a detector reports when the sound comes in chunks of this many samples."""
    detector = DtmfDetector()
    found = [detector.feed(pcm[at : at + chunk]) for at in range(0, len(pcm), chunk)]
    return "".join(key for some in found for key in some)


class PublishedSounds(SynchronousTestCase):
    """The collection of synthesised sounds."""

    def test_every_file_gives_its_digits(self) -> None:
        """Each file, in packets, at once and in odd pieces, gives exactly the listed digits."""
        for case in json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))["files"]:
            pcm = read_wav((VECTORS / case["file"]).read_bytes())
            for chunk in (160, len(pcm), 37):
                self.assertEqual(keys_in(pcm, chunk), case["digits"], case["file"])


class Limits(SynchronousTestCase):
    """Q.24's limits, with random phases, through µ-law."""

    def setUp(self) -> None:
        self.random = np.random.default_rng(1)

    def pressed(
        self,
        key: str,
        ms: float,
        levels: tuple[float, float] = (-10.0, -10.0),
        shift: tuple[float, float] = (1.0, 1.0),
        hz: float = 0.0,
    ) -> Real:
        """A key of so many ms, with levels in dBm0 and frequencies changed for each group."""
        row = next(n for n, keys in enumerate(tones.KEYS) if key in keys)
        column = tones.KEYS[row].index(key)
        sound = np.zeros(int(ms * 8))
        for frequency, level, factor in (
            (tones.LOW_GROUP[row], levels[0], shift[0]),
            (tones.HIGH_GROUP[column], levels[1], shift[1]),
        ):
            exact = frequency * factor + hz
            angle = 2 * np.pi * exact * np.arange(len(sound)) / 8000
            peak = ZERO_DBM0_PEAK * 10 ** (level / 20)
            sound += peak * np.sin(angle + self.random.uniform(0, 6))
        return sound

    def heard(self, *parts: Real, noise: float = 0.0) -> str:
        """What is recognised of these parts with silence around them, and noise of that size."""
        lead = np.zeros(400 + int(self.random.integers(0, 160)))
        sound = np.concatenate([lead, *parts, np.zeros(800)])
        sound = sound + self.random.normal(0, noise, len(sound)) if noise else sound
        return keys_in(g711.mulaw_to_pcm(g711.pcm_to_mulaw(clipped(sound))))

    def each(self, make: Callable[[str], list[Real]], times: int, noise: float = 0.0) -> None:
        """Every key, made this way, is reported `times` times."""
        for key in ALL_KEYS:
            self.assertEqual(self.heard(*make(key), noise=noise), key * times)

    def test_40_ms_are_a_key_and_23_ms_are_none(self) -> None:
        """A short press counts, a chirp does not."""
        self.each(lambda key: [self.pressed(key, 40)], 1)
        self.each(lambda key: [self.pressed(key, 23)], 0)

    def test_a_long_press_is_one_key(self) -> None:
        """Holding a key for two seconds presses it once."""
        self.assertEqual(self.heard(self.pressed("5", 2000)), "5")

    def test_frequencies(self) -> None:
        """1.5 % and 2 Hz off is accepted even at 40 ms; 3.5 % off in either group is not."""
        for sign in (1, -1):
            right = (1 + sign * 0.015, 1 + sign * 0.015)
            self.each(lambda key: [self.pressed(key, 40, shift=right, hz=2 * sign)], 1)  # noqa: B023
            for wrong in ((1 + sign * 0.035, 1.0), (1.0, 1 + sign * 0.035)):
                self.each(lambda key: [self.pressed(key, 100, shift=wrong)], 0)  # noqa: B023

    def test_breaks_and_pauses(self) -> None:
        """A break of 10 ms does not split a key; a pause of 40 ms separates two presses."""
        for ms, times in ((5, 1), (10, 1), (40, 2)):
            gap = np.zeros(ms * 8)
            self.each(lambda k: [self.pressed(k, 40), gap, self.pressed(k, 40)], times)  # noqa: B023

    def test_two_keys_without_a_pause_are_two(self) -> None:
        """A machine that dials without pauses is understood."""
        self.assertEqual(self.heard(self.pressed("1", 50), self.pressed("9", 50)), "19")

    def test_twist(self) -> None:
        """High group 4 dB above and low group 8 dB above are accepted, 12 dB are not."""
        for levels, times in (((-12, -8), 1), ((-4, -12), 1), ((-20, -8), 0), ((-4, -17), 0)):
            self.each(lambda k: [self.pressed(k, 50, levels=levels)], times)  # noqa: B023

    def test_levels(self) -> None:
        """0 to -25 dBm0 for each tone is a key (clipped or not), -35 is not."""
        for level, times in ((0, 1), (-3, 1), (-25, 1), (-35, 0), (-50, 0)):
            self.each(lambda k: [self.pressed(k, 50, levels=(level, level))], times)  # noqa: B023

    def test_noise(self) -> None:
        """Keys are understood with noise 15 dB below each tone."""
        noise = ZERO_DBM0_PEAK / 2**0.5 * 10 ** (-25 / 20)
        self.each(lambda key: [self.pressed(key, 50)], 1, noise=noise)

    def test_a_third_tone_makes_it_no_key(self) -> None:
        """Music with both tones of a key and another one is not a key."""
        for frequency, level in ((852.0, -10.0), (2000.0, -12.0), (300.0, -12.0)):
            third = tones.tone((frequency,), 0.1, level).astype(np.float64)
            self.assertEqual(self.heard(self.pressed("2", 100) + third), "", frequency)

    def test_second_harmonics_make_it_a_voice(self) -> None:
        """Both frequencies with an octave above one of them is what a voice does, not a key."""
        for key, octave in (("6", 2 * 770.0), ("6", 2 * 1477.0), ("3", 2 * 697.0)):
            above = tones.tone((octave,), 0.1, -19.0).astype(np.float64)
            self.assertEqual(self.heard(self.pressed(key, 100) + above), "", octave)

    def test_nothing_fed_is_nothing_heard(self) -> None:
        """Empty and tiny chunks are harmless."""
        detector = DtmfDetector()
        self.assertEqual(detector.feed(np.zeros(0, dtype=np.int16)), [])
        self.assertEqual(detector.feed(np.zeros(1, dtype=np.int16)), [])


class FaxTone(SynchronousTestCase):
    """CNG by T.30: 1100 ± 38 Hz for 0.5 s ± 15 %."""

    def heard(self, frequency: float, seconds: float, level: float = -15.0) -> bool:
        detector = CngDetector()
        tone = tones.tone((frequency,), seconds, level)
        pcm = np.concatenate([tones.silence(0.33), tone, tones.silence(0.3)])
        return any([detector.feed(pcm[at : at + 160]) for at in range(0, len(pcm), 160)])  # noqa: C419

    def test_a_fax_is_recognised(self) -> None:
        """Within the tolerances of frequency, length and level."""
        for frequency in (1062, 1100, 1138):
            for seconds in (0.43, 0.5, 0.57):
                self.assertTrue(self.heard(frequency, seconds), (frequency, seconds))
        self.assertTrue(self.heard(1100, 0.5, -40.0))

    def test_other_tones_are_no_fax(self) -> None:
        """A beep, a longer or shorter tone, a neighbouring frequency, silence."""
        for frequency, seconds in ((1000, 0.5), (1200, 0.5), (1100, 0.3), (1100, 1.0)):
            self.assertFalse(self.heard(frequency, seconds), (frequency, seconds))
        self.assertFalse(self.heard(1100, 0.5, -60.0))
        self.assertFalse(CngDetector().feed(np.zeros(10, dtype=np.int16)))

    def test_a_tone_without_end_is_no_fax(self) -> None:
        """A minute of 1100 Hz fills no memory and is nothing."""
        detector = CngDetector()
        pcm = tones.tone((1100.0,), 10.0)
        self.assertFalse(detector.feed(pcm))
        self.assertLessEqual(len(detector._good), 1000)
