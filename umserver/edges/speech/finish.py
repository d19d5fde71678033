"""From what an engine or a person recorded to what a telephone plays well.

Knows: band, level, trimming. Must never know: texts, files.
"""

from __future__ import annotations

import numpy as np

from umserver.wire.audio.level import PEAK_LEVEL, gain
from umserver.wire.audio.pcm import FULL_SCALE, SAMPLE_RATE, Pcm, clipped, frame_levels
from umserver.wire.audio.resample import to_8000

FINISH = "4"
"""Changes whenever this module makes other sound of the same input, so that caches notice."""

EDGE_SECONDS = 0.05
"""Silence left at both ends."""

LOWEST, HIGHEST = 220.0, 3600.0
"""Hz; what lies outside is not carried by a telephone or only rumbles there."""

PROMPT_LEVEL = -20.0
"""dBFS of the spoken parts."""

_TAPS = 201
_FRAME = 80
_FADE = 40


def in_band(pcm: Pcm) -> Pcm:
    """Only the telephone band of this sound, without shifting it in time."""
    offsets = np.arange(_TAPS) - _TAPS // 2
    low, high = 2 * LOWEST / SAMPLE_RATE, 2 * HIGHEST / SAMPLE_RATE
    taps = (high * np.sinc(high * offsets) - low * np.sinc(low * offsets)) * np.hamming(_TAPS)
    return clipped(np.convolve(pcm.astype(np.float64), taps, mode="same")) if len(pcm) else pcm


def trimmed(pcm: Pcm) -> Pcm:
    """The sound with at most 50 ms of silence before and after it; nothing if it is all silent."""
    heard = np.flatnonzero(frame_levels(pcm, _FRAME) > -50.0)
    if len(heard) == 0:
        return pcm[:0]
    edge = round(EDGE_SECONDS * SAMPLE_RATE)
    before, after = int(heard[0]) * _FRAME - edge, (int(heard[-1]) + 1) * _FRAME + edge
    kept = pcm[max(0, before) : after]
    lead, tail = max(0, -before), max(0, min(edge, after - len(pcm)))
    return np.concatenate([np.zeros(lead, np.int16), kept, np.zeros(tail, np.int16)])


def levelled(pcm: Pcm) -> Pcm:
    """The sound at `PROMPT_LEVEL`, or as near below it as no sample is clipped."""
    highest = float(np.abs(pcm.astype(np.float64)).max(initial=1.0))
    most = PEAK_LEVEL - 20 * np.log10(highest / FULL_SCALE)
    change = min(gain(pcm, PROMPT_LEVEL), most)
    return clipped(pcm.astype(np.float64) * 10 ** (change / 20))


def without_clicks(pcm: Pcm) -> Pcm:
    """The sound with 5 ms ramps at both ends, so that nothing snaps where two clips meet."""
    if len(pcm) == 0:
        return pcm
    rise = np.minimum(1.0, np.arange(len(pcm)) / _FADE)
    return clipped(pcm.astype(np.float64) * np.minimum(rise, rise[::-1]))


def finish(samples: Pcm, rate: int) -> Pcm:
    """8000 Hz, telephone band, even level, short silence and no snap at the ends."""
    return without_clicks(trimmed(levelled(in_band(to_8000(samples, rate)))))
