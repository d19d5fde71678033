"""RTCP: what two ends tell each other about their stream, and when.

Knows: RFC 3550 §6 (SR, RR, SDES, BYE), the interval of §6.3 for two members, loss and round trip.
Must never know: sockets. Wall time (for NTP stamps) and monotonic time come in as float seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from struct import Struct, error, unpack_from

from attrs import define, frozen

from umserver.wire.rtp.sequence import CLOCK_RATE, Source

SR, RR, SDES, BYE, APP = 200, 201, 202, 203, 204
INTERVAL = 5.0
"""Seconds between reports on average (RFC 3550 §6.2: the minimum)."""

_NTP_EPOCH = 2_208_988_800
_COMPENSATION = 1.21828
_BLOCK = Struct("!IIIIII")
_SENDER = Struct("!QIII")
_CNAME = 1


@frozen
class ReportBlock:
    """What a receiver says about one source."""

    ssrc: int
    fraction_lost: int
    """256ths since the last report."""
    lost: int
    """Cumulative, may be negative."""
    highest: int
    """Extended highest sequence number."""
    jitter: int
    """Timestamp units."""
    last_report: int = 0
    """Middle 32 bits of the NTP time of the last SR from that source; 0 when there was none."""
    delay: int = 0
    """Since that SR, in 65536ths of a second."""

    def to_bytes(self) -> bytes:
        """24 octets."""
        lost = max(-0x800000, min(0x7FFFFF, self.lost)) & 0xFFFFFF
        return _BLOCK.pack(
            self.ssrc,
            self.fraction_lost << 24 | lost,
            self.highest & 0xFFFFFFFF,
            self.jitter & 0xFFFFFFFF,
            self.last_report,
            self.delay & 0xFFFFFFFF,
        )


@frozen
class SenderReport:
    """SR: `ntp` in 64 bits, counts of the sender, what it hears."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@frozen
class ReceiverReport:
    """RR: what a silent member hears."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@frozen
class Description:
    """SDES: the canonical names of sources."""

    names: tuple[tuple[int, str], ...]


@frozen
class Goodbye:
    """BYE: these sources are leaving."""

    sources: tuple[int, ...]


Report = SenderReport | ReceiverReport | Description | Goodbye


def ntp_time(wall: float) -> int:
    """Unix seconds as a 64-bit NTP stamp."""
    return int((wall + _NTP_EPOCH) * 4294967296) & 0xFFFFFFFFFFFFFFFF


def _framed(kind: int, count: int, body: bytes) -> bytes:
    words = len(body) // 4
    return bytes((0x80 | count, kind)) + words.to_bytes(2, "big") + body


def _described(description: Description) -> bytes:
    body = b""
    for ssrc, name in description.names:
        text = name.encode()[:255]
        chunk = ssrc.to_bytes(4, "big") + bytes((_CNAME, len(text))) + text
        body += chunk + b"\0" * (4 - len(chunk) % 4)
    return _framed(SDES, len(description.names), body)


def build(reports: Sequence[Report]) -> bytes:
    """A compound packet; the first must be an SR or RR (RFC 3550 §6.1)."""
    parts = []
    for report in reports:
        if isinstance(report, SenderReport):
            head = report.ssrc.to_bytes(4, "big") + _SENDER.pack(
                report.ntp,
                report.timestamp & 0xFFFFFFFF,
                report.packets & 0xFFFFFFFF,
                report.octets & 0xFFFFFFFF,
            )
            blocks = b"".join(block.to_bytes() for block in report.blocks)
            parts.append(_framed(SR, len(report.blocks), head + blocks))
        elif isinstance(report, ReceiverReport):
            blocks = b"".join(block.to_bytes() for block in report.blocks)
            parts.append(_framed(RR, len(report.blocks), report.ssrc.to_bytes(4, "big") + blocks))
        elif isinstance(report, Description):
            parts.append(_described(report))
        else:
            sources = b"".join(source.to_bytes(4, "big") for source in report.sources)
            parts.append(_framed(BYE, len(report.sources), sources))
    return b"".join(parts)


def _blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for index in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, at + 24 * index)
        lost = (loss & 0xFFFFFF) - (0x1000000 if loss & 0x800000 else 0)
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last, delay))
    return tuple(blocks)


def _names(body: bytes, count: int) -> tuple[tuple[int, str], ...]:
    names, at = [], 0
    for _ in range(count):
        if at + 4 > len(body):
            break
        ssrc = int.from_bytes(body[at : at + 4], "big")
        at += 4
        while at < len(body) and body[at] != 0:
            length = body[at + 1] if at + 1 < len(body) else 0
            if body[at] == _CNAME:
                names.append((ssrc, body[at + 2 : at + 2 + length].decode("utf-8", "replace")))
            at += 2 + length
        at = (at // 4 + 1) * 4
    return tuple(names)


def _parsed(kind: int, count: int, body: bytes) -> Report | None:
    if kind == SR:
        (ssrc,) = unpack_from("!I", body)
        ntp, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
        return SenderReport(ssrc, ntp, timestamp, packets, octets, _blocks(body, 24, count))
    if kind == RR:
        (ssrc,) = unpack_from("!I", body)
        return ReceiverReport(ssrc, _blocks(body, 4, count))
    if kind == SDES:
        return Description(_names(body, count))
    if kind == BYE:
        return Goodbye(unpack_from(f"!{count}I", body))
    return None


def parse(data: bytes) -> list[Report]:
    """The well-formed reports of a compound packet; unknown kinds are passed over."""
    reports: list[Report] = []
    at = 0
    while at + 4 <= len(data):
        first, kind, words = data[at], data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            break
        body = data[at + 4 : end]
        if first & 0x20 and body:
            body = body[: -body[-1]] if 0 < body[-1] <= len(body) else b""
        try:
            report = _parsed(kind, first & 31, body)
        except error:
            break
        if report is not None:
            reports.append(report)
        at = end
    return reports


@define
class Reporter:
    """Decides when to report, and what; reads what the peer reports. One per stream."""

    ssrc: int
    name: str
    """Canonical name."""
    random: Random
    deadline: float = 0.0
    """Monotonic seconds of the next report."""
    round_trip: float | None = None
    """Seconds; None until the peer has answered a report of ours."""
    lost_by_peer: int | None = None
    goodbye: bool = False
    """Whether the peer's source has left."""
    _last_sr: int = 0
    _last_sr_at: float = 0.0
    _reported_packets: int = 0

    def begin(self, now: float) -> None:
        """Arm the first report: half the usual interval (RFC 3550 §6.2)."""
        self.deadline = now + self._interval(INTERVAL / 2)

    def _interval(self, mean: float) -> float:
        return mean * (0.5 + self.random.random()) / _COMPENSATION

    def report(
        self, source: Source, packets: int, octets: int, timestamp: int, now: float, wall: float
    ) -> bytes:
        """The compound packet that is due, and the next deadline."""
        self.deadline = now + self._interval(INTERVAL)
        return build([self._about(source, packets, octets, timestamp, now, wall), self._described])

    def farewell(
        self, source: Source, packets: int, octets: int, timestamp: int, now: float, wall: float
    ) -> bytes:
        """The last compound packet, with a BYE."""
        about = self._about(source, packets, octets, timestamp, now, wall)
        return build([about, self._described, Goodbye((self.ssrc,))])

    @property
    def _described(self) -> Description:
        return Description(((self.ssrc, self.name),))

    def _about(
        self, source: Source, packets: int, octets: int, timestamp: int, now: float, wall: float
    ) -> SenderReport | ReceiverReport:
        blocks: tuple[ReportBlock, ...] = ()
        if source.ssrc >= 0:
            delay = int((now - self._last_sr_at) * 65536) if self._last_sr else 0
            highest = source.highest - source.base + (source.base & 0xFFFF)
            lost = source.expected - source.received
            blocks = (
                ReportBlock(
                    source.ssrc,
                    source.fraction_lost(),
                    lost,
                    highest,
                    int(source.jitter),
                    self._last_sr,
                    delay,
                ),
            )
        sending, self._reported_packets = packets != self._reported_packets, packets
        if not sending:
            return ReceiverReport(self.ssrc, blocks)
        return SenderReport(self.ssrc, ntp_time(wall), timestamp, packets, octets, blocks)

    def hear(self, data: bytes, source: Source, now: float, wall: float) -> bool:
        """Read a compound packet; False when it is none.

        Its round trip is taken over when plausible.
        """
        reports = parse(data)
        for report in reports:
            if isinstance(report, SenderReport) and source.ssrc in (-1, report.ssrc):
                self._last_sr, self._last_sr_at = report.ntp >> 16 & 0xFFFFFFFF, now
            if isinstance(report, SenderReport | ReceiverReport):
                for block in report.blocks:
                    if block.ssrc == self.ssrc:
                        self._learn(block, wall)
            if isinstance(report, Goodbye) and source.ssrc in report.sources:
                self.goodbye = True
        return bool(reports)

    def _learn(self, block: ReportBlock, wall: float) -> None:
        self.lost_by_peer = block.lost
        if block.last_report:
            arrived = ntp_time(wall) >> 16 & 0xFFFFFFFF
            trip = (arrived - block.last_report - block.delay) & 0xFFFFFFFF
            if trip < 60 * 65536:
                self.round_trip = trip / 65536


def jitter_seconds(source: Source) -> float:
    """The source's jitter in seconds."""
    return source.jitter / CLOCK_RATE
