"""MP3 for attachments: written by LAME, read back by the decoder of miniaudio.

Knows: the encoder's settings for telephone speech; the decoder, where it is installed. Must never
know: mail. Takes real time (about 1/200 of the sound's length): call it off the reactor's thread.
"""

from __future__ import annotations

import lameenc
import numpy as np

from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm, to_octets

MOST_OCTETS = 64 << 20
MOST_SECONDS = 3600
"""No longer recording is read."""


class Mp3Error(ValueError):
    """The file cannot be read; `args[0]` says why."""


def encode(pcm: Pcm, kbps: int = 16) -> bytes:
    """One MPEG-2.5 Layer III file, 8000 Hz mono at a constant `kbps` (8–64)."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(SAMPLE_RATE)
    encoder.set_out_sample_rate(SAMPLE_RATE)
    encoder.set_channels(1)
    encoder.set_bit_rate(kbps)
    encoder.set_quality(2)
    return bytes(encoder.encode(to_octets(pcm))) + bytes(encoder.flush())


def can_decode() -> bool:
    """Whether a decoder is installed."""
    try:
        import miniaudio  # noqa: F401
    except ImportError:
        return False
    return True


def decode(data: bytes) -> Pcm:
    """The sound of an MP3 file as 8000 Hz mono, channels averaged. Raises Mp3Error."""
    if len(data) > MOST_OCTETS:
        raise Mp3Error(f"the file has more than {MOST_OCTETS >> 20} MiB")
    try:
        import miniaudio
    except ImportError:
        raise Mp3Error("no MP3 decoder is installed (the package miniaudio)") from None
    try:
        if miniaudio.mp3_get_info(data).duration > MOST_SECONDS:
            raise Mp3Error(f"the sound is longer than {MOST_SECONDS // 60} minutes")
        found = miniaudio.decode(
            data, miniaudio.SampleFormat.SIGNED16, nchannels=1, sample_rate=SAMPLE_RATE
        )
    except miniaudio.MiniaudioError as fault:
        raise Mp3Error(f"this is no MP3 file, or a damaged one: {fault}") from None
    return np.frombuffer(found.samples, dtype=np.int16).copy()
