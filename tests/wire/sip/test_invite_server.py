"""Calls that are offered to us: every answer, and what follows it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import OUR_SDP, SDP, TCP, UDP, Peer, new_endpoint
from umserver.wire.sip.effects import (
    Ended,
    Established,
    Informed,
    Offered,
    ProtocolMisuse,
    Send,
)
from umserver.wire.sip.message import Response


class PeerCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.endpoint = self.peer.endpoint

    def do(self, verb: str, *arguments: object) -> list[str]:
        """Call a verb; the effects in short."""
        effects = getattr(self.endpoint, verb)(*arguments)
        self.peer.do(effects)
        return self.peer.names

    def assert_nothing_left(self) -> None:
        """No call, dialog, transaction or alarm is left a minute later."""
        self.peer.wake(self.peer.now + 70)
        post = self.endpoint.post
        left = (len(self.endpoint.calls), len(post.dialogs), len(post.openings), len(post.ledger))
        self.assertEqual(left, (0, 0, 0, 0))
        self.assertIsNone(self.endpoint.deadline)


class OfferTests(PeerCase):
    def test_invite(self) -> None:
        """An INVITE is answered 100 at once, without a tag, and offered."""
        self.peer.ask("INVITE", 1, body=SDP, headers=[("Timestamp", "54")])
        self.assertEqual(self.peer.names, ["100", "Offered"])
        trying = self.peer.response
        self.assertIsNone(trying.to.tag)
        self.assertEqual(trying.headers.get("timestamp"), "54")
        offered = self.peer.told(Offered)
        self.assertEqual((offered.request.body, offered.flow), (SDP, UDP))

    def test_repeated_invite(self) -> None:
        """A copy of the INVITE gets the latest answer again and offers nothing."""
        data = self.peer.request("INVITE", 1, body=SDP)
        self.peer.receive(data)
        call = self.peer.told(Offered).call
        self.peer.receive(data)
        self.assertEqual(self.peer.names, ["100"])
        self.do("ring", call, self.peer.now)
        self.peer.receive(data)
        self.assertEqual(self.peer.names, ["180"])

    def test_ringing(self) -> None:
        """180 opens an early dialog: tag, Contact and the recorded route stand in it."""
        call = self.peer.offered(headers=[("Record-Route", "<sip:p1.example.com;lr>")])
        self.assertEqual(self.do("ring", call, self.peer.now), ["180"])
        ringing = self.peer.response
        self.assertIsNotNone(ringing.to.tag)
        self.assertEqual(ringing.headers.get("record-route"), "<sip:p1.example.com;lr>")
        self.assertEqual(ringing.headers.get("contact"), "<sip:192.0.2.2:5060>")
        self.do("answer", call, OUR_SDP, self.peer.now)
        self.assertEqual(self.peer.response.to.tag, ringing.to.tag)

    def test_more_before_the_answer(self) -> None:
        """What the peer tells of a ringing call is answered and passed on (RFC 3311, feature 40).

        An offer in it has to wait, a second INVITE too (RFC 3261 §14.2).
        """
        call = self.peer.offered()
        self.do("ring", call, self.peer.now)
        self.peer.to_tag = self.peer.response.to.tag or ""
        for number, (method, body, status) in enumerate(
            (("UPDATE", b"", 200), ("INFO", b"", 200), ("UPDATE", SDP, 500), ("INVITE", SDP, 500))
        ):
            identity = ("P-Asserted-Identity", f"<sip:{number}@example.com>")
            self.peer.ask(method, number + 2, headers=[identity], body=body)
            self.assertEqual(self.peer.response.status, status)
            informed = self.peer.told(Informed)
            self.assertEqual((informed.call, informed.request.method), (call, method))
            self.assertIn(str(number), informed.request.headers.get("p-asserted-identity") or "")
        self.assertEqual(self.do("answer", call, OUR_SDP, self.peer.now), ["200"])
        self.peer.ask("ACK", 1)
        self.peer.ask("UPDATE", 9)
        self.assertEqual(self.peer.names, ["200"])

    def test_expires(self) -> None:
        """A caller that waits for ten seconds only is told 487 after them (§13.3.1)."""
        self.peer.offered(headers=[("Expires", "10")])
        self.peer.wake(self.peer.now + 9.9)
        self.assertEqual(self.peer.names, [])
        self.peer.wake(self.peer.now + 0.2)
        self.assertEqual(self.peer.names, ["487", "Ended"])
        self.assertEqual(self.peer.told(Ended).by, "timeout")
        self.assert_nothing_left()

    def test_expires_of_an_answered_call(self) -> None:
        """An answer in time makes the limit void."""
        self.peer.established(headers=[("Expires", "10")])
        self.peer.wake(self.peer.now + 60)
        self.assertEqual(self.peer.names, [])


class AnswerTests(PeerCase):
    def test_answer_and_ack(self) -> None:
        """200 carries the description and our abilities; with the ACK the call stands."""
        call = self.peer.offered(headers=[("Record-Route", "<sip:p1.example.com;lr>")])
        self.assertEqual(self.do("answer", call, OUR_SDP, self.peer.now), ["200"])
        good = self.peer.response
        self.assertEqual((good.body, good.content_type), (OUR_SDP, "application/sdp"))
        self.assertEqual(good.headers.get("supported"), "100rel, timer")
        self.assertIn("UPDATE", good.headers.get("allow") or "")
        self.assertEqual(good.headers.get("record-route"), "<sip:p1.example.com;lr>")
        self.peer.to_tag = good.to.tag or ""
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.effects, [Established(call, None)])

    def test_answer_is_repeated_until_the_ack(self) -> None:
        """The 200 goes out again and again until the ACK; a second ACK is nothing."""
        self.peer.answered()
        moments = self.peer.moments(self.peer.now + 12)
        self.assertEqual(moments, [(at, "200") for at in (0.5, 1.5, 3.5, 7.5, 11.5)])
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.names, ["Established"])
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.names, [])
        self.assertEqual(self.peer.moments(self.peer.now + 60), [])

    def test_answer_is_repeated_over_tcp_too(self) -> None:
        """A later hop may be UDP (§13.3.1.4)."""
        self.peer.flow = TCP
        self.peer.answered()
        self.assertEqual(self.peer.moments(self.peer.now + 2), [(0.5, "200"), (1.5, "200")])

    def test_ack_that_never_comes(self) -> None:
        """After 32 s without ACK the call ends, and the peer is told by BYE."""
        self.peer.answered()
        moments = self.peer.moments(self.peer.now + 32.1)
        self.assertEqual([n for _, n in moments if n != "200"], ["Ended", "BYE"])
        self.assertEqual([at for at, n in moments if n == "BYE"], [32.0])
        ended = next(e for e in self.peer.every if isinstance(e, Ended))
        self.assertEqual((ended.by, ended.reason), ("timeout", "no ACK"))
        self.assert_nothing_left()
        self.assertEqual(len([e for e in self.peer.every if isinstance(e, Ended)]), 1)

    def test_delayed_offer(self) -> None:
        """An INVITE without description gets our offer; the answer comes in the ACK."""
        call = self.peer.answered(body=b"")
        self.peer.ask("ACK", 1, body=SDP)
        self.assertEqual(self.peer.effects, [Established(call, SDP)])

    def test_delayed_offer_without_answer(self) -> None:
        """An ACK without the answer is told as that."""
        call = self.peer.answered(body=b"")
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.effects, [Established(call, None)])

    def test_invite_repeated_after_the_answer(self) -> None:
        """A late copy of the INVITE changes nothing: the 200 has its own clock (RFC 6026 §7.1)."""
        data = self.peer.request("INVITE", 1, body=SDP)
        self.peer.receive(data)
        self.do("answer", self.peer.told(Offered).call, OUR_SDP, self.peer.now)
        self.peer.receive(data)
        self.assertEqual(self.peer.names, [])

    def test_ack_with_the_branch_of_the_invite(self) -> None:
        """Some peers acknowledge a 200 with the branch of the INVITE; it counts."""
        call = self.peer.answered(branch="z9hG4bK-same")
        self.peer.ask("ACK", 1, branch="z9hG4bK-same")
        self.assertEqual(self.peer.effects, [Established(call, None)])

    def test_ack_of_another_sequence(self) -> None:
        """An ACK that belongs to no 200 of ours is nothing."""
        self.peer.answered()
        self.peer.ask("ACK", 2)
        self.assertEqual(self.peer.names, [])

    def test_answering_twice(self) -> None:
        """Answering a call that has its answer is our own mistake."""
        call = self.peer.answered()
        for verb, *arguments in (
            ("answer", call, OUR_SDP, 0.0),
            ("ring", call, 0.0),
            ("refuse", call, 486, "", 0.0),
            ("redirect", call, ["<sip:a@192.0.2.9>"], 0.0),
        ):
            self.assertRaises(ProtocolMisuse, getattr(self.endpoint, verb), *arguments)


class RefusalTests(PeerCase):
    def test_refuse(self) -> None:
        """A refusal carries its words and headers, is repeated until the ACK, and is the end."""
        call = self.peer.offered(branch="z9hG4bK-r")
        extra = [("ms-diagnostics", '15001;source="um.example.com";reason="no such user"')]
        names = self.do("refuse", call, 404, "Nobody Here", self.peer.now, extra)
        self.assertEqual(names, ["404", "Ended"])
        self.assertEqual(self.peer.told(Ended), Ended(call, "us", "404"))
        response = self.peer.response
        self.assertEqual(response.reason, "Nobody Here")
        self.assertEqual(response.headers.get("ms-diagnostics"), extra[0][1])
        self.assertIsNotNone(response.to.tag)
        self.assertEqual(self.peer.moments(self.peer.now + 1), [(0.5, "404")])
        self.peer.to_tag = response.to.tag or ""
        self.peer.ask("ACK", 1, branch="z9hG4bK-r")
        self.assertEqual(self.peer.effects, [])
        self.assertEqual(self.peer.moments(self.peer.now + 60), [])
        self.assert_nothing_left()

    def test_usual_phrase(self) -> None:
        """Without words of its own a refusal has the usual ones."""
        self.do("refuse", self.peer.offered(), 486, "", self.peer.now)
        self.assertEqual(self.peer.response.reason, "Busy Here")

    def test_refusing_with_a_good_status(self) -> None:
        """200 refuses nothing: our own mistake."""
        call = self.peer.offered()
        self.assertRaises(ProtocolMisuse, self.endpoint.refuse, call, 200, "", 0.0)
        self.assertRaises(ProtocolMisuse, self.endpoint.redirect, call, [], 0.0)

    def test_redirect(self) -> None:
        """302 names the new places in our order and leaves only the transaction behind."""
        call = self.peer.offered()
        contacts = ["<sip:1001@192.0.2.3:5062;um-route=abc>;q=1", "<sip:1001@192.0.2.4:5062>;q=0.5"]
        self.assertEqual(self.do("redirect", call, contacts, self.peer.now), ["302", "Ended"])
        self.assertEqual([str(c) for c in self.peer.response.contacts], contacts)
        post = self.endpoint.post
        self.assertEqual((len(self.endpoint.calls), len(post.dialogs), len(post.ledger)), (0, 0, 1))

    def test_hang_up_before_the_answer(self) -> None:
        """Letting go of a call nobody answered says 480."""
        call = self.peer.offered()
        self.assertEqual(self.do("hang_up", call, self.peer.now), ["480", "Ended"])

    def test_refusal_after_ringing_keeps_the_tag(self) -> None:
        """All answers to one INVITE have one tag."""
        call = self.peer.offered()
        self.do("ring", call, self.peer.now)
        tag = self.peer.response.to.tag
        self.do("refuse", call, 480, "", self.peer.now)
        self.assertEqual(self.peer.response.to.tag, tag)
        self.assert_nothing_left()

    def test_verbs_after_the_end(self) -> None:
        """A verb that comes too late does nothing; one for a call that never was is a mistake."""
        call = self.peer.offered()
        self.do("refuse", call, 486, "", self.peer.now)
        self.assertEqual(self.do("ring", call, self.peer.now), [])
        self.assertEqual(self.do("answer", call, OUR_SDP, self.peer.now), [])
        self.assertEqual(self.do("hang_up", call, self.peer.now), [])
        self.assertEqual(self.do("info", call, "a/b", b"", self.peer.now), [])
        for name in ("7", "nonsense", "", "٣"):
            self.assertRaises(ProtocolMisuse, self.endpoint.ring, name, 0.0)


class CancelTests(PeerCase):
    def test_cancel(self) -> None:
        """CANCEL is answered 200, the INVITE 487, both with one tag; the call has ended."""
        call = self.peer.offered(branch="z9hG4bK-c")
        self.peer.ask("CANCEL", 1, branch="z9hG4bK-c")
        self.assertEqual(self.peer.names, ["200", "487", "Ended"])
        self.assertEqual(self.peer.told(Ended), Ended(call, "cancel", "487"))
        tags = {m.to.tag for m in self.peer.messages}
        self.assertEqual((len(tags), None in tags), (1, False))
        self.assertEqual(str(self.peer.messages[0].cseq), "1 CANCEL")
        self.peer.ask("CANCEL", 1, branch="z9hG4bK-c")
        self.assertEqual(self.peer.names, ["200"])
        self.assert_nothing_left()

    def test_cancel_while_ringing(self) -> None:
        """The tag of the ringing stays."""
        call = self.peer.offered(branch="z9hG4bK-c")
        self.do("ring", call, self.peer.now)
        tag = self.peer.response.to.tag
        self.peer.ask("CANCEL", 1, branch="z9hG4bK-c")
        self.assertEqual([m.to.tag for m in self.peer.messages], [tag, tag])
        self.assert_nothing_left()

    def test_cancel_after_the_answer(self) -> None:
        """Too late: 200 for the CANCEL, and the call stays (§9.2)."""
        call = self.peer.answered(branch="z9hG4bK-c")
        self.peer.ask("CANCEL", 1, branch="z9hG4bK-c", tagged=False)
        self.assertEqual(self.peer.names, ["200"])
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.effects, [Established(call, None)])

    def test_cancel_of_nothing(self) -> None:
        """481 when there is nothing to cancel."""
        self.peer.ask("CANCEL", 1)
        self.assertEqual(self.peer.names, ["481"])


class OldPeerTests(PeerCase):
    """A peer of RFC 2543: no branch, no tag."""

    def old(self, method: str, cseq: int, *, to_tag: str = "", body: bytes = b"") -> list[str]:
        lines = [
            f"{method} sip:1001@192.0.2.2 SIP/2.0",
            "Via: SIP/2.0/UDP 192.0.2.1:5060",
            "From: <sip:old@192.0.2.1>",
            f"To: <sip:1001@192.0.2.2>{to_tag}",
            "Call-ID: old-1",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:old@192.0.2.1>",
        ]
        self.peer.receive("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self.peer.names

    def test_whole_call(self) -> None:
        """Such a peer calls, is answered, acknowledges and hangs up."""
        self.assertEqual(self.old("INVITE", 1, body=SDP), ["100", "Offered"])
        self.assertEqual(self.old("INVITE", 1, body=SDP), ["100"])
        call = next(e.call for e in self.peer.every if isinstance(e, Offered))
        self.do("answer", call, OUR_SDP, self.peer.now)
        tag = f";tag={self.peer.response.to.tag}"
        self.assertEqual(self.old("ACK", 1, to_tag=tag), ["Established"])
        self.assertEqual(self.old("BYE", 2, to_tag=tag), ["200", "Ended"])
        self.assert_nothing_left()

    def test_refused(self) -> None:
        """Its ACK of a refusal is found by the tag we answered with."""
        self.old("INVITE", 1, body=SDP)
        self.do("refuse", self.peer.told(Offered).call, 404, "", self.peer.now)
        tag = f";tag={self.peer.response.to.tag}"
        self.old("ACK", 1, to_tag=tag)
        self.assertEqual(self.peer.moments(self.peer.now + 20), [])

    def test_cancelled(self) -> None:
        """Its CANCEL finds the INVITE."""
        self.old("INVITE", 1, body=SDP)
        self.assertEqual(self.old("CANCEL", 1), ["200", "487", "Ended"])

    def test_bye_from_us(self) -> None:
        """Our BYE to it has no To tag, since it gave none."""
        self.old("INVITE", 1, body=SDP)
        call = self.peer.told(Offered).call
        self.do("answer", call, OUR_SDP, self.peer.now)
        self.old("ACK", 1, to_tag=f";tag={self.peer.response.to.tag}")
        self.do("hang_up", call, self.peer.now)
        bye = self.peer.sent_request
        self.assertEqual((bye.to.tag, bye.uri.host, bye.uri.user), (None, "192.0.2.1", "old"))


class CapTests(PeerCase):
    def test_too_many_calls(self) -> None:
        """One call more than there is room for is told 503 and when to come again."""
        self.peer = Peer(new_endpoint(most_calls=1))
        self.peer.offered()
        self.peer.call_id = "call-2"
        self.peer.ask("INVITE", 1, body=SDP)
        self.assertEqual(self.peer.names, ["503"])
        self.assertEqual(self.peer.response.headers.get("retry-after"), "5")

    def test_room_again(self) -> None:
        """A call that ended makes room."""
        self.peer = Peer(new_endpoint(most_calls=1))
        self.endpoint = self.peer.endpoint
        self.do("refuse", self.peer.offered(), 486, "", self.peer.now)
        self.peer.call_id = "call-2"
        self.peer.ask("INVITE", 1, body=SDP)
        self.assertEqual(self.peer.names, ["100", "Offered"])

    def test_too_many_transactions(self) -> None:
        """When it is crowded answers are given and forgotten; calls that stand go on."""
        self.peer = Peer(new_endpoint(most_transactions=2))
        self.endpoint = self.peer.endpoint
        call = self.peer.established()
        self.peer.ask("INFO", 2)
        size = len(self.endpoint.post.ledger)
        other = Peer(self.endpoint, call_id="other")
        for method, status in (("OPTIONS", "200"), ("INVITE", "503"), ("REGISTER", "405")):
            request = other.request(method, 1, body=SDP if method == "INVITE" else b"")
            answer = other.receive(request)
            self.assertEqual(other.names, [status])
            self.assertIsNotNone(other.response.to.tag)
            self.assertEqual(other.receive(request), answer)  # copies must not differ (§8.2.7)
        other.ask("CANCEL", 9)
        self.assertEqual(other.names, ["481"])
        other.to_tag = "nobody"
        other.ask("BYE", 9)
        self.assertEqual(other.names, ["481"])
        self.assertEqual(len(self.endpoint.post.ledger), size)
        self.peer.ask("INFO", 3)
        self.assertEqual(self.peer.names, ["200", "Told"])
        self.peer.ask("INFO", 4)
        self.peer.ask("INFO", 5)
        self.assertEqual(self.peer.names, ["503"])
        self.assertEqual(self.do("hang_up", call, self.peer.now), ["BYE"])


class LostConnectionTests(PeerCase):
    def test_call_outlives_its_connection(self) -> None:
        """When its connection breaks the call stays; our BYE opens one to the peer's Contact."""
        self.peer.flow = TCP
        call = self.peer.established()
        self.assertEqual(self.peer.do(self.endpoint.lost(TCP, self.peer.now)), [])
        self.do("hang_up", call, self.peer.now)
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.assertEqual((sent.flow.remote, sent.flow.connection), (("192.0.2.1", 5060), 0))

    def test_answer_takes_another_way(self) -> None:
        """An answer whose connection is gone goes to the address in Via (§18.2.2)."""
        self.peer.flow = TCP
        call = self.peer.offered()
        self.endpoint.lost(TCP, self.peer.now)
        self.do("refuse", call, 486, "", self.peer.now)
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.assertEqual((sent.flow.remote, sent.flow.connection), (("192.0.2.1", 5060), 0))

    def test_new_connection_of_the_peer(self) -> None:
        """A request on a new connection makes it the way to the peer."""
        self.peer.flow = TCP
        call = self.peer.established()
        self.peer.flow = type(TCP)("tcp", ("192.0.2.1", 40009), TCP.local, 9)
        self.peer.ask("INFO", 2)
        self.do("hang_up", call, self.peer.now)
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.assertEqual(sent.flow.connection, 9)

    def test_a_private_contact(self) -> None:
        """What we ask a peer behind an address translator goes where its INVITE came from."""
        for translated, remote in ((True, UDP.remote), (False, ("10.1.2.3", 5070))):
            peer = Peer(contact="<sip:pbx@10.1.2.3:5070>")
            peer.endpoint.post.translated = lambda flow, known=translated: known
            call = peer.established()
            peer.do(peer.endpoint.hang_up(call, peer.now))
            sent = peer.effects[0]
            assert isinstance(sent, Send)
            self.assertEqual(sent.flow.remote, remote)

    def test_a_private_contact_of_a_callee(self) -> None:
        """The same for a peer that we called: ACK and BYE go where the INVITE went."""
        for translated, remote in ((True, UDP.remote), (False, ("10.1.2.3", 5070))):
            peer = Peer(contact="<sip:pbx@10.1.2.3:5070>")
            peer.endpoint.post.translated = lambda flow, known=translated: known
            call = peer.placed()
            sent = [each for each in peer.effects if isinstance(each, Send)]
            peer.do(peer.endpoint.hang_up(call, peer.now))
            sent += [each for each in peer.effects if isinstance(each, Send)]
            self.assertEqual([each.flow.remote for each in sent], [remote, remote])


class HeaderTests(PeerCase):
    def test_answers_repeat_what_came(self) -> None:
        """Via, From, To, Call-ID and CSeq come back as they were (§8.2.6.2)."""
        self.peer.offered()
        invite, trying = self.peer.told(Offered).request, self.peer.response
        assert isinstance(trying, Response)
        for name in ("via", "from", "to", "call-id", "cseq"):
            self.assertEqual(trying.headers.all(name), invite.headers.all(name), name)
