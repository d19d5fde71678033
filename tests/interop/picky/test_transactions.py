"""Retransmissions, CANCEL, ACK and BYE at every point, as a peer on a real network sees them."""

from __future__ import annotations

import os

from twisted.trial.unittest import SkipTest

from tests.interop.picky.caller import Silence
from tests.interop.picky.standing import PickyCase, legs
from tests.kit.raw_sip import Raw


def statuses(messages: list[Raw], method: str) -> list[int]:
    """The statuses of the answers to this method."""
    return [message.status for message in messages if message.status and message.method == method]


class InviteTests(PickyCase):
    """The INVITE and its answers."""

    def test_a_repeated_invite_makes_no_second_call(self) -> None:
        """The same INVITE five times: one call, one answer repeated, one tag."""
        caller = self.caller()
        text = caller.invite()
        for _ in range(4):
            caller.send(text)
        caller.take(caller.final("INVITE"))
        heard = caller.listen(0.3)
        self.assertEqual(legs(self.server), 1)
        tags = {m.header("To") for m in heard if m.status == 200}
        self.assertLessEqual(len(tags), 1)
        caller.ack()

    def test_the_200_is_repeated_until_the_ack(self) -> None:
        """Without ACK the 200 comes after 0.5 and 1 second more; with it never again."""
        caller = self.caller()
        caller.invite()
        first = caller.final("INVITE")
        caller.take(first)
        second = caller.final("INVITE")
        third = caller.final("INVITE")
        self.assertApproximates(second.at - first.at, 0.5, 0.15)
        self.assertApproximates(third.at - second.at, 1.0, 0.2)
        self.assertEqual((first.headers, first.body), (third.headers, third.body))
        caller.ack()
        caller.listen(0.05)
        self.assertEqual(statuses(caller.listen(2.3), "INVITE"), [])

    def test_an_invite_repeated_after_its_200_changes_nothing(self) -> None:
        """A late copy of the INVITE, after ACK: no second call, no error."""
        caller = self.caller()
        text = caller.invite()
        caller.take(caller.final("INVITE"))
        caller.ack()
        caller.send(text)
        heard = caller.listen(0.4)
        self.assertEqual([s for s in statuses(heard, "INVITE") if s >= 300], [])
        self.assertEqual(legs(self.server), 1)
        self.assertEqual(caller.bye().status, 200)

    def test_a_repeated_ack_is_silent(self) -> None:
        """Five copies of the ACK: no answer to any, and the call stands."""
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        caller.listen(0.05)
        text = caller.ack()
        for _ in range(4):
            caller.send(text)
        self.assertEqual(caller.listen(0.3), [])
        self.assertEqual(caller.bye().status, 200)

    def test_a_refusal_is_repeated_until_its_ack(self) -> None:
        """A refusal over UDP comes again after 0.5 s; its ACK ends that."""
        caller = self.caller()
        caller.invite(caller.sdp(formats="101"))
        first = caller.final("INVITE")
        second = caller.final("INVITE")
        self.assertEqual((first.status, second.status), (488, 488))
        self.assertApproximates(second.at - first.at, 0.5, 0.15)
        caller.ack_refusal(second)
        caller.listen(0.05)
        self.assertEqual(caller.listen(1.3), [])

    def test_a_merged_request(self) -> None:
        """The same INVITE on a second way (another branch) is 482."""
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        caller.ack()
        copy = caller.text("INVITE", number=1, dialog=False, body=caller.sdp())
        caller.send(copy)
        self.assertEqual(caller.final("INVITE").status, 482)
        self.assertEqual(legs(self.server), 1)

    def test_a_call_without_ack_ends(self) -> None:
        """A caller who acknowledges nothing hears BYE after 32 seconds, again until it answers."""
        if not os.environ.get("UMSERVER_NOISE"):
            raise SkipTest("takes 33 seconds: run with UMSERVER_NOISE=1")
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        first = caller.asked("BYE", 34)
        second = caller.asked("BYE")
        self.assertEqual(first.headers, second.headers)
        self.assertApproximates(second.at - first.at, 0.5, 0.15)
        caller.answer(second)
        caller.listen(0.05)
        self.assertEqual(caller.listen(1.2), [])
        caller.up = False


class CancelTests(PickyCase):
    """CANCEL."""

    def test_cancel_at_once(self) -> None:
        """INVITE and CANCEL in one breath: 200 for the CANCEL; 487, or 200 and BYE works."""
        caller = self.caller()
        caller.invite()
        caller.cancel()
        self.assertEqual(caller.final("CANCEL").status, 200)
        response = caller.final("INVITE")
        if response.status == 200:
            caller.take(response)
            caller.ack()
            self.assertEqual(caller.bye().status, 200)
        else:
            self.assertEqual(response.status, 487)
            caller.ack_refusal(response)

    def test_cancel_after_the_200(self) -> None:
        """Too late: the CANCEL is answered 200, the call stands (RFC 3261 §9.2)."""
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        text = caller.cancel()
        caller.send(text)
        self.assertEqual(caller.final("CANCEL").status, 200)
        self.assertEqual(caller.final("CANCEL").status, 200)
        caller.ack()
        with self.assertRaises(Silence):
            caller.asked("BYE", 0.4)
        self.assertEqual(caller.bye().status, 200)

    def test_cancel_for_nothing(self) -> None:
        """A CANCEL of an INVITE that never was is 481."""
        caller = self.caller()
        caller.request("CANCEL", dialog=False)
        self.assertEqual(caller.final("CANCEL").status, 481)

    def test_cancel_before_its_invite(self) -> None:
        """A CANCEL that overtook its INVITE is 481, and the INVITE is served."""
        caller = self.caller()
        branch = caller.branch()
        cancel = caller.text("CANCEL", number=1, branch=branch, dialog=False)
        caller.send(cancel)
        self.assertEqual(caller.final("CANCEL").status, 481)
        caller.call(branch=branch)

    def test_cancel_of_a_reinvite_after_its_200(self) -> None:
        """Cancelling a re-INVITE that has its answer leaves the call alone."""
        caller = self.caller()
        caller.call()
        caller.invite()
        self.assertEqual(caller.final("INVITE", number=2).status, 200)
        caller.send(
            caller.text("CANCEL", number=2, branch=caller._invite[1], changes={"Contact": None})
        )
        self.assertEqual(caller.final("CANCEL").status, 200)
        caller.ack()
        self.assertEqual(caller.bye().status, 200)


class ByeTests(PickyCase):
    """The end."""

    def test_a_repeated_bye(self) -> None:
        """The same BYE twice: 200 twice. A new one for the ended call: 481."""
        caller = self.caller()
        caller.call()
        caller.up = False
        text = caller.request("BYE")
        self.assertEqual(caller.final("BYE").status, 200)
        caller.send(text)
        self.assertEqual(caller.final("BYE").status, 200)
        caller.request("BYE")
        self.assertEqual(caller.final("BYE").status, 481)

    def test_bye_before_the_ack(self) -> None:
        """BYE instead of ACK: 200, the call is over, the 200 of the INVITE stops."""
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        self.assertEqual(caller.bye().status, 200)
        caller.listen(0.05)
        self.assertEqual(statuses(caller.listen(1.8), "INVITE"), [])

    def test_a_late_ack_after_bye(self) -> None:
        """An ACK that comes behind its BYE is passed over."""
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        self.assertEqual(caller.bye().status, 200)
        caller.ack()
        self.assertEqual([m for m in caller.listen(0.3) if m.method != "INVITE"], [])

    def test_bye_with_wrong_tags(self) -> None:
        """A stranger's BYE (a wrong tag, a wrong Call-ID) is 481; the call stands."""
        caller = self.caller()
        caller.call()
        good = caller.text("BYE", number=2)
        for old, new in (
            (f"tag={caller.tag}", "tag=stranger"),
            (f"tag={caller.to_tag}", "tag=stranger"),
            (caller.call_id, "another"),
        ):
            bad = good.replace(old, new).replace("branch=z9hG4bK-", "branch=z9hG4bKx" + new[-4:])
            caller.send(bad)
            self.assertEqual(caller.final("BYE").status, 481)
        caller.cseq = 2
        self.assertEqual(caller.bye().status, 200)

    def test_an_old_cseq(self) -> None:
        """A request older than one that came before is 500 and changes nothing (§12.2.2)."""
        caller = self.caller()
        caller.cseq = 50
        caller.call()
        caller.send(caller.text("BYE", number=7))
        self.assertEqual(caller.final("BYE").status, 500)
        self.assertEqual(caller.bye().status, 200)

    def test_a_large_step_of_cseq(self) -> None:
        """CSeq may jump to the largest number there is."""
        caller = self.caller()
        caller.call()
        caller.cseq = 2**31 - 3
        self.assertEqual(caller.bye().status, 200)


class MethodTests(PickyCase):
    """Requests that are no calls."""

    def test_unknown_methods(self) -> None:
        """501 with Allow outside of a call and within; the call stands."""
        caller = self.caller()
        caller.request("FLY", dialog=False)
        response = caller.final("FLY")
        self.assertEqual(response.status, 501)
        self.assertIn("INVITE", response.header("Allow"))
        caller.call()
        caller.request("FLY")
        self.assertEqual(caller.final("FLY").status, 501)
        self.assertEqual(caller.bye().status, 200)

    def test_foreign_methods(self) -> None:
        """REGISTER, MESSAGE, PUBLISH, REFER: 405 with Allow."""
        caller = self.caller()
        for method in ("REGISTER", "MESSAGE", "PUBLISH", "REFER"):
            caller.request(method, dialog=False)
            response = caller.final(method)
            self.assertEqual(response.status, 405, method)
            self.assertIn("INVITE", response.header("Allow"))

    def test_methods_without_their_call(self) -> None:
        """BYE, UPDATE, INFO, PRACK, NOTIFY outside of a call: 481."""
        caller = self.caller()
        for method in ("BYE", "UPDATE", "INFO", "PRACK", "NOTIFY"):
            caller.request(method, dialog=False)
            self.assertEqual(caller.final(method).status, 481, method)

    def test_a_method_in_lower_case_is_another_one(self) -> None:
        """Methods are case-sensitive: `invite` is unknown (RFC 3261 §7.1)."""
        caller = self.caller()
        caller.request("invite", dialog=False)
        self.assertEqual(caller.final("invite").status, 501)

    def test_ack_out_of_nowhere(self) -> None:
        """An ACK that belongs to nothing is never answered."""
        caller = self.caller()
        caller.request("ACK", dialog=False)
        self.assertEqual(caller.listen(0.3), [])

    def test_responses_out_of_nowhere(self) -> None:
        """Responses that belong to nothing are never answered."""
        caller = self.caller()
        for status in (100, 180, 200, 302, 487, 699):
            caller.send(
                caller.text("OPTIONS", number=1).replace(
                    f"OPTIONS {caller.uri} SIP/2.0", f"SIP/2.0 {status} Hm"
                )
            )
        self.assertEqual(caller.listen(0.3), [])

    def test_max_forwards_of_zero(self) -> None:
        """We are where it wants to go: OPTIONS and INVITE are served."""
        caller = self.caller()
        caller.request("OPTIONS", dialog=False, changes={"Max-Forwards": "0"})
        self.assertEqual(caller.final("OPTIONS").status, 200)
        caller.call(changes={"Max-Forwards": "0"})

    def test_max_forwards_that_is_none(self) -> None:
        """Absent is served; 256, -1 and words are 400."""
        caller = self.caller()
        caller.request("OPTIONS", dialog=False, changes={"Max-Forwards": None})
        self.assertEqual(caller.final("OPTIONS").status, 200)
        for value in ("256", "-1", "many", "70 70"):
            caller.request("OPTIONS", dialog=False, changes={"Max-Forwards": value})
            self.assertEqual(caller.final("OPTIONS").status, 400, value)

    def test_a_subscription_to_something_unknown(self) -> None:
        """SUBSCRIBE to an event package that nobody has: 489 names those that there are."""
        caller = self.caller()
        caller.request("SUBSCRIBE", dialog=False, more=[("Event", "weather")])
        response = caller.final("SUBSCRIBE")
        self.assertEqual(response.status, 489)
        self.assertTrue(response.header("Allow-Events"))

    def test_unknown_requirements(self) -> None:
        """420 names exactly what is not known; Proxy-Require is no matter of ours."""
        caller = self.caller()
        caller.invite(more=[("Require", "100rel, fly , swim"), ("Require", "timer")])
        response = caller.final("INVITE")
        caller.ack_refusal(response)
        self.assertEqual(response.status, 420)
        self.assertEqual(response.header("Unsupported"), "fly, swim")
        other = self.caller()
        other.call(more=[("Proxy-Require", "fly")])

    def test_requirements_within_a_call(self) -> None:
        """BYE with an unknown requirement is 420 and the call stands; CANCEL and ACK ignore it."""
        caller = self.caller()
        caller.call()
        caller.request("BYE", more=[("Require", "fly")])
        self.assertEqual(caller.final("BYE").status, 420)
        self.assertEqual(caller.bye().status, 200)

    def test_a_uri_scheme_that_nobody_has(self) -> None:
        """416 for an unknown scheme; tel: is served."""
        caller = self.caller()
        caller.invite(uri="fax:+12125550100", dialog=False)
        response = caller.final("INVITE")
        self.assertEqual(response.status, 416)
        caller.ack_refusal(response)
        caller = self.caller()
        caller.invite(uri="tel:1001;phone-context=example.com", dialog=False)
        response = caller.final("INVITE")
        self.assertIn(response.status, (200, 302))
        if response.status == 200:
            caller.take(response)
            caller.ack()


class AddressTests(PickyCase):
    """Where answers go (RFC 3261 §18.2, RFC 3581)."""

    def test_with_rport(self) -> None:
        """The answer says which port and address it saw, and comes there."""
        caller = self.caller()
        caller.request(
            "OPTIONS",
            dialog=False,
            changes={"Via": f"SIP/2.0/UDP 192.0.2.1:9;rport;branch={caller.branch()}"},
        )
        via = caller.final("OPTIONS").header("Via")
        self.assertIn("received=127.0.0.1", via)
        self.assertIn(f"rport={caller.port}", via)

    def test_without_rport(self) -> None:
        """The answer goes to the port of the Via, at the address that sent."""
        caller, other = self.caller(), self.caller()
        caller.request(
            "OPTIONS",
            dialog=False,
            changes={"Via": f"SIP/2.0/UDP 192.0.2.1:{other.port};branch={caller.branch()}"},
        )
        via = other.final("OPTIONS").header("Via")
        self.assertIn("received=127.0.0.1", via)
        self.assertNotIn("rport", via)
        self.assertEqual(caller.listen(0.2), [])

    def test_compact_forms(self) -> None:
        """A whole call in compact header names, in odd case, is a call."""
        caller = self.caller()
        text = caller.text("INVITE", number=1, body=caller.sdp())
        for long, short in (
            ("Via:", "v :"),
            ("From:", "F:"),
            ("To:", "t\t:"),
            ("Call-ID:", "i:"),
            ("Contact:", "m:"),
            ("Content-Type:", "c:"),
            ("Content-Length:", "L:"),
        ):
            text = text.replace(f"\r\n{long}", f"\r\n{short}", 1)
        caller.cseq = 1
        caller._invite = (1, "")
        caller.send(text)
        caller.take(caller.final("INVITE"))
        caller.ack()
        self.assertEqual(caller.bye().status, 200)

    def test_ipv6(self) -> None:
        """A call over ::1, with a Via in brackets and upper case."""
        caller = self.caller(host="::1")
        caller.call()
        self.assertEqual(caller.bye().status, 200)

    def test_ipv6_with_a_scope(self) -> None:
        """A zone in a Via or URI is answered (200 or 400), whatever it means."""
        caller = self.caller(host="::1")
        for host in ("[fe80::1%25eth0]", "[fe80::1%eth0]", "[::ffff:192.0.2.1]"):
            via = f"SIP/2.0/UDP {host}:{caller.port};rport;branch={caller.branch()}"
            caller.request("OPTIONS", dialog=False, changes={"Via": via})
            self.assertIn(caller.final("OPTIONS").status, (200, 400), host)
            caller.request("OPTIONS", dialog=False, uri=f"sip:{host}")
            self.assertIn(caller.final("OPTIONS").status, (200, 400), host)
