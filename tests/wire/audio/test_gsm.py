"""GSM 06.10, bit by bit against another implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import gsm
from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.tones import silence, tone
from umserver.wire.audio.wav import gsm_wav, read_wav

VECTORS = Path(__file__).parents[2] / "vectors" / "gsm"


def data_of(wav: bytes) -> bytes:
    """The octets of a WAV file's data chunk."""
    at = wav.index(b"data")
    return wav[at + 8 : at + 8 + int.from_bytes(wav[at + 4 : at + 8], "little")]


class AgainstAnother(SynchronousTestCase):
    """What libgsm does."""

    def test_encoding(self) -> None:
        """Our blocks are exactly those of the other encoder."""
        sound = read_wav((VECTORS / "sound.wav").read_bytes())
        theirs = data_of((VECTORS / "encoded.wav").read_bytes())
        self.assertEqual(data_of(gsm_wav(sound)), theirs[: 25 * gsm.BLOCK])

    def test_decoding(self) -> None:
        """Our samples are exactly those of the other decoder."""
        encoded = data_of((VECTORS / "encoded.wav").read_bytes())
        theirs = read_wav((VECTORS / "decoded.wav").read_bytes())
        self.assertEqual(gsm.decode_wav49(encoded)[: len(theirs)].tolist(), theirs.tolist())


class Properties(SynchronousTestCase):
    """What holds for any sound."""

    def test_a_tone_stays_a_tone(self) -> None:
        """A tone comes back as loud as it was, and silence nearly silent."""
        sound = tone((440.0,), 1.0, -10.0)
        heard = gsm.decode_wav49(gsm.encode_wav49(sound))[: len(sound)].astype(np.float64)
        likeness = float(heard @ sound) / float(
            np.sqrt((heard @ heard) * (sound.astype(float) @ sound))
        )
        self.assertGreater(likeness, 0.95)
        quiet = gsm.decode_wav49(gsm.encode_wav49(silence(0.5)))
        self.assertLess(int(np.abs(quiet).max()), 32)

    def test_size(self) -> None:
        """Every 320 samples begun are one block of 65 octets; nothing is nothing."""
        for count, blocks in ((0, 0), (1, 1), (320, 1), (321, 2)):
            octets = gsm.encode_wav49(np.zeros(count, dtype=np.int16))
            self.assertEqual(len(octets), 65 * blocks)
            self.assertEqual(len(gsm.decode_wav49(octets + b"rest")), 320 * blocks)
        self.assertEqual(gsm.encode_frames(np.zeros(0, dtype=np.int16)).shape, (0, 76))

    @settings(max_examples=15, deadline=None)
    @given(some.binary(min_size=65, max_size=65 * 4))
    def test_any_octets_can_be_decoded(self, data: bytes) -> None:
        """Rubbish becomes some noise, never an error, with lags out of range passed over."""
        self.assertEqual(len(gsm.decode_wav49(data)), len(data) // 65 * 320)

    @settings(max_examples=10, deadline=None)
    @given(some.integers(0, 2**32), some.sampled_from([10, 3000, 32767]))
    def test_parameters_fit_their_bits(self, seed: int, size: int) -> None:
        """No parameter of any sound, however loud, needs more bits than it has."""
        random = np.random.default_rng(seed)
        pcm: Pcm = random.integers(-size, size + 1, 480).astype(np.int16)
        rows = gsm.encode_frames(pcm)
        self.assertTrue((rows >= 0).all() and (rows < 1 << gsm._WIDTHS).all())
