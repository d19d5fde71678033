"""Bringing a recording to a pleasant level.

Knows: speech level and noise floor. Must never know: codecs, mail. Whole recordings only.
"""

from __future__ import annotations

import numpy as np

from umserver.wire.audio.pcm import FULL_SCALE, Pcm, clipped, frame_levels
from umserver.wire.audio.silence import noise_floor, speech_frames

SPEECH_LEVEL = -20.0
"""dBFS that the spoken parts shall have on average."""

PEAK_LEVEL = -1.0
"""dBFS that (nearly) no sample may pass."""

MOST_GAIN = 20.0
"""dB; no recording is raised by more."""

NOISE_CEILING = -45.0
"""dBFS that the background shall not reach by being raised."""


def gain(pcm: Pcm, target: float = SPEECH_LEVEL) -> float:
    """The decibels by which `normalise` changes this recording; 0 where nothing is spoken."""
    spoken = speech_frames(pcm)
    if not spoken.any():
        return 0.0
    levels = frame_levels(pcm)
    speech = 10 * np.log10(np.mean(10 ** (levels[spoken] / 10)))
    floor = float(np.median(noise_floor(levels)))
    peak = 20 * np.log10(
        max(1.0, float(np.percentile(np.abs(pcm.astype(np.int32)), 99.98))) / FULL_SCALE
    )
    raised = min(target - speech, MOST_GAIN, max(0.0, NOISE_CEILING - floor))
    return float(min(raised, PEAK_LEVEL - peak))


def normalise(pcm: Pcm, target: float = SPEECH_LEVEL) -> Pcm:
    """The recording with its spoken parts at `target` dBFS, peaks kept, noise not blown up."""
    change = gain(pcm, target)
    return pcm if change == 0.0 else clipped(pcm.astype(np.float64) * 10 ** (change / 20))
