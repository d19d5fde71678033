"""Handshakes on the way of the sound."""

from __future__ import annotations

from random import Random

from attrs import evolve
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.net.media.test_srtp import SecretCase
from tests.kit.media import Peer, Told, clip, noise
from tests.kit.secret_peer import SecretPeer, without_srtp
from umserver.edges.net.media import Leg
from umserver.edges.net.media.dtls import (
    LARGEST,
    MOST_ATTEMPTS,
    MOST_DATAGRAMS,
    PATIENCE,
    Association,
    Identity,
    make_identity,
)
from umserver.wire.media import Handshake
from umserver.wire.rtp import rtcp
from umserver.wire.rtp.packet import Packet

OURS, THEIRS, STRANGER = make_identity(), make_identity(), make_identity()


def ends(us: Identity = OURS, them: Identity = THEIRS) -> tuple[Association, Association]:
    """A server and its client, each of which knows whom to expect."""
    server = Association(us, Handshake(False, (them.fingerprint,)), 0.0)
    client = Association(them, Handshake(True, (us.fingerprint,)), 0.0)
    return server, client


def run(server: Association, client: Association, lost: set[int], until: float = 40.0) -> float:
    """Carry datagrams, of which these are lost; the time when both have keys, or the end."""
    now, number = 0.0, 0
    waiting: list[tuple[Association, bytes]] = []

    def put(towards: Association, datagrams: list[bytes]) -> None:
        nonlocal number
        for data in datagrams:
            assert len(data) <= LARGEST
            number += 1
            if number not in lost:
                waiting.append((towards, data))

    while now < until and not (server.keying and client.keying):
        put(server, client.wake(now))
        put(client, server.wake(now))
        while waiting:
            towards, data = waiting.pop(0)
            put(client if towards is server else server, towards.receive(data, now))
        now += 0.1
    return now


class AssociationTests(SynchronousTestCase):
    """The handshake by itself, in a time that steps."""

    def agree(self, server: Association, client: Association) -> None:
        """Both ends have the same keys, each its own half."""
        a, b = server.keying, client.keying
        assert a is not None and b is not None
        self.assertEqual((a.suite, a.ours, a.theirs), (b.suite, b.theirs[0], (b.ours,)))
        self.assertNotEqual(a.ours, b.ours)

    def test_a_good_network(self) -> None:
        """Both sides have the same keys at once, of the best suite."""
        server, client = ends()
        self.assertLess(run(server, client, set()), 0.2)
        self.agree(server, client)
        assert server.keying is not None
        self.assertEqual(server.keying.suite.name, "AEAD_AES_128_GCM")

    def test_an_end(self) -> None:
        """Once both sides have keys they fall silent."""
        server, client = ends()
        waiting = [(server, data) for data in client.wake(0.0)]
        for _ in range(10):
            sent, waiting = waiting, []
            for towards, data in sent:
                sender = client if towards is server else server
                waiting += [(sender, each) for each in towards.receive(data, 0.0)]
        self.assertEqual(waiting, [])
        self.agree(server, client)

    def test_every_single_loss(self) -> None:
        """Whichever datagram is lost, the handshake comes about a second or two later."""
        for lost in range(1, 8):
            server, client = ends()
            self.assertLess(run(server, client, {lost}), 4.5, lost)
            self.agree(server, client)

    def test_random_losses(self) -> None:
        """A network that loses a third of everything only makes it take longer."""
        for seed in range(12):
            chance = Random(seed)
            server, client = ends()
            run(server, client, {n for n in range(1, 200) if chance.random() < 0.33}, PATIENCE)
            self.agree(server, client)

    def test_patience(self) -> None:
        """Nobody answers: it is asked again ever more seldom, and in the end no more."""
        _, client = ends()
        sent = [tick // 10 for tick in range(2000) if client.wake(tick / 10)]
        self.assertEqual(sent, [0, 1, 3, 7, 15, 31, 47])
        self.assertFalse(client.over)

    def test_another_certificate_than_announced(self) -> None:
        """A peer that shows another certificate gets no keys, however often it tries."""
        server, _ = ends()
        for _ in range(MOST_ATTEMPTS + 2):
            _, client = ends(them=STRANGER)
            run(server, client, set(), 1.0)
        self.assertIsNone(server.keying)
        self.assertEqual(server.failures, MOST_ATTEMPTS)
        self.assertTrue(server.over)

    def test_the_server_is_another(self) -> None:
        """Nor do we as client take a server's word for who it is."""
        server, _ = ends(us=STRANGER)
        _, client = ends()
        run(server, client, set(), 3.0)
        self.assertIsNone(client.keying)

    def test_no_srtp(self) -> None:
        """Without an agreed profile there are no keys."""
        server, client = ends(them=without_srtp(THEIRS))
        run(server, client, set(), 2.0)
        self.assertIsNone(server.keying)

    def test_a_strange_hello_first(self) -> None:
        """A stranger's forged ClientHello, even several, does not keep the peer out."""
        server, client = ends()
        for _ in range(5):
            _, stranger = ends(them=STRANGER)
            for data in stranger.wake(0.0):
                self.assertTrue(server.receive(data, 0.0))
        run(server, client, set())
        self.agree(server, client)

    def test_a_strange_hello_in_the_middle(self) -> None:
        """One that comes in the middle costs a second."""
        server, client = ends()
        [hello] = client.wake(0.0)
        first = server.receive(hello, 0.0)
        for data in ends(them=STRANGER)[1].wake(0.0):
            server.receive(data, 0.0)
        answers = [each for data in first for each in client.receive(data, 0.0)]
        for data in answers:
            server.receive(data, 0.0)
        run(server, client, set())
        self.assertIsNone(server.keying)
        again = ends()[1]
        run(server, again, set())
        self.assertIsNotNone(server.keying)

    def test_rubbish(self) -> None:
        """Rubbish before, between and after changes nothing; the work is bounded."""
        chance = Random(3)
        server, client = ends()
        for _ in range(100):
            head = bytes([chance.randrange(20, 64), 254, 253]) + chance.randbytes(10)
            server.receive(head + chance.randbytes(chance.randrange(200)), 0.0)
        self.assertLess(server.failures, MOST_ATTEMPTS)
        run(server, client, set())
        self.agree(server, client)
        keys = server.keying
        for _ in range(MOST_DATAGRAMS):
            server.receive(b"\x16\xfe\xfd" + chance.randbytes(60), 1.0)
        self.assertEqual(server.keying, keys)
        self.assertEqual(server.receive(b"\x16\xfe\xfd" + bytes(60), 1.0), [])

    def test_keys_are_not_shown(self) -> None:
        """Nothing that is logged of a handshake has keys in it."""
        seen: list[str] = []

        def note(event: object) -> None:
            seen.append(repr(event))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        server, client = ends()
        run(server, client, set())
        assert server.keying is not None
        self.assertNotIn(repr(server.keying.ours.secret), repr(server.keying) + "".join(seen))


class LegTests(SecretCase):
    """The same with a whole leg and sockets."""

    def shaking(self, active: bool = True, lost: set[int] | None = None) -> tuple[SecretPeer, Leg]:
        """A peer that begins, or waits; the leg does the other thing."""
        peer = self.secret_peer()
        peer.lost_handshakes = lost or set()
        leg = self.leg(peer, **peer.shake(THEIRS, self.engine.identity(), active))
        return peer, leg

    def test_both_roles(self) -> None:
        """Whoever begins, the greeting is heard from its start and the recording is bit-exact."""
        for active in (True, False):
            peer, leg = self.shaking(active)
            played = leg.play([clip(0.5, 3)])
            take, _ = self.record(leg)
            self.step(0.5, peer)
            self.assertTrue(peer.shield.ready)
            self.talk(peer, noise(1.0, 2))
            leg.stop_recording()
            self.assertEqual(peer.sound(), noise(0.5, 3))
            self.assertTrue(self.successResultOf(played))
            self.assertEqual(take.sound, noise(1.0, 2))
            self.assertEqual(peer.unreadable, 0)
            self.assertEqual(leg.close().forged, 0)

    def test_a_foreign_hello(self) -> None:
        """A hello from elsewhere, before and while the peer shakes, is not even answered."""
        peer, leg = self.shaking()
        stranger = self.secret_peer()
        stranger.shake(THEIRS, self.engine.identity())
        stranger.towards(leg)
        self.step(0.1, stranger)
        for _ in range(10):
            stranger.send_raw(b"\x16\xfe\xfd" + bytes(60))
            self.step(0.05, stranger, peer)
        self.assertTrue(peer.shield.ready)
        self.assertEqual((stranger.shield.ready, stranger.handshakes), (False, 1))
        take, _ = self.record(leg)
        self.talk(peer, noise(0.5, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))

    def test_losses(self) -> None:
        """A lost datagram of the handshake is sent again; the greeting waits for it.

        Only where it is the very last one the greeting has begun before the peer can hear it.
        """
        for lost in range(1, 7):
            peer, leg = self.shaking(lost={lost})
            leg.play([clip(0.5, 3)])
            self.step(4.5, peer)
            self.assertEqual(peer.sound(), noise(0.5, 3) if lost != 4 else b"", lost)
            leg.play([clip(0.5, 3)])
            self.step(1.0, peer)
            self.assertEqual(peer.sound()[-4000:], noise(0.5, 3), lost)

    def test_reports_on_the_same_port(self) -> None:
        """Where both agreed so, reports go by the port of the sound."""
        peer, leg = self.shaking()
        leg.play([clip(8.0)])
        self.step(8.0, peer)
        self.assertTrue(peer.reports)
        self.assertEqual(list(peer._arrived(peer._rtcp)), [])
        leg.close()

    def test_nobody_shakes(self) -> None:
        """Without a handshake nothing leaves but tries, and the call ends as any silent one."""
        peer, leg = self.shaking(active=False)
        peer.association = None
        told = Told()
        leg.listen(told)
        leg.play([clip(5.0)])
        plain = Packet(0, 1, 1, 1, b"\x01" * 160).to_bytes()
        for _ in range(100):
            peer.send_raw(plain)
            self.step(0.1, peer)
        self.assertEqual((peer.heard, peer.unreadable), ([], 0))
        self.assertGreater(peer.handshakes, 2)
        self.step(self.media_timeout, peer)
        self.assertEqual(told.lost, 1)

    def test_another_certificate(self) -> None:
        """A peer with another certificate than its description told is neither heard nor told."""
        peer = self.secret_peer()
        terms = peer.shake(STRANGER, self.engine.identity())
        terms["handshake"] = Handshake(False, (THEIRS.fingerprint,))
        leg = self.leg(peer, **terms)
        leg.play([clip(1.0)])
        self.step(3.0, peer)
        self.talk(peer, noise(0.5))
        self.assertEqual(peer.heard, [])
        quality = leg.close()
        self.assertEqual(quality.packets_received, 0)

    def test_a_re_offer(self) -> None:
        """The same certificate again: the keys stay; another one: another handshake."""
        peer, leg = self.shaking()
        take, _ = self.record(leg)
        self.step(0.5, peer)
        plan = leg._plan
        assert plan is not None and plan.handshake is not None
        self.talk(peer, noise(0.2, 2))
        leg.connect(evolve(plan, handshake=Handshake(True, plan.handshake.fingerprints)))
        self.talk(peer, noise(0.2, 3))
        old = peer.shield
        leg.connect(peer.plan(**peer.shake(STRANGER, self.engine.identity())))
        self.talk(peer, noise(0.2, 4))
        self.assertIs(peer.shield, old)
        assert peer.association is not None and peer.association.keying is not None
        peer.shield.use(peer.association.keying)
        self.talk(peer, noise(0.2, 5))
        leg.stop_recording()
        wanted = b"".join(noise(0.2, seed) for seed in (2, 3, 4, 5))
        self.assertEqual(take.sound, wanted)


class ReportTests(SecretCase):
    """Reports on a port of their own have a handshake of their own (RFC 5764 §3)."""

    def apart(self, active: bool = True) -> tuple[SecretPeer, Leg]:
        """A peer that does without rtcp-mux; its leg."""
        peer = self.secret_peer()
        terms = peer.shake(THEIRS, self.engine.identity(), active, mux=False)
        return peer, self.leg(peer, **terms)

    def report(self, leg: Leg, lost: int) -> bytes:
        """A report about the leg's sound."""
        block = rtcp.ReportBlock(leg._speaker.ssrc, 0, lost, 0, 0, 0, 0)
        return rtcp.build([rtcp.ReceiverReport(0x1234ABCD, (block,))])

    def test_both_roles(self) -> None:
        """Whoever begins, reports go both ways, with other keys than the sound's."""
        for active in (True, False):
            peer, leg = self.apart(active)
            leg.play([clip(8.0)])
            self.step(2.0, peer)
            assert peer.cover is not None
            self.assertTrue(peer.cover.ready and peer.shield.ready)
            self.assertNotEqual(peer.cover.keying, peer.shield.keying)
            peer.report(self.report(leg, 5))
            self.step(6.0, peer)
            self.assertTrue(any(isinstance(each, rtcp.SenderReport) for each in peer.reports))
            quality = leg.close()
            self.assertEqual((quality.lost_by_peer, quality.forged), (5, 0))
            peer.listen()
            self.assertTrue(any(isinstance(each, rtcp.Goodbye) for each in peer.reports))

    def test_with_the_keys_of_the_sound(self) -> None:
        """A report with the keys of the sound, or in the clear, is not believed."""
        peer, leg = self.apart()
        leg.play([clip(4.0)])
        self.step(2.0, peer)
        peer.cover = None
        peer.report(self.report(leg, 5))
        Peer.report(peer, self.report(leg, 6))
        self.step(2.0, peer)
        quality = leg.close()
        self.assertIsNone(quality.lost_by_peer)
        self.assertEqual(quality.forged, 2)

    def test_only_the_sound(self) -> None:
        """A peer that shakes hands for the sound alone has all its sound, and no report from us."""
        peer, leg = self.apart()
        peer.beside = None
        take, _ = self.record(leg)
        leg.play([clip(8.0, 3)])
        self.step(0.5, peer)
        self.talk(peer, noise(7.0, 2))
        self.step(1.0, peer)
        leg.stop_recording()
        self.assertEqual((take.sound, peer.sound()), (noise(7.0, 2), noise(8.0, 3)))
        leg.close()
        self.assertEqual(list(peer._arrived(peer._rtcp)), [])

    def test_another_certificate(self) -> None:
        """Who shows another certificate there gets no reports; the sound is not touched."""
        peer, leg = self.apart()
        peer.beside = Association(STRANGER, Handshake(True, (OURS.fingerprint,)), 0.0)
        leg.play([clip(8.0, 3)])
        self.step(8.2, peer)
        self.assertEqual((peer.reports, peer.sound()), ([], noise(8.0, 3)))
        leg.close()

    def test_the_same_again(self) -> None:
        """A re-offer of the same keeps its keys; one with rtcp-mux needs them no more."""
        peer, leg = self.apart()
        leg.play([clip(30.0)])
        self.step(2.0, peer)
        plan, keys = leg._plan, leg._reports.apart
        assert plan is not None and keys is not None
        leg.connect(plan)
        self.step(6.0, peer)
        self.assertIs(leg._reports.apart, keys)
        self.assertTrue(peer.reports)
        peer.reports.clear()
        peer.cover = None
        leg.connect(evolve(plan, remote_rtcp_port=plan.remote_port))
        self.step(8.0, peer)
        self.assertIsNone(leg._reports.apart)
        self.assertTrue(peer.reports)
