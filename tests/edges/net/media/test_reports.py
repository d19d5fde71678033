"""Reports of peers behind address translators: RTCP follows the sound."""

from __future__ import annotations

from tests.kit.media import HOST, clip, noise
from tests.kit.secret_peer import SecretPeer, keying
from tests.kit.translated import TranslatedCase, datagrams_at, place_of
from umserver.edges.net.media import Leg
from umserver.wire.rtp import rtcp
from umserver.wire.rtp.learning import WINDOW


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
            seen += datagrams_at(peer)
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
        leg = self.translated(peer, **place_of(peer))
        leg.play([clip(WINDOW.seconds + 12.0)])
        self.step(WINDOW.seconds + 11.0, peer)
        self.assertTrue(peer.reports)
        peer.report(self.report(peer.ssrc, 5, leg))
        self.step(1.2, peer)
        self.assertEqual(self.lost(leg), 5)

    def test_learned_late(self) -> None:
        """When the sound is learned after a long silence reports follow it as ever."""
        peer, agreed = self.peer(), self.peer()
        leg = self.translated(peer, **place_of(agreed))
        leg.play([clip(WINDOW.seconds + 12.0)])
        self.step(WINDOW.seconds + 1.0, agreed)
        self.talk(peer, noise(0.1))
        peer.report(self.report(peer.ssrc, 5, leg))
        self.step(1.2, peer)
        agreed.report(self.report(peer.ssrc, 6, leg))
        self.step(11.0, peer)
        self.assertEqual(self.lost(leg), 5)
        self.assertTrue(peer.reports)
