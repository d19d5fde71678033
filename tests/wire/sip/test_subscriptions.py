"""A peer subscribes to what waits in a mailbox (RFC 6665, RFC 3842)."""

from __future__ import annotations

from tests.kit.sip_peer import Peer, new_endpoint
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import Subscribed, Unsubscribed
from umserver.wire.sip.message import Pairs
from umserver.wire.sip.message_summary import CONTENT_TYPE, PACKAGE, Summary
from umserver.wire.sip.notifier import MOST_ALIKE

LAMP = [("Event", PACKAGE), ("Accept", CONTENT_TYPE)]
YES, NO = Summary(1).to_bytes(), Summary(0, 1).to_bytes()


class SubscriptionTests(PeerCase):
    """An endpoint that knows lamps."""

    def setUp(self) -> None:
        super().setUp()
        self.endpoint.take_subscriptions({PACKAGE: CONTENT_TYPE})

    def subscribe(self, expires: str = "600", cseq: int = 1, headers: Pairs = LAMP) -> None:
        """Ask for lamps."""
        given = [("Expires", expires)] if expires else []
        self.peer.ask("SUBSCRIBE", cseq, headers=[*headers, *given])

    def accepted(self, expires: str = "600") -> str:
        """A subscription that stands and was told YES; its name."""
        self.subscribe(expires)
        name = self.peer.told(Subscribed).name
        self.peer.do(self.endpoint.answer_subscription(name, 200, self.peer.now))
        self.peer.to_tag = self.peer.response.to.tag or ""
        self.assertEqual(self.peer.names, ["200"])
        self.tell(name, YES)
        return name

    def tell(self, name: str, body: bytes, status: int = 200) -> None:
        """Something is to be told, and is answered."""
        self.peer.do(self.endpoint.notify(name, body, self.peer.now))
        self.told(body, status)

    def told(self, body: bytes, status: int = 200, state: str = "active") -> None:
        """What the last NOTIFY says; it is answered."""
        notify = self.peer.sent_request
        self.assertEqual((notify.method, notify.body), ("NOTIFY", body))
        self.assertEqual(notify.headers.get("event"), PACKAGE)
        said = notify.headers.get("subscription-state") or ""
        self.assertEqual(said.partition(";")[0], state)
        self.peer.answer(notify, status)

    def test_subscribed(self) -> None:
        """The peer is told at once, and whenever something changes, within its own dialog."""
        self.subscribe()
        told = self.peer.told(Subscribed)
        self.assertEqual(told.request.uri.user, "1001")
        self.peer.do(self.endpoint.answer_subscription(told.name, 200, self.peer.now))
        answer = self.peer.response
        self.assertEqual((answer.status, answer.headers.get("expires")), (200, "600"))
        self.assertEqual(answer.headers.get("allow-events"), PACKAGE)
        assert answer.contact is not None
        self.peer.do(self.endpoint.notify(told.name, YES, self.peer.now))
        notify = self.peer.sent_request
        self.assertEqual(str(notify.uri), "sip:2125550142@192.0.2.1:5060")
        self.assertEqual((notify.from_.tag, notify.to.tag), (answer.to.tag, "them"))
        self.assertEqual(notify.headers.get("subscription-state"), "active;expires=600")
        self.assertEqual(notify.headers.get("content-type"), CONTENT_TYPE)
        self.peer.answer(notify, 200)
        self.tell(told.name, NO)
        self.assertEqual(notify.cseq.number, 1)

    def test_refreshed(self) -> None:
        """A refresh is granted, answered with the state, and lets the subscription live on."""
        self.accepted()
        self.peer.wake(self.peer.now + 500)
        self.subscribe(cseq=2)
        self.assertEqual(self.peer.names, ["200", "NOTIFY"])
        self.told(YES)
        self.peer.wake(self.peer.now + 500)
        self.subscribe(cseq=3, expires="")
        self.assertEqual(self.peer.response.headers.get("expires"), "3600")

    def test_unsubscribed(self) -> None:
        """Expires 0 ends it with a last NOTIFY."""
        name = self.accepted()
        self.subscribe("0", cseq=2)
        self.assertEqual(self.peer.names, ["200", "NOTIFY"])
        self.told(YES, state="terminated")
        self.assertEqual(self.peer.told(Unsubscribed), Unsubscribed(name, "timeout"))
        self.subscribe("600", cseq=3)
        self.assertEqual(self.peer.names, ["481"])

    def test_expired(self) -> None:
        """A subscription that nobody refreshes ends by itself, and the peer is told."""
        name = self.accepted()
        self.peer.wake(self.peer.now + 600)
        self.told(YES, state="terminated")
        self.assertEqual(self.peer.told(Unsubscribed), Unsubscribed(name, "timeout"))
        self.assertEqual(len(self.endpoint.post.dialogs), 0)

    def test_asked_once(self) -> None:
        """Whoever asks with Expires 0 is told once; without an answer of ours after a while."""
        self.subscribe("0")
        name = self.peer.told(Subscribed).name
        self.peer.do(self.endpoint.answer_subscription(name, 200, self.peer.now))
        self.peer.do(self.endpoint.notify(name, NO, self.peer.now))
        self.told(NO, state="terminated")
        self.assertEqual(self.peer.told(Unsubscribed), Unsubscribed(name, "timeout"))
        self.peer.call_id = "again"
        self.subscribe("0")
        name = self.peer.told(Subscribed).name
        self.peer.do(self.endpoint.answer_subscription(name, 200, self.peer.now))
        self.peer.wake(self.peer.now + 30.0)
        self.told(b"", state="terminated")
        self.assertEqual(self.peer.told(Unsubscribed), Unsubscribed(name, "timeout"))

    def test_only_the_newest(self) -> None:
        """While a NOTIFY is on its way nothing overtakes it; then only the newest is told."""
        name = self.accepted()
        self.peer.do(self.endpoint.notify(name, NO, self.peer.now))
        first = self.peer.sent_request
        for count in (2, 3, 4):
            body = Summary(count).to_bytes()
            self.assertEqual(self.endpoint.notify(name, body, self.peer.now), [])
        self.peer.answer(first, 200)
        self.told(Summary(4).to_bytes())
        self.assertEqual(self.peer.names, [])

    def test_a_peer_that_forgot(self) -> None:
        """A peer that does not know the subscription any more, or is gone, is told no more."""
        for status in (481, 0):
            self.peer = Peer(self.endpoint)
            self.peer.call_id = f"forgot-{status}"
            name = self.accepted()
            self.peer.do(self.endpoint.notify(name, NO, self.peer.now))
            notify = self.peer.sent_request
            if status:
                self.peer.answer(notify, status)
            else:
                self.peer.wake(self.peer.now + 33)
            self.assertEqual(self.peer.told(Unsubscribed).name, name)
            self.assertEqual(self.endpoint.notify(name, YES, self.peer.now), [])

    def test_ended_by_us(self) -> None:
        """A subscriber who may not know any more is told so."""
        name = self.accepted()
        self.peer.do(self.endpoint.end_subscription(name, "rejected", self.peer.now))
        self.assertEqual(
            self.peer.sent_request.headers.get("subscription-state"), "terminated;reason=rejected"
        )
        self.told(YES, state="terminated")
        self.assertEqual(self.peer.told(Unsubscribed), Unsubscribed(name, "rejected"))

    def test_refused(self) -> None:
        """Whoever may not know hears that."""
        self.subscribe()
        name = self.peer.told(Subscribed).name
        self.peer.do(self.endpoint.answer_subscription(name, 403, self.peer.now))
        self.assertEqual(self.peer.names, ["403", "Unsubscribed"])
        self.peer.do(self.endpoint.answer_subscription(name, 200, self.peer.now))
        self.assertEqual(self.peer.names, [])

    def test_sent_on(self) -> None:
        """Whoever should ask elsewhere hears where, and nothing stays behind."""
        self.subscribe()
        name = self.peer.told(Subscribed).name
        there = ("Contact", "<sip:1001@192.0.2.7:5062>")
        self.peer.do(self.endpoint.answer_subscription(name, 302, self.peer.now, [there]))
        self.assertEqual(self.peer.names, ["302", "Unsubscribed"])
        self.assertEqual(self.peer.response.headers.get("contact"), there[1])

    def test_what_cannot_be_subscribed_to(self) -> None:
        """Other packages are 489 with what there is, other bodies 406, short times 423, unknown
        dialogs 481, what makes no sense 400, unknown extensions 420.
        """
        wrong: list[tuple[str, Pairs, str, str]] = [
            ("489", [("Event", "presence")], "600", "allow-events"),
            ("489", [], "600", "allow-events"),
            ("406", [LAMP[0], ("Accept", "application/pidf+xml")], "600", "accept"),
            ("423", LAMP, "59", "min-expires"),
            ("400", LAMP, "soon", "via"),
            ("420", [*LAMP, ("Require", "eventlist")], "600", "unsupported"),
        ]
        for number, (status, headers, expires, header) in enumerate(wrong):
            self.peer.call_id = f"wrong-{number}"
            self.subscribe(expires, headers=headers)
            self.assertEqual(self.peer.names, [status])
            self.assertIsNotNone(self.peer.response.headers.get(header), status)
        self.peer.to_tag = "nobody"
        self.subscribe()
        self.assertEqual(self.peer.names, ["481"])

    def test_a_late_refresh(self) -> None:
        """What was overtaken on the way changes nothing."""
        self.accepted()
        self.subscribe(cseq=5)
        self.told(YES)
        self.subscribe("0", cseq=4)
        self.assertEqual(self.peer.names, ["500"])

    def test_foreign_requests(self) -> None:
        """A subscription is no call."""
        self.accepted()
        for cseq, method in enumerate(("BYE", "INFO", "INVITE"), 2):
            self.peer.ask(method, cseq)
            self.assertIn("481", self.peer.names)

    def test_bounded(self) -> None:
        """Beyond the bound a peer is asked to come again; those that stand stay."""
        assert self.endpoint.reception.notifier is not None
        self.endpoint.reception.notifier.most = 2
        for number in range(3):
            self.peer.to_tag = ""
            self.peer.call_id = f"many-{number}"
            self.subscribe()
        self.assertEqual(self.peer.names, ["503"])
        self.assertEqual(self.peer.response.headers.get("retry-after"), "60")
        self.assertEqual(len(self.endpoint.reception.notifier), 2)

    def test_over_and_over(self) -> None:
        """A peer that subscribes to one lamp without an end has a few, the newest; others keep
        theirs.
        """
        notifier = self.endpoint.reception.notifier
        assert notifier is not None
        gone: list[str] = []
        for number in range(3 * MOST_ALIKE):
            self.peer.to_tag, self.peer.call_id = "", f"again-{number}"
            self.subscribe()
            gone += [one.name for one in self.peer.effects if isinstance(one, Unsubscribed)]
            if number % 3:  # some are not decided yet when they are too many
                name = self.peer.told(Subscribed).name
                self.peer.do(self.endpoint.answer_subscription(name, 200, self.peer.now))
        self.assertEqual(len(notifier), MOST_ALIKE)
        self.assertEqual(gone, [str(number + 1) for number in range(2 * MOST_ALIKE)])
        self.assertEqual(len(self.endpoint.post.dialogs), 3)
        self.peer.to_tag = ""
        self.peer.call_id = "other"
        self.peer.ask("SUBSCRIBE", 1, headers=LAMP, uri="sip:1002@192.0.2.2")
        self.assertEqual(len(notifier), MOST_ALIKE + 1)

    def test_an_endpoint_without_lamps(self) -> None:
        """Where there is nothing to subscribe to, SUBSCRIBE is no method."""
        self.endpoint = new_endpoint()
        self.peer = Peer(self.endpoint)
        self.subscribe()
        self.assertEqual(self.peer.names, ["405"])
        self.assertEqual(self.endpoint.notify("1", YES, 0.0), [])
        self.assertEqual(self.endpoint.answer_subscription("1", 200, 0.0), [])
        self.assertEqual(self.endpoint.end_subscription("1", "rejected", 0.0), [])
