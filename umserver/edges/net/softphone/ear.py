"""What a softphone hears, while it hears it.

Knows: encoded sound. Must never know: packets, calls. Tones are told from speech by how little of
the power lies beside one frequency.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import define, field
from numpy.typing import NDArray
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from umserver.interfaces import SAMPLE_RATE, ITake
from umserver.wire.audio import g711
from umserver.wire.audio.silence import is_loud

MOST_SECONDS = 3600
"""No more is kept."""

_WINDOW = 400
_LEAST_SHARE = 0.9
_LEAST_LEVEL = 300.0
_LOWEST, _HIGHEST = 300.0, 3000.0
_FRAME = 160


@define
class BeepSpotter:
    """Finds a steady single tone (a beep) in a stream of samples."""

    least_seconds: float = 0.2
    """How long a tone must last to be a beep."""
    frequency: float | None = field(init=False, default=None)
    """Hz of the latest beep."""
    ended_at: float | None = field(init=False, default=None)
    """Seconds from the beginning of the sound to where the latest beep was last heard."""
    _rest: NDArray[np.int16] = field(init=False, factory=lambda: np.zeros(0, dtype=np.int16))
    _seen: int = field(init=False, default=0)
    _bin: int = field(init=False, default=-1)
    _count: int = field(init=False, default=0)

    def feed(self, pcm: NDArray[np.int16]) -> bool:
        """Listen to these samples (8000 a second); True when a beep was recognised in them."""
        samples = np.concatenate([self._rest, pcm])
        whole = len(samples) // _WINDOW * _WINDOW
        self._rest = samples[whole:]
        spotted = False
        needed = max(2, round(self.least_seconds * SAMPLE_RATE / _WINDOW))
        for window in samples[:whole].reshape(-1, _WINDOW):
            self._seen += _WINDOW
            tone = _tone_bin(window)
            if tone >= 0 and (self._count == 0 or abs(tone - self._bin) <= 1):
                self._count += 1
            else:
                self._count = 1 if tone >= 0 else 0
            self._bin = tone
            if self._count >= needed:
                spotted = spotted or self._count == needed
                self.frequency = tone * SAMPLE_RATE / _WINDOW
                self.ended_at = self._seen / SAMPLE_RATE
        return spotted


def _tone_bin(window: NDArray[np.int16]) -> int:
    """The bin (20 Hz each) of the only tone in this window, -1 when there is none."""
    samples = window.astype(np.float64)
    if np.sqrt(np.mean(samples**2)) < _LEAST_LEVEL:
        return -1
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    peak = int(np.argmax(power))
    if not _LOWEST <= peak * SAMPLE_RATE / _WINDOW <= _HIGHEST:
        return -1
    near = float(power[max(0, peak - 2) : peak + 3].sum())
    return peak if near >= _LEAST_SHARE * float(power.sum()) else -1


@implementer(ITake)
@define(eq=False)
class Ear:
    """Keeps what is heard, says when a beep sounds, measures how long it was loud."""

    on_beep: Callable[[], None] | None = None
    beeps: int = field(init=False, default=0)
    beep_at: float | None = field(init=False, default=None)
    """Seconds from the first sound to the end of the first beep."""
    loud: float = field(init=False, default=0.0)
    """Seconds that were not silent, beeps included."""
    loud_before_beep: float = field(init=False, default=0.0)
    """Seconds that were not silent before the first beep."""
    codec: str = field(init=False, default="PCMU")
    octets: int = field(init=False, default=0)
    _parts: list[tuple[str, bytes]] = field(init=False, factory=list)
    _spotter: BeepSpotter = field(init=False, factory=BeepSpotter)

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self.octets / SAMPLE_RATE

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """Listen to this (ITake)."""
        self.codec = codec
        if self.seconds < MOST_SECONDS:
            self._parts.append((codec, data))
        self.octets += len(data)
        loud = sum(
            _FRAME for at in range(0, len(data), _FRAME) if is_loud(codec, data[at : at + _FRAME])
        )
        self.loud += loud / SAMPLE_RATE
        spotted = self._spotter.feed(g711.decode(codec, data))
        if not self.beeps:
            self.loud_before_beep += loud / SAMPLE_RATE
        if spotted:
            self._beeped()
        return succeed(None)

    def pcm(self) -> NDArray[np.int16]:
        """Everything heard, as samples."""
        parts = [g711.decode(codec, data) for codec, data in self._parts]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int16)

    def encoded(self) -> tuple[str, bytes] | None:
        """Everything heard as it came, when it all came in one codec; else None."""
        codecs = {codec for codec, _ in self._parts}
        if len(codecs) != 1:
            return None
        return codecs.pop(), b"".join(data for _, data in self._parts)

    def _beeped(self) -> None:
        self.beeps += 1
        if self.beeps == 1:
            self.beep_at = self._spotter.ended_at
            self.loud_before_beep = max(0.0, self.loud_before_beep - self._spotter.least_seconds)
        if self.on_beep is not None:
            self.on_beep()
