"""Concealment, tones, resampling, MP3."""

from __future__ import annotations

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import g711, mp3
from umserver.wire.audio.concealment import FADE, conceal
from umserver.wire.audio.pcm import ZERO_DBM0_PEAK
from umserver.wire.audio.resample import to_8000
from umserver.wire.audio.tones import beep, dtmf, silence, tone


class Concealment(SynchronousTestCase):
    """What stands where packets are missing."""

    def test_it_goes_on(self) -> None:
        """A voice-like tone goes on in its pitch, fades within 60 ms, and is silent then."""
        for codec in ("PCMU", "PCMA"):
            before = tone((200.0, 400.0), 0.1, -12.0)[:-40]
            octets = conceal(codec, g711.encode(codec, before), 800)
            self.assertEqual(len(octets), 800)
            filled = g711.decode(codec, octets).astype(np.float64)
            go_on = tone((200.0, 400.0), 0.2, -12.0)[len(before) : len(before) + 160].astype(float)
            likeness = float(filled[:160] @ go_on) / float(
                np.linalg.norm(filled[:160]) * np.linalg.norm(go_on)
            )
            self.assertGreater(likeness, 0.9)
            self.assertEqual(octets[FADE:], g711.SILENCE[codec] * (800 - FADE))
            self.assertLess(np.abs(filled[400:480]).max(), np.abs(filled[:80]).max() / 2)

    def test_nothing_to_go_on_with(self) -> None:
        """After silence, a quiet line or too little sound there is silence."""
        for before in (
            b"",
            b"\x20" * 100,
            b"\xff" * 320,
            g711.encode("PCMU", np.full(320, 40, np.int16)),
        ):
            self.assertEqual(conceal("PCMU", before, 160), b"\xff" * 160)
        for count in (0, -5):
            self.assertEqual(conceal("PCMU", b"\x20" * 320, count), b"")


class Tones(SynchronousTestCase):
    """Tones that we make."""

    def test_level_and_frequency(self) -> None:
        """A tone has its frequency, its level in dBm0 and no click at its ends."""
        pcm = beep()
        spectrum = np.abs(np.fft.rfft(pcm))
        self.assertEqual(int(spectrum.argmax()), 400)
        peak = float(np.abs(pcm).max())
        self.assertApproximates(20 * np.log10(peak / ZERO_DBM0_PEAK), -12.0, 0.1)
        self.assertLess(abs(int(pcm[0])) + abs(int(pcm[-1])), 600)
        self.assertEqual((len(pcm), len(silence(0.5))), (3200, 4000))

    def test_no_such_key(self) -> None:
        """Only the sixteen keys have tones, small letters too."""
        self.assertEqual(dtmf("d").tolist(), dtmf("D").tolist())
        for key in ("", "x", "12"):
            with self.assertRaises(ValueError):
                dtmf(key)


class Resampling(SynchronousTestCase):
    """Any rate to 8000."""

    def test_what_is_heard_stays(self) -> None:
        """A tone below 3.5 kHz keeps frequency and level, from any rate."""
        for rate in (4000, 11_025, 22_050, 44_100, 48_000, 96_000):
            time = np.arange(rate) / rate
            heard = to_8000(10_000 * np.sin(2 * np.pi * 1000 * time), rate)
            self.assertEqual(len(heard), 8000)
            level = np.sqrt(np.mean(heard[800:-800].astype(float) ** 2)) * np.sqrt(2)
            self.assertApproximates(float(level), 10_000.0, 150.0)
            self.assertEqual(int(np.abs(np.fft.rfft(heard)).argmax()), 1000)

    def test_what_would_fold_back_is_gone(self) -> None:
        """A tone above the band is at least 50 dB down."""
        for rate in (16_000, 48_000):
            time = np.arange(rate) / rate
            heard = to_8000(10_000 * np.sin(2 * np.pi * 5000 * time), rate)
            self.assertLess(float(np.abs(heard[800:-800].astype(float)).max()), 32.0)

    def test_edges(self) -> None:
        """8000 stays as it is, nothing stays nothing, impossible rates are refused."""
        pcm = tone((440.0,), 0.1)
        self.assertEqual(to_8000(pcm, 8000).tolist(), pcm.tolist())
        self.assertEqual(len(to_8000(pcm[:0], 44_100)), 0)
        self.assertEqual(len(to_8000(pcm[:1], 192_000)), 1)
        for rate in (0, 3999, 192_001):
            with self.assertRaises(ValueError):
                to_8000(pcm, rate)


class Mp3(SynchronousTestCase):
    """The usual attachment."""

    def test_frames(self) -> None:
        """MPEG-2.5 Layer III at 8000 Hz, mono, 16 kbit/s, of about the right length."""
        octets = mp3.encode(tone((440.0,), 2.0))
        self.assertEqual(octets[:2], b"\xff\xe3")
        self.assertEqual(octets[2] >> 2 & 3, 2, "8000 Hz")
        self.assertEqual(octets[3] >> 6, 3, "mono")
        self.assertApproximates(len(octets), 4000, 600)
        self.assertGreater(len(mp3.encode(tone((440.0,), 2.0), 32)), 1.8 * len(octets))
