"""Sending a caller on to somebody else (RFC 3515)."""

from __future__ import annotations

from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import Ended, ProtocolMisuse, Transferring

REFER = [("Event", "refer"), ("Subscription-State", "active;expires=60")]
LAST = [("Event", "refer;id=1"), ("Subscription-State", "terminated;reason=noresource")]
TARGET = "<sip:1002@192.0.2.1>"


class TransferTests(PeerCase):
    def begin(self) -> str:
        call = self.peer.established()
        self.do("transfer", call, TARGET, self.peer.now)
        self.refer = self.peer.sent_request
        return call

    def notify(self, number: int, line: bytes, headers: list[tuple[str, str]]) -> None:
        self.peer.ask("NOTIFY", number, headers=headers, body=line, kind="message/sipfrag")

    def test_transfer(self) -> None:
        """REFER names the target and us; each step of the new call is told."""
        call = self.begin()
        self.assertEqual(self.refer.method, "REFER")
        self.assertEqual(self.refer.headers.get("refer-to"), TARGET)
        self.assertEqual(self.refer.headers.get("referred-by"), "<sip:192.0.2.2:5060>")
        self.assertIsNotNone(self.refer.contact)
        self.peer.answer(self.refer, 202)
        self.assertEqual(self.peer.effects, [Transferring(call, 202, is_answer=True)])
        self.notify(2, b"SIP/2.0 100 Trying", REFER)
        self.assertEqual(self.peer.names, ["200", "Transferring"])
        self.assertEqual(self.peer.told(Transferring).status, 100)
        self.notify(3, b"SIP/2.0 200 OK\r\n", LAST)
        self.assertEqual(self.peer.told(Transferring), Transferring(call, 200))
        self.notify(4, b"SIP/2.0 200 OK\r\n", LAST)
        self.assertEqual(self.peer.names, ["481"])

    def test_target_that_does_not_answer(self) -> None:
        """The failure of the new call is told, and the next transfer may follow."""
        call = self.begin()
        self.peer.answer(self.refer, 202)
        self.notify(2, b"SIP/2.0 486 Busy Here", LAST)
        self.assertEqual(self.peer.told(Transferring), Transferring(call, 486))
        self.assertEqual(self.do("transfer", call, TARGET, self.peer.now), ["REFER"])

    def test_notify_before_the_answer(self) -> None:
        """The NOTIFY may overtake the 202."""
        self.begin()
        self.notify(2, b"SIP/2.0 180 Ringing", REFER)
        self.assertEqual(self.peer.names, ["200", "Transferring"])

    def test_refused(self) -> None:
        """A refused REFER is told; the call stays."""
        call = self.begin()
        self.peer.answer(self.refer, 603)
        self.assertEqual(self.peer.effects, [Transferring(call, 603, is_answer=True)])
        self.peer.ask("INFO", 2)
        self.assertEqual(self.peer.names, ["200", "Told"])

    def test_no_answer(self) -> None:
        """Silence is told as 408."""
        call = self.begin()
        self.peer.wake(self.peer.now + 32.1)
        self.assertEqual(self.peer.told(Transferring), Transferring(call, 408, is_answer=True))

    def test_peer_that_lost_the_call(self) -> None:
        """481 means that there is no call any more."""
        call = self.begin()
        self.peer.answer(self.refer, 481)
        self.assertEqual(self.peer.names, ["Transferring", "Ended", "BYE"])
        self.assertEqual(self.peer.told(Ended).call, call)

    def test_a_peer_that_tells_no_more(self) -> None:
        """A peer that ends its telling without a result says just that; another REFER may go."""
        call = self.begin()
        self.peer.answer(self.refer, 202)
        self.notify(2, b"SIP/2.0 100 Trying", LAST)
        self.assertEqual(self.peer.told(Transferring), Transferring(call, 100, is_last=True))
        self.assertEqual(self.do("transfer", call, TARGET, self.peer.now), ["REFER"])

    def test_given_up(self) -> None:
        """A transfer that was waited for in vain is forgotten: the next one is not confused."""
        call = self.begin()
        self.peer.answer(self.refer, 202)
        self.endpoint.forget_transfer(call)
        self.notify(2, b"SIP/2.0 486 Busy Here", LAST)
        self.assertEqual(self.peer.names, ["481"])
        self.do("transfer", call, TARGET, self.peer.now)
        second = self.peer.sent_request
        self.peer.answer(second, 202)
        self.notify(3, b"SIP/2.0 486 Busy Here", LAST)
        self.assertEqual(self.peer.names, ["481"])
        event = [("Event", f"refer;id={second.cseq.number}"), REFER[1]]
        self.notify(4, b"SIP/2.0 200 OK", event)
        self.assertEqual(self.peer.told(Transferring), Transferring(call, 200))

    def test_attended(self) -> None:
        """The peer is asked to call whom we talk to, in the place of our own call (RFC 3891)."""
        call = self.begin()
        self.peer.answer(self.refer, 603)
        self.assertEqual(self.do("attend", call, call, self.peer.now), ["REFER"])
        refer_to = self.peer.sent_request.headers.get("refer-to") or ""
        session = self.endpoint.calls.session(call)
        assert session is not None
        dialog = session.dialog
        self.assertTrue(refer_to.startswith(f"<{dialog.target}?Replaces="), refer_to)
        self.assertIn(f"%3Bto-tag%3D{dialog.remote_tag}%3Bfrom-tag%3D{dialog.local_tag}>", refer_to)
        self.assertNotIn(";to-tag", refer_to)

    def test_what_the_peer_takes(self) -> None:
        """Who lists its methods without REFER cannot send callers on; who lists none may."""
        call = self.begin()
        session = self.endpoint.calls.session(call)
        assert session is not None
        self.assertTrue(self.endpoint.takes(call, "REFER"))
        session.dialog.allows = frozenset({"INVITE", "BYE"})
        self.assertFalse(self.endpoint.takes(call, "REFER"))

    def test_two_at_once(self) -> None:
        """A second transfer while one goes on is our own mistake."""
        call = self.begin()
        self.assertRaises(ProtocolMisuse, self.endpoint.transfer, call, TARGET, 0.0)

    def test_overtaken(self) -> None:
        """A REFER that a later request overtook is sent again, within reason."""
        call = self.begin()
        count = 0
        for _ in range(6):
            self.endpoint.info(call, "application/dtmf", b"1", self.peer.now)
            session = self.endpoint.calls.session(call)
            assert session is not None
            session.dialog.local_number += 1
            self.peer.answer(self.refer, 500)
            if "REFER" not in self.peer.names:
                break
            count += 1
            self.refer = self.peer.sent_request
        self.assertEqual(count, 3)
        self.assertEqual(self.peer.effects, [Transferring(call, 500, is_answer=True)])


class NotifyTests(PeerCase):
    def test_what_nobody_asked_for(self) -> None:
        """Other events are told 489, a transfer that nobody asked for 481."""
        self.peer.established()
        self.peer.ask("NOTIFY", 2, headers=[("Event", "presence")])
        self.assertEqual(self.peer.names, ["489"])
        self.assertEqual(self.peer.response.headers.get("allow-events"), "refer")
        self.peer.ask("NOTIFY", 3, headers=REFER, body=b"SIP/2.0 200 OK", kind="message/sipfrag")
        self.assertEqual(self.peer.names, ["481"])

    def test_unreadable(self) -> None:
        """A NOTIFY whose body says no status is told 400; an empty one only ends the matter."""
        call = self.peer.established()
        self.do("transfer", call, TARGET, self.peer.now)
        self.peer.ask("NOTIFY", 2, headers=REFER, body=b"gibberish", kind="message/sipfrag")
        self.assertEqual(self.peer.names, ["400"])
        self.peer.ask("NOTIFY", 3, headers=LAST)
        self.assertEqual(self.peer.names, ["200", "Transferring"])
        self.peer.ask("NOTIFY", 4, headers=LAST)
        self.assertEqual(self.peer.names, ["481"])
