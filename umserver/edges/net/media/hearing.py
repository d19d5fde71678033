"""Loud or silent: how much was spoken, and since when nobody speaks.

Knows: the loudness of frames. Must never know: packets, sockets. A click is not speech: sound
counts from 60 ms on.
"""

from __future__ import annotations

from umserver.interfaces import SAMPLE_RATE
from umserver.wire.audio import g711
from umserver.wire.audio.inband import DtmfDetector
from umserver.wire.audio.silence import is_loud

_FRAME = 160
_SPEECH = 480
_MOST = 960


class Ear:
    """Listens to one recording."""

    def __init__(self, now: float) -> None:
        self.last_loud = now
        """Monotonic seconds of the last speech; at first when listening began."""
        self.loud_samples = 0
        self._evidence = 0

    @property
    def spoken(self) -> float:
        """Seconds of speech so far."""
        return self.loud_samples / SAMPLE_RATE

    def hear(self, codec: str, payload: bytes, now: float) -> None:
        """These octets (PCMU or PCMA) have arrived; the best is a few packets at once."""
        evidence = self._evidence
        for start in range(0, len(payload), _FRAME):
            frame = payload[start : start + _FRAME]
            if not is_loud(codec, frame):
                evidence = max(0, evidence - len(frame) // 2)
                continue
            before, evidence = evidence, evidence + len(frame)
            if evidence >= _SPEECH:
                self.loud_samples += len(frame) if before >= _SPEECH else evidence
                self.last_loud = now
                evidence = min(_MOST, evidence)
        self._evidence = evidence


class TonePad:
    """Keys as tones in the voice, for peers with which no telephone-event was agreed.

    Works in batches.
    """

    BOUND = 8 * SAMPLE_RATE
    """Samples that may wait to be listened to; more are dropped."""

    def __init__(self) -> None:
        self._detector = DtmfDetector()
        self._sound = bytearray()
        self._codec = "PCMU"
        self._quiet = True

    def hear(self, codec: str, payload: bytes | bytearray) -> None:
        """Octets of sound in order of arrival; only queued."""
        if codec != self._codec:
            self._sound.clear()
            self._codec = codec
        if len(self._sound) < self.BOUND:
            self._sound += payload

    def listen(self) -> list[str]:
        """The keys in what was queued. Once the sound stops, a little silence ends the last key."""
        sound = bytes(self._sound)
        self._sound.clear()
        if not sound:
            if self._quiet:
                return []
            sound, self._quiet = g711.SILENCE[self._codec] * (4 * _FRAME), True
        else:
            self._quiet = False
        return list(self._detector.feed(g711.decode(self._codec, sound)))
