"""Speech slower or faster, at its own pitch.

Knows: waveforms that are laid over each other where they fit best (WSOLA: Verhelst and Roelands,
"An overlap-add technique based on waveform similarity", ICASSP 1993). Must never know: what is
said. Takes about 1/300 of the sound's length: call it off the reactor's thread.
"""

from __future__ import annotations

import numpy as np

from umserver.wire.audio.pcm import Pcm, clipped

SLOWEST, FASTEST = 0.5, 2.0
"""1 is as it was spoken."""
_FRAME = 240
"""30 ms: two or more periods of any voice."""
_STEP = _FRAME // 2
_SEARCH = 80
"""10 ms to both sides: a period of the lowest voice."""
_WINDOW = np.hanning(_FRAME + 1)[:-1]


def paced(pcm: Pcm, pace: float) -> Pcm:
    """The same speech at `pace` times its speed: 0.5 takes twice as long, 2.0 half as long.

    Raises ValueError outside of these bounds. Less than 0.1 s comes back as it is.
    """
    if not SLOWEST <= pace <= FASTEST:
        raise ValueError(f"a pace of {pace} is outside of {SLOWEST} to {FASTEST}")
    if pace == 1.0 or len(pcm) < 3 * _FRAME + 2 * _SEARCH:
        return pcm
    source = pcm.astype(np.float64)
    count = int((len(source) - 2 * _FRAME - _SEARCH) / (_STEP * pace))
    made = np.zeros(count * _STEP + _FRAME)
    made[:_STEP] += source[:_STEP] * (1 - _WINDOW[:_STEP])
    at = 0
    for number in range(count):
        made[number * _STEP :][:_FRAME] += source[at : at + _FRAME] * _WINDOW
        natural = source[at + _STEP : at + _STEP + _FRAME]
        middle = round((number + 1) * _STEP * pace)
        first = max(0, middle - _SEARCH)
        around = source[first : min(middle + _SEARCH, len(source) - _FRAME) + _FRAME]
        fits = np.correlate(around, natural, "valid")
        at = first + int(fits.argmax()) if len(fits) else len(source) - _FRAME
    return clipped(made)
