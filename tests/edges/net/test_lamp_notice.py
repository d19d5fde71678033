"""A gateway is told which lamp to light."""

from __future__ import annotations

from random import Random

from tests.kit.journey import JourneyCase
from tests.kit.raw_sip import RawPeer
from umserver.edges.net.lamp_notice import tell_gateway
from umserver.edges.net.station import Station
from umserver.org.lamps import Waiting


class NoticeTests(JourneyCase):
    """A station that tells, a peer that hears."""

    def setUp(self) -> None:
        super().setUp()
        self.station = Station(
            reactor=self.stage,
            product="umserver/test",
            random=Random(1),
            tell=lambda effect: None,
            seconds=self.stage.seconds,
            trace=self.trace,
        )
        self.station.listen(["127.0.0.1"], 0)
        self.addCleanup(lambda: self.stage.run_until(self.station.stop(), 10.0))

    def told(self, peer: RawPeer, waiting: Waiting, seconds: float = 20.0) -> int | None:
        """What came of telling this peer."""
        told = tell_gateway(self.station, peer.host, peer.port, "udp", "1001", waiting)
        return self.stage.run_until(told, seconds)

    def test_what_a_gateway_reads(self) -> None:
        """NOTIFY message-summary for the user's endpoint, counts in its body, and no subscription
        that would go on (feature 151).
        """
        peer = RawPeer(self.stage, "127.0.0.1", replies={"NOTIFY": 200})
        self.assertEqual(self.told(peer, Waiting(2, 1, 1, 0)), 200)
        [notify] = peer.requests("NOTIFY")
        where = f"sip:1001@127.0.0.1:{peer.port}"
        self.assertEqual(notify.start, f"NOTIFY {where} SIP/2.0")
        self.assertEqual(notify.header("To"), "<sip:1001@127.0.0.1>")
        self.assertEqual(notify.header("Event"), "message-summary")
        self.assertEqual(notify.header("Subscription-State"), "terminated")
        self.assertEqual(notify.header("Content-Type"), "application/simple-message-summary")
        self.assertEqual(notify.body, "Messages-Waiting: yes\r\nVoice-Message: 2/1 (1/0)\r\n")

    def test_a_gateway_that_refuses(self) -> None:
        """Its status is told."""
        peer = RawPeer(self.stage, "127.0.0.1", replies={"NOTIFY": 480})
        self.assertEqual(self.told(peer, Waiting()), 480)

    def test_a_gateway_that_is_silent(self) -> None:
        """Nothing came in time; and what is old by now is not repeated to it any more."""
        peer = RawPeer(self.stage, "127.0.0.1", replies={"NOTIFY": None})
        self.assertEqual(self.told(peer, Waiting(1), 5.5), 0)
        self.stage.settle()
        count = len(peer.requests("NOTIFY"))
        self.assertGreater(count, 2)
        self.stage.walk(40.0)
        self.assertEqual(len(peer.requests("NOTIFY")), count)

    def test_out_of_reach(self) -> None:
        """A gateway that none of our ports reaches, or that is only a name, is told nothing."""
        for host in ("pbx.example.com", "::1"):
            told = tell_gateway(self.station, host, 5060, "udp", "1001", Waiting())
            self.assertIsNone(self.successResultOf(told))
