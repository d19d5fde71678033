"""How ringing sounds to a caller, by country.

Knows: tones and cadences (ITU-T E.180, supplement 2). Must never know: who rings.
"""

from __future__ import annotations

import numpy as np

from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.tones import silence, tone

LEVEL = -19.0
"""dBm0 of each tone."""

_Cadence = tuple[tuple[float, ...], tuple[float, ...]]
"""Frequencies (Hz), and seconds of sound and silence in turn."""

_USUAL: _Cadence = ((425.0,), (1.0, 4.0))
_DOUBLE: tuple[float, ...] = (0.4, 0.2, 0.4, 2.0)
_CADENCES: dict[str, _Cadence] = {
    "1": ((440.0, 480.0), (2.0, 4.0)),
    "33": ((440.0,), (1.5, 3.5)),
    "44": ((400.0, 450.0), _DOUBLE),
    "353": ((400.0, 450.0), _DOUBLE),
    "61": ((400.0, 425.0), _DOUBLE),
    "64": ((400.0, 450.0), _DOUBLE),
    "81": ((400.0,), (1.0, 2.0)),
    "91": ((400.0,), _DOUBLE),
}


def ringing(country: str) -> Pcm:
    """One round of the ringing tone of this country code, its last silence included."""
    frequencies, times = _CADENCES.get(country.lstrip("+"), _USUAL)
    parts = [
        silence(seconds) if number % 2 else tone(frequencies, seconds, LEVEL)
        for number, seconds in enumerate(times)
    ]
    return np.concatenate(parts)
