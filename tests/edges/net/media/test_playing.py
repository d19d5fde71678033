"""What a caller hears: clips on a paced RTP stream."""

from __future__ import annotations

from tests.kit.media import EngineCase, Peer, clip
from umserver.interfaces import Clip


class PlayingTests(EngineCase):
    """Playing is copying, at the pace that was agreed."""

    def played(self, peer: Peer, clips: list[Clip], seconds: float) -> list[object]:
        """Play these to the peer and let time pass; the results that came."""
        results: list[object] = []
        leg = self.leg(peer)
        leg.play(clips).addCallback(results.append)
        self.step(seconds, peer)
        return results

    def test_every_octet_arrives_in_order(self) -> None:
        """A prompt of two clips is heard whole, without a gap, the end filled with silence."""
        one, two = clip(0.33, 1), clip(0.25, 2)
        peer = self.peer()
        empty = Clip("", {"PCMU": b"", "PCMA": b""})
        self.assertEqual(self.played(peer, [one, empty, two], 0.7), [True])
        whole = one.encoded["PCMU"] + two.encoded["PCMU"]
        self.assertEqual(peer.sound(), whole.ljust(29 * 160, b"\xff"))
        numbers = [each.sequence for each in peer.heard]
        self.assertEqual(numbers, [(numbers[0] + n) & 0xFFFF for n in range(29)])
        stamps = [each.timestamp for each in peer.heard]
        self.assertEqual(stamps, [(stamps[0] + 160 * n) & 0xFFFFFFFF for n in range(29)])
        self.assertEqual([each.marker for each in peer.heard], [True] + [False] * 28)
        self.assertEqual(len({each.ssrc for each in peer.heard}), 1)

    def test_packet_times(self) -> None:
        """Each packet time of 10 to 60 ms is kept: as much sound is sent as time passes."""
        for ptime in (10, 20, 30, 40, 50, 60):
            peer = self.peer(ptime=ptime)
            self.played(peer, [clip(3.0)], 1.2)
            sizes = {len(each.payload) for each in peer.heard}
            self.assertEqual(sizes, {ptime * 8})
            self.assertApproximates(len(peer.sound()), 9600, ptime * 8, f"{ptime} ms")
            steps = {
                (b.timestamp - a.timestamp) & 0xFFFFFFFF
                for a, b in zip(peer.heard, peer.heard[1:], strict=False)
            }
            self.assertEqual(steps, {ptime * 8})

    def test_the_first_packet_comes_soon(self) -> None:
        """Nobody waits longer than a packet time for the first sound."""
        peer = self.peer()
        self.played(peer, [clip(1.0)], 0.025)
        self.assertEqual(len(peer.heard), 1)

    def test_a_prompt_begun_before_the_answer(self) -> None:
        """What was asked for before the codec was known is sent in the codec that was agreed."""
        peer, sound = self.peer("PCMA"), clip(0.2)
        leg = self.engine.open("127.0.0.1")
        leg.play([sound])
        leg.connect(peer.plan())
        self.step(0.3, peer)
        self.assertEqual(peer.sound(), sound.encoded["PCMA"])

    def test_another_codec_in_the_middle(self) -> None:
        """A re-offer that changes the codec loses nothing of the prompt."""
        peer, sound = self.peer(), clip(0.4)
        leg = self.leg(peer)
        leg.play([sound])
        self.step(0.2, peer)
        leg.connect(peer.plan(codec="PCMA", payload_type=8))
        self.step(0.3, peer)
        first = peer.sound(0)
        self.assertEqual(first, sound.encoded["PCMU"][: len(first)])
        self.assertEqual(peer.sound(8), sound.encoded["PCMA"][len(first) :])

    def test_cut(self) -> None:
        """A prompt that is cut says so and nothing more of it is heard; the next begins marked."""
        peer = self.peer()
        leg = self.leg(peer)
        results: list[bool] = []
        leg.play([clip(1.0)]).addCallback(results.append)
        self.step(0.1, peer)
        leg.stop_playing()
        self.assertEqual(results, [False])
        heard = len(peer.heard)
        self.step(0.1, peer)
        self.assertEqual(len(peer.heard), heard)
        leg.play([clip(1.0, 2)])
        self.step(0.04, peer)
        self.assertTrue(peer.heard[heard].marker)
        gap = (peer.heard[heard].timestamp - peer.heard[heard - 1].timestamp) & 0xFFFFFFFF
        self.assertApproximates(gap, 960, 320, "time passed in silence")

    def test_a_new_prompt_replaces_the_old(self) -> None:
        """Only one prompt is heard at a time; a cancelled one stops."""
        peer = self.peer()
        leg = self.leg(peer)
        results: list[object] = []
        leg.play([clip(1.0)]).addCallback(results.append)
        second = leg.play([clip(1.0, 2)])
        self.assertEqual(results, [False])
        second.addErrback(lambda _: results.append("cancelled"))
        second.cancel()
        self.step(0.1, peer)
        self.assertEqual((peer.heard, results), ([], [False, "cancelled"]))
        self.assertTrue(self.successResultOf(leg.play([])))

    def test_hold(self) -> None:
        """The old way of holding, 0.0.0.0, stops the stream; it comes back with the address."""
        peer = self.peer()
        leg = self.leg(peer, may_send=False)
        results: list[bool] = []
        leg.play([clip(0.4)]).addCallback(results.append)
        self.step(0.2, peer)
        self.assertEqual(peer.heard, [])
        leg.connect(peer.plan())
        self.step(0.3, peer)
        self.assertEqual(results, [True])
        self.assertTrue(peer.heard)

    def test_hold_without_an_address(self) -> None:
        """The old way of holding, 0.0.0.0, stops the stream, and it comes back with the address."""
        peer = self.peer()
        leg = self.leg(peer)
        leg.play([clip(2.0)])
        self.step(0.1, peer)
        before = len(peer.heard)
        leg.connect(peer.plan(remote_host="0.0.0.0", remote_rtcp_port=0, may_receive=False))
        self.step(0.1, peer)
        self.assertEqual(len(peer.heard), before)
        leg.connect(peer.plan())
        self.step(0.1, peer)
        self.assertGreater(len(peer.heard), before)

    def test_another_address(self) -> None:
        """After a re-offer with another address the sound goes there and only there."""
        old, new = self.peer(), self.peer()
        leg = self.leg(old)
        leg.play([clip(2.0)])
        self.step(0.1, old)
        before = len(old.heard)
        leg.connect(new.plan())
        self.step(0.1, old, new)
        self.assertEqual(len(old.heard), before)
        self.assertTrue(new.heard)
        self.assertEqual(len({each.ssrc for each in old.heard + new.heard}), 1)

    def test_an_address_that_cannot_be_reached(self) -> None:
        """A peer at an impossible address is not heard, and the prompt still ends."""
        peer = self.peer()
        leg = self.engine.open("127.0.0.1")
        for host in ("::1", "pbx.example.com", "192.0.2.1"):
            leg.connect(peer.plan(remote_host=host))
        results: list[bool] = []
        leg.play([clip(0.1)]).addCallback(results.append)
        self.step(0.2, peer)
        self.assertEqual((results, peer.heard), ([True], []))

    def test_nobody_listens(self) -> None:
        """When the peer's port is closed the prompt still takes its time and ends."""
        peer = self.peer()
        leg = self.leg(peer)
        peer.close()
        results: list[bool] = []
        leg.play([clip(0.2)]).addCallback(results.append)
        self.step(0.3)
        self.assertEqual(results, [True])
        self.assertEqual(leg.close().packets_sent, 10)

    def test_closing_ends_the_prompt(self) -> None:
        """A hang-up cuts what is played; asking a closed leg for more is harmless."""
        peer = self.peer()
        leg = self.leg(peer)
        results: list[bool] = []
        leg.play([clip(1.0)]).addCallback(results.append)
        self.step(0.1, peer)
        quality = leg.close()
        self.assertEqual(results, [False])
        self.assertIs(leg.close(), quality)
        leg.connect(peer.plan())
        self.assertFalse(self.successResultOf(leg.play([clip(1.0)])))
        self.assertIsNone(self.successResultOf(leg.send_digits("1")))
        leg.stop_playing()
        leg.stop_recording()


class EchoTests(EngineCase):
    """The echo test: callers hear themselves."""

    def test_echo(self) -> None:
        """What the caller says comes back, in the codec that was agreed."""
        peer = self.peer("PCMA")
        leg = self.leg(peer)
        leg.echo(True)
        sound = clip(0.4)
        for at in range(0, 3200, 160):
            peer.say(sound.encoded["PCMU"][at : at + 160], 0)
            self.step(0.02, peer)
        heard = peer.sound()
        self.assertGreater(len(heard), 2400)
        self.assertEqual(heard, sound.encoded["PCMA"][: len(heard)])
        leg.echo(False)
        before = len(peer.heard)
        self.talk(peer, clip(0.1).encoded["PCMA"])
        self.assertEqual(len(peer.heard), before)

    def test_echo_is_bounded(self) -> None:
        """A burst is not echoed for ever: the newest fifth of a second counts."""
        peer = self.peer()
        leg = self.leg(peer)
        leg.echo(True)
        for _ in range(50):
            peer.say(b"\x20" * 160)
        self.step(1.0, peer)
        self.assertEqual(len(peer.sound()), 1600)
