"""Octets to messages: what is taken, what is answered, what is dropped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.parse import (
    MAX_HEADER,
    MAX_HEADERS,
    MAX_MESSAGE,
    MAX_METHOD,
    BadMessage,
    SipSyntaxError,
    parse,
)
from umserver.wire.sip.uri import MAX_URI

DETERMINISTIC = settings(derandomize=True, database=None, deadline=None, max_examples=300)
START = "OPTIONS sip:ada@example.com SIP/2.0"
LINES = {
    "Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "From": "<sip:ben@example.com>;tag=1",
    "To": "<sip:ada@example.com>",
    "Call-ID": "one@192.0.2.1",
    "CSeq": "1 OPTIONS",
    "Max-Forwards": "70",
}


def octets(start: str = START, body: bytes = b"", end: str = "\r\n", **lines: str | None) -> bytes:
    """A message; keyword `Call_ID` replaces, or None removes, that header field."""
    changed = {name.replace("_", "-"): value for name, value in lines.items()}
    pairs = {**LINES, **changed}
    text = [start, *(f"{name}: {value}" for name, value in pairs.items() if value is not None)]
    return (end.join(text) + end + end).encode("utf-8", "surrogateescape") + body


class ParseCase(SynchronousTestCase):
    def request(self, data: bytes) -> Request:
        read = parse(data)
        assert isinstance(read, Request)
        return read

    def refused(self, data: bytes, why: str = "", status: int = 400) -> BadMessage:
        """This is answered."""
        fault = self.assertRaises(BadMessage, parse, data)
        self.assertEqual(fault.status, status)
        self.assertIn(why, str(fault))
        return fault

    def dropped(self, data: bytes, why: str = "") -> None:
        """This is not answered."""
        fault = self.assertRaises(SipSyntaxError, parse, data)
        self.assertNotIsInstance(fault, BadMessage)
        self.assertIn(why, str(fault))


class StartLineTests(ParseCase):
    def test_request(self) -> None:
        """A request is its method, its address and its header fields."""
        read = self.request(octets())
        self.assertEqual((read.method, str(read.uri)), ("OPTIONS", "sip:ada@example.com"))
        self.assertEqual(dict(read.headers.pairs), LINES)
        self.assertEqual(read.body, b"")

    def test_response(self) -> None:
        """A response may lack a phrase, and may say it in any script (RFC 4475 §3.1.1.12, 13)."""
        for start, status, reason in (
            ("SIP/2.0 200 OK", 200, "OK"),
            ("SIP/2.0 100 ", 100, ""),
            ("SIP/2.0 100", 100, ""),
            ("sip/2.0 183 Das ist  gut", 183, "Das ist  gut"),
            (
                "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое",
                200,
                "= 2**3 * 5**2 но сто девяносто девять - простое",
            ),
            ("SIP/2.0 200 \udcff", 200, "�"),
        ):
            read = parse(octets(start))
            assert isinstance(read, Response)
            self.assertEqual((read.status, read.reason), (status, reason))

    def test_no_sip(self) -> None:
        """What is no SIP gets no answer: empty lines, other protocols, noise, strange statuses."""
        for data in (
            b"",
            b"\r\n\r\n",
            b"\0" * 4,
            b"jaK",
            b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
            octets("OPTIONS sip:ada@example.com"),
            octets("OPTIONS"),
            octets("SIP/2.0 4294967301 better not break the receiver"),
            octets("SIP/2.0 099 x"),
            octets("SIP/2.0 700 x"),
            octets("SIP/2.0 2000 x"),
            octets("SIP/2.0200 x"),
            octets("SIP/7.0 200 OK"),
        ):
            self.dropped(data)

    def test_version(self) -> None:
        """A request of another version is answered 505, broken or not (RFC 4475 §3.1.2.16)."""
        fault = self.refused(
            octets("OPTIONS t:x SIP/7.0", Via="SIP/7.0/UDP c.example.com;branch=b", To=None),
            status=505,
        )
        self.assertEqual(fault.reason, "Version Not Supported")
        self.assertEqual(self.request(octets(START.replace("SIP/", "sip/"))).method, "OPTIONS")

    def test_white_space(self) -> None:
        """White space in the first line is only forgiven at its end (RFC 4475 §3.1.2.8–10)."""
        self.refused(octets("OPTIONS  sip:ada@example.com SIP/2.0"))
        self.refused(octets("OPTIONS sip:ada@example.com  SIP/2.0"))
        self.refused(octets("OPTIONS sip:ada@example.com; lr SIP/2.0"))
        self.refused(octets("OPTIONS sip:ada@example.com\tx SIP/2.0"))
        self.assertEqual(self.request(octets(START + "  \t")).uri.host, "example.com")

    def test_request_uri(self) -> None:
        """A request's address stands bare, without header fields (RFC 4475 §3.1.2.7, 11)."""
        self.refused(octets("OPTIONS <sip:ada@example.com> SIP/2.0"))
        self.refused(
            octets("OPTIONS sip:ada@example.com?Route=%3Csip:b%3E SIP/2.0"), "header fields"
        )
        self.refused(octets("OPTIONS sip:2001:db8::10 SIP/2.0"))
        self.assertEqual(self.request(octets("OPTIONS isbn:29 SIP/2.0")).uri.scheme, "isbn")
        self.assertEqual(self.request(octets("OPTIONS x:\udcff SIP/2.0")).uri.user, "�")
        long = "sip:" + "a" * MAX_URI
        self.assertEqual(
            self.refused(octets(f"OPTIONS {long} SIP/2.0"), status=414).reason,
            "Request-URI Too Long",
        )

    def test_method(self) -> None:
        """Any token is a method, in its own case, and is never unescaped (RFC 4475 §3.1.1.2, 5)."""
        for method in ("!interesting-Method0123456789_*+`.%indeed'~", "RE%47IST%45R", "options"):
            read = self.request(octets(f"{method} sip:a@b SIP/2.0", CSeq=f"1 {method}"))
            self.assertEqual(read.method, method)
        self.refused(octets("OPT{IONS sip:ada@example.com SIP/2.0"), "method")
        self.refused(octets(" sip:ada@example.com SIP/2.0"), "method")
        self.refused(octets("A" * (MAX_METHOD + 1) + " sip:ada@example.com SIP/2.0"), "method")


class HeaderTests(ParseCase):
    def test_folding(self) -> None:
        """A header field may go on in the next line (RFC 3261 §7.3.1)."""
        read = self.request(
            octets(
                Subject="I know\r\n you're there,\r\n\t  pick up",
                To="\r\n <sip:x@y> \r\n ;tag=\r\n\tz",
            )
        )
        self.assertEqual(read.headers.get("s"), "I know you're there, pick up")
        self.assertEqual(read.to.tag, "z")
        self.dropped(octets(START + "\r\n folded"))

    def test_white_space_around(self) -> None:
        """White space before the colon and at the end of a line counts for nothing."""
        data = octets(CSeq="  1  OPTIONS \t").replace(b"CSeq:", b"cseq \t :")
        self.assertEqual(self.request(data).cseq.number, 1)

    def test_bare_line_feeds(self) -> None:
        """Lines that end with LF alone are lines, in all of the message or in parts."""
        read = self.request(octets(end="\n", body=b"a\r\n\r\nb"))
        self.assertEqual((read.call_id, read.body), ("one@192.0.2.1", b"a\r\n\r\nb"))
        mixed = octets(body=b"x\n\ny").replace(
            b"Max-Forwards: 70\r\n\r\n", b"Max-Forwards: 70\n\r\n"
        )
        self.assertEqual(self.request(mixed).body, b"x\n\ny")
        self.assertEqual(self.request(mixed).max_forwards, 70)

    def test_bare_carriage_return(self) -> None:
        """A CR that ends no line is refused: others might take it for an end."""
        self.refused(octets(Subject="a\rVia: SIP/2.0/UDP b"), "bare CR")

    def test_leading_empty_lines(self) -> None:
        """Empty lines before a message are passed over (RFC 3261 §7.5)."""
        self.assertEqual(self.request(b"\r\n\r\n" + octets()).method, "OPTIONS")

    def test_broken_lines_that_nobody_needs(self) -> None:
        """Junk in header fields that are not needed keeps no call away (RFC 3261 §8.2.2)."""
        data = octets(
            **{
                "UnknownHeaderWithUnusualValue": ";;,,;;,;",
                "Date": "Fri, 01 Jan 2010 16:00:00 EST",
                "P-Asserted-Identity": '"unbalanced <sip:x@y>',
                "no colon here\r\nA B": "c",
                "Expires": "10000000000000000000",
                "": "",
            }
        )
        read = self.request(data)
        self.assertEqual(read.headers.get("date"), "Fri, 01 Jan 2010 16:00:00 EST")
        self.assertEqual(len(read.headers), len(LINES) + 4)

    def test_missing(self) -> None:
        """A request that lacks what every request has is told so (RFC 4475 §3.3.1)."""
        for name in ("From", "To", "Call-ID", "CSeq"):
            fault = self.refused(octets(**{name: None}), f"no {name}")
            self.assertEqual(fault.reason, f"Bad Request (no {name})")
            self.refused(octets(**{name: ""}), f"no {name}")
        self.dropped(octets(Via=None), "no Via")
        self.assertIsNone(self.request(octets(Max_Forwards=None)).max_forwards)

    def test_twice(self) -> None:
        """What can only be said once must not be said twice (RFC 4475 §3.3.8, 9)."""
        for line in (
            "From: <sip:other@example.com>",
            "t: <sip:other@example.com>",
            "i: two",
            "CSeq: 2 OPTIONS",
            "Max-Forwards: 5",
            "Content-Length: 0\r\nl: 0",
        ):
            self.refused(octets(f"{START}\r\n{line}"), "more than one")

    def test_needed_values(self) -> None:
        """Whatever a decision rests on is checked before it is taken."""
        for name, value in (
            ("Via", "SIP/2.0/UDP 192.0.2.15;;,;,,"),
            ("From", "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"),
            ("To", '"Mr. J. User <sip:j.user@example.com>'),
            ("To", '"Watson, Thomas" < sip:t.watson@example.org >'),
            ("Call-ID", "two words"),
            ("CSeq", "36893488147419103232 OPTIONS"),
            ("CSeq", "1 INVITE"),
            ("CSeq", "1 options"),
            ("Max-Forwards", "300"),
            ("Contact", '"Joe" <sip:joe@example.org>;;;;'),
            ("Contact", "sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
            ("Contact", "<sip:a@example.com>, *"),
            ("Route", "sip:"),
            ("Record-Route", "<sip:a@example.com"),
            ("Content-Length", "-999"),
            ("Content-Length", ""),
            ("Content-Length", "1 0"),
        ):
            self.refused(octets(**{name: value}))
            if value not in ("1 INVITE", "1 options"):
                self.dropped(octets("SIP/2.0 200 OK", **{name: value}))

    def test_acknowledgements(self) -> None:
        """A broken ACK is dropped: nobody waits for an answer to it."""
        self.dropped(octets("ACK sip:ada@example.com SIP/2.0", CSeq="1 ACK", To=None))
        self.dropped(octets("ACK sip:ada@example.com SIP/3.0", CSeq="1 ACK"))
        self.assertEqual(self.request(octets("ACK sip:a@b SIP/2.0", CSeq="1 ACK")).method, "ACK")


class BodyTests(ParseCase):
    def test_length(self) -> None:
        """The body is as long as is said; what follows is none of ours (RFC 4475 §3.1.1.8)."""
        self.assertEqual(self.request(octets(Content_Length="3", body=b"abcdef")).body, b"abc")
        self.assertEqual(self.request(octets(l="0003 ", body=b"abc")).body, b"abc")
        self.assertEqual(self.request(octets(body=b"\0\xff\r\n\r\n")).body, b"\0\xff\r\n\r\n")

    def test_cut(self) -> None:
        """A message that was cut on its way is refused (RFC 3261 §18.3)."""
        self.refused(octets(Content_Length="4", body=b"abc"), "larger than the message")
        self.dropped(octets("SIP/2.0 200 OK", Content_Length="4", body=b"abc"))
        self.refused(octets()[:-2], "do not end")
        self.dropped(octets("SIP/2.0 200 OK")[:-2], "do not end")

    def test_enormous_length(self) -> None:
        """A length beyond all bounds has its own answer."""
        self.refused(octets(Content_Length="65536"), status=513)
        self.refused(octets(Content_Length="9" * 32), status=513)
        self.refused(octets(Content_Length="9" * 33))


class BoundTests(ParseCase):
    def test_message(self) -> None:
        """A message is read up to 65,535 octets."""
        most = octets(body=b"x" * (MAX_MESSAGE - len(octets())))
        self.assertEqual(len(self.request(most).body), MAX_MESSAGE - len(octets()))
        self.dropped(most + b"x", "too long")

    def test_header_fields(self) -> None:
        """Header fields are counted, and so are their characters."""
        room = MAX_HEADERS - len(LINES)
        self.assertEqual(len(self.request(octets(START + "\r\nA: b" * room)).headers), MAX_HEADERS)
        self.refused(octets(START + "\r\nA: b" * (room + 1)), "too many")
        fault = self.refused(octets()[:-2] + b"v: SIP/2.0/UDP a\r\n" * 3000 + b"\r\n", "too many")
        self.assertLess(len(fault.answer().headers), MAX_HEADERS + 10)
        self.assertEqual(
            len(self.request(octets(Subject="x" * MAX_HEADER)).headers), len(LINES) + 1
        )
        self.refused(octets(Subject="x" * (MAX_HEADER + 1)), "too long")
        self.assertEqual(
            len(self.request(octets(A="x" * 6000, B="x" * 6000)).headers), len(LINES) + 2
        )


class AnswerTests(ParseCase):
    def test_answer(self) -> None:
        """Who sent a broken request learns what is broken, in an answer he can match."""
        fault = self.refused(octets(To='"broken <sip:a@b>', Via="SIP/2.0/UDP h;rport;branch=x"))
        self.assertEqual(fault.method, "OPTIONS")
        self.assertEqual(fault.via.branch if fault.via else None, "x")
        answer = fault.answer(to_tag="t", source=("192.0.2.9", 5070), more=[("Server", "s")])
        self.assertEqual(answer.status, 400)
        self.assertEqual(
            list(answer.headers),
            [
                ("Via", "SIP/2.0/UDP h;rport=5070;branch=x;received=192.0.2.9"),
                ("From", LINES["From"]),
                ("To", '"broken <sip:a@b>;tag=t'),
                ("Call-ID", LINES["Call-ID"]),
                ("CSeq", LINES["CSeq"]),
                ("Server", "s"),
            ],
        )

    def test_way_back(self) -> None:
        """As much is read of a broken Via as shows the way back."""
        fault = self.refused(octets(Via="SIP/2.0/UDP 192.0.2.15:5050;;,;,,"))
        self.assertEqual(
            (fault.via.host, fault.via.port) if fault.via else None, ("192.0.2.15", 5050)
        )
        self.assertIsNone(self.refused(octets(Via="garbage")).via)


class AnythingTests(ParseCase):
    def survives(self, data: bytes) -> None:
        try:
            read = parse(data)
        except BadMessage as fault:
            fault.answer(to_tag="t", source=("192.0.2.9", 5070)).to_bytes()
            return
        except SipSyntaxError:
            return
        _ = (read.via, read.from_.tag, read.to.tag, read.call_id, read.cseq, read.contact)
        _ = (read.content_type, read.max_forwards, read.routes, read.record_routes)
        self.assertEqual(parse(read.to_bytes()).to_bytes(), read.to_bytes())

    @DETERMINISTIC
    @given(st.binary(max_size=300))
    def test_noise(self, data: bytes) -> None:
        """No datagram can do more harm than to be dropped."""
        self.survives(data)
        self.survives(b"OPTIONS sip:a SIP/2.0\r\n" + data)

    @DETERMINISTIC
    @given(
        st.sampled_from(sorted(LINES)), st.text('<>";:,@=\\ %sip[]?a9\t\r\n\x00\udcff', max_size=30)
    )
    def test_odd_values(self, name: str, value: str) -> None:
        """No value of a needed header field can do harm."""
        self.survives(octets(**{name: value}))

    @DETERMINISTIC
    @given(st.data())
    def test_damaged_messages(self, data: st.DataObject) -> None:
        """A good message with some octets changed, lost or doubled is read or refused."""
        message = bytearray(
            octets(Contact='"A" <sip:a@[::1]:5060;lr>;q=1', Content_Length="2", body=b"hi")
        )
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(message) - 1))
            message[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        self.survives(bytes(message))
