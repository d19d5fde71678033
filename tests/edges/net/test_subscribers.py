"""Peers that subscribe to lamps: asked about, told, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from twisted.internet.defer import Deferred

from tests.kit.journey import JourneyCase
from tests.kit.raw_sip import RawPeer
from umserver.edges.net.facts import facts_from
from umserver.edges.net.station import Station
from umserver.edges.net.subscribers import Subscribers, Verdict
from umserver.interfaces import RedirectTarget
from umserver.org.lamps import Waiting
from umserver.wire.sip.notifier import MOST_ALIKE

HOSTS = (1, "192.0.2.7"), (2, "192.0.2.8")


class SubscribersTests(JourneyCase):
    """A station, and a peer that subscribes."""

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
        self.port = self.station.listen(["127.0.0.1"], 0)
        self.addCleanup(lambda: self.stage.run_until(self.station.stop(), 10.0))
        self.asked: list[Deferred[Verdict]] = []
        self.listeners: list[Callable[[Waiting | None], object]] = []
        self.is_welcome = True
        self.subscribers = Subscribers(
            self.station,
            facts_from,
            self.admit,
            lambda facts: self.is_welcome,
        )
        self.subscribers.open()
        self.peer = RawPeer(self.stage)

    def admit(self, facts: object) -> Deferred[Verdict]:
        """Decided later."""
        self.asked.append(Deferred())
        return self.asked[-1]

    def listen(self, told: Callable[[Waiting | None], object]) -> Callable[[], None]:
        """Somebody wants to know."""
        self.listeners.append(told)
        return lambda: self.listeners.remove(told)

    def subscribe(self, call_id: str = "s-1") -> None:
        """SUBSCRIBE."""
        text = self.peer.request(
            "SUBSCRIBE",
            f"sip:1001@127.0.0.1:{self.port}",
            call_id=call_id,
            headers=[("Event", "message-summary")],
        )
        self.peer.send(text, ("127.0.0.1", self.port))
        self.stage.settle()

    def told(self) -> list[str]:
        """State and counts of every NOTIFY."""
        self.stage.walk(0.1)
        return [
            f"{one.header('Subscription-State').partition(';')[0]} {one.body.split()[3]}"
            for one in self.peer.requests("NOTIFY")
        ]

    def test_told(self) -> None:
        """Only what is new is told; whoever may not know any more is told that."""
        self.subscribe()
        self.asked[0].callback(self.listen)
        for waiting in (Waiting(1), Waiting(1), Waiting(2)):
            self.listeners[0](waiting)
            self.stage.walk(0.1)
        self.assertEqual(self.peer.responses("SUBSCRIBE"), [200])
        self.assertEqual(self.told(), ["active 1/0", "active 2/0"])
        self.assertEqual(len(self.subscribers), 1)
        self.is_welcome = False
        self.listeners[0](Waiting(3))
        self.assertEqual(self.told()[2:], ["terminated 2/0"])
        self.assertEqual((self.listeners, len(self.subscribers)), ([], 0))

    def test_refused(self) -> None:
        """Refusals are passed on, and a fault of ours is one too; nobody is listened to then."""
        self.subscribe("s-1")
        self.subscribe("s-2")
        self.asked[0].callback(404)
        self.asked[1].errback(RuntimeError("no store"))
        self.stage.settle()
        self.assertEqual(self.peer.responses("SUBSCRIBE"), [404, 500])
        self.assertEqual((self.listeners, len(self.subscribers)), ([], 0))

    def test_sent_on(self) -> None:
        """Who asks where nobody can tell is sent to those who can, best first, and stays a stranger
        to us (RFC 3261 §8.3).
        """
        self.subscribe()
        self.asked[0].callback(
            [RedirectTarget(host, 5062, "tcp", "", 1.0 / rank) for rank, host in HOSTS]
        )
        self.stage.settle()
        [answer] = [one for one in self.peer.got if one.status]
        self.assertEqual(answer.status, 302)
        contacts = [value for name, value in answer.headers if name == "Contact"]
        expected = [
            f"<sip:1001@{host}:5062;transport=tcp>;q={q}"
            for (_, host), q in zip(HOSTS, ("1", "0.5"), strict=True)
        ]
        self.assertEqual(contacts, expected)
        self.assertEqual((self.listeners, len(self.subscribers)), ([], 0))

    def test_over_before_it_was_decided(self) -> None:
        """A subscription that has been given up meanwhile leaves nothing behind."""
        for number in range(MOST_ALIKE + 1):
            self.subscribe(f"s-{number}")
        self.assertEqual(self.peer.responses("SUBSCRIBE"), [503])
        for asked in self.asked:
            asked.callback(self.listen)
        self.assertEqual((len(self.listeners), len(self.subscribers)), (MOST_ALIKE, MOST_ALIKE))
