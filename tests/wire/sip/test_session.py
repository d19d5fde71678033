"""Requests within a call that stands, both ways, and its end."""

from __future__ import annotations

from tests.kit.sip_peer import OUR_SDP, SDP
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import Ended, Established, ProtocolMisuse, Reoffered, Send, Told
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import parse


class ByeTests(PeerCase):
    def test_peer_hangs_up(self) -> None:
        """BYE is answered 200 and the call has ended; a copy gets the same answer."""
        call = self.peer.established()
        data = self.peer.request("BYE", 2, headers=[("Reason", 'SIP;cause=200;text="done"')])
        self.peer.receive(data)
        self.assertEqual(self.peer.names, ["200", "Ended"])
        self.assertEqual(self.peer.told(Ended), Ended(call, "peer", "done"))
        self.peer.receive(data)
        self.assertEqual(self.peer.names, ["200"])
        self.peer.ask("BYE", 3)
        self.assertEqual(self.peer.names, ["481"])
        self.assert_nothing_left()

    def test_we_hang_up(self) -> None:
        """Our BYE goes to the peer's Contact; the call has ended once it is answered."""
        call = self.peer.established()
        self.assertEqual(self.do("hang_up", call, self.peer.now, 'no "sound"'), ["BYE"])
        bye = self.peer.sent_request
        self.assertEqual(str(bye.uri), "sip:2125550142@192.0.2.1:5060")
        self.assertEqual((bye.to.tag, bye.from_.tag), ("them", self.peer.to_tag))
        self.assertEqual(bye.headers.get("reason"), "SIP;text=\"no 'sound'\"")
        self.assertEqual(self.do("hang_up", call, self.peer.now), [])
        self.peer.answer(bye, 200)
        self.assertEqual(self.peer.effects, [Ended(call, "us", 'no "sound"')])
        self.assert_nothing_left()

    def test_bye_without_answer(self) -> None:
        """A peer that is gone delays the end by 32 s at most."""
        call = self.peer.established()
        self.do("hang_up", call, self.peer.now)
        moments = self.peer.moments(self.peer.now + 40)
        self.assertEqual(moments[-1], (32.0, "Ended"))
        self.assertEqual({name for _, name in moments}, {"BYE", "Ended"})
        self.assert_nothing_left()

    def test_bye_that_is_refused(self) -> None:
        """Whatever the answer to BYE, the call is over."""
        for status in (481, 408, 500):
            self.setUp()
            call = self.peer.established()
            self.do("hang_up", call, self.peer.now)
            self.peer.answer(self.peer.sent_request, status)
            self.assertEqual(self.peer.effects, [Ended(call, "us", "")])

    def test_both_hang_up(self) -> None:
        """Two BYEs that cross: each is answered, and the end is told once."""
        call = self.peer.established()
        self.do("hang_up", call, self.peer.now)
        bye = self.peer.sent_request
        self.peer.ask("BYE", 2)
        self.assertEqual(self.peer.names, ["200", "Ended"])
        self.peer.answer(bye, 200)
        self.assertEqual(self.peer.effects, [])
        self.assertEqual(self.peer.every.count(Ended(call, "us", "BYE")), 1)
        self.assert_nothing_left()

    def test_hang_up_before_the_ack(self) -> None:
        """The callee's BYE waits for the ACK (§15)."""
        call = self.peer.answered()
        self.assertEqual(self.do("hang_up", call, self.peer.now), [])
        self.assertEqual(self.do("offer", call, OUR_SDP, self.peer.now), [])
        self.peer.ask("INFO", 2)
        self.assertEqual(self.peer.names, ["481"])
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.names, ["BYE"])
        self.peer.answer(self.peer.sent_request, 200)
        self.assertEqual(self.peer.effects, [Ended(call, "us", "")])
        self.assert_nothing_left()

    def test_hang_up_without_ack(self) -> None:
        """When the ACK never comes, the BYE goes out after 32 s."""
        call = self.peer.answered()
        self.do("hang_up", call, self.peer.now)
        moments = self.peer.moments(self.peer.now + 70)
        self.assertEqual(next(m for m in moments if m[1] == "BYE"), (32.0, "BYE"))
        self.assertEqual(self.peer.every.count(Ended(call, "us", "")), 1)
        self.assert_nothing_left()

    def test_peer_hangs_up_before_the_ack(self) -> None:
        """A BYE that overtakes the ACK ends the call; the 200 is repeated no more."""
        call = self.peer.answered()
        self.peer.ask("BYE", 2)
        self.assertEqual(self.peer.names, ["200", "Ended"])
        self.assertEqual(self.peer.told(Ended).call, call)
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.names, ["Dropped"])
        self.assertEqual(self.peer.moments(self.peer.now + 20), [])
        self.assert_nothing_left()

    def test_peer_hangs_up_while_it_rings(self) -> None:
        """BYE on an early dialog: 200, and 487 for the INVITE (§15.1.2)."""
        call = self.peer.offered()
        self.do("ring", call, self.peer.now)
        self.peer.to_tag = self.peer.response.to.tag or ""
        self.peer.ask("BYE", 2)
        self.assertEqual(self.peer.names, ["200", "487", "Ended"])
        self.assertEqual(self.do("answer", call, OUR_SDP, self.peer.now), [])
        self.assert_nothing_left()

    def test_hang_up_a_call_of_ours(self) -> None:
        """The caller may hang up at once after the answer."""
        call = self.peer.placed()
        self.assertEqual(self.do("hang_up", call, self.peer.now), ["BYE"])
        self.assertEqual(str(self.peer.sent_request.cseq), "2 BYE")
        self.peer.answer(self.peer.sent_request, 200)
        self.assertEqual(self.peer.effects, [Ended(call, "us", "")])
        self.assert_nothing_left()

    def test_peer_hangs_up_a_call_of_ours(self) -> None:
        """BYE from the callee."""
        call = self.peer.placed()
        self.peer.ask("BYE", 1)
        self.assertEqual(self.peer.names, ["200", "Ended"])
        self.assertEqual(self.peer.told(Ended).call, call)
        self.assert_nothing_left()


class OrderTests(PeerCase):
    def test_late_request(self) -> None:
        """A request older than the last one is told 500 (§12.2.2)."""
        self.peer.established()
        self.peer.ask("INFO", 5)
        self.peer.ask("INFO", 4)
        self.assertEqual(self.peer.names, ["500"])

    def test_numbers_may_jump(self) -> None:
        """Holes in the sequence are fine."""
        self.peer.established()
        self.peer.ask("INFO", 4000000000)
        self.assertEqual(self.peer.names, ["200", "Told"])

    def test_our_numbers_rise(self) -> None:
        """Each request of ours has the next number."""
        call = self.peer.established()
        numbers = []
        for _ in range(3):
            self.do("info", call, "application/dtmf-relay", b"Signal=1", self.peer.now)
            numbers.append(self.peer.sent_request.cseq.number)
            self.peer.answer(self.peer.sent_request, 200)
        self.assertEqual(numbers, [1, 2, 3])

    def test_foreign_dialogs(self) -> None:
        """Another tag, ours or theirs, or another Call-ID is another dialog: 481."""
        self.peer.established()
        tag = self.peer.to_tag
        for attribute, value in (("to_tag", "wrong"), ("tag", "wrong"), ("call_id", "wrong")):
            before = getattr(self.peer, attribute)
            setattr(self.peer, attribute, value)
            for method in ("BYE", "INVITE", "INFO", "UPDATE", "NOTIFY", "PRACK", "OPTIONS"):
                self.peer.ask(method, 9)
                self.assertEqual(self.peer.names, ["481"], f"{method}, {attribute}")
            setattr(self.peer, attribute, before)
        self.assertEqual(self.peer.to_tag, tag)


class InfoTests(PeerCase):
    def test_info(self) -> None:
        """INFO is answered 200 and told."""
        call = self.peer.established()
        self.peer.ask("INFO", 2, body=b"Signal=5", kind="application/dtmf-relay")
        self.assertEqual(self.peer.names, ["200", "Told"])
        told = self.peer.told(Told)
        self.assertEqual((told.call, told.request.body), (call, b"Signal=5"))

    def test_info_package(self) -> None:
        """A package we never asked for is told 469 (RFC 6086 §4.2.2)."""
        self.peer.established()
        self.peer.ask("INFO", 2, headers=[("Info-Package", "conference")])
        self.assertEqual(self.peer.names, ["469"])

    def test_our_info(self) -> None:
        """Our INFO carries its body; a refusal is nothing, but 481 means that the call is gone."""
        call = self.peer.established()
        self.do("info", call, "application/dtmf-relay", b"Signal=1", self.peer.now)
        info = self.peer.sent_request
        self.assertEqual((info.content_type, info.body), ("application/dtmf-relay", b"Signal=1"))
        self.peer.answer(info, 415)
        self.assertEqual(self.peer.effects, [])
        self.do("info", call, "application/dtmf-relay", b"Signal=2", self.peer.now)
        self.peer.answer(self.peer.sent_request, 481)
        self.assertEqual(self.peer.names, ["Ended", "BYE"])
        self.assertEqual(self.peer.told(Ended).by, "error")

    def test_keys_keep_their_order(self) -> None:
        """The next INFO waits for the answer to the one before, or for the end of waiting."""
        call = self.peer.established()
        for key in (b"1", b"2", b"3"):
            self.do("info", call, "application/dtmf", key, self.peer.now)
        self.assertEqual(self.peer.names, [])
        self.peer.answer(self.infos()[0], 200)
        self.assertEqual(self.peer.sent_request.body, b"2")
        self.peer.wake(self.peer.now + 32.1)
        self.assertEqual(self.peer.sent_request.body, b"3")

    def infos(self) -> list[Request]:
        sent = [parse(e.data) for e in self.peer.every if isinstance(e, Send)]
        return [m for m in sent if isinstance(m, Request) and m.method == "INFO"]

    def test_overtaken_info(self) -> None:
        """An INFO that a later request overtook is sent again under a new number, within reason."""
        call = self.peer.established()
        self.do("info", call, "application/dtmf", b"1", self.peer.now)
        for _ in range(6):
            self.do("offer", call, OUR_SDP, self.peer.now)
            invite = self.peer.sent_request
            self.peer.answer(self.infos()[-1], 500)
            self.peer.answer(invite, 488)
        self.assertEqual([m.body for m in self.infos()], [b"1"] * 4)


class OtherMethodTests(PeerCase):
    def test_options_within_the_call(self) -> None:
        """A keep-alive by OPTIONS is answered, even while we take no new calls."""
        self.peer.established()
        self.endpoint.available = False
        self.peer.ask("OPTIONS", 2)
        self.assertEqual(self.peer.names, ["200"])
        self.assertIn("application/sdp", self.peer.response.headers.get("accept") or "")

    def test_prack_of_nothing(self) -> None:
        """A PRACK that acknowledges nothing is told 481."""
        self.peer.established()
        self.peer.ask("PRACK", 2, headers=[("RAck", "1 1 INVITE")])
        self.assertEqual(self.peer.names, ["481"])

    def test_refer_to_us(self) -> None:
        """We are not transferred: 405 and what we take."""
        self.peer.established()
        self.peer.ask("REFER", 2, headers=[("Refer-To", "<sip:a@example.com>")])
        self.assertEqual(self.peer.names, ["405"])
        self.assertNotIn("REFER", self.peer.response.headers.get("allow") or "")

    def test_verbs_before_it_stands(self) -> None:
        """INFO, transfer and offers need a call that stands: our own mistake."""
        call = self.peer.offered()
        for verb, *arguments in (
            ("info", call, "a/b", b"", 0.0),
            ("transfer", call, "<sip:a@example.com>", 0.0),
            ("offer", call, SDP, 0.0),
            ("accept_offer", call, SDP, 0.0),
        ):
            self.assertRaises(ProtocolMisuse, getattr(self.endpoint, verb), *arguments)
        self.do("ring", call, self.peer.now)
        self.assertRaises(ProtocolMisuse, self.endpoint.accept_offer, call, SDP, 0.0)
        self.assertRaises(ProtocolMisuse, self.endpoint.refuse_offer, call, 488, 0.0)
        placed = self.peer.call()
        self.assertRaises(ProtocolMisuse, self.endpoint.answer, placed, SDP, 0.0)

    def test_change_before_the_ack(self) -> None:
        """A re-INVITE whose sender we have answered already, but whose ACK was lost, is taken."""
        call = self.peer.answered()
        self.peer.ask("INVITE", 2, body=SDP)
        self.assertEqual(self.peer.told(Reoffered).call, call)
        self.assertEqual(self.do("accept_offer", call, OUR_SDP, self.peer.now), ["200"])


class WayTests(PeerCase):
    def test_moved_peer(self) -> None:
        """After a re-INVITE from a new Contact our requests go there (§12.2)."""
        call = self.peer.established()
        self.peer.contact = "<sip:moved@192.0.2.1:5099>"
        self.peer.ask("INVITE", 2, body=SDP)
        self.assertEqual(self.peer.told(Reoffered).call, call)
        self.do("accept_offer", call, OUR_SDP, self.peer.now)
        self.peer.ask("ACK", 2)
        self.do("hang_up", call, self.peer.now)
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.assertEqual(sent.flow.remote, ("192.0.2.1", 5099))
        self.assertEqual(self.peer.sent_request.uri.user, "moved")

    def test_moved_peer_that_was_refused(self) -> None:
        """A refused re-INVITE moves nothing."""
        call = self.peer.established()
        self.peer.contact = "<sip:moved@192.0.2.1:5099>"
        self.peer.ask("INVITE", 2, body=SDP)
        self.do("refuse_offer", call, 488, self.peer.now)
        self.do("hang_up", call, self.peer.now)
        self.assertEqual(self.peer.sent_request.uri.port, 5060)

    def test_peer_behind_a_translator(self) -> None:
        """A Contact with an address that nobody can reach: requests take the way answers take."""
        invite = self.peer.request("INVITE", 1, body=SDP).replace(
            b"192.0.2.1:5060;branch", b"10.0.0.9:5060;rport;branch"
        )
        invite = invite.replace(b"<sip:2125550142@192.0.2.1:5060>", b"<sip:a@10.0.0.9:5060>")
        flow = type(self.peer.flow)("udp", ("198.51.100.7", 40321), self.peer.flow.local)
        self.peer.receive(invite, flow)
        call = self.peer.effects[1].call  # type: ignore[attr-defined]
        self.do("answer", call, OUR_SDP, self.peer.now)
        via = self.peer.response.via
        self.assertEqual((via.param("received"), via.param("rport")), ("198.51.100.7", "40321"))
        self.peer.to_tag = self.peer.response.to.tag or ""
        self.peer.receive(self.peer.request("ACK", 1), flow)
        self.assertEqual(self.peer.told(Established).call, call)
        self.do("hang_up", call, self.peer.now)
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.assertEqual(sent.flow.remote, ("198.51.100.7", 40321))
        self.assertEqual(self.peer.sent_request.uri.host, "10.0.0.9")
