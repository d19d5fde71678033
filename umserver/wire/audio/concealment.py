"""What to put where packets are missing, so that a recording keeps its length and does not click.

Knows: the sound before the gap. Must never know: packets, sequence numbers. After the idea of ITU-T
G.711 Appendix I: the last pitch period is repeated and fades away; here within 60 ms, then silence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from umserver.wire.audio import g711
from umserver.wire.audio.pcm import clipped

FADE = 480
"""Samples until the repeated sound has faded away (60 ms)."""

_SHORTEST_PITCH = 40
_LONGEST_PITCH = 120
_HISTORY = 320


def _pitch_period(history: NDArray[np.float64]) -> int:
    """Samples of the period (66–200 Hz voice) after which `history` ends most like itself."""
    tail = history[-(len(history) - _LONGEST_PITCH) :]
    best, best_likeness = _LONGEST_PITCH, -1.0
    for lag in range(_SHORTEST_PITCH, _LONGEST_PITCH + 1):
        earlier = history[_LONGEST_PITCH - lag : len(history) - lag]
        energy = float(earlier @ earlier)
        likeness = float(tail @ earlier) / (energy * float(tail @ tail) + 1.0) ** 0.5
        if likeness > best_likeness + 0.01:
            best, best_likeness = lag, likeness
    return best


def conceal(codec: str, before: bytes, count: int) -> bytes:
    """`count` octets for a gap after `before` (PCMU or PCMA, of which the last 40 ms count)."""
    silent = g711.SILENCE[codec] * max(0, count)
    history = g711.decode(codec, before[-_HISTORY:]).astype(np.float64)
    if count <= 0 or len(history) < 2 * _LONGEST_PITCH or not np.abs(history).max() > 64:
        return silent
    period = history[-_pitch_period(history) :]
    length = min(count, FADE)
    repeated = np.resize(period, length) * (1.0 - np.arange(length) / FADE)
    return g711.encode(codec, clipped(repeated)) + silent[length:]
