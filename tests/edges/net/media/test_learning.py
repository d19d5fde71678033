"""Peers behind address translators: their sound is heard from where it really comes, once learned.

On loopback 127.0.0.1 is where a peer signals from, 127.0.0.2 and so on are other machines, and what
the peer names in its description is another port, or an address that nobody has.
"""

from __future__ import annotations

import socket

from attrs import define, field
from twisted.internet.defer import Deferred

from tests.kit.media import HOST, EngineCase, MemoryTake, Peer, Told, clip, noise
from tests.kit.secret_peer import SecretPeer, keying
from umserver.edges.net.media import Leg
from umserver.interfaces import Recorded
from umserver.wire.media import Handshake
from umserver.wire.rtp import rtcp
from umserver.wire.rtp.learning import WINDOW, Origins
from umserver.wire.rtp.packet import Packet
from umserver.wire.sdp.fingerprint import Fingerprint

ELSEWHERE = "127.0.0.9"
FALSE = b"\x01" * 160


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


class LearningTests(TranslatedCase):
    """A telephone behind a translator."""

    def test_bit_exact(self) -> None:
        """What it says is recorded from its first packet on; what is said to it arrives there."""
        peer = self.peer()
        leg = self.translated(peer)
        take, _ = self.record(leg)
        leg.play([clip(1.0, 3)])
        self.talk(peer, noise(1.0, 2))
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(1.0, 2))
        heard = peer.sound()
        self.assertGreaterEqual(len(heard), 7500)
        self.assertEqual(heard, noise(1.0, 3)[-len(heard) :])
        self.assertEqual(peer.came_from, {(leg.host, leg.port)})

    def test_off(self) -> None:
        """Unless it is allowed nothing is learned: only the agreed peer is heard."""
        peer, agreed = self.peer(), self.peer()
        leg = self.engine.open(HOST)
        peer.towards(leg)
        leg.connect(agreed.plan())
        take, _ = self.record(leg)
        self.talk(peer, noise(0.5))
        leg.stop_recording()
        self.assertEqual(take.sound, b"")

    def test_keys(self) -> None:
        """A key pressed with the very first packets counts."""
        peer, told = self.peer(), Told()
        leg = self.translated(peer)
        leg.listen(told)
        self.talk(peer, peer.press("5"))
        self.step(0.2, peer)
        self.assertEqual(told.keys, "5")

    def test_a_peer_that_is_where_it_says(self) -> None:
        """Without a translator in between everything is as ever, and at once."""
        peer = self.peer()
        leg = self.translated(peer, **_place(peer))
        take, _ = self.record(leg)
        leg.play([clip(0.5, 3)])
        self.talk(peer, noise(0.5, 2))
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual((take.sound, peer.sound()), (noise(0.5, 2), noise(0.5, 3)))

    def test_a_silent_peer(self) -> None:
        """Nothing comes: what is said goes to the agreed address, all the time and afterwards."""
        peer = self.peer()
        leg = self.translated(peer, **_place(peer))
        leg.play([clip(WINDOW.seconds + 2.0, 3)])
        self.step(WINDOW.seconds - 1.0, peer)
        self.assertIsNone(leg._peer)
        self.step(3.2, peer)
        self.assertEqual(len(peer.sound()), round((WINDOW.seconds + 2.0) * 8000))
        self.assertIsNotNone(leg._peer)

    def test_too_late(self) -> None:
        """Whoever speaks first when it is too late is not heard from another address."""
        peer, agreed = self.peer(), self.peer()
        leg = self.translated(peer, **_place(agreed))
        self.step(WINDOW.seconds + 0.1, agreed)
        take, _ = self.record(leg)
        self.talk(peer, noise(0.5))
        self.talk_as(agreed, leg, noise(0.5, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))

    def talk_as(self, peer: Peer, leg: Leg, sound: bytes) -> None:
        """This peer speaks to that leg."""
        peer.towards(leg)
        self.talk(peer, sound)

    def test_listed_networks(self) -> None:
        """Sound from a network that the administrator lists is learned, from no other."""
        for networks, count in (((ELSEWHERE,), 5), (("127.0.0.8/30",), 5), ((), 0)):
            with self.subTest(networks=networks):
                other = self.other()
                leg = self.translated(self.peer(), *networks)
                take, _ = self.record(leg)
                for _ in range(5):
                    other.say(leg)
                    self.step(0.02)
                leg.play([clip(0.2)])
                self.step(0.3)
                leg.stop_recording()
                self.assertEqual(take.sound, FALSE * count)
                self.assertEqual(other.heard(), 10 if count else 0)

    def test_hold_and_back(self) -> None:
        """A re-offer of the same address keeps what was learned, also after a hold without one."""
        peer = self.peer()
        leg = self.translated(peer)
        self.talk(peer, noise(0.2))
        hidden = {"remote_host": "10.255.0.7", "remote_port": 4000, "remote_rtcp_port": 4001}
        leg.connect(peer.plan(**{**hidden, "remote_host": "0.0.0.0", "may_send": False}))
        self.step(0.2, peer)
        leg.connect(peer.plan(**hidden))
        take, _ = self.record(leg)
        late = self.other(HOST)
        for act in peer.frames(noise(0.5, 2)):
            late.say(leg)
            act()
            self.step(0.02, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))

    def test_another_address(self) -> None:
        """A re-offer of another address is another agreement: learned once more, and then fixed."""
        first, second = self.peer(), self.peer()
        leg = self.translated(first)
        self.talk(first, noise(0.2))
        take, _ = self.record(leg)
        leg.connect(second.plan(remote_host="10.255.0.8", remote_port=4000))
        second.towards(leg)
        second.ssrc, second.sequence = 0x777, 9
        leg.play([clip(1.0, 3)])
        for old, new in zip(first.frames(FALSE * 25), second.frames(noise(0.5, 2)), strict=True):
            old()
            new()
            self.step(0.02, second)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))
        first.listen()
        before = len(first.heard)
        self.step(0.4, first, second)
        self.assertEqual(len(first.heard), before)
        self.assertGreater(len(second.heard), 40)

    def test_joined(self) -> None:
        """Both ends of a joined call may stand behind translators."""
        near, far = self.peer(), self.peer()
        legs = self.translated(near), self.translated(far)
        legs[0].join(legs[1])
        for one, other in zip(near.frames(noise(0.5, 2)), far.frames(noise(0.5, 3)), strict=True):
            one()
            other()
            self.step(0.02, near, far)
        self.step(0.1, near, far)
        self.assertGreater(len(near.sound()), 3500)
        self.assertEqual(far.sound()[-3200:], noise(0.5, 2)[-3200:])


class AttackTests(TranslatedCase):
    """Nobody else gets hold of a call."""

    def test_a_stranger_first(self) -> None:
        """A flood from elsewhere before and between the first packets changes nothing."""
        peer, other = self.peer(), self.other()
        leg = self.translated(peer)
        take, _ = self.record(leg)
        for _ in range(3):
            for _ in range(20):
                other.say(leg)
            self.step(0.02, peer)
        leg.play([clip(1.0, 3)])
        for act in peer.frames(noise(0.5, 2)):
            other.say(leg)
            act()
            other.say(leg)
            self.step(0.02, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))
        self.assertEqual(other.heard(), 0)

    def test_a_late_takeover(self) -> None:
        """Once it is settled nobody takes over, from the same address, with the same source."""
        peer, other = self.peer(), self.other(HOST)
        leg = self.translated(peer, "127.0.0.0/8")
        self.talk(peer, noise(0.1))
        take, _ = self.record(leg)
        leg.play([clip(1.0, 3)])
        other.ssrc = peer.ssrc
        for act in peer.frames(noise(0.5, 2)):
            other.sequence = peer.sequence
            other.say(leg)
            act()
            self.step(0.02, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))
        self.step(WINDOW.seconds)
        other.say(leg)
        other.say(leg)
        self.step(0.1, peer)
        self.assertEqual(other.heard(), 0)

    def test_in_the_same_moment(self) -> None:
        """What lies in the socket behind the packet that settled it is not heard from others."""
        peer, other = self.peer(), self.other(HOST)
        leg = self.translated(peer)
        take, _ = self.record(leg)
        other.ssrc = peer.ssrc
        for number, act in enumerate(peer.frames(noise(0.1, 2))):
            if number > 1:
                other.sequence = peer.sequence - 1
                other.say(leg)
            act()
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.1, 2))

    def test_a_single_packet(self) -> None:
        """One packet of a neighbour behind the same translator does not decide."""
        peer, other = self.peer(), self.other(HOST)
        leg = self.translated(peer)
        take, _ = self.record(leg)
        other.say(leg)
        self.step(0.02, peer)
        self.talk(peer, noise(0.2, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.2, 2))

    def test_the_wrong_source(self) -> None:
        """From the right address but with another SSRC than the peer announced: not learned."""
        peer, other = self.peer(), self.other(HOST)
        leg = self.translated(peer, remote_sources=frozenset({peer.ssrc}))
        take, _ = self.record(leg)
        for _ in range(10):
            other.say(leg)
            self.step(0.02, peer)
        self.talk(peer, noise(0.2, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.2, 2))

    def test_the_wrong_kind(self) -> None:
        """From the right address but nothing that was agreed on, or no sound at all."""
        peer, other = self.peer(), self.other(HOST)
        leg = self.translated(peer)
        take, _ = self.record(leg)
        for length in range(40):
            other.say(leg, kind=18)
            other.put(bytes([length]) * length, leg)
            self.step(0.02, peer)
        self.talk(peer, noise(0.2, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.2, 2))
        self.assertEqual(other.heard(), 0)

    def test_our_own_sound(self) -> None:
        """What we said ourselves, sent back to us, is no peer."""
        peer = self.peer()
        leg = self.translated(peer, **_place(peer))
        other = self.other(HOST)
        other.ssrc = leg._speaker.ssrc
        for _ in range(10):
            other.say(leg)
            self.step(0.02, peer)
        self.assertIsNone(leg._peer)


class SecretTests(TranslatedCase):
    """The same with encrypted sound: nothing is learned from what is not genuine."""

    def secret_peer(self) -> SecretPeer:
        """A peer that encrypts."""
        peer = SecretPeer()
        self.addCleanup(peer.close)
        return peer

    def test_bit_exact(self) -> None:
        """Its first packet settles it, and is recorded."""
        peer = self.secret_peer()
        leg = self.translated(peer, **peer.share(keying()))
        take, _ = self.record(leg)
        leg.play([clip(0.5, 3)])
        self.talk(peer, noise(0.5, 2))
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))
        self.assertGreater(len(peer.sound()), 3500)
        quality = leg.close()
        self.assertEqual((quality.forged, quality.replayed, peer.unreadable), (0, 0, 0))

    def test_not_genuine(self) -> None:
        """From the right address in the clear, or with another key: never learned."""
        peer, other, liar = self.secret_peer(), self.other(HOST), self.secret_peer()
        leg = self.translated(peer, **peer.share(keying()))
        liar.share(keying(seed=5))
        liar.towards(leg)
        take, _ = self.record(leg)
        leg.play([clip(1.0, 3)])
        for _ in range(10):
            other.say(leg)
            liar.say(FALSE)
            self.step(0.02, peer)
        self.assertIsNone(leg._peer)
        self.talk(peer, noise(0.5, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))
        self.assertEqual((other.heard(), len(liar.hear()), liar.unreadable), (0, 0, 0))

    def test_replay(self) -> None:
        """Genuine packets of this call sent again from elsewhere teach nothing, in no window."""
        peer, other = self.secret_peer(), self.other(HOST)
        leg = self.translated(peer, **peer.share(keying()))
        self.talk(peer, noise(0.2))
        take, _ = self.record(leg)
        hidden = {"remote_host": "10.255.0.8", "remote_port": 4000, "remote_rtcp_port": 4001}
        leg.connect(peer.plan(keying=keying(), **hidden))
        for data in peer.sealed[:]:
            other.put(data, leg)
            self.step(0.02, peer)
        self.assertIsNone(leg._peer)
        self.step(2.0, peer)
        self.talk(peer, noise(0.2, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.2, 2))
        self.assertEqual(other.heard(), 0)

    def test_a_genuine_packet_from_elsewhere(self) -> None:
        """Not even a genuine packet is believed from an address where the peer cannot be."""
        peer, other = self.secret_peer(), self.other()
        leg = self.translated(peer, **peer.share(keying()))
        peer._target = (HOST, 9)
        for _ in range(5):
            peer.say(FALSE)
            other.put(peer.sealed[-1], leg)
            self.step(0.02)
        self.assertIsNone(leg._peer)
        self.assertEqual(leg.close().forged, 0)

    def test_a_handshake(self) -> None:
        """Where keys come from a handshake the agreed address alone is heard."""
        peer = self.peer()
        terms = Handshake(False, (Fingerprint("sha-256", bytes(32)),))
        leg = self.translated(peer, handshake=terms, **_place(peer))
        self.assertEqual(leg._peer, (HOST, _place(peer)["remote_port"]))


class ReportTests(TranslatedCase):
    """RTCP follows the sound by the same rules."""

    def report(self, ssrc: int, lost: int, leg: Leg) -> bytes:
        """A receiver report of this source about the leg's sound."""
        block = rtcp.ReportBlock(leg._speaker.ssrc, 0, lost, 0, 0, 0, 0)
        return rtcp.build([rtcp.ReceiverReport(ssrc, (block,))])

    def lost(self, leg: Leg) -> int | None:
        """What the leg was told."""
        return leg._reports._reporter.lost_by_peer

    def test_before_there_is_sound(self) -> None:
        """A report is not believed before the sound is, nor one from elsewhere that waited."""
        peer, other = self.peer(), self.other()
        leg = self.translated(peer)
        other.put(self.report(peer.ssrc, 1, leg), leg, 1)
        peer.report(self.report(peer.ssrc, 2, leg))
        self.step(1.2, peer)
        self.assertIsNone(self.lost(leg))
        self.talk(peer, noise(0.1))
        self.step(1.2, peer)
        self.assertEqual(self.lost(leg), 2)

    def test_from_its_own_port(self) -> None:
        """Reports come and go by the port that the first genuine one came from."""
        peer, other, near = self.peer(), self.other(), self.other(HOST)
        leg = self.translated(peer)
        leg.play([clip(20.0)])
        self.talk(peer, noise(0.1))
        other.put(self.report(peer.ssrc, 3, leg), leg, 1)
        near.put(self.report(0x666, 4, leg), leg, 1)
        near.put(b"\x80\xc9rubbish", leg, 1)
        self.step(1.2, peer)
        self.assertIsNone(self.lost(leg))
        peer.report(self.report(peer.ssrc, 5, leg))
        self.step(1.2, peer)
        self.assertEqual(self.lost(leg), 5)
        near.put(self.report(peer.ssrc, 6, leg), leg, 1)
        self.step(12.0, peer)
        self.assertEqual(self.lost(leg), 5)
        self.assertTrue(any(isinstance(each, rtcp.SenderReport) for each in peer.reports))
        self.assertEqual((other.heard(), near.heard()), (0, 0))

    def test_on_the_port_of_the_sound(self) -> None:
        """With RTP and RTCP on one port reports go where the sound goes."""
        peer = self.peer()
        leg = self.translated(peer, remote_rtcp_port=4000)
        leg.play([clip(12.0)])
        self.talk(peer, noise(0.1))
        peer.send(self.report(peer.ssrc, 5, leg))
        seen: list[bytes] = []
        for _ in range(400):
            self.step(0.02)
            seen += _datagrams(peer)
        self.assertEqual(self.lost(leg), 5)
        self.assertTrue([data for data in seen if data[1] == 200])

    def test_encrypted(self) -> None:
        """With keys only a genuine report says where reports go."""
        peer, near = SecretPeer(), self.other(HOST)
        self.addCleanup(peer.close)
        leg = self.translated(peer, **peer.share(keying()))
        leg.play([clip(10.0)])
        self.talk(peer, noise(0.1))
        near.put(self.report(peer.ssrc, 6, leg), leg, 1)
        self.step(1.2, peer)
        peer.report(self.report(peer.ssrc, 5, leg))
        self.step(8.0, peer)
        self.assertEqual(self.lost(leg), 5)
        self.assertTrue(peer.reports)
        self.assertEqual(near.heard(), 0)

    def test_nothing_learned(self) -> None:
        """When nothing was learned reports go to the agreed place, and come from there."""
        peer = self.peer()
        leg = self.translated(peer, **_place(peer))
        leg.play([clip(WINDOW.seconds + 12.0)])
        self.step(WINDOW.seconds + 11.0, peer)
        self.assertTrue(peer.reports)


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


def _place(peer: Peer) -> dict[str, object]:
    """Where this peer really is, as a description says it."""
    plan = peer.plan()
    return {
        "remote_host": plan.remote_host,
        "remote_port": plan.remote_port,
        "remote_rtcp_port": plan.remote_rtcp_port,
    }


def _datagrams(peer: Peer) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(peer._rtp.recv(4096))
        except BlockingIOError:
            return found
