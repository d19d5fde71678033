"""Tones heard in the voice: DTMF keys and the calling tone of a fax.

Knows: the limits of ITU-T Q.23, Q.24 (keys) and T.30 (CNG). Must never know: packets, telephone
events.

Each 2.5 ms a Hamming window of 20 ms is measured at the eight frequencies. A window is good when
the strongest tone of each group is loud enough, the twist is small enough and the two make up most
of the energy; since a tone that fills only a part of the window makes up only that part, the count
of good windows is the tone's length. Enough good windows make a candidate; the samples beneath them
are then fitted with two sines, which tells the frequencies exactly, what energy is left over, and
whether there are second harmonics, as a voice has them.
"""

from __future__ import annotations

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from umserver.wire.audio.pcm import SAMPLE_RATE, ZERO_DBM0_PEAK, Pcm
from umserver.wire.audio.tones import HIGH_GROUP, KEYS, LOW_GROUP

WINDOW = 160
"""Samples of one measurement (20 ms)."""

HOP = 20
"""Samples between two measurements (2.5 ms)."""

LEAST_LEVEL = -28.0
"""dBm0 that each tone must reach (Q.24: -25 is a key; -29 none in the strictest country)."""

HIGH_ABOVE_LOW, LOW_ABOVE_HIGH = 6.0, 10.0
"""Twist in dB; 4 and 8 must be accepted."""

OFF_FREQUENCY = 0.025
"""Share of the frequency; 1.5 % and 2 Hz must be accepted, 3.5 % refused."""

WINDOW_SHARE = 0.6
"""Energy of the two tones in that of a window."""

FIT_SHARE = 0.8
"""Energy of the two fitted sines in that of a whole candidate."""

HARMONIC = 0.06
"""Energy of a second harmonic in that of its tone (-12 dB)."""

LEAST_GOOD = 11
"""Good windows that make a key: tones from about 27 to 32 ms on."""

MOST_GAP = 10
"""Windows that may be missing within one key: breaks up to about 23 ms."""

_KEPT = 2048
_FREQUENCIES = np.array(LOW_GROUP + HIGH_GROUP)

CNG_FREQUENCY, CNG_TOLERANCE = 1100.0, 45.0
"""Hz; T.30 asks for 38 around 1100."""

CNG_LEAST, CNG_MOST = 0.41, 0.62
"""Seconds; T.30 says 0.5 ± 15 %."""

CNG_LEVEL = -45.0
"""dBm0."""


def _waves(frequencies: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Windowed complex waves: `frame @ waves` is the complex peak amplitude of each frequency."""
    window = np.hamming(WINDOW)
    time = np.arange(WINDOW) / SAMPLE_RATE
    waves = np.exp(-2j * np.pi * time[:, None] * frequencies[None, :]) * window[:, None]
    return np.asarray(2 * waves / window.sum(), dtype=np.complex64)


_KEY_WAVES = _waves(_FREQUENCIES)
_CNG_WAVES = _waves(CNG_FREQUENCY + np.array([0.0, -35.0, 35.0]))
_POWER_WEIGHTS = (np.hamming(WINDOW) / np.hamming(WINDOW).sum()).astype(np.float32)


@define
class _Frames:
    """Cuts a stream of any chunk size into overlapping windows."""

    _rest: NDArray[np.float32] = field(factory=lambda: np.zeros(0, dtype=np.float32))

    def feed(self, pcm: Pcm) -> NDArray[np.float32]:
        """The windows that are complete now, one a row."""
        stream = np.concatenate([self._rest, pcm.astype(np.float32)])
        if len(stream) < WINDOW:
            self._rest = stream
            return np.zeros((0, WINDOW), dtype=np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(stream, WINDOW)[::HOP]
        self._rest = stream[len(frames) * HOP :]
        return frames


def _fit(samples: NDArray[np.float64], frequencies: tuple[float, ...]) -> NDArray[np.float64]:
    """What the best mixture of sines of these frequencies makes of the samples."""
    angle = 2 * np.pi * np.arange(len(samples))[:, None] / SAMPLE_RATE * np.array(frequencies)
    basis = np.hstack([np.cos(angle), np.sin(angle)])
    weights = np.linalg.lstsq(basis, samples, rcond=None)[0]
    return np.asarray(basis @ weights, dtype=np.float64)


@frozen
class _Good:
    """One good window."""

    row: int
    column: int
    low: complex
    high: complex


def _offset(values: list[complex], nominal: float) -> float:
    """Hz by which a tone is off its nominal frequency, as its phase turns between windows."""
    phasors = np.array(values, dtype=np.complex128)
    turn = np.angle(np.sum(phasors[2:] * np.conj(phasors[:-2])))
    expected = 2 * np.pi * nominal * 2 * HOP / SAMPLE_RATE
    wrapped = (turn - expected + np.pi) % (2 * np.pi) - np.pi
    return float(wrapped * SAMPLE_RATE / (2 * np.pi * 2 * HOP))


@define(eq=False)
class DtmfDetector:
    """DTMF keys in linear sound, by the limits of Q.24. Feed chunks of any size, in order."""

    _frames: _Frames = field(factory=_Frames)
    _history: NDArray[np.float64] = field(factory=lambda: np.zeros(0))
    _history_end: int = 0
    """Number of the sample after the history's last."""
    _hop: int = 0
    """Number of the next window."""
    _run: list[_Good] = field(factory=list)
    _run_start: int = 0
    _good: int = 0
    _gap: int = 0
    _key: tuple[int, int] | None = None
    _reported: bool = False

    def feed(self, pcm: Pcm) -> list[str]:
        """The keys that were recognised by the end of this chunk, each once."""
        self._history = np.concatenate([self._history, pcm])[-(_KEPT + len(pcm)) :]
        self._history_end += len(pcm)
        frames = self._frames.feed(pcm)
        if len(frames) == 0:
            return []
        spectra = frames @ _KEY_WAVES
        power = (frames * frames) @ _POWER_WEIGHTS
        keys = []
        for good in self._judge(spectra, power):
            found = self._step(good)
            if found:
                keys.append(found)
        return keys

    @staticmethod
    def _judge(spectra: NDArray[np.complex64], power: NDArray[np.float32]) -> list[_Good | None]:
        """Which windows are good, for all windows of a chunk at once."""
        size = np.abs(spectra)
        rows, columns = size[:, :4].argmax(axis=1), size[:, 4:].argmax(axis=1)
        every = np.arange(len(size))
        low, high = size[every, rows], size[every, columns + 4]
        least = ZERO_DBM0_PEAK * 10 ** (LEAST_LEVEL / 20)
        good = (low >= least) & (high >= least)
        good &= high <= low * 10 ** (HIGH_ABOVE_LOW / 20)
        good &= low <= high * 10 ** (LOW_ABOVE_HIGH / 20)
        good &= (low**2 + high**2) / 2 >= WINDOW_SHARE * power
        return [
            _Good(int(r), int(c), complex(spectra[n, r]), complex(spectra[n, c + 4]))
            if ok
            else None
            for n, (ok, r, c) in enumerate(zip(good, rows, columns, strict=True))
        ]

    def _step(self, good: _Good | None) -> str | None:
        hop, self._hop = self._hop, self._hop + 1
        if good is None:
            self._gap += 1
            self._run.clear()
            if self._gap > MOST_GAP:
                self._forget()
            return None
        if (good.row, good.column) != self._key:
            self._forget()
            self._key = (good.row, good.column)
        self._gap = 0
        if not self._run:
            self._run_start = hop
        self._run.append(good)
        self._good += 1
        if self._reported or self._good < LEAST_GOOD or len(self._run) < 5:
            return None
        if not self._is_key():
            self._good = 0
            self._run.clear()
            return None
        self._reported = True
        return KEYS[good.row][good.column]

    def _forget(self) -> None:
        self._run.clear()
        self._good = self._gap = 0
        self._key, self._reported = None, False

    def _samples(self) -> NDArray[np.float64]:
        """The sound under the middles of the good windows of the running run."""
        begin = self._run_start * HOP + WINDOW // 2
        end = (self._run_start + len(self._run) - 1) * HOP + WINDOW // 2
        base = self._history_end - len(self._history)
        return self._history[max(0, begin - base) : end - base]

    def _is_key(self) -> bool:
        """The thorough look at a candidate."""
        assert self._key is not None
        nominal = (LOW_GROUP[self._key[0]], HIGH_GROUP[self._key[1]])
        offsets = (
            _offset([one.low for one in self._run], nominal[0]),
            _offset([one.high for one in self._run], nominal[1]),
        )
        if any(abs(o) > OFF_FREQUENCY * f for o, f in zip(offsets, nominal, strict=True)):
            return False
        samples = self._samples()
        exact = (nominal[0] + offsets[0], nominal[1] + offsets[1])
        fitted = _fit(samples, exact)
        rest = samples - fitted
        if float(rest @ rest) > (1 - FIT_SHARE) * float(samples @ samples):
            return False
        for frequency in exact:
            harmonic = _fit(rest, (2 * frequency,))
            tone = _fit(samples, (frequency,))
            if float(harmonic @ harmonic) > HARMONIC * float(tone @ tone):
                return False
        return True


@define(eq=False)
class CngDetector:
    """The calling tone of a fax (T.30: 1100 Hz, half a second on, three off).

    Feed chunks in order.
    """

    _frames: _Frames = field(factory=_Frames)
    _good: list[complex] = field(factory=list)
    _gap: int = 0

    def feed(self, pcm: Pcm) -> bool:
        """Whether a calling tone ended in this chunk."""
        frames = self._frames.feed(pcm)
        if len(frames) == 0:
            return False
        tones = frames @ _CNG_WAVES
        power = (frames * frames) @ _POWER_WEIGHTS
        peak = np.abs(tones).max(axis=1)
        least = ZERO_DBM0_PEAK * 10 ** (CNG_LEVEL / 20)
        heard = (peak >= least) & (peak**2 / 2 >= 0.5 * power)
        ended = False
        for tone, loud in zip(tones[:, 0], heard, strict=True):
            ended |= self._step(complex(tone) if loud else None)
        return ended

    def _step(self, tone: complex | None) -> bool:
        if tone is not None:
            self._gap = 0
            if len(self._good) < 1000:
                self._good.append(tone)
            return False
        self._gap += 1
        if self._gap < 8 or not self._good:
            return False
        seconds = (len(self._good) * HOP) / SAMPLE_RATE
        ended, self._good = self._good, []
        if not CNG_LEAST <= seconds <= CNG_MOST:
            return False
        return abs(_offset(ended, CNG_FREQUENCY)) <= CNG_TOLERANCE
