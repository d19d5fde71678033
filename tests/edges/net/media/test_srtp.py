"""Encrypted sound: what a leg says and records when keys are agreed upon."""

from __future__ import annotations

import socket

from attrs import evolve
from twisted.internet.defer import Deferred

from tests.kit.media import HOST, EngineCase, Line, MemoryTake, Told, clip, noise
from tests.kit.secret_peer import SecretPeer, keying
from umserver.edges.net.media import Leg
from umserver.interfaces import Recorded
from umserver.wire.media import Handshake
from umserver.wire.rtp import rtcp
from umserver.wire.rtp.packet import Packet
from umserver.wire.sdp.fingerprint import Fingerprint
from umserver.wire.srtp import SUITES, Keying


class SecretCase(EngineCase):
    """Legs with keys."""

    def secret_peer(self, line: Line | None = None) -> SecretPeer:
        """A peer that encrypts, closed at the end."""
        peer = SecretPeer(line=line or Line())
        self.addCleanup(peer.close)
        return peer

    def secret_leg(self, peer: SecretPeer, keys: Keying) -> Leg:
        """A leg with these keys that talks to this peer."""
        return self.leg(peer, **peer.share(keys))

    def record(self, leg: Leg) -> tuple[MemoryTake, Deferred[Recorded]]:
        """Everything that is heard from now on."""
        take = MemoryTake()
        return take, leg.record(take, 60.0, 600.0)


class SecretSoundTests(SecretCase):
    """Sound both ways."""

    def test_bit_exact(self) -> None:
        """With every suite a recording is what was said, and what is played is heard."""
        for suite in SUITES:
            with self.subTest(suite=suite.name):
                peer = self.secret_peer()
                leg = self.secret_leg(peer, keying(suite=suite))
                take, _ = self.record(leg)
                leg.play([clip(0.5, 3)])
                self.talk(peer, noise(1.0, 2))
                leg.stop_recording()
                self.assertEqual(take.sound, noise(1.0, 2))
                self.assertEqual(peer.sound(), noise(0.5, 3))
                self.assertEqual(peer.unreadable, 0)
                quality = leg.close()
                self.assertEqual((quality.forged, quality.replayed), (0, 0))

    def test_keys_that_are_marked(self) -> None:
        """A peer that marks every packet with its key (MKI) is understood."""
        suite = SUITES[0]
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying(mki=b"\x01"))
        take, _ = self.record(leg)
        for act in peer.frames(noise(0.5, 2)):
            port, peer._target = peer._target, (HOST, 9)
            act()
            peer._target = port
            data = peer.sealed[-1]
            peer.send_raw(data[: -suite.tag] + b"\x01" + data[-suite.tag :])
            self.step(0.02, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))

    def test_a_bad_network(self) -> None:
        """Loss, doubles and overtaking harm no more than without encryption."""
        peer = self.secret_peer(Line(double=0.2, swap=0.2))
        leg = self.secret_leg(peer, keying())
        take, _ = self.record(leg)
        self.talk(peer, noise(2.0, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(2.0, 2))
        quality = leg.close()
        self.assertEqual(quality.forged, 0)
        self.assertGreater(quality.replayed, 0)

    def test_keys_of_the_telephone(self) -> None:
        """Keys pressed by RFC 4733 are heard both ways, encrypted like everything."""
        peer, told = self.secret_peer(), Told()
        leg = self.secret_leg(peer, keying())
        leg.listen(told)
        self.talk(peer, peer.press("5"))
        self.step(0.1, peer)
        self.assertEqual(told.keys, "5")
        leg.send_digits("7")
        self.step(1.0, peer)
        self.assertEqual({each.payload[0] for each in peer.heard}, {7})

    def test_reports(self) -> None:
        """Reports go both ways encrypted; one in the clear, or by a stranger, says nothing."""
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying())
        leg.play([clip(8.0)])
        self.talk(peer, noise(7.0))
        sent = [each for each in peer.reports if isinstance(each, rtcp.SenderReport)]
        self.assertTrue(sent)
        block = rtcp.ReportBlock(leg._speaker.ssrc, 0, 33, 0, 0, 0, 0)
        lie = rtcp.build([rtcp.ReceiverReport(1, (block,))])
        peer._rtcp.sendto(lie, (leg.host, leg.port + 1))
        peer.send_raw(lie)
        self.step(1.5, peer)
        self.assertIsNone(leg._reports._reporter.lost_by_peer)
        peer.report(lie)
        self.step(1.5, peer)
        quality = leg.close()
        self.assertEqual((quality.lost_by_peer, quality.forged), (33, 2))

    def test_roll_over(self) -> None:
        """Sequence numbers may wrap during a recording."""
        peer = self.secret_peer()
        peer.sequence = 65_530
        leg = self.secret_leg(peer, keying())
        take, _ = self.record(leg)
        self.talk(peer, noise(1.0))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(1.0))

    def test_another_source_of_the_peer(self) -> None:
        """A peer may go on as another source with the same key; that is heard soon."""
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying())
        take, _ = self.record(leg)
        self.talk(peer, noise(0.5, 2))
        peer.ssrc, peer.sequence, peer.timestamp = 0xABC, 17, 5
        self.talk(peer, noise(0.5, 3))
        leg.stop_recording()
        self.assertEqual(take.sound[:4000], noise(0.5, 2))
        self.assertEqual(take.sound[-4000:], noise(0.5, 3))

    def test_before_there_are_keys(self) -> None:
        """Whatever wants to be said before keys are agreed upon is not said in the clear."""
        peer = self.secret_peer()
        leg = self.leg(peer, handshake=Handshake(False, (Fingerprint("sha-256", bytes(32)),)))
        leg._speaker.say(0, 0, b"\x01" * 160, False)
        leg._reports._send(b"\x80\xc9\0\x01\0\0\0\x07")
        self.step(0.1, peer)
        self.assertEqual((peer.heard, peer.unreadable, leg._speaker.failures), ([], 0, 1))


class AttackTests(SecretCase):
    """Whoever has not the key has no say (decisions: nothing learns from what is not genuine)."""

    def setUp(self) -> None:
        super().setUp()
        self.caller = self.secret_peer()
        self.line = self.secret_leg(self.caller, keying())
        self.told = Told()
        self.line.listen(self.told)
        self.take, _ = self.record(self.line)

    def recorded(self) -> bytes:
        """What was recorded."""
        self.line.stop_recording()
        return self.take.sound

    def between(self, attack: object) -> None:
        """The caller speaks for a second, and between the packets somebody does something."""
        for number, act in enumerate(self.caller.frames(noise(1.0, 2))):
            act()
            attack(number)  # type: ignore[operator]
            self.step(0.02, self.caller)

    def test_injection(self) -> None:
        """Packets in the clear with the caller's own source and numbers are not recorded."""

        def inject(number: int) -> None:
            for ahead in range(1, 4):
                forged = Packet(
                    0,
                    (self.caller.sequence + ahead) & 0xFFFF,
                    self.caller.timestamp,
                    self.caller.ssrc,
                    b"\x01" * 160,
                )
                self.caller.send_raw(forged.to_bytes())
                self.caller.send_raw(forged.to_bytes() + bytes(10))

        self.between(inject)
        self.assertEqual(self.recorded(), noise(1.0, 2))
        self.assertEqual(self.line.close().forged, 300)

    def test_replay(self) -> None:
        """Packets sent again, at once or much later, are not recorded twice."""
        self.between(lambda number: self.caller.send_raw(self.caller.sealed[number // 2]))
        self.assertEqual(self.recorded(), noise(1.0, 2))
        self.assertEqual(self.line.close().replayed, 50)

    def test_another_source(self) -> None:
        """Nobody takes over by another SSRC, however long he tries."""
        stranger = self.secret_peer()
        stranger.share(keying(seed=2))
        stranger.ssrc = 0x666

        def take_over(number: int) -> None:
            for _ in range(3):
                stranger.say(b"\x01" * 160)
                self.caller.send_raw(stranger.sealed[-1])

        self.between(take_over)
        self.assertEqual(self.recorded(), noise(1.0, 2))
        self.assertEqual(self.line._inlet.source.switches, 0)

    def test_pressed_keys(self) -> None:
        """Nobody presses keys in somebody else's call."""
        stranger = self.secret_peer()
        stranger.shield.use(keying(seed=5))
        for act in stranger.press("1"):
            act()
            self.caller.send_raw(stranger.sealed[-1])
            self.caller.send_raw(Packet(101, 1, 0, 7, b"\x01\x8a\x03\x20").to_bytes())
            self.step(0.02, self.caller)
        self.step(0.2, self.caller)
        self.assertEqual(self.told.keys, "")

    def test_a_flood_of_rubbish(self) -> None:
        """Rubbish of every length ends no call, and is no sign of life either."""
        for length in range(1, 1500, 7):
            self.caller.send_raw(bytes([0x80 | length & 0x3F]) * length)
            if length % 3 == 0:
                self.caller.send_raw(bytes([length & 0xFF]) * length)
            self.step(0.01, self.caller)
        self.step(self.media_timeout, self.caller)
        self.assertEqual((self.told.lost, self.recorded()), (1, b""))

    def test_the_wrong_key(self) -> None:
        """A peer that uses another key than it told is not heard; the call goes on."""
        self.caller.share(keying(seed=8))
        self.talk(self.caller, noise(0.5))
        self.assertEqual((self.recorded(), self.told.lost), (b"", 0))
        self.assertEqual(self.line.close().forged, 25)

    def test_a_foreign_address(self) -> None:
        """Not even a genuine packet counts from another address than the agreed one."""
        self.talk(self.caller, noise(0.1))
        self.caller.say(b"\x01" * 160)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((HOST, 0))
            other.sendto(self.caller.sealed[-1], self.caller._target)
        self.step(0.1, self.caller)
        self.assertEqual(self.line.close().replayed, 0)


class RekeyTests(SecretCase):
    """The keys change in the middle of a recording."""

    def test_both_keys_change(self) -> None:
        """Not a sample is lost, though packets with the old key come after the new agreement."""
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying())
        take, _ = self.record(leg)
        leg.play([clip(2.0, 3)])
        self.talk(peer, noise(0.5, 2))
        first = leg._speaker.ssrc
        new = keying(seed=50, theirs=51)
        leg.connect(peer.plan(keying=new))
        self.talk(peer, noise(0.1, 4))
        peer.share(new)
        self.talk(peer, noise(0.5, 5))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2) + noise(0.1, 4) + noise(0.5, 5))
        self.assertNotEqual(leg._speaker.ssrc, first, "a new key has a source of its own")
        self.step(1.5, peer)
        self.assertEqual(peer.heard[-1].ssrc, leg._speaker.ssrc)
        self.assertEqual(leg.close().forged, 0)

    def test_the_suite_changes(self) -> None:
        """Another suite is another key."""
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying())
        take, _ = self.record(leg)
        self.talk(peer, noise(0.5, 2))
        leg.connect(peer.plan(**peer.share(keying(seed=3, theirs=4, suite=SUITES[1]))))
        self.talk(peer, noise(0.5, 3))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2) + noise(0.5, 3))

    def test_nothing_changes(self) -> None:
        """A re-offer with the same keys keeps source, numbers and replay protection."""
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying())
        self.talk(peer, noise(0.5))
        first = leg._speaker.ssrc
        leg.connect(peer.plan(keying=keying()))
        peer.send_raw(peer.sealed[0])
        self.talk(peer, noise(0.1))
        self.assertEqual(leg._speaker.ssrc, first)
        self.assertEqual((leg.close().replayed, leg.close().forged), (1, 0))
        metrics = self.engine.metrics
        self.assertEqual((metrics.secured, metrics.forged, metrics.replayed), (1, 0, 1))

    def test_encryption_begins_and_ends(self) -> None:
        """Where both sides want it so, sound may begin to be encrypted, and cease to be."""
        peer = self.secret_peer()
        leg = self.secret_leg(peer, keying())
        take, _ = self.record(leg)
        self.talk(peer, noise(0.2, 2))
        leg.connect(evolve(peer.plan(), keying=None))
        plain = Packet(0, peer.sequence, peer.timestamp, peer.ssrc, b"\x01" * 160)
        peer.send_raw(plain.to_bytes())
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.2, 2) + b"\x01" * 160)
