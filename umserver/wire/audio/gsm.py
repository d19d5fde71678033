"""GSM 06.10 full rate. Comes next; the names stand so that WAV can be imported."""

from __future__ import annotations

from umserver.wire.audio.pcm import Pcm


def encode_wav49(pcm: Pcm) -> bytes:
    """Encode into WAV49 blocks."""
    raise NotImplementedError


def decode_wav49(data: bytes) -> Pcm:
    """Decode WAV49 blocks."""
    raise NotImplementedError
