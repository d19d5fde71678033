"""The other end of a leg that encrypts: a peer of `tests.kit.media` behind a shield.

Knows: keys, the pure SRTP of this project (which published packets vouch for). Must never know: who
told the keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from attrs import define, evolve, field
from OpenSSL import SSL

from tests.kit.media import Peer
from umserver.edges.net.media.dtls import Association, Identity, is_handshake
from umserver.wire.media import Handshake
from umserver.wire.rtp import packet, rtcp
from umserver.wire.srtp import SUITES, Keying, MasterKey, Shield, Suite
from umserver.wire.srtp.context import lend


def keying(seed: int = 1, suite: Suite = SUITES[0], theirs: int = 99, mki: bytes = b"") -> Keying:
    """The leg's keys: the peer sends with the key of `seed`, the leg with that of `theirs`."""
    return Keying(
        suite,
        MasterKey(Random(theirs).randbytes(suite.secret)),
        (MasterKey(Random(seed).randbytes(suite.secret), mki),),
    )


def turned(keys: Keying) -> Keying:
    """The same keys as the other end has them."""
    [theirs] = keys.theirs
    return evolve(keys, ours=MasterKey(theirs.secret), theirs=(keys.ours,))


def open_rtp(shield: Shield, data: bytes) -> bytes | None:
    """What an SRTP packet turns out to be; None when it was dropped."""
    buffer = bytearray(4096)
    buffer[: len(data)] = data
    sequence, ssrc = int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")
    length = shield.open(lend(buffer), len(data), ssrc, sequence)
    return bytes(buffer[:length]) if length >= 0 else None


@define(eq=False)
class SecretPeer(Peer):
    """Give it the leg's keys with `share`, or an association of its own with `shake`."""

    shield: Shield = field(factory=Shield)
    association: Association | None = None
    sealed: list[bytes] = field(factory=list)
    """Every packet of sound as it was sent."""
    unreadable: int = 0
    """Packets that came and were not for us: in the clear, or with another key."""
    beside: Association | None = None
    """The association of reports, where they have a port of their own (RFC 5764 §3)."""
    cover: Shield | None = None
    """What protects reports there; None: what protects sound does."""
    lost_handshakes: set[int] = field(factory=set)
    """The numbers of datagrams of the handshake that the network loses, both ways counted."""
    handshakes: int = 0
    time: float = 0.0

    def share(self, keys: Keying) -> dict[str, object]:
        """Use these keys of the leg; what its plan says about it."""
        self.shield.use(turned(keys))
        return {"keying": keys}

    def shake(
        self, ours: Identity, leg: Identity, active: bool = True, mux: bool = True
    ) -> dict[str, object]:
        """Begin, or wait for, a handshake with the leg; what its plan says about it.

        Without `mux` there is a second one for reports.
        """
        terms = Handshake(active, (leg.fingerprint,))
        self.association = Association(ours, terms, self.time)
        if not mux:
            self.beside, self.cover = Association(ours, terms, self.time), Shield()
        port = (self._rtp if mux else self._rtcp).getsockname()[1]
        return {
            "handshake": Handshake(not active, (ours.fingerprint,)),
            "remote_rtcp_port": port,
        }

    def send(self, data: bytes) -> None:
        """Encrypt sound."""
        sealed = self.shield.seal(data)
        if sealed is not None:
            self.sealed.append(bytes(sealed))
            super().send(self.sealed[-1])

    def send_raw(self, data: bytes) -> None:
        """Send these octets from our port as they are."""
        self._rtp.sendto(data, self._target)

    def report(self, data: bytes) -> None:
        """Encrypt a report."""
        super().report((self.cover or self.shield).seal_rtcp(data) or b"")

    def hear(self) -> list[packet.Packet]:
        """Decrypt sound; go on with a handshake."""
        found = []
        for data in self._arrived(self._rtp):
            if is_handshake(data[0]):
                self._shake_on(data)
            elif 192 <= data[1] <= 223:
                self.reports += rtcp.parse(self.shield.open_rtcp(data) or b"")
            else:
                plain = open_rtp(self.shield, data)
                self.unreadable += plain is None
                found.append(packet.parse(plain or b""))
        return [each for each in found if each is not None]

    def listen(self) -> None:
        """Take what arrived into `heard` and `reports`."""
        self.time += 0.005
        if self.association is not None and not self.association.over:
            self._put_out(self.association.wake(self.time))
        if self.beside is not None and not self.beside.over:
            self._put_beside(self.beside.wake(self.time))
        self.heard += self.hear()
        for data in self._arrived(self._rtcp):
            if self.beside is not None and is_handshake(data[0]):
                self._shake_beside(self.beside, data)
            else:
                self.reports += rtcp.parse((self.cover or self.shield).open_rtcp(data) or b"")

    def _shake_beside(self, association: Association, data: bytes) -> None:
        self._put_beside(association.receive(data, self.time))
        if association.keying is not None and self.cover is not None and not self.cover.ready:
            self.cover.use(association.keying)

    def _put_beside(self, datagrams: list[bytes]) -> None:
        for data in datagrams:
            super().report(data)

    def _shake_on(self, data: bytes) -> None:
        self.handshakes += 1
        if self.association is None or self.handshakes in self.lost_handshakes:
            return
        self._put_out(self.association.receive(data, self.time))
        keys = self.association.keying
        if keys is not None and not self.shield.ready:
            self.shield.use(keys)

    def _put_out(self, datagrams: list[bytes]) -> None:
        for data in datagrams:
            self.handshakes += 1
            if self.handshakes not in self.lost_handshakes:
                self.send_raw(data)

    @staticmethod
    def _arrived(sock: object) -> Iterator[bytes]:
        while True:
            try:
                yield sock.recv(4096)  # type: ignore[attr-defined]
            except BlockingIOError:
                return
            except OSError:
                continue


def without_srtp(identity: Identity) -> Identity:
    """The same certificate in a context that agrees on no SRTP profile."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER, lambda *seen: True)
    return evolve(identity, context=context)
