"""Requests and responses as values, and the answers made from them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.sip.test_headers import ONE_LINE
from tests.wire.sip.test_uri import SIP_URIS
from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.headers import CSeq
from umserver.wire.sip.message import Headers, Request, Response, answer, lazy
from umserver.wire.sip.parse import parse
from umserver.wire.sip.uri import Uri

DETERMINISTIC = settings(derandomize=True, database=None, deadline=None, max_examples=100)
USER = Uri("sip", "ada", "example.com")
NEEDED = (
    ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
    ("From", "<sip:ben@example.com>;tag=1"),
    ("To", "<sip:ada@example.com>"),
    ("Call-ID", "one@192.0.2.1"),
    ("CSeq", "1 INVITE"),
)


def request(*more: tuple[str, str], body: bytes = b"") -> Request:
    return Request("INVITE", USER, Headers([*NEEDED, *more]), body)


class HeadersTests(SynchronousTestCase):
    def test_names(self) -> None:
        """A header field is found in any case, by its long and its short name."""
        headers = Headers([("v", "one"), ("VIA", "two"), ("Subject", ""), ("X-Own", "x")])
        self.assertEqual(headers.all("Via"), ["one", "two"])
        self.assertEqual(headers.get("V"), "one")
        self.assertEqual(list(headers.raw("via")), ["one", "two"])
        self.assertEqual(headers.get("s"), "")
        self.assertIn("x-own", headers)
        self.assertNotIn("from", headers)
        self.assertNotIn(7, headers)
        self.assertIsNone(headers.get("from"))
        self.assertEqual(headers.all("from"), [])
        self.assertEqual(list(headers.raw("from")), [])
        self.assertEqual(len(headers), 4)

    def test_octets_that_are_no_text(self) -> None:
        """A name in an old character set spoils nothing and is sent back as it came."""
        headers = Headers([("To", "J\udcf6rg"), ("From", "Jörg")])
        self.assertEqual(headers.get("to"), "J�rg")
        self.assertEqual(headers.all("from"), ["Jörg"])
        self.assertEqual(headers.raw("to"), ["J\udcf6rg"])
        self.assertIn(b"To: J\xf6rg\r\n", Response(200, "OK", headers).to_bytes())


class PropertyTests(SynchronousTestCase):
    def test_values(self) -> None:
        """What every decision needs can be asked for."""
        message = request(
            ("m", "<sip:a@example.com>, <sip:b@example.com>"),
            ("Contact", "<sip:c@example.com>"),
            ("Route", "<sip:r1@example.com;lr>,<sip:r2@example.com>"),
            ("Record-Route", "<sip:rr@example.com;lr>"),
            ("Max-Forwards", "0068"),
            ("c", "Application / SDP ; charset=utf-8"),
        )
        self.assertEqual(message.via.branch, "z9hG4bK1")
        self.assertEqual(message.from_.tag, "1")
        self.assertIsNone(message.to.tag)
        self.assertEqual(message.call_id, "one@192.0.2.1")
        self.assertEqual(message.cseq, CSeq(1, "INVITE"))
        self.assertEqual([str(each.uri.user) for each in message.contacts], ["a", "b", "c"])
        self.assertIs(message.contact, message.contacts[0])
        self.assertEqual([each.uri.user for each in message.routes], ["r1", "r2"])
        self.assertEqual([each.uri.user for each in message.record_routes], ["rr"])
        self.assertEqual(message.max_forwards, 68)
        self.assertEqual(message.content_type, "application/sdp")
        self.assertIs(message.from_, message.from_)

    def test_nothing_said(self) -> None:
        """What may be missing is missing quietly."""
        message = request()
        self.assertEqual((message.contacts, message.routes, message.record_routes), ((), (), ()))
        self.assertIsNone(message.contact)
        self.assertIsNone(message.content_type)
        self.assertIsNone(message.max_forwards)
        self.assertIsNone(request(("Contact", "*")).contact)
        self.assertIsNone(request(("Content-Type", " ")).content_type)

    def test_missing_or_broken(self) -> None:
        """What must be there and is not is a syntax error, nothing else."""
        bare = Request("INVITE", USER)
        with self.assertRaisesRegex(SipSyntaxError, "no Call-ID"):
            _ = bare.call_id
        with self.assertRaisesRegex(SipSyntaxError, "no Via"):
            _ = bare.via
        with self.assertRaises(SipSyntaxError):
            _ = Response(200, "OK", Headers([("To", "")])).to
        for value in ("", "-1", "x", "256", "٣", "1 2", "9" * 40):
            with self.assertRaises(SipSyntaxError, msg=value):
                _ = request(("Max-Forwards", value)).max_forwards

    def test_values_by_what_they_say(self) -> None:
        """Two messages that say the same are the same, whatever was read of them so far."""
        one, other = request(body=b"x"), request(body=b"x")
        self.assertEqual(one.cseq.number, 1)
        self.assertEqual(one, other)
        self.assertEqual(hash(one), hash(other))
        self.assertNotEqual(one, request())
        self.assertIsInstance(Request.via, lazy)


class WriteTests(SynchronousTestCase):
    def test_request(self) -> None:
        """A request is written in order; its Content-Length is always that of the body."""
        message = Request(
            "BYE", USER, Headers([("l", "7"), ("X", "y"), ("Content-Length", "9")]), b"abc"
        )
        self.assertEqual(
            message.to_bytes(),
            b"BYE sip:ada@example.com SIP/2.0\r\nX: y\r\nContent-Length: 3\r\n\r\nabc",
        )

    def test_response(self) -> None:
        """A response without header fields still says how long its body is."""
        self.assertEqual(
            Response(200, "Très bien").to_bytes(),
            "SIP/2.0 200 Très bien\r\nContent-Length: 0\r\n\r\n".encode(),
        )

    def test_no_way_out(self) -> None:
        """No value of ours can begin another header field or end the head."""
        for bad in ("a\r\nX: y", "a\nX: y", "a\rX: y", "a\r\n\r\nX: y"):
            for message in (
                Response(486, bad, Headers([("A", "b")])),
                Response(486, "Busy Here", Headers([("A", bad)])),
                Response(486, "Busy Here", Headers([(bad, "b")])),
            ):
                written = message.to_bytes()
                self.assertEqual(written.count(b"\n"), 4, written)
                self.assertEqual(written.count(b"\r"), 4, written)
                self.assertNotIn(b"\nX", written)

    def test_text_that_no_octets_stand_for(self) -> None:
        """A character that cannot be sent is replaced, and the message is sent."""
        self.assertIn(b"486 Busy?", Response(486, "Busy\ud800").to_bytes())


class AnswerTests(SynchronousTestCase):
    def test_what_is_repeated(self) -> None:
        """The peer finds its own words again (RFC 3261 §8.2.6.2)."""
        asked = Headers(
            [
                ("v", "SIP / 2.0/UDP 192.0.2.1 ;branch=a , SIP/2.0/TCP b;;"),
                ("f", "Ben <sip:ben@example.com> ; tag=x"),
                ("Via", "SIP/2.0/UDP c"),
                ("t", '"J\udcf6" <sip:ada@example.com>'),
                ("i", "one"),
                ("CSeq", "0009   INVITE"),
                ("Timestamp", "54"),
                ("Subject", "not repeated"),
            ]
        )
        given_back = answer(asked, 486, to_tag="t1", more=[("Allow", "INVITE")], body=b"x")
        self.assertEqual(given_back.status, 486)
        self.assertEqual(given_back.reason, "Busy Here")
        self.assertEqual(given_back.body, b"x")
        self.assertEqual(
            list(given_back.headers),
            [
                ("Via", "SIP / 2.0/UDP 192.0.2.1 ;branch=a , SIP/2.0/TCP b;;"),
                ("Via", "SIP/2.0/UDP c"),
                ("From", "Ben <sip:ben@example.com> ; tag=x"),
                ("To", '"J\udcf6" <sip:ada@example.com>;tag=t1'),
                ("Call-ID", "one"),
                ("CSeq", "0009   INVITE"),
                ("Allow", "INVITE"),
            ],
        )
        self.assertIn(b'To: "J\xf6" <sip', given_back.to_bytes())
        trying = answer(asked, 100)
        self.assertEqual(trying.headers.get("timestamp"), "54")
        self.assertIsNone(trying.to.tag)

    def test_tag(self) -> None:
        """A tag is given once; a To that cannot be read gets one too."""
        for to, expected in (
            ("<sip:a@example.com>;tag=x", "<sip:a@example.com>;tag=x"),
            ("sip:a@example.com", "sip:a@example.com;tag=t"),
            ("<sip:stage@example.com>", "<sip:stage@example.com>;tag=t"),
            ("<sip:a@example.com>;tag=", "<sip:a@example.com>;tag=t"),
            ('"broken <sip:stage@example.com>', '"broken <sip:stage@example.com>;tag=t'),
        ):
            given_back = answer(Headers([("To", to)]), 404, to_tag="t")
            self.assertEqual(given_back.headers.get("to"), expected)

    def test_source(self) -> None:
        """The topmost hop learns where its request came from, the others stay untouched."""
        asked = Headers([("Via", "SIP/2.0/UDP a;rport;branch=b,SIP/2.0/UDP c;rport")])
        given_back = answer(asked, 200, source=("192.0.2.7", 5071))
        self.assertEqual(
            given_back.headers.all("via"),
            ["SIP/2.0/UDP a;rport=5071;branch=b;received=192.0.2.7,SIP/2.0/UDP c;rport"],
        )
        broken = answer(Headers([("Via", "garbage")]), 400, source=("192.0.2.7", 5071))
        self.assertEqual(broken.headers.all("via"), ["garbage"])
        self.assertEqual(len(answer(Headers(), 400, source=("192.0.2.7", 5071)).headers), 0)

    def test_phrases(self) -> None:
        """Every answer has a phrase where one is known, or that of its maker."""
        self.assertEqual(answer(Headers(), 299).reason, "")
        self.assertEqual(answer(Headers(), 404, "No Such Mailbox").reason, "No Such Mailbox")


class RoundTripTests(SynchronousTestCase):
    @DETERMINISTIC
    @given(
        SIP_URIS.map(lambda uri: Uri(uri.scheme, uri.user, uri.host, uri.port, uri.params)),
        st.lists(
            st.tuples(
                st.from_regex(r"X-[A-Za-z0-9.!%*_+`'~\-]{1,8}", fullmatch=True),
                ONE_LINE.map(lambda text: text.strip(" \t")),
            ),
            max_size=5,
        ),
        st.binary(max_size=40),
    )
    def test_requests(self, uri: Uri, more: list[tuple[str, str]], body: bytes) -> None:
        """Whatever request we make, the peer reads what we meant."""
        made = Request("INVITE", uri, Headers([*NEEDED, *more]), body)
        read = parse(made.to_bytes())
        assert isinstance(read, Request)
        self.assertEqual(read.uri, made.uri)
        self.assertEqual(list(read.headers)[:-1], list(made.headers))
        self.assertEqual(read.body, body)
        self.assertEqual(read.to_bytes(), made.to_bytes())

    @DETERMINISTIC
    @given(
        st.integers(100, 699), ONE_LINE.map(lambda text: text.strip(" \t")), st.binary(max_size=40)
    )
    def test_responses(self, status: int, reason: str, body: bytes) -> None:
        """Whatever answer we make, the peer reads what we meant."""
        made = Response(status, reason, Headers(NEEDED), body)
        read = parse(made.to_bytes())
        assert isinstance(read, Response)
        self.assertEqual((read.status, read.reason, read.body), (status, reason, body))
        self.assertEqual(read.to_bytes(), made.to_bytes())
