"""SoX as the player of attachments: every format is read by a program that is not ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from tests.interop.peers import missing
from umserver.wire.audio import g711, gsm, mp3
from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.wav import g711_wav, gsm_wav, pcm_wav


def sound() -> Pcm:
    """Two seconds that are hard to code: a swelling harmonic sound over noise."""
    random = np.random.default_rng(5)
    time = np.arange(16_000) / 8000
    tones = [np.sin(2 * np.pi * 130 * k * time + k) / k for k in range(1, 20)]
    voice = 4000 * np.sum(tones, axis=0) * np.abs(np.sin(2 * np.pi * 1.3 * time))
    return (voice + random.normal(0, 100, len(time))).clip(-32768, 32767).astype(np.int16)


class SoxTests(SynchronousTestCase):
    """What people hear when they open a message."""

    skip = missing("sox")

    def decoded(self, name: str, data: bytes) -> Pcm:
        """What SoX makes of this file, without a word of warning."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / name).write_bytes(data)
        raw = ["-t", "raw", "-e", "signed", "-b", "16", "-r", "8000", "-c", "1", "-"]
        done = subprocess.run(
            ["sox", "-D", str(folder / name), *raw], check=True, capture_output=True, timeout=30
        )
        self.assertEqual(done.stderr, b"")
        return np.frombuffer(done.stdout, dtype="<i2").astype(np.int16)

    def test_exact_formats(self) -> None:
        """PCM, both laws and GSM are heard sample by sample as we decode them."""
        pcm = sound()
        self.assertEqual(self.decoded("a.wav", pcm_wav(pcm)).tolist(), pcm.tolist())
        for codec in ("PCMU", "PCMA"):
            octets = g711.encode(codec, pcm)
            heard = self.decoded("a.wav", g711_wav(codec, octets))
            self.assertEqual(heard.tolist(), g711.decode(codec, octets).tolist())
        heard = self.decoded("a.wav", gsm_wav(pcm))
        self.assertEqual(heard.tolist(), gsm.decode_wav49(gsm.encode_wav49(pcm)).tolist())

    def test_mp3(self) -> None:
        """An MP3 has the length of the recording and sounds like it."""
        if b"mp3" not in subprocess.run(["sox", "--help"], capture_output=True, timeout=30).stdout:
            self.skipTest("this SoX reads no MP3")
        pcm = sound()
        heard = self.decoded("a.mp3", mp3.encode(pcm, 32))
        self.assertApproximates(len(heard) / 8000, len(pcm) / 8000, 0.3)
        size = 1 << 16
        product = np.fft.rfft(heard.astype(float), size) * np.conj(
            np.fft.rfft(pcm.astype(float), size)
        )
        best = np.fft.irfft(product, size).max()
        norm = np.linalg.norm(heard.astype(float)) * np.linalg.norm(pcm.astype(float))
        self.assertGreater(float(best / norm), 0.85)
