"""Loud or silent, spoken or not.

Knows: levels of G.711 frames. Must never know: packets, clocks. `is_loud` is for the hot path (one
frame, no decoding); `speech_seconds` is for a finished recording.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from umserver.wire.audio import g711
from umserver.wire.audio.pcm import Pcm, frame_levels

QUIET_PEAK = 400
"""Samples up to this magnitude (16-bit scale, about -38 dBFS) count as quiet."""

LOUD_SHARE = 20
"""A frame is loud when at least one sample in this many is not quiet, so that a click is not."""

_ALL = bytes(range(256))
_QUIET = {
    codec: bytes(np.flatnonzero(np.abs(g711.decode(codec, _ALL)) <= QUIET_PEAK).astype(np.uint8))
    for codec in g711.SILENCE
}

_LEAST_SPEECH_LEVEL = -52.0
_MOST_FLOOR_LEVEL = -46.0
_ABOVE_FLOOR = 8.0
_FLOOR_WINDOW = 200


def is_loud(codec: str, payload: bytes) -> bool:
    """Whether these octets (PCMU or PCMA, any length) hold what a person would call a sound."""
    left = len(payload.translate(None, _QUIET[codec]))
    return left > 0 and left * LOUD_SHARE >= len(payload)


def noise_floor(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The background level around each frame in dBFS: the quiet tenth of four seconds.

    Bounded above, so that one long tone or a steady shout is not its own background.
    """
    if len(levels) == 0:
        return levels
    starts = range(0, len(levels), _FLOOR_WINDOW // 2)
    edge = _FLOOR_WINDOW // 4
    centres = [start + edge for start in starts]
    tenths = [np.percentile(levels[max(0, s - edge) : s + 3 * edge], 10) for s in starts]
    floor = np.interp(np.arange(len(levels)), centres, tenths)
    return np.minimum(floor, _MOST_FLOOR_LEVEL)


def speech_frames(pcm: Pcm) -> NDArray[np.bool_]:
    """For each 20 ms frame, whether it is part of speech (or another sound that is no background).

    A frame must stand 8 dB above the background and above -52 dBFS; sounds shorter than 60 ms are
    clicks.
    """
    levels = frame_levels(pcm)
    active = levels > np.maximum(noise_floor(levels) + _ABOVE_FLOOR, _LEAST_SPEECH_LEVEL)
    if len(active) < 5:
        return active
    crowd = np.convolve(active, np.ones(5), mode="same") >= 3
    return active & crowd


def speech_seconds(codec: str, data: bytes) -> float:
    """Seconds of this recording (PCMU or PCMA octets) that are speech, pauses in words included."""
    active = speech_frames(g711.decode(codec, data))
    if not active.any():
        return 0.0
    bridged = (
        np.convolve(active, np.ones(9), mode="same")[: len(active)] >= 2
        if len(active) >= 9
        else active
    )
    return float(np.count_nonzero(bridged | active)) * 0.02
