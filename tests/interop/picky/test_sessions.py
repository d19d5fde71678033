"""Offers and answers, session timers, PRACK, UPDATE and bodies, as a difficult PBX does them."""

from __future__ import annotations

import re

from tests.interop.picky.caller import Caller, Silence
from tests.interop.picky.standing import PickyCase, legs
from tests.kit.raw_sip import Raw

MULTIPART = "multipart/mixed;boundary=cut"


def media(body: str) -> list[str]:
    """The m= lines of a session description."""
    return [line for line in body.split("\r\n") if line.startswith("m=")]


def direction(body: str) -> str:
    """What it says about who may send."""
    found = re.findall(r"a=(sendrecv|sendonly|recvonly|inactive)\r\n", body)
    return found[-1] if found else "sendrecv"


def version(body: str) -> int:
    """The version in its o= line."""
    return int(body.split("o=")[1].split()[2])


class OfferTests(PickyCase):
    """The first offer."""

    def refused(self, caller: Caller, body: str | None, status: int, **how: object) -> Raw:
        """An INVITE with this body is refused with this status."""
        caller.invite(body, **how)
        response = caller.final("INVITE")
        self.assertEqual(response.status, status, response.start)
        caller.ack_refusal(response)
        return response

    def test_a_delayed_offer_with_its_answer_in_the_ack(self) -> None:
        """An INVITE without SDP gets our offer; its ACK answers, and the call stands."""
        caller = self.caller()
        response = caller.call("", ack_body=caller.sdp())
        self.assertIn("m=audio", response.body)
        self.assertEqual(response.header("Content-Type"), "application/sdp")
        with self.assertRaises(Silence):
            caller.asked("BYE", 0.3)

    def test_a_delayed_offer_without_answer(self) -> None:
        """An ACK without the answer that it owes ends the call with BYE."""
        caller = self.caller()
        caller.call("")
        caller.answer(caller.asked("BYE"))
        caller.up = False

    def test_a_delayed_offer_with_rubbish_for_an_answer(self) -> None:
        """An ACK with a description that is none ends the call with BYE."""
        caller = self.caller()
        caller.call("", ack_body="v=0\r\nthis is no description\r\n")
        caller.answer(caller.asked("BYE"))
        caller.up = False

    def test_a_delayed_offer_whose_stream_is_refused(self) -> None:
        """An answer with port 0 leaves nothing to talk on: BYE."""
        caller = self.caller()
        caller.call("", ack_body=caller.sdp().replace("m=audio 9 ", "m=audio 0 "))
        caller.answer(caller.asked("BYE"))
        caller.up = False

    def test_several_media_lines(self) -> None:
        """Video, a foreign profile and a second audio line are refused in their places."""
        caller = self.caller()
        body = caller.sdp(
            "m=video 4000 RTP/AVP 96",
            "a=rtpmap:96 H264/90000",
            "m=audio 4002 RTP/SAVP 0",
            "m=audio 4004 RTP/AVP 8",
            "m=image 4006 udptl t38",
        )
        lines = media(caller.call(body).body)
        self.assertEqual(len(lines), 5)
        self.assertNotIn(" 0 ", lines[0].partition("RTP")[0])
        for line, kind in zip(lines[1:], ("video", "audio", "audio", "image"), strict=True):
            self.assertTrue(line.startswith(f"m={kind} 0 "), line)

    def test_audio_behind_video(self) -> None:
        """The audio line is taken wherever it stands."""
        caller = self.caller()
        head, _, audio = caller.sdp().partition("m=audio")
        body = f"{head}m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio{audio}"
        lines = media(caller.call(body).body)
        self.assertTrue(lines[0].startswith("m=video 0 "))
        self.assertFalse(lines[1].startswith("m=audio 0 "))

    def test_the_offerer_s_order(self) -> None:
        """A-law first is answered with A-law, and 126 for events stays 126."""
        caller = self.caller()
        body = caller.sdp(formats="8 0 126").replace(":101 ", ":126 ")
        line = media(caller.call(body).body)[0]
        self.assertEqual(line.split()[3:], ["8", "126"])

    def test_no_codec_in_common(self) -> None:
        """488 with a Warning."""
        body = self.caller().sdp(formats="18").replace("a=rtpmap:0 PCMU/8000\r\n", "")
        response = self.refused(self.caller(), body, 488)
        self.assertTrue(response.header("Warning"))

    def test_addresses_that_nobody_may_send_to(self) -> None:
        """Multicast, broadcast, a name, an address of the other family: 488."""
        for line in (
            "c=IN IP4 224.2.0.1/127",
            "c=IN IP4 255.255.255.255",
            "c=IN IP4 phone.example.com",
            "c=IN IP6 2001:db8::1",
            "c=ATM NSAP 47",
        ):
            caller = self.caller()
            body = caller.sdp().replace("c=IN IP4 127.0.0.1", line)
            self.refused(caller, body, 488)

    def test_descriptions_that_are_none(self) -> None:
        """Rubbish under application/sdp: 400 or 488, never a call."""
        for body in ("hello", "v=0\r\nm=audio 99999999 RTP/AVP 0\r\n", "v=1\r\n", "\0" * 200):
            caller = self.caller()
            caller.invite(body)
            response = caller.final("INVITE")
            self.assertIn(response.status, (400, 488), body)
            caller.ack_refusal(response)

    def test_other_bodies(self) -> None:
        """415 with Accept for what nobody here reads; Accept without SDP is 406."""
        caller = self.caller()
        response = self.refused(caller, "hello", 415, kind="text/plain")
        self.assertIn("application/sdp", response.header("Accept"))
        caller = self.caller()
        response = self.refused(caller, None, 415, more=[("Content-Encoding", "gzip")])
        self.assertIn("identity", response.header("Accept-Encoding"))
        self.refused(self.caller(), None, 406, more=[("Accept", "text/plain")])

    def test_an_optional_body_of_another_type(self) -> None:
        """A body that may be passed over is: then it is a delayed offer."""
        caller = self.caller()
        how = [("Content-Disposition", "render;handling=optional")]
        response = caller.call("hello", ack_body=caller.sdp(), kind="text/plain", more=how)
        self.assertIn("m=audio", response.body)

    def test_multipart(self) -> None:
        """SDP beside ISUP, in any order, is a call; without parts it is 400."""
        isup = (
            "--cut\r\nContent-Type: application/ISUP;version=itu-t92+\r\n"
            "Content-Disposition: signal;handling=optional\r\n\r\n\x01\x11\x00\r\n"
        )
        for order in (0, 1):
            caller = self.caller()
            part = f"--cut\r\nContent-Type: application/sdp\r\n\r\n{caller.sdp()}\r\n"
            parts = [isup, part][:: 1 if order else -1]
            caller.call("".join(parts) + "--cut--\r\n", kind=MULTIPART)
        self.refused(self.caller(), "nothing\r\n", 400, kind=MULTIPART)

    def test_a_required_part_that_nobody_knows(self) -> None:
        """A part with handling=required of an unknown type: 415."""
        caller = self.caller()
        body = (
            f"--cut\r\nContent-Type: application/sdp\r\n\r\n{caller.sdp()}\r\n"
            "--cut\r\nContent-Type: application/x-law\r\n"
            "Content-Disposition: render;handling=required\r\n\r\nobey\r\n--cut--\r\n"
        )
        self.refused(caller, body, 415, kind=MULTIPART)


class ChangeTests(PickyCase):
    """Re-INVITE and UPDATE."""

    def test_hold_in_all_its_forms(self) -> None:
        """sendonly, inactive, 0.0.0.0, port 0; each answered as RFC 3264 wants, and resumed."""
        caller = self.caller()
        caller.call()
        plain = caller.sdp()
        wanted = (
            (caller.sdp("a=sendonly"), "recvonly"),
            (plain, "sendrecv"),
            (caller.sdp("a=inactive"), "inactive"),
            (plain, "sendrecv"),
            (caller.sdp("a=recvonly"), "sendonly"),
            (plain.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"), "recvonly"),
            (plain.replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n"), "inactive"),
            (plain, "sendrecv"),
        )
        for offer, answer in wanted:
            response = caller.reinvite(offer)
            self.assertEqual(response.status, 200)
            self.assertEqual(direction(response.body), answer, offer)
        response = caller.reinvite(plain.replace("m=audio 9 ", "m=audio 0 "))
        self.assertEqual((response.status, media(response.body)[0].split()[1]), (200, "0"))
        response = caller.reinvite(plain)
        self.assertNotEqual(media(response.body)[0].split()[1], "0")
        self.assertEqual(caller.bye().status, 200)

    def test_the_version_grows_by_one(self) -> None:
        """An answer that changed has the next version, one that did not has the same."""
        caller = self.caller()
        first = version(caller.call().body)
        same = version(caller.reinvite().body)
        other = version(caller.reinvite(caller.sdp("a=sendonly")).body)
        self.assertEqual((same, other), (first, first + 1))

    def test_a_reinvite_without_offer(self) -> None:
        """It gets our offer, and its ACK the answer; without one the call ends or stays, once."""
        caller = self.caller()
        caller.call()
        caller.invite("")
        response = caller.final("INVITE", number=2)
        self.assertIn("m=audio", response.body)
        caller.ack(caller.sdp())
        self.assertEqual(caller.bye().status, 200)

    def test_media_lines_may_not_vanish(self) -> None:
        """An offer with fewer lines than before is 488 and the call goes on as it was."""
        caller = self.caller()
        caller.call(caller.sdp("m=video 4000 RTP/AVP 96", "a=rtpmap:96 H264/90000"))
        self.assertEqual(caller.reinvite().status, 488)
        self.assertEqual(caller.bye().status, 200)

    def test_a_refused_change_leaves_the_call(self) -> None:
        """A re-INVITE with codecs nobody has: 488, then a good one: 200."""
        caller = self.caller()
        caller.call()
        self.assertEqual(caller.reinvite(caller.sdp(formats="18")).status, 488)
        self.assertEqual(caller.reinvite("rubbish").status, 400)
        self.assertEqual(caller.reinvite().status, 200)

    def test_overlapping_reinvites(self) -> None:
        """Two re-INVITEs in one breath: each has one final answer, 200, 491 or 500."""
        caller = self.caller()
        caller.call()
        first = caller.text("INVITE", number=2, body=caller.sdp())
        second = caller.text("INVITE", number=3, body=caller.sdp("a=sendonly"))
        caller.send(first)
        caller.send(second)
        caller.cseq = 3
        for number in (2, 3):
            response = caller.final("INVITE", number=number)
            self.assertIn(response.status, (200, 491, 500))
            if response.status == 200:
                caller.ack(number=number)
        self.assertEqual(caller.bye().status, 200)

    def test_a_reinvite_before_the_first_ack(self) -> None:
        """A re-INVITE that overtakes the ACK is answered; the call can be ended."""
        caller = self.caller()
        caller.invite()
        caller.take(caller.final("INVITE"))
        caller.invite()
        response = caller.final("INVITE", number=2)
        self.assertIn(response.status, (200, 491, 500))
        caller.ack(number=1)
        if response.status == 200:
            caller.ack(number=2)
        self.assertEqual(caller.bye().status, 200)

    def test_a_hundred_reinvites(self) -> None:
        """A peer that changes its mind all the time is borne, and keeps one leg."""
        caller = self.caller()
        caller.call()
        for n in range(100):
            self.assertEqual(caller.reinvite(caller.sdp(*["a=sendonly"][: n % 2])).status, 200)
        self.assertEqual(legs(self.server), 1)

    def test_reinvites_without_any_ack(self) -> None:
        """A peer that acknowledges none of ten re-INVITEs is refused soon, and may hang up."""
        caller = self.caller()
        caller.call()
        for _ in range(10):
            caller.invite()
        answers = [caller.final("INVITE", number=n).status for n in range(2, 12)]
        self.assertIn(500, answers)
        self.assertEqual(caller.bye().status, 200)

    def test_update(self) -> None:
        """UPDATE with an offer gets an answer; without one it is a sign of life."""
        caller = self.caller()
        caller.call()
        caller.request("UPDATE", body=caller.sdp("a=sendonly"))
        response = caller.final("UPDATE")
        self.assertEqual((response.status, direction(response.body)), (200, "recvonly"))
        self.assertTrue(response.contact)
        caller.request("UPDATE")
        response = caller.final("UPDATE")
        self.assertEqual((response.status, response.body), (200, ""))
        caller.request("UPDATE", body=caller.sdp(formats="18"))
        self.assertEqual(caller.final("UPDATE").status, 488)
        caller.request("UPDATE", body="x", kind="text/plain")
        self.assertEqual(caller.final("UPDATE").status, 415)

    def test_a_new_contact_moves_the_peer(self) -> None:
        """After a re-INVITE with another Contact our BYE goes there."""
        caller, other = self.caller(), self.caller()
        caller.call("", ack_body=caller.sdp())
        moved = {"Contact": f"<sip:picky@127.0.0.1:{other.port}>"}
        self.assertEqual(caller.reinvite(changes=moved).status, 200)
        caller.invite("", changes=moved)
        caller.final("INVITE", number=3)
        caller.ack("v=0\r\nno answer\r\n")
        other.answer(other.asked("BYE"))
        caller.up = False

    def test_record_routes_are_followed(self) -> None:
        """A proxy that recorded itself stands in the 200, and gets our BYE with its Route."""
        caller, proxy = self.caller(), self.caller()
        route = f"<sip:127.0.0.1:{proxy.port};lr>"
        more = [("Record-Route", route), ("Record-Route", "<sip:far.example.com;lr>")]
        response = caller.call("", ack_body="v=0\r\nno answer\r\n", more=more)
        self.assertEqual(response.all("Record-Route"), [route, "<sip:far.example.com;lr>"])
        bye = proxy.asked("BYE")
        self.assertEqual(bye.all("Route"), [route, "<sip:far.example.com;lr>"])
        proxy.answer(bye)
        caller.up = False


class TimerTests(PickyCase):
    """RFC 4028 and RFC 3262."""

    def terms(self, value: str, **more: str) -> Raw:
        """The 200 to an INVITE with this Session-Expires, from a peer that knows timers."""
        caller = self.caller()
        fields = {"Supported": "timer", "Session-Expires": value, **more}
        return caller.call(changes=fields)

    def test_who_refreshes(self) -> None:
        """The peer when it wants to or says nothing, else we; the interval is the peer's."""
        for value, wanted in (
            ("1800;refresher=uac", "1800;refresher=uac"),
            ("1800;refresher=uas", "1800;refresher=uas"),
            ("1800", "1800;refresher=uac"),
            ("90", "90;refresher=uac"),
            ("3600 ; refresher = UAS", "3600;refresher=uas"),
        ):
            response = self.terms(value)
            self.assertEqual(response.header("Session-Expires"), wanted, value)
            required = "timer" in response.header("Require")
            self.assertEqual(required, wanted.endswith("uac"), value)

    def test_the_compact_form(self) -> None:
        """`x:` is Session-Expires and `k:` Supported."""
        caller = self.caller()
        response = caller.call(more=[("x", "600;refresher=uac"), ("k", "timer")])
        self.assertEqual(response.header("Session-Expires"), "600;refresher=uac")

    def test_too_small_an_interval(self) -> None:
        """89 seconds and less: 422 with Min-SE: 90; who does not know timers gets no 422."""
        for value in ("89", "1;refresher=uas", "0"):
            caller = self.caller()
            caller.invite(changes={"Supported": "timer", "Session-Expires": value})
            response = caller.final("INVITE")
            self.assertEqual((response.status, response.header("Min-SE")), (422, "90"))
            caller.ack_refusal(response)
        caller = self.caller()
        caller.call(changes={"Session-Expires": "30"})

    def test_intervals_that_are_none(self) -> None:
        """Rubbish and giant numbers in Session-Expires do no harm."""
        for value in ("soon", "-5", "99999999999999999999", "4294967295", ";refresher=uac", ""):
            self.terms(value)

    def test_too_small_in_an_update(self) -> None:
        """422 within a call too; the call stands."""
        caller = self.caller()
        caller.call()
        fields = {"Supported": "timer", "Session-Expires": "10"}
        caller.request("UPDATE", changes=fields)
        response = caller.final("UPDATE")
        self.assertEqual((response.status, response.header("Min-SE")), (422, "90"))
        self.assertEqual(caller.reinvite(changes=fields).status, 422)
        self.assertEqual(caller.bye().status, 200)

    def test_reliable_answers(self) -> None:
        """With Require: 100rel the call is answered; a reliable 180 in between is PRACKed."""
        caller = self.caller()
        caller.invite(more=[("Require", "100rel")])
        while True:
            response = caller.wait(lambda m: m.status > 100 and m.method == "INVITE")
            if response.status >= 200:
                break
            self.assertIn("100rel", response.header("Require"))
            caller.take(response)
            rack = f"{response.header('RSeq')} 1 INVITE"
            caller.request("PRACK", more=[("RAck", rack)])
            self.assertEqual(caller.final("PRACK").status, 200)
        self.assertEqual(response.status, 200)
        caller.take(response)
        caller.ack(number=1)

    def test_pracks_for_nothing(self) -> None:
        """A PRACK that confirms nothing: 481, or 400 when it cannot be read; the call stands."""
        caller = self.caller()
        caller.call()
        for rack in ("1 1 INVITE", "99999999999 1 INVITE", "nothing", ""):
            caller.request("PRACK", more=[("RAck", rack)])
            self.assertIn(caller.final("PRACK").status, (400, 481), rack)
        self.assertEqual(caller.bye().status, 200)

    def test_reliable_answers_that_are_only_liked(self) -> None:
        """Supported: 100rel is no demand: a plain call."""
        caller = self.caller()
        response = caller.call(changes={"Supported": "100rel, timer, replaces, norefersub"})
        self.assertEqual(response.header("RSeq"), "")

    def test_expires_of_the_invite(self) -> None:
        """Expires 0 and 1 do not end a call that was answered at once."""
        for value in ("1", "0", "4294967295", "soon"):
            caller = self.caller()
            caller.call(changes={"Expires": value})
            with self.assertRaises(Silence):
                caller.asked("BYE", 1.2 if value == "1" else 0.05)
