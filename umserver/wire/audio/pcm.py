"""Linear sound: int16 samples, 8000 a second, mono.

Knows: the array type all of this package speaks, its octets and its level. Must never know: codecs,
files.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Samples of linear sound, 8000 a second."""

SAMPLE_RATE = 8000
"""Samples a second."""

FULL_SCALE = 32768.0
"""The amplitude of 0 dBFS."""

ZERO_DBM0_PEAK = 32636 * 10 ** (-3.17 / 20)
"""Peak amplitude of a sine of 0 dBm0 (ITU-T G.711 table 6: overload stands at +3.17 dBm0)."""


def from_octets(data: bytes) -> Pcm:
    """Little-endian 16-bit samples as an array; half a sample at the end is dropped."""
    return np.array(np.frombuffer(data[: len(data) & ~1], dtype="<i2"), dtype=np.int16)


def to_octets(pcm: Pcm) -> bytes:
    """The samples as little-endian 16-bit octets."""
    return pcm.astype("<i2").tobytes()


def clipped(samples: NDArray[np.float64] | NDArray[np.float32]) -> Pcm:
    """Real-valued samples rounded to int16, beyond full scale cut off."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def frame_levels(pcm: Pcm, frame: int = 160) -> NDArray[np.float64]:
    """Root-mean-square level of each whole frame of `frame` samples, in dBFS, never below -100."""
    count = len(pcm) // frame
    squares = pcm[: count * frame].astype(np.float64).reshape(count, frame) ** 2
    power: NDArray[np.float64] = np.maximum(squares.mean(axis=1) / FULL_SCALE**2, 1e-10)
    return 10 * np.log10(power)
