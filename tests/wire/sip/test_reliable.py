"""Provisional answers that the peer insists on having for sure (RFC 3262)."""

from __future__ import annotations

from tests.kit.sip_peer import OUR_SDP, SDP
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import Ended

REQUIRED = [("Require", "100rel")]


class ReliableTests(PeerCase):
    def ringing(self) -> str:
        call = self.peer.offered(headers=REQUIRED)
        self.do("ring", call, self.peer.now)
        self.peer.to_tag = self.peer.response.to.tag or ""
        self.rseq = self.peer.response.headers.get("rseq") or ""
        return call

    def prack(self, rack: str, number: int = 2, **details: object) -> list[str]:
        self.peer.ask("PRACK", number, headers=[("RAck", rack)], **details)
        return self.peer.names

    def test_ringing(self) -> None:
        """180 says Require and RSeq, is repeated at doubling steps, and stops with its PRACK."""
        self.ringing()
        self.assertEqual(self.peer.response.headers.get("require"), "100rel")
        self.assertIn(int(self.rseq), range(1, 2**31))
        moments = self.peer.moments(self.peer.now + 16)
        self.assertEqual(moments, [(at, "180") for at in (0.5, 1.5, 3.5, 7.5, 15.5)])
        self.assertEqual(self.prack(f"{self.rseq} 1 INVITE"), ["200"])
        self.assertEqual(self.peer.moments(self.peer.now + 100), [])

    def test_only_for_those_who_insist(self) -> None:
        """A peer that merely can gets a plain 180."""
        call = self.peer.offered(headers=[("Supported", "100rel")])
        self.do("ring", call, self.peer.now)
        self.assertIsNone(self.peer.response.headers.get("rseq"))

    def test_wrong_acknowledgements(self) -> None:
        """481 for what matches nothing, 400 for what cannot be read; the repeating goes on."""
        self.ringing()
        wrong = (f"{int(self.rseq) + 1} 1 INVITE", f"{self.rseq} 2 INVITE", f"{self.rseq} 1 UPDATE")
        for number, rack in enumerate(wrong, 2):
            self.assertEqual(self.prack(rack, number), ["481"])
        for number, rack in enumerate(("", "1 INVITE", "a b INVITE", "-1 1 INVITE"), 9):
            self.assertEqual(self.prack(rack, number), ["400"])
        self.assertEqual(self.peer.moments(self.peer.now + 0.6), [(0.5, "180")])

    def test_acknowledged_twice(self) -> None:
        """A second PRACK for the same answer is told 481."""
        self.ringing()
        self.prack(f"{self.rseq} 1 INVITE")
        self.assertEqual(self.prack(f"{self.rseq} 1 INVITE", 3), ["481"])

    def test_answer_before_the_acknowledgement(self) -> None:
        """The call may be answered meanwhile; the late PRACK is still right (§3)."""
        call = self.ringing()
        self.assertEqual(self.do("answer", call, OUR_SDP, self.peer.now), ["200"])
        moments = self.peer.moments(self.peer.now + 1)
        self.assertEqual(moments, [(0.5, "200")])
        self.assertEqual(self.prack(f"{self.rseq} 1 INVITE"), ["200"])
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.names, ["Established"])

    def test_no_acknowledgement(self) -> None:
        """Without PRACK the call is refused with 504 after 32 s (§3)."""
        call = self.ringing()
        moments = self.peer.moments(self.peer.now + 32.1)
        self.assertEqual([n for _, n in moments if n != "180"], ["504", "Ended"])
        self.assertIn(Ended(call, "timeout", "504"), self.peer.every)
        self.assert_nothing_left()

    def test_ringing_again(self) -> None:
        """A second ringing waits for the first PRACK, and has the next number."""
        call = self.ringing()
        self.assertEqual(self.do("ring", call, self.peer.now), [])
        self.prack(f"{self.rseq} 1 INVITE")
        self.assertEqual(self.do("ring", call, self.peer.now), ["180"])
        self.assertEqual(self.peer.response.headers.get("rseq"), str(int(self.rseq) + 1))

    def test_without_offer(self) -> None:
        """An INVITE without offer is not rung: a reliable answer would have to make the offer."""
        call = self.peer.offered(headers=REQUIRED, body=b"")
        self.assertEqual(self.do("ring", call, self.peer.now), [])
        self.assertEqual(self.do("answer", call, OUR_SDP, self.peer.now), ["200"])

    def test_offer_in_the_acknowledgement(self) -> None:
        """A PRACK with a new offer is refused, but acknowledges all the same."""
        self.ringing()
        self.assertEqual(self.prack(f"{self.rseq} 1 INVITE", body=SDP), ["488"])
        self.assertEqual(self.peer.moments(self.peer.now + 20), [])

    def test_cancelled(self) -> None:
        """CANCEL stops the repeating."""
        call = self.peer.offered(headers=REQUIRED, branch="z9hG4bK-rel")
        self.do("ring", call, self.peer.now)
        self.peer.ask("CANCEL", 1, branch="z9hG4bK-rel")
        self.assertEqual(self.peer.names, ["200", "487", "Ended"])
        self.assert_nothing_left()
