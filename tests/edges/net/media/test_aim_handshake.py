"""Peers behind address translators whose keys come from a handshake: its end alone says where."""

from __future__ import annotations

import gc
import weakref

from tests.kit.media import HOST, clip, noise
from tests.kit.secret_peer import SecretPeer
from tests.kit.translated import FALSE, Other, TranslatedCase, place_of
from umserver.edges.net.media import Leg
from umserver.edges.net.media.dtls import Identity, is_handshake, make_identity
from umserver.edges.net.media.handshakes import MOST_ELSEWHERE
from umserver.wire.rtp import rtcp
from umserver.wire.rtp.learning import WINDOW
from umserver.wire.rtp.packet import Packet

THEIRS, STRANGER = make_identity(), make_identity()
AT_HOME = {"remote_port": 4000, "remote_rtcp_port": 4000}
PLAIN = Packet(0, 1, 1, 1, FALSE).to_bytes()


class HandshakeCase(TranslatedCase):
    """Legs that wait for a handshake from a place that they do not know."""

    def secret_peer(self) -> SecretPeer:
        """A peer that encrypts."""
        peer = SecretPeer()
        self.addCleanup(peer.close)
        return peer

    def shaking(
        self, active: bool = True, who: Identity = THEIRS, **changes: object
    ) -> tuple[SecretPeer, Leg]:
        """A hidden peer that begins, or waits, with this certificate; and its leg."""
        peer = self.secret_peer()
        terms = peer.shake(who, self.engine.identity(), active)
        return peer, self.translated(peer, **{**terms, **AT_HOME, **changes})

    def liar(self, leg: Leg, who: Identity = STRANGER) -> SecretPeer:
        """Somebody at the same address who begins a handshake with another certificate."""
        liar = self.secret_peer()
        liar.shake(who, self.engine.identity())
        liar.towards(leg)
        return liar

    def settled(self, peer: SecretPeer, leg: Leg) -> None:
        """Sound goes both ways, bit for bit."""
        self.step(0.5, peer)
        self.assertTrue(peer.shield.ready)
        take, _ = self.record(leg)
        leg.play([clip(0.5, 3)])
        self.talk(peer, noise(0.5, 2))
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual((take.sound, peer.sound()[-4000:]), (noise(0.5, 2), noise(0.5, 3)))


class HandshakeTests(HandshakeCase):
    """The handshake comes about, and says where the peer is."""

    def test_bit_exact(self) -> None:
        """The greeting is heard from its start, and what is said is recorded whole."""
        peer, leg = self.shaking()
        played = leg.play([clip(0.5, 3)])
        take, _ = self.record(leg)
        self.step(0.6, peer)
        self.talk(peer, noise(1.0, 2))
        leg.stop_recording()
        self.assertEqual((take.sound, peer.sound()), (noise(1.0, 2), noise(0.5, 3)))
        self.assertTrue(self.successResultOf(played))
        self.assertEqual((peer.unreadable, leg.close().forged), (0, 0))

    def test_losses(self) -> None:
        """A lost datagram of it is sent again, wherever it was going."""
        for lost in range(1, 7):
            peer, leg = self.shaking()
            peer.lost_handshakes = {lost}
            self.step(4.5, peer)
            self.settled(peer, leg)

    def test_a_peer_that_is_where_it_says(self) -> None:
        """Without a translator in between whoever begins is heard as ever."""
        for active in (True, False):
            peer = self.secret_peer()
            terms = peer.shake(THEIRS, self.engine.identity(), active)
            leg = self.translated(peer, **{**place_of(peer), **terms})
            self.settled(peer, leg)

    def test_a_peer_that_waits(self) -> None:
        """One that wants us to begin can only be found once something comes from it."""
        peer, leg = self.shaking(active=False)
        self.step(2.0, peer)
        self.assertFalse(peer.shield.ready)
        peer.send_raw(PLAIN)
        self.settled(peer, leg)

    def test_hold_and_back(self) -> None:
        """A hold without an address changes neither keys nor what was learned."""
        peer, leg = self.shaking()
        self.settled(peer, leg)
        plan, before = leg._plan, peer.handshakes
        assert plan is not None
        leg.connect(peer.plan(handshake=plan.handshake, remote_host="0.0.0.0", may_send=False))
        self.step(0.5, peer)
        leg.connect(plan)
        self.settled(peer, leg)
        self.assertEqual(peer.handshakes, before)

    def test_another_address(self) -> None:
        """A re-offer of another address asks for another handshake, from another place."""
        peer, leg = self.shaking()
        self.settled(peer, leg)
        second = self.secret_peer()
        terms = second.shake(STRANGER, self.engine.identity())
        second.towards(leg)
        second.ssrc, second.sequence = 0x777, 9
        leg.connect(second.plan(**{**terms, **AT_HOME, "remote_host": "10.255.0.8"}))
        for _ in range(5):
            peer.say(FALSE)
        self.settled(second, leg)
        self.assertEqual(leg._peer, (HOST, place_of(second)["remote_port"]))


class ReportTests(HandshakeCase):
    """Reports on a port of their own: their handshake says where that is (RFC 5764 §3)."""

    def apart(self, active: bool = True) -> tuple[SecretPeer, Leg]:
        """A hidden peer without rtcp-mux, and its leg."""
        peer = self.secret_peer()
        terms = peer.shake(THEIRS, self.engine.identity(), active, mux=False)
        return peer, self.translated(peer, **{**terms, **AT_HOME, "remote_rtcp_port": 4001})

    def test_both_ways(self) -> None:
        """They come and go by the port that the handshake came from."""
        peer, leg = self.apart()
        leg.play([clip(12.0)])
        self.step(3.0, peer)
        assert peer.cover is not None
        self.assertTrue(peer.cover.ready)
        peer.report(self.report(leg, 5))
        self.step(9.0, peer)
        self.assertTrue(peer.reports)
        quality = leg.close()
        self.assertEqual((quality.lost_by_peer, quality.forged), (5, 0))

    def report(self, leg: Leg, lost: int) -> bytes:
        """A report about the leg's sound."""
        block = rtcp.ReportBlock(leg._speaker.ssrc, 0, lost, 0, 0, 0, 0)
        return rtcp.build([rtcp.ReceiverReport(0x1234ABCD, (block,))])

    def test_strangers(self) -> None:
        """Whoever shows another certificate, or comes from elsewhere, is told nothing."""
        peer, leg = self.apart()
        peer.beside = None
        liar, other = self.secret_peer(), self.other()
        liar.shake(STRANGER, self.engine.identity(), mux=False)
        liar.association = None
        liar.towards(leg)
        leg.play([clip(12.0, 3)])
        self.step(0.5, peer)
        for _ in range(20):
            other.put(b"\x16\xfe\xfd" + bytes(60), leg, 1)
            self.step(0.5, peer, liar)
        self.assertEqual((liar.reports, other.heard()), ([], 0))
        self.assertEqual(peer.sound(), noise(12.0, 3)[: len(peer.sound())])
        leg.close()
        liar.listen()
        self.assertEqual(liar.reports, [])


class MemoryTests(HandshakeCase):
    """A call that is over takes no memory."""

    def test_nothing_holds_on(self) -> None:
        """All of it is given back at once, without the garbage collector, at whatever moment."""
        gc.disable()
        self.addCleanup(gc.enable)
        for mux, seconds in ((True, 0.0), (True, 0.1), (True, 1.0), (False, 1.0)):
            peer = self.secret_peer()
            terms = peer.shake(THEIRS, self.engine.identity(), mux=mux)
            leg = self.translated(peer, **{**terms, **AT_HOME})
            self.step(seconds, peer, self.liar(leg))
            leg.close()
            parts = [weakref.ref(each) for each in (leg, leg._inlet, leg._guard)]
            del leg
            self.step(0.1)
            self.assertEqual([part() for part in parts], [None, None, None])


class AttackTests(HandshakeCase):
    """Nobody else gets hold of a call, nor keeps the peer out."""

    def test_foreign_handshakes(self) -> None:
        """Whoever shows another certificate is not learned, before the peer and beside it."""
        peer, leg = self.shaking()
        liars = [self.liar(leg) for _ in range(3)]
        self.step(0.3, *liars)
        self.assertIsNone(leg._peer)
        self.settled(peer, leg)
        self.assertTrue(all(each.handshakes > 1 for each in liars))
        self.step(5.0, *liars)
        self.assertEqual([len(each.heard) for each in liars], [0, 0, 0])
        self.assertEqual(leg._peer, (HOST, place_of(peer)["remote_port"]))

    def test_hellos_of_strangers(self) -> None:
        """However many begin and go silent, the peer gets its turn; few are remembered."""
        peer, leg = self.shaking()
        for _ in range(2 * MOST_ELSEWHERE):
            self.step(0.02, self.liar(leg))
        assert leg._guard._handshakes is not None
        self.assertEqual(len(leg._guard._handshakes._elsewhere), MOST_ELSEWHERE)
        self.settled(peer, leg)

    def test_the_right_certificate_in_the_wrong_place(self) -> None:
        """Not even the peer's certificate is believed where the peer cannot be."""
        _, leg = self.shaking()
        hello, other = self.secret_peer(), self.other()
        hello.shake(THEIRS, self.engine.identity())
        assert hello.association is not None
        for data in hello.association.wake(0.0):
            other.put(data, leg)
        self.step(1.0)
        self.assertIsNone(leg._peer)
        self.assertEqual(other.heard(), 0)

    def test_sound_teaches_nothing(self) -> None:
        """Sound in the clear, however well it fits, is no proof, and no reason for an answer."""
        peer, leg = self.shaking()
        other = self.other(HOST)
        leg.play([clip(1.0)])
        for _ in range(20):
            other.say(leg)
            self.step(0.02)
        self.assertIsNone(leg._peer)
        self.assertEqual(other.heard(), 0)
        self.settled(peer, leg)

    def test_a_late_takeover(self) -> None:
        """Once it is settled nobody else is answered, and nothing goes to whoever tried before."""
        peer, leg = self.shaking()
        early, late = self.other(HOST), self.other(HOST)
        hello = self.hello()
        early.put(hello, leg)
        self.step(0.1)
        self.assertTrue(early.heard())
        self.settled(peer, leg)
        late.put(hello, leg)
        self.step(10.0, peer)
        self.assertEqual((early.heard(), late.heard()), (0, 0))
        self.settled(peer, leg)

    def hello(self) -> bytes:
        """A first datagram of a stranger."""
        stranger = self.secret_peer()
        stranger.shake(STRANGER, self.engine.identity())
        assert stranger.association is not None
        [data] = stranger.association.wake(0.0)
        return data

    def test_bounded(self) -> None:
        """After so many packets from where the peer may be the named address counts alone."""
        named = place_of(self.peer())
        _, leg = self.shaking(**named)
        others: list[Other] = [self.other(HOST) for _ in range(4)]
        hello = self.hello()
        for number in range(WINDOW.packets):
            others[number % 4].put(hello, leg)
            self.step(0.02)
        self.step(0.1)
        self.assertEqual(leg._peer, (HOST, named["remote_port"]))
        for each in others:
            each.heard()
        self.step(10.0)
        self.assertEqual([each.heard() for each in others], [0] * 4)

    def test_we_begin(self) -> None:
        """When we are to begin, what strangers are told is a greeting without any key."""
        peer, leg = self.shaking(active=False)
        other = self.other(HOST)
        for _ in range(3):
            other.say(leg)
            self.step(0.5)
        answers = []
        while (data := self.next_at(other)) is not None:
            answers.append(data)
        self.assertTrue(answers)
        self.assertTrue(all(is_handshake(data[0]) and data[13] == 1 for data in answers))
        peer.send_raw(PLAIN)
        self.settled(peer, leg)

    def next_at(self, other: Other) -> bytes | None:
        """What came there next."""
        try:
            return other.sock.recv(4096)
        except BlockingIOError:
            return None
