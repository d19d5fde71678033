"""Peers behind address translators, and others who would like to be taken for them.

Knows: the legs of an engine, sockets on loopback: 127.0.0.1 is where a peer signals from, 127.0.0.2
and so on are other machines, and what the peer names in its description is an address that nobody
has. Must never know: what is expected of the legs.
"""

from __future__ import annotations

import socket

from attrs import define, field
from twisted.internet.defer import Deferred

from tests.kit.media import HOST, EngineCase, MemoryTake, Peer
from umserver.edges.net.media import Leg
from umserver.interfaces import Recorded
from umserver.wire.rtp.learning import Origins
from umserver.wire.rtp.packet import Packet

ELSEWHERE = "127.0.0.9"
FALSE = b"\x01" * 160
"""The sound of somebody else."""


@define(eq=False)
class Other:
    """Somebody at another socket who knows everything but keys."""

    host: str = ELSEWHERE
    ssrc: int = 0x666
    sequence: int = 500
    sock: socket.socket = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.sock = _nobody_below(self.host)
        self.sock.setblocking(False)

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.sock.getsockname()[1])

    def say(self, leg: Leg, kind: int = 0) -> None:
        """The next packet of a stream of its own."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        packet = Packet(kind, self.sequence, 160 * self.sequence, self.ssrc, FALSE)
        self.put(packet.to_bytes(), leg)

    def put(self, data: bytes, leg: Leg, beside: int = 0) -> None:
        """These octets to the leg's port of sound, or beside it."""
        self.sock.sendto(data, (leg.host, leg.port + beside))

    def heard(self) -> int:
        """How many packets came here."""
        count = 0
        while True:
            try:
                self.sock.recv(4096)
            except BlockingIOError:
                return count
            count += 1


class TranslatedCase(EngineCase):
    """Legs whose peers may be learned."""

    def other(self, host: str = ELSEWHERE) -> Other:
        """Somebody who is closed at the end."""
        other = Other(host)
        self.addCleanup(other.sock.close)
        return other

    def translated(self, peer: Peer, *networks: str, **changes: object) -> Leg:
        """A leg with a peer whose description names what only its own network knows."""
        leg = self.engine.open(HOST)
        leg.learn_from(Origins.of((HOST, *networks)))
        peer.towards(leg)
        hidden = {"remote_host": "10.255.0.7", "remote_port": 4000, "remote_rtcp_port": 4001}
        leg.connect(peer.plan(**{**hidden, **changes}))
        return leg

    def record(self, leg: Leg) -> tuple[MemoryTake, Deferred[Recorded]]:
        """Everything that is heard from now on."""
        take = MemoryTake()
        return take, leg.record(take, 60.0, 600.0)


def place_of(peer: Peer) -> dict[str, object]:
    """Where this peer really is, as a description says it."""
    plan = peer.plan()
    return {
        "remote_host": plan.remote_host,
        "remote_port": plan.remote_port,
        "remote_rtcp_port": plan.remote_rtcp_port,
    }


def datagrams_at(peer: Peer) -> list[bytes]:
    """What came to its port of sound, as it came."""
    found = []
    while True:
        try:
            found.append(peer._rtp.recv(4096))
        except BlockingIOError:
            return found


def _nobody_below(host: str) -> socket.socket:
    """A socket on a port that is not the one after somebody's: reports may be sent there."""
    while True:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as below:
            try:
                below.bind((host, sock.getsockname()[1] - 1))
                return sock
            except OSError:
                sock.close()
