"""G.711: µ-law (PCMU) and A-law (PCMA) octets to and from 16-bit samples.

Knows: both laws as tables, built once. Must never know: packets, files. Source: ITU-T G.711.
The 16-bit scale is the recommendation's value times 4 (µ-law) and times 8 (A-law).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from umserver.wire.audio.pcm import Pcm

_STEPS = np.arange(128)
_MANTISSA = _STEPS & 15
_SEGMENT = _STEPS >> 4

SILENCE = {"PCMU": b"\xff", "PCMA": b"\xd5"}
"""The octet of silence by codec name: µ-law's positive zero, A-law's smallest positive value."""


def _mulaw_magnitudes() -> NDArray[np.int64]:
    return ((2 * _MANTISSA + 33) << (_SEGMENT + 2)) - 132


def _mulaw_decisions() -> NDArray[np.int64]:
    return np.asarray((((_MANTISSA + 16) << (_SEGMENT + 3)) - 132)[1:])


def _alaw_magnitudes() -> NDArray[np.int64]:
    low = 16 * _STEPS + 8
    high = ((2 * _MANTISSA + 33) << 3) << np.maximum(_SEGMENT - 1, 0)
    return np.where(_SEGMENT == 0, low, high)


def _alaw_decisions() -> NDArray[np.int64]:
    low = 16 * _STEPS
    high = ((_MANTISSA + 16) << 4) << np.maximum(_SEGMENT - 1, 0)
    return np.where(_SEGMENT == 0, low, high)[1:]


def _decode_table(codes: NDArray[np.int64], magnitudes: NDArray[np.int64]) -> Pcm:
    """`codes[n]` is the octet of `magnitudes[n]`; that of its negative has the top bit flipped."""
    table = np.zeros(256, dtype=np.int16)
    table[codes] = magnitudes
    table[codes ^ 0x80] = -magnitudes
    return table


def _encode_table(codes: NDArray[np.int64], decisions: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The octet of every 16-bit sample, indexed by the sample taken as unsigned."""
    samples = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)
    positive = codes[np.searchsorted(decisions, np.abs(samples), side="right")]
    return np.where(samples < 0, positive ^ 0x80, positive).astype(np.uint8)


_MULAW_CODES = 0xFF - _STEPS
_ALAW_CODES = (_STEPS | 0x80) ^ 0x55
_MULAW_DECODED = _decode_table(_MULAW_CODES, _mulaw_magnitudes())
_ALAW_DECODED = _decode_table(_ALAW_CODES, _alaw_magnitudes())
_MULAW_ENCODED = _encode_table(_MULAW_CODES, _mulaw_decisions())
_ALAW_ENCODED = _encode_table(_ALAW_CODES, _alaw_decisions())


def mulaw_to_pcm(data: bytes) -> Pcm:
    """Decode µ-law octets, one a sample."""
    return _MULAW_DECODED[np.frombuffer(data, dtype=np.uint8)]


def alaw_to_pcm(data: bytes) -> Pcm:
    """Decode A-law octets, one a sample."""
    return _ALAW_DECODED[np.frombuffer(data, dtype=np.uint8)]


def pcm_to_mulaw(pcm: Pcm) -> bytes:
    """Encode to µ-law, one octet a sample.

    A sample on a decision value goes to the greater magnitude.
    """
    return _MULAW_ENCODED[np.asarray(pcm, dtype=np.int16).view(np.uint16)].tobytes()


def pcm_to_alaw(pcm: Pcm) -> bytes:
    """Encode to A-law, one octet a sample.

    A sample on a decision value goes to the greater magnitude.
    """
    return _ALAW_ENCODED[np.asarray(pcm, dtype=np.int16).view(np.uint16)].tobytes()


MULAW_TO_ALAW = pcm_to_alaw(_MULAW_DECODED)
"""For `bytes.translate`: µ-law octets to the nearest A-law octets."""

ALAW_TO_MULAW = pcm_to_mulaw(_ALAW_DECODED)
"""For `bytes.translate`: A-law octets to the nearest µ-law octets."""


def decode(codec: str, data: bytes) -> Pcm:
    """Decode octets of the codec named PCMU or PCMA; any other name is a KeyError."""
    return {"PCMU": mulaw_to_pcm, "PCMA": alaw_to_pcm}[codec](data)


def encode(codec: str, pcm: Pcm) -> bytes:
    """Encode for the codec named PCMU or PCMA; any other name is a KeyError."""
    return {"PCMU": pcm_to_mulaw, "PCMA": pcm_to_alaw}[codec](pcm)


def encode_both(pcm: Pcm) -> dict[str, bytes]:
    """Encoded in both laws, by codec name: what a clip holds."""
    return {codec: encode(codec, pcm) for codec in SILENCE}


def transcode(data: bytes, source: str, target: str) -> bytes:
    """Octets of one law as octets of the other (or unchanged when both names are the same)."""
    if source == target:
        return data
    return data.translate({"PCMU": ALAW_TO_MULAW, "PCMA": MULAW_TO_ALAW}[target])
