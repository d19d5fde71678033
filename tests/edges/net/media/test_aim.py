"""Peers behind address translators: their sound is learned from where it really comes, once."""

from __future__ import annotations

from tests.kit.media import HOST, Peer, Told, clip, noise
from tests.kit.translated import ELSEWHERE, FALSE, TranslatedCase, place_of
from umserver.edges.net.media import Leg
from umserver.wire.rtp.learning import WINDOW


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
        leg = self.translated(peer, **place_of(peer))
        take, _ = self.record(leg)
        leg.play([clip(0.5, 3)])
        self.talk(peer, noise(0.5, 2))
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual((take.sound, peer.sound()), (noise(0.5, 2), noise(0.5, 3)))

    def test_a_silent_peer(self) -> None:
        """Nothing comes: what is said goes to the agreed address, all the time and afterwards."""
        peer = self.peer()
        leg = self.translated(peer, **place_of(peer))
        leg.play([clip(WINDOW.seconds + 2.0, 3)])
        self.step(WINDOW.seconds + 2.2, peer)
        self.assertEqual(len(peer.sound()), round((WINDOW.seconds + 2.0) * 8000))
        self.talk(peer, noise(0.1))
        self.assertIsNotNone(leg._peer)

    def test_silent_for_long(self) -> None:
        """One that says nothing while it listens is found by its first words, however late."""
        peer = self.peer()
        leg = self.translated(peer)
        self.step(2 * WINDOW.seconds, peer)
        take, _ = self.record(leg)
        leg.play([clip(0.5, 3)])
        self.talk(peer, noise(0.5, 2))
        self.step(0.1, peer)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.5, 2))
        heard = peer.sound()
        self.assertGreaterEqual(len(heard), 3500)
        self.assertEqual(heard, noise(0.5, 3)[-len(heard) :])

    def test_too_late(self) -> None:
        """Who speaks too long after a first packet is not heard from another address any more."""
        peer, agreed = self.peer(), self.peer()
        leg = self.translated(peer, **place_of(agreed))
        self.other(HOST).say(leg)
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
        leg = self.translated(peer, **place_of(peer))
        other = self.other(HOST)
        other.ssrc = leg._speaker.ssrc
        for _ in range(10):
            other.say(leg)
            self.step(0.02, peer)
        self.assertIsNone(leg._peer)
