"""Who is talking, and in which order: sequence numbers without wrap, sources that change.

Knows: RFC 3550 appendices A.1 (probation, restarts), A.3 (loss) and A.8 (jitter). Must never know:
payloads, sockets. The first source is believed at once, since a key pressed early must count; only
a later change of source or a restart of its numbers is on probation, and the packets of that time
are kept by whoever asked.
"""

from __future__ import annotations

from math import inf

from attrs import define

CLOCK_RATE = 8000
"""RTP timestamp units a second."""

UNSURE = -1
"""Keep this packet: it may be the first of a new source."""

SWITCHED = -2
"""The new source is believed: offer the kept packets and this one again."""

MAX_DROPOUT = 3000
MAX_MISORDER = 100
_RESTART_PROBATION = 2
_SOURCE_PROBATION = 3
_SKIP_IN_PROBATION = 3
_EPOCH = 1 << 16


@define
class Source:
    """The stream that is listened to.

    Sequence numbers that it returns never wrap and rise by far at a restart.
    """

    ssrc: int = -1
    """-1: nobody was heard yet."""
    highest: int = -1
    base: int = 0
    received: int = 0
    """Packets of the present source since its last restart."""
    received_before: int = 0
    lost_before: int = 0
    switches: int = 0
    jitter: float = 0.0
    """Interarrival jitter in timestamp units (RFC 3550 §6.4.1)."""
    _transit: float = inf
    _expected_reported: int = 0
    _received_reported: int = 0
    _candidate: int = -1
    _candidate_next: int = -1
    _candidate_base: int = -1
    _candidate_run: int = 0

    def admit(self, ssrc: int, sequence: int) -> int:
        """The packet's number in the whole stream, or UNSURE, or SWITCHED."""
        if ssrc == self.ssrc:
            delta = (sequence - self.highest) & 0xFFFF
            if 0 < delta < MAX_DROPOUT:
                self.highest += delta
                self.received += 1
                self._candidate_run = 0
                return self.highest
            if delta == 0 or delta > _EPOCH - MAX_MISORDER:
                self.received += 1
                return self.highest - ((-delta) & 0xFFFF)
            return self._doubt(ssrc, sequence, _RESTART_PROBATION)
        if self.ssrc < 0:
            self._begin(ssrc, sequence)
            self.received = 1
            return self.highest
        return self._doubt(ssrc, sequence, _SOURCE_PROBATION)

    def _begin(self, ssrc: int, sequence: int) -> None:
        """From now on this source counts; its first number lies far above all former ones."""
        self.ssrc = ssrc
        self.highest = self.base = (self.highest // _EPOCH + 2) * _EPOCH + sequence
        self.received = 0
        self._transit = inf
        self._expected_reported = self._received_reported = 0
        self._candidate_run = 0

    def _doubt(self, ssrc: int, sequence: int, probation: int) -> int:
        step = (sequence - self._candidate_next) & 0xFFFF
        if self._candidate_run and ssrc == self._candidate and step < _SKIP_IN_PROBATION:
            self._candidate_run += 1
        else:
            self._candidate, self._candidate_run, self._candidate_base = ssrc, 1, sequence
        self._candidate_next = (sequence + 1) & 0xFFFF
        if self._candidate_run < probation:
            return UNSURE
        self.received_before += self.received
        self.lost_before += self.lost_now
        self.switches += 1
        self._begin(ssrc, (self._candidate_base - 1) & 0xFFFF)
        self.base += 1
        return SWITCHED

    def measure(self, timestamp: int, arrival: float) -> None:
        """Take an audio packet into the jitter estimate; `arrival` in seconds."""
        transit = arrival * CLOCK_RATE - timestamp
        drift = abs(transit - self._transit)
        self._transit = transit
        if drift < CLOCK_RATE:
            self.jitter += (drift - self.jitter) / 16

    @property
    def expected(self) -> int:
        """Packets that the present source has sent since its restart, as far as can be known."""
        return 0 if self.ssrc < 0 else self.highest - self.base + 1

    @property
    def lost_now(self) -> int:
        """Packets missing from the present source since its restart, never negative."""
        return max(0, self.expected - self.received)

    @property
    def lost(self) -> int:
        """Packets missing in all."""
        return self.lost_before + self.lost_now

    @property
    def total_received(self) -> int:
        """Packets received in all."""
        return self.received_before + self.received

    def fraction_lost(self) -> int:
        """The share lost since the last time this was asked, in 256ths (RFC 3550 A.3)."""
        expected = self.expected - self._expected_reported
        received = self.received - self._received_reported
        self._expected_reported, self._received_reported = self.expected, self.received
        lost = expected - received
        return 0 if expected <= 0 or lost <= 0 else min(255, (lost << 8) // expected)
