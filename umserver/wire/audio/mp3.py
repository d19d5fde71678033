"""MP3 for attachments, by LAME.

Knows: the encoder's settings for telephone speech. Must never know: mail. Takes real time (about
1/200 of the sound's length): call it off the reactor's thread.
"""

from __future__ import annotations

import lameenc

from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm, to_octets


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
