"""The other end of a leg: an RTP peer on loopback, a line that loses packets, a clock that steps.

Sockets are real (127.0.0.1), time is a `task.Clock` that walks in slots of 5 ms; whatever was sent
lies in the receiver's socket at once, so nothing here waits. Chance is seeded.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from random import Random

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from umserver.edges.net.media import Leg, MediaEngine
from umserver.edges.net.media.engine import SLOT
from umserver.interfaces import Clip, ITake
from umserver.wire.audio import g711
from umserver.wire.media import MediaPlan
from umserver.wire.rtp import packet, rtcp
from umserver.wire.rtp.packet import Packet
from umserver.wire.rtp.telephone_event import EventSender

HOST = "127.0.0.1"
RATE = 8000
EVENTS = 101
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}


@lru_cache(maxsize=64)
def noise(seconds: float, seed: int = 1) -> bytes:
    """Loud G.711 octets of either law, different for every seed, without the two for silence."""
    random = Random(seed)
    loud = [octet for octet in range(256) if octet & 0x70 not in (0x70, 0x50)]
    return bytes(random.choice(loud) for _ in range(round(seconds * RATE)))


def clip(seconds: float, seed: int = 1, name: str = "clip") -> Clip:
    """A clip whose octets are `noise` in µ-law, and the same translated in A-law."""
    sound = noise(seconds, seed)
    return Clip(name, {codec: g711.transcode(sound, "PCMU", codec) for codec in g711.SILENCE})


@define
class Line:
    """What a bad network does to a stream of packets: shares (0–1) of each mishap, seeded."""

    random: Random = field(factory=lambda: Random(1))
    loss: float = 0.0
    double: float = 0.0
    swap: float = 0.0
    _kept: list[bytes] = field(factory=list)

    def carry(self, data: bytes) -> list[bytes]:
        """What arrives now that this packet was sent; a swapped one arrives behind the next."""
        kept, self._kept = self._kept, []
        chance = self.random.random()
        if chance < self.loss:
            return kept
        if chance < self.loss + self.double:
            return [data, data, *kept]
        if chance < self.loss + self.double + self.swap and not kept:
            self._kept = [data]
            return []
        return [data, *kept]


@implementer(ITake)
@define(eq=False)
class MemoryTake:
    """A take that remembers, and answers at once, or when told (`slow`)."""

    slow: bool = False
    appended: list[tuple[str, bytes]] = field(factory=list)
    waiting: list[Deferred[None]] = field(factory=list)

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """See ITake."""
        self.appended.append((codec, data))
        if not self.slow:
            return succeed(None)
        self.waiting.append(Deferred())
        return self.waiting[-1]

    @property
    def sound(self) -> bytes:
        """All that was appended."""
        return b"".join(data for _, data in self.appended)


@define
class Told:
    """What a leg told its call."""

    keys: str = ""
    lost: int = 0

    def digit(self, key: str) -> None:
        """See LegEvents."""
        self.keys += key

    def media_lost(self) -> None:
        """See LegEvents."""
        self.lost += 1


@define(eq=False)
class Peer:
    """A telephone's media: its sockets, what it says, what it heard."""

    codec: str = "PCMU"
    ptime: int = 20
    line: Line = field(factory=Line)
    ssrc: int = 0x1234ABCD
    sequence: int = 65_530
    timestamp: int = 0xFFFFF000
    heard: list[Packet] = field(factory=list)
    reports: list[rtcp.Report] = field(factory=list)
    came_from: set[tuple[str, int]] = field(factory=set)
    """Addresses that sent us sound."""
    _rtp: socket.socket = field(init=False)
    _rtcp: socket.socket = field(init=False)
    _target: tuple[str, int] = (HOST, 9)

    def __attrs_post_init__(self) -> None:
        self._rtp, self._rtcp = self._sockets()

    @staticmethod
    def _sockets() -> tuple[socket.socket, socket.socket]:
        pair = []
        for _ in range(2):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((HOST, 0))
            sock.setblocking(False)
            pair.append(sock)
        return pair[0], pair[1]

    def plan(self, **changes: object) -> MediaPlan:
        """What a leg would have agreed with this peer."""
        values: dict[str, object] = {
            "remote_host": HOST,
            "remote_port": self._rtp.getsockname()[1],
            "remote_rtcp_port": self._rtcp.getsockname()[1],
            "codec": self.codec,
            "payload_type": PAYLOAD_TYPES[self.codec],
            "event_payload_type": EVENTS,
            "ptime": self.ptime,
            "receive_codecs": {number: name for name, number in PAYLOAD_TYPES.items()},
            "receive_events": frozenset({EVENTS}),
        }
        return MediaPlan(**{**values, **changes})  # type: ignore[arg-type]

    def towards(self, leg: Leg) -> None:
        """Send to this leg from now on."""
        self._target = (leg.host, leg.port)

    def send(self, data: bytes) -> None:
        """Put octets on the line towards the leg's RTP port."""
        for each in self.line.carry(data):
            self._rtp.sendto(each, self._target)

    def report(self, data: bytes) -> None:
        """Send octets to the leg's RTCP port."""
        self._rtcp.sendto(data, (self._target[0], self._target[1] + 1))

    def say(self, payload: bytes, kind: int | None = None, marker: bool = False) -> None:
        """Send one packet of sound; sequence and timestamp go on."""
        number = PAYLOAD_TYPES[self.codec] if kind is None else kind
        self.send(self.packet(payload, number, self.timestamp, marker))
        self.timestamp = (self.timestamp + len(payload)) & 0xFFFFFFFF

    def say_event(self, payload: bytes, kind: int, timestamp: int, marker: bool) -> None:
        """Send one packet that is no sound; the sound's timestamp stays."""
        self.send(self.packet(payload, kind, timestamp, marker))

    def packet(self, payload: bytes, kind: int, timestamp: int, marker: bool = False) -> bytes:
        """The next packet of this stream."""
        made = Packet(kind, self.sequence, timestamp & 0xFFFFFFFF, self.ssrc, payload, marker)
        self.sequence = (self.sequence + 1) & 0xFFFF
        return made.to_bytes()

    def frames(self, sound: bytes) -> Iterable[Callable[[], None]]:
        """What to do every packet time to say this."""
        size = self.ptime * RATE // 1000
        for at in range(0, len(sound), size):
            yield partial(self.say, sound[at : at + size])

    def press(self, key: str, kind: int = EVENTS) -> Iterable[Callable[[], None]]:
        """What to do every packet time to press this key by RFC 4733."""
        sender = EventSender(key, self.timestamp)
        while not sender.finished:
            stamp, marker, payload = sender.next_packet(self.ptime * RATE // 1000)
            yield partial(self.say_event, payload, kind, stamp, marker)
        self.timestamp = (self.timestamp + sender.length) & 0xFFFFFFFF

    def hear(self) -> list[Packet]:
        """The packets that arrived since the last time."""
        found = []
        for data, source in _arrived(self._rtp):
            self.came_from.add(source)
            found.append(packet.parse(data))
        return [each for each in found if each is not None]

    def listen(self) -> None:
        """Take what arrived into `heard` and `reports`."""
        self.heard += self.hear()
        for data, _ in _arrived(self._rtcp):
            self.reports += rtcp.parse(data)

    def sound(self, kind: int | None = None) -> bytes:
        """The octets of sound that were heard so far."""
        wanted = PAYLOAD_TYPES[self.codec] if kind is None else kind
        return b"".join(each.payload for each in self.heard if each.payload_type == wanted)

    def close(self) -> None:
        """Give the ports back."""
        self._rtp.close()
        self._rtcp.close()


def _arrived(sock: socket.socket) -> list[tuple[bytes, tuple[str, int]]]:
    data = []
    while True:
        try:
            data.append(sock.recvfrom(4096))
        except BlockingIOError:
            return data
        except OSError:
            continue


class EngineCase(SynchronousTestCase):
    """An engine on a stepping clock, with legs and peers that are closed at the end."""

    ports = range(31_000, 31_400)
    media_timeout = 20.0

    def setUp(self) -> None:
        self.clock = Clock()
        self.engine = MediaEngine(
            self.clock,
            None,
            self.ports,
            Random(7),
            media_timeout=self.media_timeout,
            dscp=0,
            wall=lambda: 1_700_000_000.0 + self.clock.seconds(),
        )
        self.engine.start()
        self.clock.advance(SLOT / 5)
        self.addCleanup(self.engine.stop)

    def peer(self, codec: str = "PCMU", ptime: int = 20, line: Line | None = None) -> Peer:
        """A peer that is closed at the end."""
        peer = Peer(codec, ptime, line or Line())
        self.addCleanup(peer.close)
        return peer

    def leg(self, peer: Peer, **changes: object) -> Leg:
        """A leg that talks to this peer."""
        leg = self.engine.open(HOST)
        peer.towards(leg)
        leg.connect(peer.plan(**changes))
        return leg

    def step(self, seconds: float, *peers: Peer) -> None:
        """Let time pass; these peers listen."""
        for _ in range(round(seconds / SLOT)):
            self.clock.advance(SLOT)
            for peer in peers:
                peer.listen()

    def talk(self, peer: Peer, acts: Iterable[Callable[[], None]] | bytes) -> None:
        """The peer says this sound or does these things, one every packet time, and listens."""
        for act in peer.frames(acts) if isinstance(acts, bytes) else acts:
            act()
            self.step(peer.ptime / 1000, peer)

    def codecs_of(self, take: MemoryTake) -> Sequence[str]:
        """The codecs that were appended."""
        return sorted({codec for codec, _ in take.appended})
