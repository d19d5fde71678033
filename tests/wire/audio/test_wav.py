"""WAV files out, and whatever an administrator recorded in."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import g711
from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.tones import tone
from umserver.wire.audio.wav import (
    ALAW_FORMAT,
    EXTENSIBLE,
    MOST_SECONDS,
    MULAW_FORMAT,
    PCM_FORMAT,
    WavError,
    g711_wav,
    gsm_wav,
    pcm_wav,
    read_wav,
)

SOUND = tone((440.0,), 0.25, -10.0)


def wav(
    data: bytes,
    tag: int = 1,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    more: bytes = b"",
) -> bytes:
    """A WAV file of these properties, written by hand."""
    head = struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits) + more
    chunks = (
        b"fmt "
        + struct.pack("<I", len(head))
        + head
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


class Written(SynchronousTestCase):
    """What goes out as an attachment."""

    def test_g711_is_bit_exact(self) -> None:
        """The octets of a recording stand in the file as they came; an odd one is padded."""
        for codec, tag in (("PCMU", MULAW_FORMAT), ("PCMA", ALAW_FORMAT)):
            for octets in (bytes(range(256)), bytes(range(255))):
                file = g711_wav(codec, octets)
                self.assertEqual(file[20:22], struct.pack("<H", tag))
                at = file.index(b"data")
                self.assertEqual(file[at + 8 : at + 8 + len(octets)], octets)
                self.assertEqual(len(file) % 2, 0)
                self.assertEqual(struct.unpack("<I", file[4:8])[0], len(file) - 8)
                self.assertEqual(read_wav(file).tolist(), g711.decode(codec, octets).tolist())

    def test_pcm(self) -> None:
        """PCM comes back as it went."""
        self.assertEqual(read_wav(pcm_wav(SOUND)).tolist(), SOUND.tolist())

    def test_gsm(self) -> None:
        """GSM says how long it really is, though its blocks are longer."""
        self.assertEqual(len(read_wav(gsm_wav(SOUND[:1234]))), 1234)


class Read(SynchronousTestCase):
    """What administrators record."""

    def near(self, heard: Pcm, wanted: Pcm, bound: int) -> None:
        self.assertEqual(len(heard), len(wanted))
        self.assertLessEqual(int(np.abs(heard.astype(int) - wanted).max()), bound)

    def test_depths(self) -> None:
        """8, 16, 24 and 32 bits are the same sound."""
        wide = SOUND.astype(np.int64)
        depths = {
            8: ((wide >> 8) + 128).astype(np.uint8).tobytes(),
            16: SOUND.astype("<i2").tobytes(),
            24: b"".join(int(s << 8).to_bytes(3, "little", signed=True) for s in wide.tolist()),
            32: (wide << 16).astype("<i4").tobytes(),
        }
        for bits, data in depths.items():
            self.near(read_wav(wav(data, bits=bits)), SOUND, 255 if bits == 8 else 0)
            if bits > 8:
                self.near(read_wav(wav(data + b"x", bits=bits)), SOUND, 0)

    def test_channels(self) -> None:
        """Stereo becomes its mean; half a frame at the end is dropped."""
        both = np.stack([SOUND, np.zeros_like(SOUND)], axis=1).astype("<i2").tobytes()
        self.near(read_wav(wav(both + b"\1\1", channels=2)), (SOUND / 2).astype(np.int16), 1)

    def test_rates(self) -> None:
        """Other rates become 8000 a second with the same tone."""
        for rate in (16_000, 44_100):
            time = np.arange(rate // 2) / rate
            pcm = (8000 * np.sin(2 * np.pi * 440 * time)).astype("<i2")
            heard = read_wav(wav(pcm.tobytes(), rate=rate))
            self.assertEqual(len(heard), 4000)
            spectrum = np.abs(np.fft.rfft(heard))
            self.assertEqual(int(spectrum.argmax()), 220)

    def test_extensible(self) -> None:
        """The long form of the header names its coding further behind."""
        more = struct.pack("<HHIH", 22, 16, 0, PCM_FORMAT) + bytes(14)
        file = wav(SOUND.astype("<i2").tobytes(), tag=EXTENSIBLE, more=more)
        self.assertEqual(read_wav(file).tolist(), SOUND.tolist())

    def test_an_interrupted_recording(self) -> None:
        """A file cut off in the middle is read as far as it goes."""
        self.assertEqual(read_wav(pcm_wav(SOUND)[:1044]).tolist(), SOUND[:500].tolist())

    def test_faults_in_words(self) -> None:
        """What cannot be used is said in words for whoever recorded it."""
        good = wav(b"\0\0")
        for file, words in (
            (b"", "not a WAV file"),
            (b"RIFF\0\0\0\0AVI fmt ", "not a WAV file"),
            (good[:12], "no format description"),
            (good[:30], "no format description"),
            (good[:36], "no sound"),
            (wav(b"\0\0", channels=0), "0 channels"),
            (wav(b"\0\0", channels=9), "9 channels"),
            (wav(b"\0\0", rate=1000), "1000 samples"),
            (wav(b"\0\0", bits=12), "with 12 bits"),
            (wav(b"\0\0", tag=85), "coding 85"),
            (wav(b"\0\0", tag=EXTENSIBLE), "coding 65534"),
            (wav(bytes(65), tag=49, channels=2, bits=0), "coding 49"),
            (wav(bytes(8000 * MOST_SECONDS + 1), tag=7, bits=8), "60 minutes"),
        ):
            with self.assertRaisesRegex(WavError, words):
                read_wav(file)

    @settings(max_examples=100, deadline=None)
    @given(
        some.binary(max_size=80),
        some.sampled_from([1, 6, 7, 49, EXTENSIBLE, 85]),
        some.integers(0, 9),
        some.sampled_from([8000, 11_025, 0, 4000]),
        some.sampled_from([0, 8, 16, 24, 32]),
        some.integers(0, 140),
    )
    def test_only_its_own_error(
        self, data: bytes, tag: int, channels: int, rate: int, bits: int, cut: int
    ) -> None:
        """Whatever the file, there is sound or the one error."""
        try:
            self.assertEqual(read_wav(wav(data, tag, channels, rate, bits)[:cut]).dtype, np.int16)
        except WavError as fault:
            self.assertTrue(fault.args[0])
