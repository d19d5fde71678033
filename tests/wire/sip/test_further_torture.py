"""What RFC 4475 and RFC 5118 ask for in their other sections, in messages of our own.

The names say the section; the messages have its trap and none of its text.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import HERE, OUR_SDP, Peer, new_endpoint
from tests.wire.sip.test_endpoint_torture import response_of
from umserver.wire.sip.effects import Flow, Offered, Send
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.parse import parse

UDP = Flow("udp", ("192.0.2.1", 5060), HERE)
TCP = Flow("tcp", ("192.0.2.1", 40001), HERE, 7)
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 12\r\nm=video 4002 RTP/AVP 31\r\n"
)
METHOD = "*Odd_Method-0`1'~+.%!"


def message(start: str, *changes: str, body: str = "") -> bytes:
    """A message with these header lines in place of the usual ones of their names; `-X` drops X."""
    method = start.split(" ")[0] if not start.startswith("SIP/") else "OPTIONS"
    lines = {
        "Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKfurther",
        "Max-Forwards": "70",
        "From": "<sip:2125550142@example.com>;tag=1",
        "To": "<sip:5000@example.com>",
        "Call-ID": "further@192.0.2.1",
        "CSeq": f"7 {method}",
        "Contact": "<sip:2125550142@192.0.2.1>",
        "Content-Length": str(len(body.encode())),
    }
    if body:
        lines["Content-Type"] = "application/sdp"
    more = []
    for change in changes:
        name, _, value = change.partition(": ")
        if change.startswith("-"):
            del lines[change[1:]]
        elif name in lines:
            lines[name] = value
        else:
            more.append(change)
    text = "\r\n".join([start, *(f"{name}: {value}" for name, value in lines.items()), *more])
    return f"{text}\r\n\r\n{body}".encode("utf-8", "surrogateescape")


ANSWERED: dict[str, tuple[bytes, int]] = {
    "3.1.1.2 any character that a token may have": (
        message(
            f"{METHOD} sip:1_odd.~(user)&isn't+it$/it?,;;*:pass&word@example.com SIP/2.0",
            'To: "BEL:\\\x07 NUL:\\\0 DEL:\\\x7f" <sip:1_odd@example.com>',
            "From: token~` an'other+_ <sip:a@example.com>;par''~=\"\u0431\u044e\";tag=_t~1'+`*%!-.",
            "Call-ID: word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
            "Max-Forwards: 255",
            "odd-Header-!.%*+_`'~:\ufeff\u5927\u505c",
        ),
        501,
    ),
    "3.1.1.4 an escaped null is a character": (
        message("REGISTER sip:example.com SIP/2.0", "To: sip:a-%00-b@example.com"),
        405,
    ),
    "3.1.1.6 no blank before a bracket": (
        message("OPTIONS sip:a@example.com SIP/2.0", "From: caller<sip:b@example.com>;tag=3"),
        200,
    ),
    "3.1.1.10 transports that nobody knows": (
        message(
            "OPTIONS sip:a@example.com SIP/2.0",
            "via: SIP/2.0/SCTP b.example.com;branch=z9hG4bK2",
            "via: SIP/2.0/NOBODY-KNOWS c.example.com;branch=z9hG4bK3",
        ),
        200,
    ),
    "3.1.2.1 commas and semicolons too many": (
        message("INVITE sip:a@example.com SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;;,;,,", body=SDP),
        400,
    ),
    "3.1.2.3 a negative length": (
        message("INVITE sip:a@example.com SIP/2.0", "Content-Length: -9", body=SDP),
        400,
    ),
    "3.1.2.7 brackets around the Request-URI": (
        message("INVITE <sip:a@example.com> SIP/2.0", body=SDP),
        400,
    ),
    "3.1.2.9 blanks too many in the first line": (
        message("INVITE  sip:a@example.com  SIP/2.0", body=SDP),
        400,
    ),
    "3.1.2.11 header fields in the Request-URI": (
        message("INVITE sip:a@example.com?Route=%3Csip:b@example.com%3E SIP/2.0", body=SDP),
        400,
    ),
    "3.1.2.15 a comma in a name without quotes": (
        message("OPTIONS sip:a@example.com SIP/2.0", "From: One, Two <sip:b@example.com>;tag=4"),
        400,
    ),
    "3.1.2.17 CSeq names another method": (
        message("OPTIONS sip:a@example.com SIP/2.0", "CSeq: 8 INVITE"),
        400,
    ),
    "3.3.1 what no request can be without": (
        message("INVITE sip:a@example.com SIP/2.0", "-Call-ID", "-From", "-To", body=SDP),
        400,
    ),
    "3.3.3 a scheme that nobody knows": (message("OPTIONS x.y://192.0.2.9:1 SIP/2.0"), 416),
    "3.3.5 extensions that nobody has": (
        message("OPTIONS sip:a@example.com SIP/2.0", "Require: one, two", "Proxy-Require: three"),
        420,
    ),
    "3.3.7 a scheme of authorization that nobody knows": (
        message("REGISTER sip:example.com SIP/2.0", "Authorization: Nobody knows=this"),
        405,
    ),
    "3.3.9 two lengths": (
        message("OPTIONS sip:a@example.com SIP/2.0", "content-length: 5", body="12345 or more"),
        400,
    ),
    "3.3.11 no hop left, and none needed": (
        message("OPTIONS sip:a@example.com SIP/2.0", "Max-Forwards: 0"),
        200,
    ),
    "3.3.15 an answer wished for in another language": (
        message("INVITE sip:a@example.com SIP/2.0", "Accept: text/nobody-knows", body=SDP),
        406,
    ),
    "RFC 5118 4.3 a port that is none": (
        message("OPTIONS sip:[2001:db8::10:5070] SIP/2.0"),
        200,
    ),
    "RFC 5118 4.5 brackets in received": (
        message(
            "BYE sip:a@[2001:db8::10] SIP/2.0",
            "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bK5",
            "To: <sip:a@example.com>;tag=2",
        ),
        481,
    ),
    "RFC 5118 4.8 both families in one description": (
        message(
            "INVITE sip:a@[2001:db8::10] SIP/2.0",
            body="v=0\r\no=b 2 2 IN IP4 h.example.com\r\ns=\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
            "c=IN IP4 192.0.2.1\r\nm=video 4002 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n",
        ),
        200,
    ),
    "RFC 5118 4.10 three colons, as an old grammar had them": (
        message("OPTIONS sip:a@[2001:db8:::192.0.2.1] SIP/2.0"),
        200,
    ),
}
UNANSWERED = {
    "3.1.1.12 a reason of any character": message(
        "SIP/2.0 200 = 2**3 \u043d\u043e \u0441\u0442\u043e", "To: <sip:a@example.com>;tag=2"
    ),
    "3.1.2.5 numbers without end": message(
        "SIP/2.0 503 Busy", "CSeq: 9292394834772304023312 OPTIONS", "Retry-After: 9493028385030283"
    ),
    "3.1.2.19 a status of 33 bits": message("SIP/2.0 4294967301 no"),
}


ECHOED = ("from", "to", "call-id")


class FurtherTests(SynchronousTestCase):
    """The right answer, what came repeated in it, and an endpoint that lives on."""

    def answers(self, data: bytes, flow: Flow) -> list[Response]:
        """What an endpoint says whose user takes every call."""
        peer = Peer(new_endpoint(), flow=flow)
        effects = peer.receive(data, flow)
        for effect in list(effects):
            if isinstance(effect, Offered):
                effects = [*effects, *peer.endpoint.answer(effect.call, OUR_SDP, peer.now)]
        said = [response_of(effect.data) for effect in effects if isinstance(effect, Send)]
        peer.call_id = "after@192.0.2.1"
        peer.ask("OPTIONS", 1)
        self.assertEqual(peer.names, ["200"], data)
        return [each for each in said if each is not None]

    def test_answers(self) -> None:
        """Every request, by datagram and in a stream."""
        for name, (data, status) in ANSWERED.items():
            for flow in (UDP, TCP):
                final = self.answers(data, flow)[-1]
                self.assertEqual(final.status, status, name)
                asked = data.decode("utf-8", "surrogateescape")
                told = [value for field in ECHOED for value in final.headers.all(field)]
                self.assertEqual(len(told), 0 if "3.3.1 " in name else len(ECHOED), name)
                for value in told:
                    self.assertIn(value.partition(";tag=")[0], asked, name)

    def test_silence(self) -> None:
        """Responses that nobody asked for, however odd, are dropped."""
        for name, data in UNANSWERED.items():
            for flow in (UDP, TCP):
                self.assertEqual(self.answers(data, flow), [], name)

    def test_two_requests_in_one_datagram(self) -> None:
        """What follows the body is noise (RFC 4475 §3.1.1.8, RFC 3261 §18.3)."""
        first = message("REGISTER sip:example.com SIP/2.0")
        second = message("INVITE sip:a@example.com SIP/2.0", "Call-ID: second@192.0.2.1", body=SDP)
        got = self.answers(first + b"\r\n" + second, UDP)
        self.assertEqual(
            [(each.status, each.call_id) for each in got], [(405, "further@192.0.2.1")]
        )

    def test_what_is_read(self) -> None:
        """Nulls, odd methods and addresses mean what they say."""
        odd = parse(ANSWERED["3.1.1.2 any character that a token may have"][0])
        assert isinstance(odd, Request)
        self.assertEqual((odd.method, odd.cseq.method), (METHOD, METHOD))
        self.assertEqual(odd.to.name, "BEL:\x07 NUL:\0 DEL:\x7f")
        self.assertEqual(odd.uri.user, "1_odd.~(user)&isn't+it$/it?,;;*")
        self.assertEqual(odd.uri.password, "pass&word")
        null = parse(ANSWERED["3.1.1.4 an escaped null is a character"][0])
        self.assertEqual(null.to.uri.user, "a-\0-b")
        port = parse(ANSWERED["RFC 5118 4.3 a port that is none"][0])
        assert isinstance(port, Request)
        self.assertEqual((port.uri.host, port.uri.port), ("2001:db8::10:5070", None))
        inside = message("REGISTER sip:example.com SIP/2.0", "Contact: <sip:a@example.com;unknown>")
        contact = parse(inside).contact
        assert contact is not None
        self.assertEqual((contact.uri.params, contact.params), ((("unknown", None),), ()))
