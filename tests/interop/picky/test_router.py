"""The call router as a difficult PBX and a stranger see it."""

from __future__ import annotations

import re

from tests.interop.picky.caller import Caller, Silence
from tests.interop.picky.standing import PickyCase
from tests.kit.raw_sip import Raw

DIVERSION = [("Diversion", "<sip:1001@pbx.example.com>;reason=no-answer")]


class RedirectTests(PickyCase):
    """302 and what comes of it."""

    def redirected(self, caller: Caller) -> Raw:
        """The 302 to a forwarded call."""
        caller.invite(more=DIVERSION)
        response = caller.final("INVITE")
        self.assertEqual(response.status, 302, response.start)
        return response

    def router(self, **more: object) -> Caller:
        """A peer towards the router."""
        return self.caller(port=self.server.sip, user="5000", **more)

    def follow(self, uri: str) -> Raw:
        """What an INVITE to this Contact comes to, without any Diversion."""
        caller = self.caller()
        caller.invite(uri=uri)
        response = caller.final("INVITE")
        if response.status == 200:
            caller.take(response)
            caller.ack()
        else:
            caller.ack_refusal(response)
        return response

    def test_copies_get_the_same_answer(self) -> None:
        """The same INVITE three times: one and the same 302, until the ACK."""
        caller = self.router()
        text = caller.invite(more=DIVERSION)
        first = caller.final("INVITE")
        for _ in range(2):
            caller.send(text)
            self.assertEqual(caller.final("INVITE").headers, first.headers)
        caller.ack_refusal(first)
        caller.listen(0.05)
        self.assertEqual(caller.listen(0.8), [])

    def test_without_ack_it_is_repeated(self) -> None:
        """Over UDP the 302 comes again after half a second."""
        caller = self.router()
        first = self.redirected(caller)
        second = caller.final("INVITE")
        self.assertApproximates(second.at - first.at, 0.5, 0.15)
        caller.ack_refusal(second)

    def test_the_contact_is_followed_without_diversion(self) -> None:
        """Who follows the 302 and forgets the Diversion still reaches the mailbox."""
        caller = self.router()
        response = self.redirected(caller)
        caller.ack_refusal(response)
        self.assertEqual(self.follow(response.contact).status, 200)

    def test_a_forged_token(self) -> None:
        """A token that was changed, cut, doubled or made up is not believed, and no fault."""
        caller = self.router()
        response = self.redirected(caller)
        caller.ack_refusal(response)
        token = re.findall(r"um-route=([^;>?]+)", response.contact)[0]
        middle = len(token) // 2
        other = "A" if token[middle] != "A" else "B"
        for bad in (
            token[:middle] + other + token[middle + 1 :],
            token[:-5],
            token + token,
            "x" * 1500,
            "%00%ff",
            "",
        ):
            status = self.follow(response.contact.replace(token, bad)).status
            self.assertIn(status // 100, (2, 4), bad[:20])

    def test_over_tcp_it_leads_to_tcp(self) -> None:
        """A call that came over TCP is sent on over TCP."""
        caller = self.router(transport="tcp")
        response = self.redirected(caller)
        caller.ack_refusal(response)
        self.assertIn("transport=tcp", response.contact.lower())

    def test_no_offer_and_odd_offers(self) -> None:
        """The router looks at no session description: with none and with rubbish it redirects."""
        for body in ("", "v=0\r\nrubbish", self.router().sdp(formats="18")):
            caller = self.router()
            caller.invite(body, more=DIVERSION)
            response = caller.final("INVITE")
            self.assertEqual(response.status, 302, body)
            caller.ack_refusal(response)


class StrangerTests(PickyCase):
    """Peers that are no gateways (127.0.0.2 is none)."""

    def test_no_stranger_is_served(self) -> None:
        """INVITE at both ports: refused with ms-diagnostics, no leg, no detail about mailboxes."""
        said = set()
        for port in (self.server.sip, self.server.mbx):
            for user in ("1001", "5000", "4711"):
                caller = self.caller(port=port, host="127.0.0.2", user=user)
                caller.invite(more=DIVERSION)
                response = caller.final("INVITE")
                self.assertEqual(response.status // 100, 4)
                self.assertTrue(response.header("ms-diagnostics"))
                said.add((response.start, response.header("ms-diagnostics")))
                caller.ack_refusal(response)
        self.assertEqual(len(said), 1, said)

    def test_a_stranger_in_a_call(self) -> None:
        """Who knows a call but not our tag in it cannot end it."""
        caller, stranger = self.caller(), self.caller(host="127.0.0.2")
        caller.call()
        text = caller.text("BYE", number=2).replace(f"tag={caller.to_tag}", "tag=guessed")
        stranger.send(text.replace(f"127.0.0.1:{caller.port};rport", f"127.0.0.2:{stranger.port}"))
        self.assertEqual(stranger.final("BYE").status, 481)
        with self.assertRaises(Silence):
            caller.asked("BYE", 0.2)
        self.assertEqual(caller.bye().status, 200)
