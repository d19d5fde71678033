"""Peers behind address translators that encrypt: only what is genuine teaches anything."""

from __future__ import annotations

from tests.kit.media import HOST, clip, noise
from tests.kit.secret_peer import SecretPeer, keying
from tests.kit.translated import FALSE, TranslatedCase


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
