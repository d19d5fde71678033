"""A recording put right: packets as they arrive become sound in order and of true length.

Knows: sequence numbers, timestamps, G.711 payloads. Must never know: sockets, disks, who speaks.
What is missing is concealed for 60 ms and silent from there on; what the sender left out on
purpose (silence suppression, keys) is silent at once. No timestamp can make more sound than time
has passed.
"""

from __future__ import annotations

from umserver.wire.audio import g711
from umserver.wire.audio.concealment import conceal
from umserver.wire.audio.pcm import SAMPLE_RATE

WINDOW = 0.2
"""Seconds that a packet may be late before its place is filled."""

Octets = bytes | bytearray

DEPTH = 16
"""Packets that may overtake a late one before its place is filled."""

_PRIMING = 0.06
_PRIMING_DEPTH = 4
_SLACK = SAMPLE_RATE
_FLOOD_SLACK = 5 * SAMPLE_RATE
_FLOOD_SHARE = 1.25
_LEAP = 1000
_NOTICEABLE = 800
_HISTORY = 320


class Tape:
    """Feed it packets, take sound from it. All lengths in samples, one octet each."""

    def __init__(self, codec: str, *, after: int | None = None, limit: int | None = None) -> None:
        """`after`: the stream's number of the last packet that is not to be part of this; None
        when nobody was heard so far. `limit`: samples after which the tape is full."""
        self.codec = codec
        self.limit = limit
        self.length = 0
        self.filled = 0
        """Samples that are not the sender's."""
        self.late = 0
        self.refused = 0
        self._sound = bytearray()
        self._looked = 0
        self._room = -1
        self._ended = False
        self._tail = b""
        self._expected = None if after is None else after + 1
        self._timestamp: int | None = None
        self._began = 0.0
        self._last_arrival = 0.0
        self._last_length = 0
        self._missing = 0
        self._held: dict[int, tuple[int, Octets, float]] = {}

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.length >= self.limit

    def feed(
        self, sequence: int, timestamp: int, payload: Octets, now: float, codec: str = ""
    ) -> None:
        """A packet has arrived; `sequence` is the unwrapped one.

        An empty payload stands for a packet without sound. `codec` names what the payload is; the
        first sound decides the tape's, so nothing is translated while the sender keeps to one.
        """
        if (
            sequence == self._expected
            and timestamp == self._timestamp
            and codec == self.codec
            and not self._held
        ):
            size = len(payload)
            if self.length + size <= self._room:
                self._sound += payload
                self.length += size
                self._expected = sequence + 1
                self._timestamp = (timestamp + size) & 0xFFFFFFFF
                self._last_arrival, self._last_length = now, size
                return
        if not self._ended:
            self._feed(sequence, timestamp, payload, now, codec)

    def _feed(self, sequence: int, timestamp: int, payload: Octets, now: float, codec: str) -> None:
        """A packet that is not simply the next one."""
        if codec and codec != self.codec:
            if payload and not self.length and not self._held:
                self.codec = codec
            payload = g711.transcode(bytes(payload), codec, self.codec)
        if sequence == self._expected and not self._held:
            self._put(timestamp, payload, now, False)
            self._expected = sequence + 1
        elif self._expected is not None and sequence < self._expected:
            self.late += 1
        elif self._expected is not None and sequence - self._expected > _LEAP:
            self.flush()
            self._put(timestamp, payload, now, False)
            self._expected = sequence + 1
        else:
            self._held.setdefault(sequence, (timestamp, payload, now))
            self._release(now)

    def wake(self, now: float) -> None:
        """Time has passed: give up waiting for packets that are too late. Call it now and then."""
        if self._held:
            self._release(now)
        if self._timestamp is not None and not self._ended:
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        """How long the recording may be by now: no peer can make more sound than time."""
        elapsed = max(0.0, now - self._began)
        self._room = int(elapsed * SAMPLE_RATE * _FLOOD_SHARE) + _FLOOD_SLACK
        if self.limit is not None:
            self._room = min(self._room, self.limit)

    def flush(self) -> None:
        """Nothing more will come: put down what is still waiting."""
        while self._held:
            self._put_next()

    def end(self) -> None:
        """Put down what is still waiting and take no more."""
        self.flush()
        self._ended, self._room = True, -1

    def look(self) -> bytes:
        """The sound that became ready since the last look; it stays here."""
        fresh = bytes(self._sound[self._looked :])
        self._looked = len(self._sound)
        return fresh

    def take(self) -> bytes:
        """The sound that became ready since the last time; it is the caller's from now on."""
        if not self._sound:
            return b""
        sound = bytes(self._sound)
        self._sound.clear()
        self._looked = 0
        self._tail = sound[-_HISTORY:]
        return sound

    @property
    def waiting(self) -> int:
        """Samples that `take` would give."""
        return len(self._sound)

    def _release(self, now: float) -> None:
        held = self._held
        while held:
            if self._expected is None:
                first = min(arrival for _, _, arrival in held.values())
                if len(held) < _PRIMING_DEPTH and now - first < _PRIMING:
                    return
            elif self._expected not in held and self._may_still_come(now):
                return
            self._put_next()

    def _may_still_come(self, now: float) -> bool:
        """Whether the missing packet before those that are held is worth waiting for."""
        held = self._held
        return len(held) <= DEPTH and now - held[min(held)][2] < WINDOW

    def _put_next(self) -> None:
        """Put down the lowest of the held packets; what lies before it is lost."""
        sequence = min(self._held)
        timestamp, payload, arrival = self._held.pop(sequence)
        self._missing = 0 if self._expected is None else sequence - self._expected
        lost = self._missing > 0
        self._put(timestamp, payload, arrival, lost)
        self._expected = sequence + 1

    def _put(self, timestamp: int, payload: Octets, arrival: float, lost: bool) -> None:
        if not payload:
            return
        if self._timestamp is None:
            self._began = arrival
            if lost:
                self._fill_beginning(len(payload))
        elif timestamp != self._timestamp:
            self._fill(timestamp, len(payload), arrival, lost)
        self._make_room(arrival)
        if self.length >= self._room:
            self.refused += 1
            return
        self._timestamp = (timestamp + len(payload)) & 0xFFFFFFFF
        self._last_arrival, self._last_length = arrival, len(payload)
        self._append(payload)

    def _fill_beginning(self, size: int) -> None:
        """The packets between the recording's start and this first one, `size` long, are lost."""
        gap = min(self._missing * size, int(WINDOW * SAMPLE_RATE))
        self.filled += gap
        self._append(g711.SILENCE[self.codec] * gap)

    def _fill(self, timestamp: int, size: int, arrival: float, lost: bool) -> None:
        """Bridge the way from where the sound ends to this timestamp."""
        assert self._timestamp is not None
        gap = (timestamp - self._timestamp) & 0xFFFFFFFF
        room = (arrival - self._began) * SAMPLE_RATE + _SLACK - self.length - size
        if gap > room:
            by_arrival = int((arrival - self._last_arrival) * SAMPLE_RATE) - self._last_length
            gap = by_arrival if by_arrival > _NOTICEABLE else 0
        if self.limit is not None:
            gap = min(gap, self.limit - self.length)
        if gap <= 0:
            return
        self.filled += gap
        if lost:
            self._append(conceal(self.codec, self._history(), gap))
        else:
            self._append(g711.SILENCE[self.codec] * gap)

    def _history(self) -> bytes:
        recent = bytes(self._sound[-_HISTORY:])
        return recent if len(recent) == _HISTORY else (self._tail + recent)[-_HISTORY:]

    def _append(self, sound: Octets) -> None:
        if self.limit is not None and self.length + len(sound) > self.limit:
            sound = sound[: max(0, self.limit - self.length)]
        self._sound += sound
        self.length += len(sound)
