"""Tones that we make: the beep before a recording, DTMF keys, any mixture of sines.

Knows: frequencies and levels. Must never know: who hears them. Sources: ITU-T Q.23 (DTMF), G.711 (0
dBm0).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from umserver.wire.audio.pcm import SAMPLE_RATE, ZERO_DBM0_PEAK, Pcm, clipped

LOW_GROUP = (697.0, 770.0, 852.0, 941.0)
"""Hz, rows of the keypad from the top."""

HIGH_GROUP = (1209.0, 1336.0, 1477.0, 1633.0)
"""Hz, columns of the keypad from the left."""

LOW_LEVEL, HIGH_LEVEL = -10.0, -8.0
"""dBm0 of the two tones of a key that we press."""

KEYS = ("123A", "456B", "789C", "*0#D")
"""The keypad, row by row."""

_RAMP = 40


def tone(
    frequencies: Sequence[float], seconds: float, dbm0: float | Sequence[float] = -10.0
) -> Pcm:
    """Sines of these frequencies (Hz) together, each at its level in dBm0, with ramps of 5 ms."""
    levels = [float(dbm0)] * len(frequencies) if isinstance(dbm0, int | float) else list(dbm0)
    count = round(seconds * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    mixed = np.zeros(count)
    for frequency, level in zip(frequencies, levels, strict=True):
        mixed += ZERO_DBM0_PEAK * 10 ** (level / 20) * np.sin(2 * np.pi * frequency * time)
    rise = np.minimum(1.0, (np.arange(count) + 1) / _RAMP)
    return clipped(mixed * np.minimum(rise, rise[::-1]))


def silence(seconds: float) -> Pcm:
    """Digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def beep() -> Pcm:
    """The tone before a recording: 1000 Hz for 0.4 s at -12 dBm0."""
    return tone((1000.0,), 0.4, -12.0)


def dtmf(key: str, seconds: float = 0.1) -> Pcm:
    """The two tones of a key (0-9 * # A-D), -10 dBm0 and -8 dBm0 strong.

    Other keys are a ValueError.
    """
    for row, keys in enumerate(KEYS):
        column = keys.find(key.upper())
        if len(key) == 1 and column >= 0:
            return tone((LOW_GROUP[row], HIGH_GROUP[column]), seconds, (LOW_LEVEL, HIGH_LEVEL))
    raise ValueError(f"no such key: {key!r}")
