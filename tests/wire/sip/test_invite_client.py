"""Calls that we place: every answer they can get."""

from __future__ import annotations

from tests.kit.sip_peer import OUR_SDP, SDP, Peer, new_endpoint
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import (
    Ended,
    Established,
    Progressed,
    Redirected,
    Refused,
    Send,
)


class CallingTests(PeerCase):
    def test_invite(self) -> None:
        """Our INVITE has everything that RFC 3261 §8.1.1 asks for, and what was asked of us."""
        self.peer.call(headers=[("Diversion", "<sip:1001@example.com>;reason=no-answer")])
        invite = self.peer.sent_request
        self.assertEqual(str(invite.uri), "sip:2125550142@192.0.2.1")
        self.assertEqual(str(invite.to), "<sip:2125550142@192.0.2.1>")
        self.assertIsNotNone(invite.from_.tag)
        self.assertTrue((invite.via.branch or "").startswith("z9hG4bK"))
        self.assertEqual(invite.via.param("rport"), "")
        self.assertEqual((invite.max_forwards, str(invite.cseq)), (70, "1 INVITE"))
        self.assertEqual(str(invite.contact), "<sip:192.0.2.2:5060>")
        self.assertEqual(invite.headers.get("supported"), "100rel, timer")
        self.assertEqual((invite.body, invite.content_type), (SDP, "application/sdp"))
        self.assertIn("no-answer", invite.headers.get("diversion") or "")
        self.assertIsNone(invite.headers.get("session-expires"))

    def test_answered(self) -> None:
        """180 is told, 200 is acknowledged at once, and the call stands."""
        call = self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 100)
        self.assertEqual(self.peer.effects, [])
        self.peer.answer(invite, 180)
        self.assertEqual(self.peer.effects, [Progressed(call, 180, None)])
        self.peer.answer(invite, 200, body=OUR_SDP)
        self.assertEqual(self.peer.names, ["ACK", "Established"])
        self.assertEqual(self.peer.told(Established), Established(call, OUR_SDP))
        ack = self.peer.sent_request
        self.assertEqual(str(ack.uri), "sip:2125550142@192.0.2.1:5060")
        self.assertEqual((str(ack.cseq), ack.to.tag), ("1 ACK", "them"))
        self.assertNotEqual(ack.via.branch, invite.via.branch)

    def test_repeated_200(self) -> None:
        """Every copy of the 200 gets the same ACK and tells nothing."""
        self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 200, body=OUR_SDP)
        first = self.peer.effects[0]
        self.peer.answer(invite, 200, body=OUR_SDP)
        self.assertEqual(self.peer.effects, [first])

    def test_recorded_route(self) -> None:
        """Requests of ours follow the recorded route backwards, by loose routing (§12.1.2)."""
        self.peer.call()
        routes = [("Record-Route", "<sip:p2.example.com;lr>, <sip:192.0.2.7:5080;lr>")]
        self.peer.answer(self.peer.sent_request, 200, body=OUR_SDP, headers=routes)
        ack = self.peer.sent_request
        self.assertEqual(
            [str(r) for r in ack.routes], ["<sip:192.0.2.7:5080;lr>", "<sip:p2.example.com;lr>"]
        )
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.assertEqual(sent.flow.remote, ("192.0.2.7", 5080))

    def test_strict_route(self) -> None:
        """A router of RFC 2543 gets its own address as the Request-URI (§12.2.1.1)."""
        self.peer.call()
        routes = [("Record-Route", "<sip:p2.example.com;lr>, <sip:old@192.0.2.7>")]
        self.peer.answer(self.peer.sent_request, 200, body=OUR_SDP, headers=routes)
        ack = self.peer.sent_request
        self.assertEqual(str(ack.uri), "sip:old@192.0.2.7")
        self.assertEqual(
            [str(r) for r in ack.routes],
            ["<sip:p2.example.com;lr>", "<sip:2125550142@192.0.2.1:5060>"],
        )

    def test_no_answer_at_all(self) -> None:
        """Without any answer the call is refused with 408 after 32 s."""
        call = self.peer.call()
        self.peer.wake(self.peer.now + 32.1)
        self.assertEqual(self.peer.names[-1], "Refused")
        self.assertEqual(self.peer.told(Refused), Refused(call, 408, "Request Timeout", None))
        self.assert_nothing_left()

    def test_transport_fault(self) -> None:
        """What could not be sent is refused with 503."""
        call = self.peer.call()
        self.peer.do(self.endpoint.lost(self.peer.flow, self.peer.now))
        self.assertEqual(self.peer.effects, [Refused(call, 503, "Service Unavailable", None)])
        self.assert_nothing_left()

    def test_ringing_forever(self) -> None:
        """A call that rings for five minutes without a word is given up and cancelled."""
        call = self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 180)
        self.peer.wake(self.peer.now + 299)
        self.peer.answer(invite, 180)
        self.assertEqual(self.peer.moments(self.peer.now + 300.4), [(300.0, "CANCEL")])
        self.peer.answer(invite, 487)
        self.assertEqual(self.peer.names, ["ACK", "Refused"])
        self.assertEqual(self.peer.told(Refused).status, 408)
        self.assertEqual(self.peer.told(Refused).call, call)
        self.assert_nothing_left()

    def test_too_many_calls(self) -> None:
        """Beyond the cap a call of ours is refused without a message."""
        self.peer = Peer(new_endpoint(most_calls=1))
        self.peer.call()
        call = self.peer.call()
        self.assertEqual(self.peer.effects, [Refused(call, 503, "Service Unavailable", None)])


class RefusedTests(PeerCase):
    def test_refused(self) -> None:
        """4xx to 6xx: acknowledged, told, and over."""
        for status in (404, 486, 500, 503, 603):
            call = self.peer.call()
            self.peer.answer(self.peer.sent_request, status)
            self.assertEqual(self.peer.names, ["ACK", "Refused"])
            refused = self.peer.told(Refused)
            self.assertEqual((refused.call, refused.status, refused.reason), (call, status, "Word"))
        self.assert_nothing_left()

    def test_redirected(self) -> None:
        """3xx surfaces with its contacts, best first."""
        call = self.peer.call()
        contacts = "<sip:b@192.0.2.4>;q=0.5, <sip:a@192.0.2.3>;q=0.9, <sip:c@192.0.2.5>;q=bad"
        self.peer.answer(
            self.peer.sent_request, 302, contact=False, headers=[("Contact", contacts)]
        )
        self.assertEqual(self.peer.names, ["ACK", "Redirected"])
        told = self.peer.told(Redirected)
        self.assertEqual((told.call, [c.uri.user for c in told.contacts]), (call, ["a", "b", "c"]))
        self.assert_nothing_left()

    def test_contacts_without_q(self) -> None:
        """Contacts of equal rank stay in their order."""
        self.peer.call()
        contacts = "<sip:a@192.0.2.3>, <sip:b@192.0.2.4>, <sip:c@192.0.2.5>;q=1.0"
        self.peer.answer(
            self.peer.sent_request, 300, contact=False, headers=[("Contact", contacts)]
        )
        told = self.peer.told(Redirected)
        self.assertEqual([c.uri.user for c in told.contacts], ["a", "b", "c"])


class HangUpTests(PeerCase):
    def test_before_any_answer(self) -> None:
        """CANCEL waits for the first provisional answer (§9.1)."""
        call = self.peer.call()
        invite = self.peer.sent_request
        self.assertEqual(self.do("hang_up", call, self.peer.now, "enough"), [])
        self.peer.answer(invite, 100)
        self.assertEqual(self.peer.names, ["CANCEL"])
        cancel = self.peer.sent_request
        self.assertEqual(cancel.via, invite.via)
        self.assertEqual((cancel.uri, str(cancel.cseq)), (invite.uri, "1 CANCEL"))
        self.peer.answer(cancel, 200)
        self.peer.answer(invite, 180)
        self.assertEqual(self.peer.effects, [])
        self.peer.answer(invite, 487)
        self.assertEqual(self.peer.names, ["ACK", "Ended"])
        self.assertEqual(self.peer.told(Ended), Ended(call, "us", "enough"))
        self.assert_nothing_left()

    def test_while_ringing(self) -> None:
        """A ringing call is cancelled at once, and only once."""
        call = self.peer.call()
        self.peer.answer(self.peer.sent_request, 180)
        self.assertEqual(self.do("hang_up", call, self.peer.now), ["CANCEL"])
        self.assertEqual(self.do("hang_up", call, self.peer.now), [])

    def test_nobody_there(self) -> None:
        """Without any answer the call we gave up ends with the transaction."""
        call = self.peer.call()
        self.do("hang_up", call, self.peer.now)
        self.peer.wake(self.peer.now + 32.1)
        self.assertEqual(self.peer.told(Ended), Ended(call, "us", ""))
        self.assertEqual(self.peer.names.count("Refused"), 0)
        self.assert_nothing_left()

    def test_cancel_without_effect(self) -> None:
        """An INVITE that has no end 32 s after its CANCEL is left alone."""
        call = self.peer.call()
        self.peer.answer(self.peer.sent_request, 180)
        self.do("hang_up", call, self.peer.now)
        moments = self.peer.moments(self.peer.now + 33)
        self.assertEqual([m for m in moments if m[1] != "CANCEL"], [(32.0, "Ended")])
        self.assert_nothing_left()

    def test_answer_crosses_the_cancel(self) -> None:
        """An answer that comes after all is acknowledged and ended by BYE (§9.1)."""
        call = self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 180)
        self.do("hang_up", call, self.peer.now)
        self.peer.answer(invite, 200, body=OUR_SDP)
        self.assertEqual(self.peer.names, ["ACK", "BYE", "Ended"])
        bye = self.peer.messages[1]
        self.peer.answer(invite, 200, body=OUR_SDP)
        self.assertEqual(self.peer.names, ["ACK"])
        self.peer.answer(bye, 200)  # type: ignore[arg-type]
        self.assertEqual([e for e in self.peer.every if isinstance(e, Ended)], [
            Ended(call, "us", "")
        ])  # fmt: skip
        self.assert_nothing_left()

    def test_redirect_crosses_the_cancel(self) -> None:
        """What we wanted goes before what the peer says."""
        call = self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 180)
        self.do("hang_up", call, self.peer.now)
        self.peer.answer(invite, 302)
        self.assertEqual(self.peer.names, ["ACK", "Ended"])


class ForkTests(PeerCase):
    def test_two_places_answer(self) -> None:
        """The first place that answers wins; the second is acknowledged and told BYE."""
        call = self.peer.call()
        invite = self.peer.sent_request
        for tag in ("one", "two"):
            self.peer.answer(invite, 180, tag=tag)
            self.assertEqual(self.peer.effects, [Progressed(call, 180, None)])
        self.peer.answer(invite, 200, tag="two", body=OUR_SDP)
        self.assertEqual(self.peer.names, ["ACK", "Established"])
        self.peer.answer(invite, 200, tag="one", body=OUR_SDP)
        self.assertEqual(self.peer.names, ["ACK", "BYE"])
        self.assertEqual({m.to.tag for m in self.peer.messages}, {"one"})
        ack = self.peer.effects[0]
        self.peer.answer(invite, 200, tag="one", body=OUR_SDP)
        self.assertEqual(self.peer.effects, [ack])
        self.peer.answer(invite, 200, tag="two", body=OUR_SDP)
        self.assertEqual(self.peer.messages[0].to.tag, "two")
        self.assertEqual(len(self.endpoint.post.dialogs), 1)

    def test_a_hundred_places_ring(self) -> None:
        """Early dialogs are bounded; every ringing is still told."""
        self.peer.call()
        invite = self.peer.sent_request
        for number in range(100):
            self.peer.answer(invite, 180, tag=f"fork-{number}")
            self.assertEqual(self.peer.names, ["Progressed"])
        self.assertEqual(len(self.endpoint.post.dialogs), 16)
        for number in range(100):
            self.peer.answer(invite, 200, tag=f"fork-{number}", body=OUR_SDP)
        self.assertEqual(len(self.endpoint.post.dialogs), 1)
        self.assertLess(len([e for e in self.peer.every if isinstance(e, Established)]), 2)

    def test_lost_answer(self) -> None:
        """When only the BYE of an answered call comes through, the call has ended all the same."""
        for rings in (False, True):
            self.setUp()
            call = self.peer.call()
            invite = self.peer.sent_request
            self.peer.answer(invite, 180 if rings else 100)
            self.peer.call_id, self.peer.to_tag = invite.call_id, invite.from_.tag or ""
            self.peer.ask("BYE", 1)
            self.assertEqual(self.peer.names, ["200", "Ended"])
            self.assertEqual(self.peer.told(Ended), Ended(call, "peer", "BYE"))
            self.assert_nothing_left()

    def test_stranger_within_a_ringing_call(self) -> None:
        """A request of a dialog we know nothing of is told 481."""
        self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 180, tag="one")
        self.peer.call_id, self.peer.to_tag = invite.call_id, invite.from_.tag or ""
        self.peer.tag = "stranger"
        for method in ("BYE", "INFO"):
            self.peer.ask(method, 1)
            self.assertEqual(self.peer.names, ["481"])


class EarlyTests(PeerCase):
    def early(self) -> str:
        call = self.peer.call()
        invite = self.peer.sent_request
        self.peer.answer(invite, 180)
        self.peer.call_id, self.peer.to_tag = invite.call_id, invite.from_.tag or ""
        return call

    def test_offer_while_ours_is_open(self) -> None:
        """An UPDATE with an offer before the answer to ours: 491 (RFC 3311 §5.2)."""
        self.early()
        self.peer.ask("UPDATE", 1, body=SDP)
        self.assertEqual(self.peer.names, ["491"])
        self.peer.ask("INVITE", 2, body=SDP)
        self.assertEqual(self.peer.names, ["491"])

    def test_update_without_offer(self) -> None:
        """An UPDATE that only moves the Contact is taken while it rings."""
        self.early()
        self.peer.contact = "<sip:moved@192.0.2.1:5099>"
        self.peer.ask("UPDATE", 1)
        self.assertEqual(self.peer.names, ["200"])
        (usage,) = self.endpoint.post.dialogs.values()
        self.assertEqual(usage.dialog.target.port, 5099)  # type: ignore[attr-defined]

    def test_no_timer_before_the_answer(self) -> None:
        """A session timer does not begin while it rings: there is no session yet."""
        self.early()
        headers = [("Supported", "timer"), ("Session-Expires", "90")]
        self.peer.ask("UPDATE", 1, headers=headers)
        self.assertIsNone(self.peer.response.headers.get("session-expires"))
        self.assertEqual(self.peer.moments(self.peer.now + 290), [])


class ReliableTests(PeerCase):
    def reliably(self, status: int, rseq: int, tag: str = "them", body: bytes = b"") -> None:
        headers = [("Require", "100rel"), ("RSeq", str(rseq))]
        self.peer.answer(self.invite, status, tag=tag, headers=headers, body=body)

    def begin(self) -> str:
        call = self.peer.call()
        self.invite = self.peer.sent_request
        return call

    def test_prack(self) -> None:
        """A reliable provisional answer is acknowledged by PRACK in its dialog (RFC 3262 §4)."""
        call = self.begin()
        self.reliably(180, 77)
        self.assertEqual(self.peer.names, ["PRACK", "Progressed"])
        prack = self.peer.sent_request
        self.assertEqual(prack.headers.get("rack"), "77 1 INVITE")
        self.assertEqual((str(prack.cseq), prack.to.tag), ("2 PRACK", "them"))
        self.assertEqual(self.peer.told(Progressed).call, call)

    def test_repeated(self) -> None:
        """A copy says nothing new, and neither does one that comes before its time."""
        self.begin()
        self.reliably(180, 77)
        for rseq in (77, 79, 76):
            self.reliably(183, rseq)
            self.assertEqual(self.peer.effects, [])
        self.reliably(183, 78)
        self.assertEqual(self.peer.names, ["PRACK", "Progressed"])

    def test_each_fork_counts_by_itself(self) -> None:
        """Two places that ring have sequences of their own."""
        self.begin()
        self.reliably(180, 77, "one")
        self.reliably(180, 12, "two")
        self.assertEqual(self.peer.names, ["PRACK", "Progressed"])

    def test_answer_in_advance(self) -> None:
        """A description that came reliably holds when the 200 brings none."""
        call = self.begin()
        self.reliably(183, 5, body=OUR_SDP)
        self.assertEqual(self.peer.told(Progressed), Progressed(call, 183, OUR_SDP))
        self.peer.answer(self.invite, 200)
        self.assertEqual(self.peer.told(Established), Established(call, OUR_SDP))
        self.assertEqual(str(self.peer.sent_request.cseq), "1 ACK")


class IntervalTests(PeerCase):
    def test_longer_session_on_demand(self) -> None:
        """422 names the least interval; the INVITE goes out again with it (RFC 4028 §7.3)."""
        self.peer = Peer(new_endpoint(session_interval=120))
        self.endpoint = self.peer.endpoint
        call = self.peer.call()
        first = self.peer.sent_request
        self.assertEqual(first.headers.get("session-expires"), "120")
        self.peer.answer(first, 422, headers=[("Min-SE", "600")])
        self.assertEqual(self.peer.names, ["ACK", "INVITE"])
        second = self.peer.sent_request
        self.assertEqual(second.headers.get("session-expires"), "600")
        self.assertEqual(second.headers.get("min-se"), "600")
        self.assertEqual((second.call_id, str(second.cseq)), (first.call_id, "2 INVITE"))
        self.peer.answer(second, 200, body=OUR_SDP)
        self.assertEqual(self.peer.told(Established).call, call)
        self.assertEqual(str(self.peer.sent_request.cseq), "2 ACK")

    def test_peer_that_is_never_content(self) -> None:
        """A peer that asks for more and more is left after three tries, a senseless one at once."""
        self.peer = Peer(new_endpoint(session_interval=120))
        self.peer.call()
        for least in (200, 300):
            self.peer.answer(self.peer.sent_request, 422, headers=[("Min-SE", str(least))])
            self.assertEqual(self.peer.names, ["ACK", "INVITE"])
        self.peer.answer(self.peer.sent_request, 422, headers=[("Min-SE", "400")])
        self.assertEqual(self.peer.names, ["ACK", "Refused"])
        self.peer.call()
        self.peer.answer(self.peer.sent_request, 422, headers=[("Min-SE", "60")])
        self.assertEqual(self.peer.names, ["ACK", "Refused"])
