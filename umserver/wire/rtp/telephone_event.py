"""Keys as RTP packets: each press told once, whatever is lost, doubled or out of order.

Knows: RFC 4733 §2.3–2.5 for the DTMF events 0–15, and senders that are known to bend it. Must
never know: sound, sockets. A press is known by its timestamp, not by its marker and not by its end.
"""

from __future__ import annotations

from collections import deque
from struct import Struct

from attrs import define, field

KEYS = "0123456789*#ABCD"
"""Events 0–15 (RFC 4733 §3.2)."""

PAYLOAD = Struct("!BBH")
LONGEST_SEGMENT = 0xFFFF
END_PACKETS = 3

_END = 0x80
_FRAME = 160
_NEAR = 80
_LATE = 100
_LONG = 8000


@define
class EventReceiver:
    """Hears the keys of one source.

    Sequence numbers are unwrapped ones, timestamps 32 bits of 8000 Hz.
    """

    _key: int = -1
    _timestamp: int = 0
    _sequence: int = -1
    _duration: int = 0
    _ended: bool = True
    _known: deque[tuple[int, int]] = field(factory=lambda: deque(maxlen=16))

    def reset(self) -> None:
        """Another source talks from now on: its timestamps have nothing to do with those before."""
        self._key, self._sequence, self._ended = -1, -1, True
        self._known.clear()

    def feed(self, sequence: int, timestamp: int, payload: bytes, marker: bool = False) -> str:
        """The key whose press this packet is the first news of, or an empty string."""
        if len(payload) < 4 or payload[0] >= len(KEYS):
            return ""
        key, flags, duration = PAYLOAD.unpack_from(payload)
        ended = bool(flags & _END)
        if self._sequence < 0:
            return self._pressed(key, sequence, timestamp, duration, ended)
        if sequence <= self._sequence:
            return self._overtaken(key, sequence, timestamp)
        if timestamp == self._timestamp and key == self._key:
            if self._ended and not ended and marker and duration < self._duration:
                return self._pressed(key, sequence, timestamp, duration, ended)
            self._go_on(sequence, timestamp, max(duration, self._duration), ended)
            return ""
        if (timestamp, key) in self._known and timestamp != self._timestamp:
            return ""
        if (
            key == self._key
            and not marker
            and self._continues(sequence, timestamp, duration, ended)
        ):
            self._known.append((self._timestamp, key))
            self._go_on(sequence, timestamp, duration, ended)
            return ""
        self._known.append((self._timestamp, self._key))
        return self._pressed(key, sequence, timestamp, duration, ended)

    def _pressed(self, key: int, sequence: int, timestamp: int, duration: int, ended: bool) -> str:
        self._key, self._sequence, self._timestamp = key, sequence, timestamp
        self._duration, self._ended = duration, ended
        return KEYS[key]

    def _go_on(self, sequence: int, timestamp: int, duration: int, ended: bool) -> None:
        self._sequence, self._timestamp, self._duration = sequence, timestamp, duration
        self._ended = self._ended or ended

    def _overtaken(self, key: int, sequence: int, timestamp: int) -> str:
        """A late packet: news only if nothing of its press came before."""
        known = timestamp == self._timestamp or (timestamp, key) in self._known
        if known or self._sequence - sequence > _LATE:
            return ""
        self._known.append((timestamp, key))
        return KEYS[key]

    def _continues(self, sequence: int, timestamp: int, duration: int, ended: bool) -> bool:
        """Whether a new timestamp without marker belongs to the press before.

        Either it is the next segment of a long press (RFC 4733 §2.5.1.3), which begins where the
        last one ended, give or take what lost packets would have said. Or the sender moves the
        timestamp with every packet; then the duration stays that of one packet, or no end was told
        just before, or the two would overlap. Anything else is a press whose beginning was lost,
        however close it lies.
        """
        steps = sequence - self._sequence
        advance = (timestamp - self._timestamp + 0x80000000) % 0x100000000 - 0x80000000
        gap = advance - self._duration
        if (advance > 0 and gap < -_NEAR) or (steps == 1 and not self._ended):
            return True
        if self._ended:
            return ended and steps == 1 and abs(gap) <= _NEAR
        if abs(advance - LONGEST_SEGMENT) <= _NEAR:
            return True
        if self._duration >= _LONG:
            return -_NEAR <= gap <= _NEAR + _FRAME * (steps - 1) and steps < 50
        if abs(duration - self._duration) > _NEAR:
            return False
        least = duration if ended else steps * duration
        return least - _NEAR <= advance <= steps * duration + _NEAR


@define
class EventSender:
    """Says one key press: ask `next_packet` once every packet time until it is `finished`."""

    key: str
    timestamp: int
    length: int = 800
    """Samples the key is held."""
    volume: int = 10
    """-dBm0, 0–63."""
    _said: int = 0
    _start: int = 0
    _first: bool = True
    _ends: int = 0

    @property
    def finished(self) -> bool:
        """Whether all was said, the end included."""
        return self._ends >= END_PACKETS

    def next_packet(self, step: int) -> tuple[int, bool, bytes]:
        """Timestamp, marker and payload of the next packet; `step` samples lie between packets."""
        marker, self._first = self._first, False
        if self._said < self.length:
            if self._said - self._start + step > LONGEST_SEGMENT:
                self._start += LONGEST_SEGMENT
            self._said = min(self._said + step, self.length)
        if self._said >= self.length:
            self._ends += 1
        flags = self.volume | (_END if self._ends else 0)
        payload = PAYLOAD.pack(KEYS.index(self.key), flags, max(0, self._said - self._start))
        return (self.timestamp + self._start) & 0xFFFFFFFF, marker, payload
