"""RTCP of a leg: sent and read about once a second, never in the way of sound.

Knows: the RTCP socket. Must never know: calls.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from random import Random
from struct import Struct

from umserver.edges.net.media.dtls import is_handshake
from umserver.edges.net.media.inlet import Inlet
from umserver.edges.net.media.ports import STAMPED, PortPair, disconnect, is_reachable
from umserver.edges.net.media.speaker import Speaker
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.learning import WINDOW, Address
from umserver.wire.rtp.packet import MAX_SIZE, VERSION
from umserver.wire.rtp.quality import Quality
from umserver.wire.rtp.rtcp import Reporter, jitter_seconds
from umserver.wire.rtp.sequence import Source
from umserver.wire.srtp import Shield

_A_ROUND = 4
"""Packets read in one round."""

_STAMP = Struct("@ll")
_STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size)
_OLDEST = 2.0
_LAST_PORT = 65_535
_SENDER, _RECEIVER = 200, 201


def age_of(about: list[tuple[int, int, bytes]], now: float) -> float:
    """Seconds since the packet with this ancillary data came; 0 where it is not stamped."""
    for level, kind, stamp in about:
        if (level, kind, len(stamp)) == (socket.SOL_SOCKET, STAMPED, _STAMP.size):
            seconds, nanoseconds = _STAMP.unpack(stamp)
            age: float = now - seconds - nanoseconds * 1e-9
            return min(_OLDEST, max(0.0, age))
    return 0.0


def speaks_of(data: bytes, ssrc: int) -> bool:
    """Whether this is RTCP whose sender is this source (RFC 3550 §6.4)."""
    whole = len(data) >= 8 and data[0] >> 6 == VERSION and data[1] in (_SENDER, _RECEIVER)
    return whole and int.from_bytes(data[4:8], "big") == ssrc


class Reports:
    """The reporting half of a leg."""

    def __init__(
        self, pair: PortPair, ssrc: int, random: Random, wall: Callable[[], float]
    ) -> None:
        self.last_heard = 0.0
        self.strange = 0
        self._sent = 0
        self.shield: Shield | None = None
        """What protects sound, and reports; None: all goes in the clear."""
        self.apart: Shield | None = None
        """What protects reports on a port of their own, where its keys are others (RFC 5764 §3)."""
        self._handshakes: list[tuple[Address, bytes]] = []
        self._pair = pair
        self._sock = pair.rtcp
        self._mux = False
        self._wall = wall
        self._reporter = Reporter(ssrc, f"{random.getrandbits(64):016x}@umserver", random)
        self._peer: tuple[str, int] | None = None
        """Where reports go."""
        self._agreed: tuple[str, int] | None = None
        self._is_bound = False
        """Whether the socket is connected."""
        self._loose = False
        """Whether it is not settled yet whom to hear."""
        self._host = ""
        """Where the sound was learned to come from; reports do too, from whatever port."""
        self._until = 0.0

    def begin(self, now: float) -> None:
        """Arm the first report."""
        self._reporter.begin(now)

    def rename(self, ssrc: int) -> None:
        """Our sound goes on as this source."""
        self._reporter.ssrc = ssrc

    def connect(self, plan: MediaPlan, loose: bool = False) -> None:
        """Talk to the RTCP port of this plan, and hear nobody else.

        Where it is the port of the sound, the socket of the sound is used, which is connected.
        `loose`: where the sound comes from is still to be learned, and said by `follow` or `stay`;
        until then nothing is read or said.
        """
        peer = (plan.remote_host, plan.remote_rtcp_port)
        self._mux = plan.remote_rtcp_port == plan.remote_port
        if peer == self._agreed and not loose:
            return
        self._agreed, self._peer, self._loose, self._host = None, None, loose, ""
        if not is_reachable(*peer):
            return
        if self._mux or loose:
            self._agreed = self._peer = peer
        elif self._bind(peer):
            self._agreed = peer

    def follow(self, sound: tuple[str, int], agreed: tuple[str, int], now: float) -> None:
        """The sound was learned to come from there: so do reports, from their own port.

        That is the port of the first genuine one about this sound; until it comes, at most as long
        as for sound, ours go to the agreed place, or beside the sound where that is elsewhere.
        """
        if self._agreed is None:
            return
        if self._mux:
            self._loose = False
        elif not self._let_go():
            self.stay()
        else:
            self._loose, self._host, self._until = True, sound[0], now + WINDOW.seconds
            self._peer = self._agreed
            if sound != agreed:
                self._peer = (sound[0], min(sound[1] + 1, _LAST_PORT))

    def stay(self) -> None:
        """Nothing was learned so far, or it is too late: hear and tell whom we know."""
        if not self._loose:
            return
        self._loose = False
        if self._peer is not None and not self._mux and not self._bind(self._peer):
            self._peer = None

    def _let_go(self) -> bool:
        try:
            if self._is_bound:
                disconnect(self._sock)
        except (OSError, AttributeError):
            return False
        self._is_bound = False
        return True

    def _bind(self, peer: tuple[str, int]) -> bool:
        """Hear nobody else; what waits in the socket came from nobody we agreed with."""
        try:
            self._sock.connect(peer)
        except OSError:
            return False
        self._peer, self._is_bound = peer, True
        self._discard()
        return True

    def _discard(self) -> None:
        for _ in range(64):
            try:
                self._sock.recv(MAX_SIZE)
            except OSError:
                return

    @property
    def _listens(self) -> bool:
        """Whether the RTCP socket is for somebody."""
        return self._peer is not None and not self._mux and bool(self._host or not self._loose)

    def handshakes(self) -> list[tuple[Address | None, bytes]]:
        """DTLS that came to the port of reports, and from where; None: from where ours go."""
        if self.apart is not None and not self.apart.ready and self._listens:
            self._waiting(0)
        came, self._handshakes = self._handshakes, []
        return [(None if source == self._peer else source, data) for source, data in came]

    def settle(self, source: Address | None) -> None:
        """A handshake proved that the peer's reports come from there."""
        if self._loose and self._peer is not None:
            self._loose = not self._bind(source or self._peer)

    def put(self, data: bytes, place: Address | None = None) -> None:
        """Send from the port of reports; to another place only while it is not settled whom to."""
        try:
            if not self._loose and place is None:
                self._sock.send(data)
            elif self._host and self._peer is not None:
                self._sock.sendto(data, place or self._peer)
        except OSError:
            self.strange += 1

    def chores(self, inlet: Inlet, speaker: Speaker, slot: int, now: float, may_send: bool) -> None:
        """Read what came, send what is due."""
        if self._host and self._loose and now >= self._until:
            self.stay()
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
        if self.shield is not None:
            opened = [(self.shield.open_rtcp(data), age) for data, age in packets]
            packets = [(data, age) for data, age in opened if data is not None]
        if self._listens:
            packets += self._waiting(inlet.source.ssrc)
        return packets

    def _waiting(self, ssrc: int) -> list[tuple[bytes, float]]:
        """What lies in the socket and is genuine, within bounds."""
        packets: list[tuple[bytes, float]] = []
        for _ in range(_A_ROUND):
            try:
                data, about, _, source = self._sock.recvmsg(MAX_SIZE, _STAMP_SPACE)
            except BlockingIOError:
                break
            except OSError:
                continue
            if self._loose and source[0] != self._host:
                self.strange += 1
                continue
            if self.apart is not None and data and is_handshake(data[0]):
                self._handshakes.append(((source[0], source[1]), data))
                continue
            plain = data if self._cover is None else self._cover.open_rtcp(data)
            if plain is None or (self._loose and not speaks_of(plain, ssrc)):
                self.strange += plain is not None
                continue
            packets.append((plain, age_of(about, time.time())))
            if self._loose:
                self._loose = not self._bind((source[0], source[1]))
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
        if self._loose and not self._host:
            return
        sealed = data if self._cover is None else self._cover.seal_rtcp(data)
        if sealed is None:
            return
        self._sent += 1
        if not self._mux:
            self.put(sealed)
            return
        try:
            self._pair.rtp.send(sealed)
        except OSError:
            self.strange += 1

    @property
    def _cover(self) -> Shield | None:
        """What protects what goes by the port of reports."""
        return self.shield if self.apart is None else self.apart

    def quality(self, inlet: Inlet, speaker: Speaker) -> Quality:
        """What is known about the sound so far."""
        shields = [each for each in (self.shield, self.apart) if each is not None]
        return Quality(
            packets_sent=speaker.packets,
            packets_received=inlet.source.total_received,
            packets_lost=inlet.source.lost,
            jitter=jitter_seconds(inlet.source),
            round_trip=self._reporter.round_trip,
            lost_by_peer=self._reporter.lost_by_peer,
            forged=sum(each.forged for each in shields),
            replayed=sum(each.replayed for each in shields),
        )
