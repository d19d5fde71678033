"""What one leg hears, said by another: two calls joined.

Knows: numbers, timestamps, payload types of both sides. Must never know: sockets, SIP. The other
side hears one stream of ours with our own source and numbers; what was lost on the way stays
visible as a gap, timestamps keep their distances. Sources: RFC 3550 §7.1, RFC 4733 §2.6. A key goes
on as the telephone-event that it came as, or as tones where the other side knows no events.
"""

from __future__ import annotations

from collections.abc import Callable, Sized

from umserver.edges.net.media.speaker import Speaker
from umserver.wire.audio import g711
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.telephone_event import KEYS

MOST_MISSING = 100
"""Packets whose absence is passed on; a longer gap is a stream that begins anew."""

_MASK = 0xFFFFFFFF
_WINDOW = 64


class Relay:
    """One direction: feed it with what was heard, it speaks at once."""

    def __init__(
        self,
        speaker: Speaker,
        now: Callable[[], int],
        press: Callable[[str], object],
        pressing: Sized,
    ) -> None:
        """`now` is the timestamp of what is said at this moment, `press` says a key as tones.

        While `pressing` holds keys of ours, nothing else is said.
        """
        self._speaker = speaker
        self._pressing = pressing
        self._now = now
        self._press = press
        self._open = False
        self._kind = 0
        self._codec = "PCMU"
        self._event_kind: int | None = None
        self._expected = -1
        self._sequence = -1
        self._shift = 0
        self._seen = 0

    def use(self, plan: MediaPlan | None, is_reachable: bool) -> None:
        """Speak as the target's side agreed."""
        self._open = plan is not None and plan.may_send and is_reachable
        if plan is not None:
            self._kind, self._codec = plan.payload_type, plan.codec
            self._event_kind = plan.event_payload_type

    def sound(
        self, number: int, timestamp: int, payload: bytes | bytearray, codec: str, marker: bool
    ) -> None:
        """A packet of sound; `number` never wraps."""
        if not self._open or self._pressing:
            return
        if codec != self._codec:
            payload = g711.transcode(bytes(payload), codec, self._codec)
        self._say(self._kind, number, timestamp, payload, marker)

    def event(self, number: int, timestamp: int, payload: bytes, marker: bool, key: str) -> None:
        """A telephone-event; `key` where it is the first news of a press."""
        if not self._open:
            return
        if self._event_kind is None:
            if key:
                self._press(key)
        elif payload and payload[0] < len(KEYS) and not self._pressing:
            self._say(self._event_kind, number, timestamp, payload, marker)

    def _say(
        self, kind: int, number: int, timestamp: int, payload: bytes | bytearray, marker: bool
    ) -> None:
        speaker, ahead = self._speaker, number - self._expected
        if speaker.sequence != self._sequence or not -_WINDOW < ahead < MOST_MISSING:
            ahead, marker = 0, True
            self._shift = (self._now() - timestamp) & _MASK
            self._seen = 0
        if ahead < 0:
            self._late(kind, ahead, timestamp, payload)
            return
        if ahead:
            speaker.skip(ahead)
        speaker.say(kind, (timestamp + self._shift) & _MASK, payload, marker)
        self._expected, self._sequence = number + 1, speaker.sequence
        self._seen = (self._seen << (ahead + 1) | 1) & (1 << _WINDOW) - 1

    def _late(self, kind: int, ahead: int, timestamp: int, payload: bytes | bytearray) -> None:
        """One that was overtaken takes its place, unless it was there before."""
        bit = 1 << (-ahead - 1)
        if self._seen & bit or self._seen < bit:
            return
        self._seen |= bit
        speaker = self._speaker
        speaker.skip(ahead)
        speaker.say(kind, (timestamp + self._shift) & _MASK, payload, False)
        speaker.skip(-ahead - 1)
