"""Changing a session: re-INVITE and UPDATE in both directions, also at the same time."""

from __future__ import annotations

from tests.kit.network import OFFER, WorldCase, answering
from tests.kit.sip_peer import SDP
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import (
    Established,
    OfferRefused,
    ProtocolMisuse,
    Reoffered,
)

NEW_SDP = b"v=0\r\no=- 2 2 IN IP4 192.0.2.2\r\ns=-\r\n"


class IncomingTests(PeerCase):
    def test_reinvite(self) -> None:
        """A re-INVITE is told; our answer is repeated until its ACK, which tells nothing more."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        self.assertEqual(self.peer.names, ["100", "Reoffered"])
        self.assertEqual(self.peer.told(Reoffered), Reoffered(call, SDP))
        self.assertEqual(self.do("accept_offer", call, NEW_SDP, self.peer.now), ["200"])
        self.assertEqual(self.peer.response.body, NEW_SDP)
        self.assertEqual(self.peer.moments(self.peer.now + 1), [(0.5, "200")])
        self.peer.ask("ACK", 2)
        self.assertEqual(self.peer.effects, [])
        self.assertEqual(self.peer.moments(self.peer.now + 60), [])

    def test_reinvite_without_offer(self) -> None:
        """A re-INVITE that wants our offer gets it; the answer comes in the ACK."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2)
        self.assertEqual(self.peer.told(Reoffered), Reoffered(call, None))
        self.do("accept_offer", call, NEW_SDP, self.peer.now)
        self.peer.ask("INVITE", 3, body=SDP)
        self.assertEqual(self.peer.names, ["491"])
        self.peer.ask("ACK", 2, body=SDP)
        self.assertEqual(self.peer.effects, [Established(call, SDP)])

    def test_refused(self) -> None:
        """A re-INVITE that we refuse leaves the call as it was."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        self.assertEqual(self.do("refuse_offer", call, 488, self.peer.now), ["488"])
        self.peer.ask("INFO", 3)
        self.assertEqual(self.peer.names, ["200", "Told"])

    def test_missing_ack(self) -> None:
        """A re-INVITE whose 200 is never acknowledged ends the call by BYE (§14.2)."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        self.do("accept_offer", call, NEW_SDP, self.peer.now)
        names = [name for _, name in self.peer.moments(self.peer.now + 32.1)]
        self.assertEqual(names[-2:], ["Ended", "BYE"])
        self.assert_nothing_left()

    def test_overlapping(self) -> None:
        """A second INVITE before the first has its answer: 500 and when to come again (§14.2)."""
        self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        for method in ("INVITE", "UPDATE"):
            self.peer.ask(method, 3, body=SDP)
            self.assertEqual(self.peer.names, ["500"])
            self.assertIn(int(self.peer.response.headers.get("retry-after") or -1), range(11))

    def test_overlapping_the_first(self) -> None:
        """The same before the first INVITE of the call has its answer."""
        call = self.peer.offered()
        self.do("ring", call, self.peer.now)
        self.peer.to_tag = self.peer.response.to.tag or ""
        for method in ("INVITE", "UPDATE"):
            self.peer.ask(method, 2, body=SDP)
            self.assertEqual(self.peer.names, ["Informed", "500"])
        self.peer.ask("UPDATE", 3)
        self.assertEqual(self.peer.names, ["Informed", "200"])

    def test_cancelled(self) -> None:
        """A re-INVITE that is taken back gets 487; our answer comes too late and does nothing."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP, branch="z9hG4bK-re")
        self.peer.ask("CANCEL", 2, body=b"", branch="z9hG4bK-re")
        self.assertEqual(self.peer.names, ["200", "487"])
        self.assertEqual(self.do("accept_offer", call, NEW_SDP, self.peer.now), [])
        self.assertEqual(self.do("refuse_offer", call, 488, self.peer.now), [])
        self.peer.ask("INFO", 3)
        self.assertEqual(self.peer.names, ["200", "Told"])

    def test_update(self) -> None:
        """UPDATE with an offer is told and answered like a re-INVITE, without ACK (RFC 3311)."""
        call = self.peer.established()
        self.peer.ask("UPDATE", 2, body=SDP)
        self.assertEqual(self.peer.effects, [Reoffered(call, SDP)])
        self.assertEqual(self.do("accept_offer", call, NEW_SDP, self.peer.now), ["200"])
        self.assertEqual(self.peer.response.body, NEW_SDP)
        self.assertEqual(self.peer.response.headers.get("contact"), "<sip:192.0.2.2:5060>")
        self.assertEqual(self.peer.moments(self.peer.now + 60), [])

    def test_update_without_offer(self) -> None:
        """UPDATE without description is a sign of life."""
        self.peer.established()
        self.peer.ask("UPDATE", 2)
        self.assertEqual(self.peer.names, ["200"])
        self.assertEqual(self.peer.response.body, b"")

    def test_bye_while_undecided(self) -> None:
        """BYE while a re-INVITE waits: the re-INVITE gets 487."""
        self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        self.peer.ask("BYE", 3)
        self.assertEqual(self.peer.names, ["200", "487", "Ended"])
        self.assert_nothing_left()

    def test_flood(self) -> None:
        """A peer that changes the session again and again without ACK is slowed down."""
        call = self.peer.established()
        for number in range(2, 6):
            self.peer.ask("INVITE", number, body=SDP)
            self.do("accept_offer", call, NEW_SDP, self.peer.now)
            self.assertEqual(self.peer.names, ["200"])
        self.peer.ask("INVITE", 6, body=SDP)
        self.assertEqual(self.peer.names, ["500"])


class OutgoingTests(PeerCase):
    def test_reinvite(self) -> None:
        """Our re-INVITE is acknowledged each time that its 200 comes, and told once."""
        call = self.peer.established()
        self.assertEqual(self.do("offer", call, NEW_SDP, self.peer.now), ["INVITE"])
        invite = self.peer.sent_request
        self.assertEqual((invite.body, invite.to.tag), (NEW_SDP, "them"))
        self.peer.answer(invite, 100)
        self.peer.answer(invite, 200, body=SDP)
        self.assertEqual(self.peer.names, ["ACK", "Established"])
        self.assertEqual(self.peer.told(Established), Established(call, SDP))
        self.assertEqual(self.peer.sent_request.cseq.number, invite.cseq.number)
        ack = self.peer.effects[0]
        self.peer.answer(invite, 200, body=SDP)
        self.assertEqual(self.peer.effects, [ack])

    def test_update(self) -> None:
        """Our UPDATE likewise, without ACK."""
        call = self.peer.established()
        self.assertEqual(self.do("offer", call, NEW_SDP, self.peer.now, "UPDATE"), ["UPDATE"])
        self.peer.answer(self.peer.sent_request, 200, body=SDP)
        self.assertEqual(self.peer.effects, [Established(call, SDP)])

    def test_refused(self) -> None:
        """A refused offer is told, and the next one may follow."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.peer.answer(self.peer.sent_request, 488)
        self.assertEqual(self.peer.names, ["ACK", "OfferRefused"])
        self.assertEqual(self.peer.told(OfferRefused), OfferRefused(call, 488))
        self.assertEqual(self.do("offer", call, NEW_SDP, self.peer.now), ["INVITE"])

    def test_two_at_once(self) -> None:
        """Two offers of ours at a time are our own mistake, and so is another method."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.assertRaises(ProtocolMisuse, self.endpoint.offer, call, NEW_SDP, 0.0)
        self.assertRaises(ProtocolMisuse, self.endpoint.offer, call, NEW_SDP, 0.0, "INFO")

    def test_their_offer_while_ours_is_open(self) -> None:
        """491 to a change that crosses ours."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        for number, method in ((2, "INVITE"), (3, "UPDATE")):
            self.peer.ask(method, number, body=SDP)
            self.assertEqual(self.peer.names, ["491"])

    def test_glare(self) -> None:
        """After 491 the callee tries again within 2 s, the caller after 2.1 to 4 s (§14.1)."""
        for begin, least, most in (("established", 0.0, 2.0), ("placed", 2.1, 4.0)):
            self.setUp()
            call = getattr(self.peer, begin)()
            self.do("offer", call, NEW_SDP, self.peer.now)
            self.peer.answer(self.peer.sent_request, 491)
            self.assertEqual(self.peer.names, ["ACK"])
            first = self.peer.moments(self.peer.now + 4.2)[0]
            self.assertEqual(first[1], "INVITE")
            self.assertTrue(least <= first[0] <= most, first)

    def test_peer_that_is_never_ready(self) -> None:
        """A peer that says 491 forever is left at last."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        for _ in range(8):
            self.peer.answer(self.peer.sent_request, 491)
            self.peer.now = self.endpoint.deadline or 0.0
            while not self.peer.do(self.endpoint.wake(self.peer.now)):
                self.peer.now = self.endpoint.deadline or 0.0
        self.peer.answer(self.peer.sent_request, 491)
        self.assertEqual(self.peer.told(OfferRefused), OfferRefused(call, 491))

    def test_later(self) -> None:
        """500 with Retry-After: once more after that time."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now, "UPDATE")
        self.peer.answer(self.peer.sent_request, 500, headers=[("Retry-After", "3 (busy)")])
        self.assertEqual(self.peer.moments(self.peer.now + 3.2), [(3.0, "UPDATE")])

    def test_peer_that_lost_the_call(self) -> None:
        """408 or 481 to a change means that the call is over (§12.2.1.2)."""
        for status in (408, 481):
            self.setUp()
            call = self.peer.established()
            self.do("offer", call, NEW_SDP, self.peer.now)
            self.peer.answer(self.peer.sent_request, status)
            self.assertEqual(self.peer.names, ["ACK", "Ended", "BYE"])

    def test_no_answer(self) -> None:
        """So does silence for 32 s."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.peer.wake(self.peer.now + 32.1)
        self.assertEqual(self.peer.names[-2:], ["Ended", "BYE"])
        self.assert_nothing_left()

    def test_never_decided(self) -> None:
        """A change that the peer tries for three minutes ends the call; no transaction is left."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.peer.answer(self.peer.sent_request, 100)
        self.assertEqual(self.peer.moments(self.peer.now + 180)[:2], [
            (180.0, "Ended"), (180.0, "BYE")
        ])  # fmt: skip
        self.assert_nothing_left()

    def test_never_decided_and_hung_up(self) -> None:
        """Hanging up meanwhile leaves nothing either."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.peer.answer(self.peer.sent_request, 100)
        self.do("hang_up", call, self.peer.now)
        self.assert_nothing_left()

    def test_broken_way(self) -> None:
        """A change that cannot be sent is refused; the call stays."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.peer.do(self.endpoint.lost(self.peer.flow, self.peer.now))
        self.assertEqual(self.peer.effects, [OfferRefused(call, 503)])

    def test_waits_for_theirs(self) -> None:
        """Our offer waits until theirs is answered and acknowledged."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        self.assertEqual(self.do("offer", call, NEW_SDP, self.peer.now), [])
        self.assertEqual(self.do("accept_offer", call, NEW_SDP, self.peer.now), ["200"])
        self.peer.ask("ACK", 2)
        self.assertEqual(self.peer.names, ["INVITE"])

    def test_waits_for_the_refusal_of_theirs(self) -> None:
        """It goes out at once when theirs is refused."""
        call = self.peer.established()
        self.peer.ask("INVITE", 2, body=SDP)
        self.do("offer", call, NEW_SDP, self.peer.now)
        self.assertEqual(self.do("refuse_offer", call, 488, self.peer.now), ["488", "INVITE"])

    def test_hang_up_meanwhile(self) -> None:
        """An answer to our change that comes after our BYE is acknowledged and not told."""
        call = self.peer.established()
        self.do("offer", call, NEW_SDP, self.peer.now)
        invite = self.peer.sent_request
        self.do("hang_up", call, self.peer.now)
        self.peer.answer(invite, 200, body=SDP)
        self.assertEqual(self.peer.names, ["ACK"])


class BothTests(WorldCase):
    def test_both_change_at_once(self) -> None:
        """When both sides change the session at once both changes come about in turn."""
        ours, theirs = self.established()
        self.caller.do(self.caller.endpoint.offer, ours, OFFER)
        self.callee.do(self.callee.endpoint.offer, theirs, OFFER)
        self.world.run(10)
        self.assertEqual(len(self.caller.heard(Established)), 2)
        self.assertEqual(len(self.callee.heard(Established)), 2)
        self.assertEqual(len(self.caller.heard(Reoffered)), 1)
        self.assertEqual(len(self.callee.heard(Reoffered)), 1)
        self.assertIn(491, [*self.caller.statuses(), *self.callee.statuses()])

    def test_many_changes(self) -> None:
        """A hundred changes from either side, now by re-INVITE and now by UPDATE."""
        ours, theirs = self.established()
        for number in range(100):
            method = ("INVITE", "UPDATE")[number // 2 % 2]
            station, name = ((self.caller, ours), (self.callee, theirs))[number % 2]
            effects = station.endpoint.offer(name, OFFER, self.world.now, method)
            self.world.perform(station, effects)
            self.world.run(0.2)
        told = len(self.caller.heard(Established)) + len(self.callee.heard(Established))
        self.assertEqual(told, 102)
        self.assertEqual(len(self.caller.heard(Reoffered)), 50)

    def test_silent_user(self) -> None:
        """A user that never decides on a change does not keep the call from ending."""
        ours, _ = self.established()
        self.callee.on_effect = None
        self.caller.do(self.caller.endpoint.offer, ours, OFFER)
        self.world.run(1)
        self.caller.do(self.caller.endpoint.hang_up, ours)
        self.world.run(40)
        self.assertTrue(self.caller.is_idle and self.callee.is_idle)
        self.callee.on_effect = answering(self.callee)
