"""An ear for recordings of what a caller heard: tones, loudness, and which prompt it was.

Knows: sound as values. Must never know: packets, servers. All sound is 8000 Hz mono (`Pcm`), all
times are seconds from its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm, frame_levels

BEEP_FREQUENCY = 1000.0
"""Hz of the tone before a recording (`umserver.wire.audio.tones.beep`)."""

BEEP_LEAST = 0.25
"""Seconds that a beep must last."""

LOUD_LEVEL = -45.0
"""dBFS above which a frame of 20 ms is loud."""

LIKENESS = 0.7
"""Correlation from which on a prompt counts as heard."""

HEAD = 1.2
"""Seconds of a prompt's beginning that are searched for: it may be cut by a key behind them."""

_FRAME = 160
_BEEP_SHARE = 0.85
_BEEP_LEVEL = -40.0
_BEEP_GAP = 3
_STEP = 4000
_BLOCK = 1 << 15
_FRESH = _BLOCK - round(HEAD * SAMPLE_RATE) + 1
"""Samples of a block at which a whole key may begin."""


def beeps(pcm: Pcm) -> list[float]:
    """When each beep began: pure 1000 Hz for 0.25 s or more, gaps up to 60 ms forgiven."""
    count = len(pcm) // _FRAME
    frames = pcm[: count * _FRAME].astype(np.float64).reshape(count, _FRAME)
    time = np.arange(_FRAME) / SAMPLE_RATE
    wave = np.exp(-2j * np.pi * BEEP_FREQUENCY * time)
    pure = 2 * np.abs(frames @ wave) ** 2 / _FRAME
    energy = np.maximum((frames**2).sum(axis=1), 1.0)
    heard = (pure / energy > _BEEP_SHARE) & (frame_levels(pcm) > _BEEP_LEVEL)
    least = round(BEEP_LEAST * SAMPLE_RATE / _FRAME)
    return [start * _FRAME / SAMPLE_RATE for start, size in _runs(heard) if size >= least]


def _runs(heard: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First frame and count of true frames of each run; short gaps do not end one."""
    runs: list[tuple[int, int]] = []
    last = -_BEEP_GAP - 2
    for index in np.flatnonzero(heard).tolist():
        if index - last > _BEEP_GAP + 1:
            runs.append((index, 1))
        else:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        last = index
    return runs


def loud_seconds(pcm: Pcm) -> float:
    """How long anything could be heard at all, in steps of 20 ms."""
    return float(np.count_nonzero(frame_levels(pcm) > LOUD_LEVEL)) * _FRAME / SAMPLE_RATE


@frozen
class Heard:
    """A prompt that was recognised."""

    name: str
    start: float
    """Seconds."""
    likeness: float
    """Correlation, 0.7–1."""


def prompts_heard(pcm: Pcm, prompts: Mapping[str, Pcm]) -> list[Heard]:
    """Which of these prompts were heard, in order; each is known by its first 1.2 s.

    Where several fit the same place, the likeliest counts.
    """
    sound = _Sound.of(pcm)
    found: list[Heard] = []
    for name, prompt in prompts.items():
        found += sound.places(name, _head(prompt))
    found.sort(key=lambda heard: -heard.likeness)
    chosen: list[Heard] = []
    for heard in found:
        if all(abs(heard.start - other.start) > HEAD / 2 for other in chosen):
            chosen.append(heard)
    return sorted(chosen, key=lambda heard: heard.start)


def _head(prompt: Pcm) -> NDArray[np.float64]:
    return np.asarray(prompt[: round(HEAD * SAMPLE_RATE)], dtype=np.float64)


@frozen(eq=False)
class _Sound:
    """What is searched, prepared once for all the keys."""

    length: int
    spectra: NDArray[np.complex64]
    """Of blocks that overlap by the longest key: a key is compared with a block at a time."""
    sums: NDArray[np.float64]
    """Energy up to each sample."""

    @classmethod
    def of(cls, pcm: Pcm) -> _Sound:
        """Prepare it."""
        whole = pcm.astype(np.float64)
        count = -(-len(pcm) // _FRESH)
        padded = np.zeros(count * _FRESH + _BLOCK, np.float32)
        padded[: len(pcm)] = whole
        blocks = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK)[: count * _FRESH : _FRESH]
        spectra = np.fft.rfft(blocks, axis=1).astype(np.complex64)
        return cls(len(pcm), spectra, np.concatenate([[0.0], np.cumsum(whole**2)]))

    def places(self, name: str, key: NDArray[np.float64]) -> list[Heard]:
        """Every place that is like the key; normalised, so loudness does not count."""
        energy = float(key @ key)
        if len(key) == 0 or len(key) > self.length or energy == 0.0:
            return []
        spectrum = np.conj(np.fft.rfft(key.astype(np.float32), _BLOCK))
        products = np.fft.irfft(self.spectra * spectrum, _BLOCK, axis=1)[:, :_FRESH].ravel()
        local = self.sums[len(key) :] - self.sums[: -len(key)]
        likeness = products[: len(local)] / np.sqrt(np.maximum(local, energy / 1e4) * energy)
        places = []
        for begin in range(0, len(likeness), _STEP):
            best = begin + int(likeness[begin : begin + _STEP].argmax())
            if likeness[best] >= LIKENESS:
                around = likeness[max(0, best - _STEP) : best + _STEP]
                if likeness[best] >= around.max():
                    alike = min(1.0, float(likeness[best]))
                    places.append(Heard(name, best / SAMPLE_RATE, alike))
        return places
