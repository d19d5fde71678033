"""RTCP of a leg: sent and read about once a second, never in the way of sound.

Knows: the RTCP socket. Must never know: calls.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from random import Random
from struct import Struct

from umserver.edges.net.media.inlet import Inlet
from umserver.edges.net.media.ports import STAMPED, PortPair, is_reachable
from umserver.edges.net.media.speaker import Speaker
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.packet import MAX_SIZE
from umserver.wire.rtp.quality import Quality
from umserver.wire.rtp.rtcp import Reporter, jitter_seconds
from umserver.wire.rtp.sequence import Source
from umserver.wire.srtp import Shield

_A_ROUND = 4
"""Packets read in one round."""

_STAMP = Struct("@ll")
_STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size)
_OLDEST = 2.0


def age_of(about: list[tuple[int, int, bytes]], now: float) -> float:
    """Seconds since the packet with this ancillary data came; 0 where it is not stamped."""
    for level, kind, stamp in about:
        if (level, kind, len(stamp)) == (socket.SOL_SOCKET, STAMPED, _STAMP.size):
            seconds, nanoseconds = _STAMP.unpack(stamp)
            age: float = now - seconds - nanoseconds * 1e-9
            return min(_OLDEST, max(0.0, age))
    return 0.0


class Reports:
    """The reporting half of a leg."""

    def __init__(
        self, pair: PortPair, ssrc: int, random: Random, wall: Callable[[], float]
    ) -> None:
        self.last_heard = 0.0
        self.strange = 0
        self._sent = 0
        self.shield: Shield | None = None
        """What encrypts and opens reports; None: they go in the clear."""
        self._pair = pair
        self._sock = pair.rtcp
        self._mux = False
        self._wall = wall
        self._reporter = Reporter(ssrc, f"{random.getrandbits(64):016x}@umserver", random)
        self._peer: tuple[str, int] | None = None

    def begin(self, now: float) -> None:
        """Arm the first report."""
        self._reporter.begin(now)

    def rename(self, ssrc: int) -> None:
        """Our sound goes on as this source."""
        self._reporter.ssrc = ssrc

    def connect(self, plan: MediaPlan) -> None:
        """Talk to the RTCP port of this plan, and hear nobody else.

        Where it is the port of the sound, the socket of the sound is used, which is connected.
        """
        peer = (plan.remote_host, plan.remote_rtcp_port)
        self._mux = plan.remote_rtcp_port == plan.remote_port
        if self._mux:
            self._peer = peer if is_reachable(*peer) else None
            return
        if peer == self._peer:
            return
        self._peer = None
        if not is_reachable(*peer):
            return
        try:
            self._sock.connect(peer)
        except OSError:
            return
        self._peer = peer
        for _ in range(64):
            try:
                self._sock.recv(MAX_SIZE)
            except OSError:
                return

    def chores(self, inlet: Inlet, speaker: Speaker, slot: int, now: float, may_send: bool) -> None:
        """Read what came, send what is due."""
        for data, age in self._arrived(inlet):
            if self._reporter.hear(data, inlet.source, now - age, self._wall() - age):
                self.last_heard = now
            else:
                self.strange += 1
        if may_send and self._peer is not None and now >= self._reporter.deadline:
            self._send(
                self._reporter.report(
                    inlet.source,
                    speaker.packets,
                    speaker.octets,
                    speaker.timestamp(slot),
                    now,
                    self._wall(),
                )
            )

    def _arrived(self, inlet: Inlet) -> list[tuple[bytes, float]]:
        """What came, each with the seconds since it did: round trips would be wrong without."""
        packets = [(data, 0.0) for data in inlet.reports]
        inlet.reports.clear()
        if self._peer is not None and not self._mux:
            packets += self._waiting()
        if self.shield is None:
            return packets
        opened = [(self.shield.open_rtcp(data), age) for data, age in packets]
        return [(data, age) for data, age in opened if data is not None]

    def _waiting(self) -> list[tuple[bytes, float]]:
        """What lies in the socket, within bounds."""
        packets: list[tuple[bytes, float]] = []
        for _ in range(_A_ROUND):
            try:
                data, about, _, _ = self._sock.recvmsg(MAX_SIZE, _STAMP_SPACE)
            except BlockingIOError:
                break
            except OSError:
                continue
            packets.append((data, age_of(about, time.time())))
        return packets

    def farewell(self, source: Source, speaker: Speaker, slot: int, now: float) -> None:
        """Say BYE, unless nobody there ever heard of us (RFC 3550 §6.3.7)."""
        if self._peer is not None and (self._sent or speaker.packets):
            self._send(
                self._reporter.farewell(
                    source,
                    speaker.packets,
                    speaker.octets,
                    speaker.timestamp(slot),
                    now,
                    self._wall(),
                )
            )

    def _send(self, data: bytes) -> None:
        sealed = data if self.shield is None else self.shield.seal_rtcp(data)
        if sealed is None:
            return
        self._sent += 1
        try:
            (self._pair.rtp if self._mux else self._sock).send(sealed)
        except OSError:
            self.strange += 1

    def quality(self, inlet: Inlet, speaker: Speaker) -> Quality:
        """What is known about the sound so far."""
        return Quality(
            packets_sent=speaker.packets,
            packets_received=inlet.source.total_received,
            packets_lost=inlet.source.lost,
            jitter=jitter_seconds(inlet.source),
            round_trip=self._reporter.round_trip,
            lost_by_peer=self._reporter.lost_by_peer,
            forged=self.shield.forged if self.shield is not None else 0,
            replayed=self.shield.replayed if self.shield is not None else 0,
        )
