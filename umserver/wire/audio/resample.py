"""Any sampling rate to 8000 a second, with the band limited first so that nothing folds back.

Knows: a windowed-sinc polyphase filter. Must never know: where the sound came from.
"""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm, clipped

LOWEST_RATE, HIGHEST_RATE = 4000, 192_000
"""Rates (samples a second) that are taken."""

_ZERO_CROSSINGS = 24


def _filter_bank(phases: int, step: float) -> NDArray[np.float32]:
    """A row of taps a phase: low pass at 0.94 of the lower Nyquist rate, Kaiser-windowed."""
    cutoff = 0.94 / max(1.0, step)
    half = int(np.ceil(_ZERO_CROSSINGS * max(1.0, step)))
    offsets = np.arange(-half, half + 1)[None, :] - np.arange(phases)[:, None] / phases
    window = np.i0(9.0 * np.sqrt(np.maximum(0.0, 1 - (offsets / (half + 1)) ** 2))) / np.i0(9.0)
    taps = cutoff * np.sinc(cutoff * offsets) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), dtype=np.float32)


def to_8000(samples: Pcm | NDArray[np.float64], rate: int) -> Pcm:
    """Samples taken `rate` times a second as 8000 a second.

    A rate outside 4000–192000 is a ValueError.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ValueError(
            f"a rate of {rate} samples a second cannot be used ({LOWEST_RATE}-{HIGHEST_RATE})"
        )
    if rate == SAMPLE_RATE or len(samples) == 0:
        return clipped(np.asarray(samples, dtype=np.float64))
    common = gcd(rate, SAMPLE_RATE)
    phases, stride = SAMPLE_RATE // common, rate // common
    bank = _filter_bank(phases, rate / SAMPLE_RATE)
    half = bank.shape[1] // 2
    padded = np.pad(np.asarray(samples, dtype=np.float32), (half, half))
    windows = np.lib.stride_tricks.sliding_window_view(padded, bank.shape[1])
    count = -(-len(samples) * phases // stride)
    result = np.empty(count, dtype=np.float32)
    for first in range(min(phases, count)):
        wanted = np.arange(first, count, phases) * stride
        row = bank[(first * stride) % phases]
        for begin in range(0, len(wanted), 8192):
            part = wanted[begin : begin + 8192] // phases
            result[first + begin * phases : first + (begin + len(part)) * phases : phases] = (
                windows[part] @ row
            )
    return clipped(result)
