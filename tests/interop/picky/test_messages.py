"""The odd messages of RFC 4475 and RFC 5118 that no published vector here covers, in our words.

Each test sends a message of the same kind to a real server and wants what the section wants of it.
"""

from __future__ import annotations

from tests.interop.picky.caller import Caller
from tests.interop.picky.standing import PickyCase
from tests.kit.raw_sip import Raw

ODD = "!interesting-Method0123456789_*+`.%indeed'~"


class MessageCase(PickyCase):
    """One odd message, one answer."""

    def options(self, **how: object) -> Raw:
        """The answer to an OPTIONS with these oddities."""
        caller = self.caller()
        caller.request("OPTIONS", dialog=False, **how)
        return caller.final("OPTIONS")

    def invited(self, caller: Caller, text: str) -> Raw:
        """The final answer to this INVITE of CSeq 1; a call is entered, a refusal acknowledged."""
        caller.cseq = 1
        caller.send(text)
        response = caller.wait(lambda m: m.status >= 200)
        if response.status == 200:
            caller.take(response)
            caller.ack(number=1)
        else:
            branch = response.header("Via").partition("branch=")[2].partition(";")[0]
            caller._invite = (1, branch)
            caller.ack_refusal(response)
        return response


class ValidTests(MessageCase):
    """RFC 4475 §3.1.1: odd, and right."""

    def test_every_character_that_may_stand_there(self) -> None:
        """§3.1.1.2: wide characters in method, URI, tags: 501, everything repeated as it came."""
        caller = self.caller()
        caller.call_id = "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
        fields = {
            "To": '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)'
            "&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com>",
            "From": "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%"
            '="\u0440\u0430\u0431\u043e\u0442\u0430\u044e\u0449\u0438\u0439";tag=_token~1\'+`*%!-.',
            "CSeq": f"139122385 {ODD}",
        }
        caller.request(
            ODD,
            dialog=False,
            uri="sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too"
            ".(doesn't-it)@example.com",
            changes=fields,
        )
        response = caller.wait(lambda m: m.status >= 200)
        self.assertIn(response.status, (501, 400))
        self.assertEqual(response.header("Call-ID"), caller.call_id)
        self.assertEqual(response.header("From"), fields["From"])

    def test_escaped_null_in_a_uri(self) -> None:
        """§3.1.1.4: %00 in a user part is a character like another."""
        to = "<sip:null-%00-null@example.com>"
        response = self.options(uri="sip:null-%00-null@127.0.0.1", changes={"To": to})
        self.assertEqual(response.status, 200)
        self.assertTrue(response.header("To").startswith(to))

    def test_a_display_name_without_space(self) -> None:
        """§3.1.1.6: `caller<sip:…>` needs no white space."""
        fields = {"From": "caller<sip:caller@example.com>;tag=323"}
        self.assertEqual(self.options(changes=fields).status, 200)

    def test_a_second_message_in_the_datagram(self) -> None:
        """§3.1.1.8: what follows the body in a datagram is left out."""
        caller = self.caller()
        first = caller.text("OPTIONS", number=1, dialog=False)
        second = caller.text("OPTIONS", number=2, dialog=False)
        caller.send(first + second)
        heard = [m.header("CSeq") for m in caller.listen(0.3)]
        self.assertEqual(heard, ["1 OPTIONS"])

    def test_transports_of_every_kind(self) -> None:
        """§3.1.1.10: unknown transports in further Vias are no matter of ours."""
        for name in ("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"):
            via = f"SIP/2.0/{name} t{len(name)}.example.com;branch=z9hG4bKnast{name}"
            self.assertEqual(self.options(more=[("Via", via)]).status, 200)

    def test_a_reason_phrase_of_foreign_letters(self) -> None:
        """§3.1.1.12: such a response to nothing is passed over."""
        caller = self.caller()
        text = caller.text("INVITE", number=1)
        start = "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e \u0434\u0435\u0432"
        caller.send(f"{start}\r\n{text.partition(chr(10))[2]}")
        self.assertEqual(caller.listen(0.2), [])

    def test_a_novel_scheme_in_from_and_contact(self) -> None:
        """§3.3.3: unknown schemes elsewhere than in the Request-URI do no harm."""
        fields = {
            "From": "<name:John_Smith>;tag=323",
            "To": "<isbn:2983792873>",
            "Contact": "<name:John_Smith>",
        }
        self.assertIn(self.options(changes=fields).status, (200, 400))
        response = self.options(uri="soap.beep://192.0.2.103:3002")
        self.assertIn(response.status, (416, 400))

    def test_authorization_of_an_unknown_kind(self) -> None:
        """§3.3.7: a scheme nobody knows is ignored where none is asked for."""
        more = [("Authorization", 'NoOneKnowsThisScheme opaque-data=here, opaque="data"')]
        self.assertEqual(self.options(more=more).status, 200)

    def test_a_contact_with_parameters(self) -> None:
        """§3.3.13: parameters of a URI inside brackets and outside."""
        caller = self.caller()
        contact = f"<sip:picky@127.0.0.1:{caller.port};unknown=x?Subject=call%20me>;expires=30;+x"
        caller.call(changes={"Contact": contact})

    def test_a_description_nobody_asked_for(self) -> None:
        """§3.3.15: an INVITE whose Accept rules SDP out: 406 (or 200), never silence."""
        caller = self.caller()
        text = caller.text(
            "INVITE", number=1, body=caller.sdp(), more=[("Accept", "text/nobodyKnowsThis")]
        )
        self.assertIn(self.invited(caller, text).status, (406, 488))


class InvalidTests(MessageCase):
    """RFC 4475 §3.1.2 and §3.3: wrong, and answered so where that can be."""

    def refused(self, status: tuple[int, ...], old: str, new: str) -> Raw:
        """An INVITE with this change is refused with one of these."""
        caller = self.caller()
        text = caller.text("INVITE", number=1, body=caller.sdp())
        assert old in text
        response = self.invited(caller, text.replace(old, new, 1))
        self.assertIn(response.status, status, response.start)
        return response

    def test_empty_values_between_commas(self) -> None:
        """§3.1.2.1: `,, ;;,;` in Via and Contact: 400."""
        caller = self.caller()
        text = caller.text("INVITE", number=1)
        lines = text.replace("\r\nContact: ", '\r\nContact: "Joe" <sip:joe@example.org>;;;;,')
        self.assertEqual(self.invited(caller, lines).status, 400)

    def test_a_negative_length(self) -> None:
        """§3.1.2.3: Content-Length: -999 is 400."""
        caller = self.caller()
        text = caller.text("INVITE", number=1)
        response = self.invited(caller, text.replace("Content-Length: 0", "Content-Length: -999"))
        self.assertEqual(response.status, 400)

    def test_numbers_too_large_in_a_response(self) -> None:
        """§3.1.2.5: a response with such numbers is dropped."""
        caller = self.caller()
        text = caller.text("OPTIONS", number=9292394834772304023312)
        caller.send(
            f"SIP/2.0 503 Busy\r\nRetry-After: 949302838503028349304023988\r\n"
            f"{text.partition(chr(10))[2]}"
        )
        self.assertEqual(caller.listen(0.2), [])

    def test_brackets_around_the_request_uri(self) -> None:
        """§3.1.2.7: <sip:…> as Request-URI is 400."""
        caller = self.caller()
        self.refused((400,), f"INVITE {caller.uri} ", f"INVITE <{caller.uri}> ")

    def test_more_than_one_space(self) -> None:
        """§3.1.2.9: two spaces in the request line: 400."""
        self.refused((400,), "INVITE sip", "INVITE  sip")

    def test_header_fields_inside_the_request_uri(self) -> None:
        """§3.1.2.11: ?Route=… in the Request-URI is 400."""
        self.refused((400,), " SIP/2.0", "?Route=%3Csip:example.com%3E SIP/2.0")

    def test_a_contact_without_brackets(self) -> None:
        """§3.1.2.13: `sip:user@example.com?Route=…` without brackets: 400."""
        caller = self.caller()
        text = caller.text("INVITE", number=1)
        start = text.index("Contact:")
        line = text[start : text.index("\r\n", start)]
        bad = "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"
        self.assertIn(self.invited(caller, text.replace(line, bad)).status, (400, 200))

    def test_a_name_that_is_no_token(self) -> None:
        """§3.1.2.15: an unquoted display name with a comma: 400, or read leniently."""
        caller = self.caller()
        fields = {"To": "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"}
        caller.request("OPTIONS", dialog=False, changes=fields)
        self.assertIn(caller.final("OPTIONS").status, (400, 481, 200))

    def test_another_method_in_cseq(self) -> None:
        """§3.1.2.17: OPTIONS with CSeq … INVITE is 400."""
        caller = self.caller()
        caller.request("OPTIONS", dialog=False, changes={"CSeq": "8 INVITE"})
        self.assertEqual(caller.wait(lambda m: m.status >= 200).status, 400)

    def test_a_status_of_four_digits(self) -> None:
        """§3.1.2.19: 4294967301 is no status; dropped."""
        caller = self.caller()
        text = caller.text("OPTIONS", number=1)
        caller.send(f"SIP/2.0 4294967301 better not\r\n{text.partition(chr(10))[2]}")
        self.assertEqual(caller.listen(0.2), [])

    def test_missing_fields(self) -> None:
        """§3.3.1: without Call-ID, From, To or CSeq: 400; without Via nobody can be answered."""
        for name in ("Call-ID", "From", "To", "CSeq"):
            caller = self.caller()
            caller.request("OPTIONS", dialog=False, changes={name: None})
            self.assertEqual(caller.wait(lambda m: m.status >= 200).status, 400, name)
        caller = self.caller()
        caller.request("OPTIONS", dialog=False, changes={"Via": None})
        self.assertEqual(caller.listen(0.2), [])

    def test_an_unknown_extension(self) -> None:
        """§3.3.5: Require: nothingSupportsThis is 420."""
        response = self.options(
            more=[("Require", "nothingSupportsThis, nothingSupportsThisEither")]
        )
        self.assertEqual(response.status, 420)

    def test_two_lengths(self) -> None:
        """§3.3.9: more than one Content-Length: 400."""
        caller = self.caller()
        text = caller.text("OPTIONS", number=1, dialog=False)
        caller.send(text.replace("Content-Length: 0", "Content-Length: 5\r\nContent-Length: 0"))
        self.assertEqual(caller.final("OPTIONS").status, 400)

    def test_single_fields_twice(self) -> None:
        """§3.3.8: two From, To, Call-ID, CSeq or Max-Forwards: 400."""
        for name in ("From", "To", "Call-ID", "CSeq", "Max-Forwards"):
            caller = self.caller()
            text = caller.text("OPTIONS", number=1, dialog=False)
            start = text.index(f"\r\n{name}:")
            line = text[start : text.index("\r\n", start + 2)]
            caller.send(text.replace(line, line + line))
            self.assertEqual(caller.wait(lambda m: m.status >= 200).status, 400, name)

    def test_no_sip_at_all(self) -> None:
        """HTTP, TLS, STUN, empty lines, one octet, 65,000 octets of noise: silence."""
        caller = self.caller()
        for data in (
            b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
            b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12),
            b"\r\n\r\n",
            b"\0",
            b"INVITE",
            b"\xff" * 65000,
            b"A" * 65000,
            b"\r\n" * 30000,
        ):
            caller.send(data)
        self.assertEqual(caller.listen(0.3), [])


class AddressTests(MessageCase):
    """RFC 5118."""

    def test_an_ipv6_reference_as_uri(self) -> None:
        """§4.1: [2001:db8::10] with and without port."""
        for host in ("[2001:db8::10]", "[2001:db8::10]:5070", "[2001:DB8::9:1]", "[::]"):
            self.assertEqual(self.options(uri=f"sip:user@{host}").status, 200, host)

    def test_a_port_that_might_be_an_address(self) -> None:
        """§4.3: sip:[2001:db8::10:5070] is an address that ends so; answered."""
        self.assertEqual(self.options(uri="sip:[2001:db8::10:5070]").status, 200)

    def test_received_in_brackets(self) -> None:
        """§4.5: received=[2001:db8::9:255] in a Via is borne."""
        caller = self.caller()
        via = (
            f"SIP/2.0/UDP [2001:db8::9:1]:{caller.port};received=[2001:db8::9:255]"
            f";branch={caller.branch()};rport"
        )
        caller.request("OPTIONS", dialog=False, changes={"Via": via})
        self.assertEqual(caller.final("OPTIONS").status, 200)

    def test_three_colons(self) -> None:
        """§4.10: [2001:db8:::192.0.2.1] follows the faulty grammar: 200 or 400, no silence."""
        self.assertIn(self.options(uri="sip:[2001:db8:::192.0.2.1]").status, (200, 400))

    def test_ipv6_in_the_description(self) -> None:
        """§4.6: an IPv6 stream towards an IPv4 server is 488; over ::1 it is a call."""
        caller = self.caller()
        text = caller.text(
            "INVITE", number=1, body=caller.sdp().replace("IP4 127.0.0.1", "IP6 ::1")
        )
        self.assertEqual(self.invited(caller, text).status, 488)
        six = self.caller(host="::1")
        self.assertIn("IN IP6 ::1", six.call().body)

    def test_broken_references(self) -> None:
        """Brackets that do not close, too many groups, letters that are no digits: 400."""
        for host in ("[2001:db8::10", "2001:db8::10]", "[2001:db8::zz]", "[1:2:3:4:5:6:7:8:9]"):
            self.assertEqual(self.options(uri=f"sip:{host}").status, 400, host)
