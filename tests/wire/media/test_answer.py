"""Answering offers: what is agreed, and what is refused in which words."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.media import MediaPlan, MediaSession, NotAcceptable
from umserver.wire.sdp import SessionDescription, parse_sdp
from umserver.wire.sip.multipart import UnreadableBody, find_sdp

VECTORS = Path(__file__).parents[2] / "vectors" / "sdp"
HOST = "192.0.2.10"


def offer(*lines: str, host: str = "192.0.2.20") -> bytes:
    """An offer with these lines; `host` is its session-level address."""
    net = "IP6" if ":" in host else "IP4"
    head = ("v=0", f"o=- 1 1 IN {net} {host}", "s=-", f"c=IN {net} {host}", "t=0 0")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()


def session(host: str = HOST) -> MediaSession:
    """Our side of a fresh call."""
    return MediaSession(host=host, port=30_000, session_id=42)


def agreed(*lines: str, host: str = "192.0.2.20") -> tuple[MediaPlan, SessionDescription]:
    """The plan and our answer for an offer with these lines."""
    ours = session("2001:db8::10" if ":" in host else HOST)
    answer = parse_sdp(ours.answer(offer(*lines, host=host)))
    assert ours.plan is not None
    return ours.plan, answer


class AnswerCase(SynchronousTestCase):
    """Refusals."""

    def refused(self, body: bytes, ours: MediaSession | None = None) -> NotAcceptable:
        """The refusal of this offer."""
        with self.assertRaises(NotAcceptable) as caught:
            (ours or session()).answer(body)
        self.assertTrue(caught.exception.why)
        return caught.exception


class PublishedTests(AnswerCase):
    """Offers that others wrote."""

    def test_odd_messages(self) -> None:
        """Each of the odd INVITEs is taken or refused as its list says."""
        cases = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))["messages"]
        self.assertEqual(len(cases), 31)
        for case in cases:
            head, _, body = (
                (VECTORS / "messages" / case["file"]).read_bytes().partition(b"\r\n\r\n")
            )
            fields = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.decode().split("\r\n"))
            }
            length = int(fields["content-length"])
            status = self.status(fields, body[:length])
            allowed = case["udp"]["ideal"]
            self.assertTrue(
                str(status) in allowed or f"{status // 100}xx" in allowed, (case["file"], status)
            )

    def status(self, fields: dict[str, str], body: bytes) -> int:
        """The status that a call with this body gets."""
        try:
            sdp = find_sdp(fields.get("content-type"), fields.get("content-disposition"), body)
            ours = session("127.0.0.1")
            answer = parse_sdp(ours.offer() if sdp is None else ours.answer(sdp))
        except (NotAcceptable, UnreadableBody) as fault:
            return fault.status
        if sdp is not None:
            self.assertEqual(len(answer.media), len(parse_sdp(sdp).media))
        return 200

    def test_rfc_4317(self) -> None:
        """Offers of RFC 4317 with G.711 are answered line by line, names being addresses."""
        taken = 0
        for path in sorted((VECTORS / "rfc4317").glob("*offer.sdp")):
            data = path.read_bytes()
            for name in ("host.atlanta", "newhost.biloxi", "host.biloxi"):
                data = data.replace(name.encode() + b".example.com", b"192.0.2.7")
            try:
                answer = parse_sdp(session().answer(data))
            except NotAcceptable as fault:
                self.assertEqual(fault.status, 488, path.name)
                continue
            taken += 1
            theirs = parse_sdp(data).media
            self.assertEqual([m.kind for m in answer.media], [m.kind for m in theirs])
            live = any(m.port for m in theirs)
            self.assertEqual(sum(m.port > 0 for m in answer.media), int(live), path.name)
        self.assertGreaterEqual(taken, 8)


class CodecTests(AnswerCase):
    """Which codec, which events, which packet time."""

    def test_the_offerers_order(self) -> None:
        """The first codec of the offer that we know is taken, under its number, alone."""
        for formats, number, codec in (
            ("0 8 101", 0, "PCMU"),
            ("8 0 101", 8, "PCMA"),
            ("18 9 8 0", 8, "PCMA"),
            ("97 8", 97, "PCMU"),
        ):
            plan, answer = agreed(f"m=audio 4000 RTP/AVP {formats}", "a=rtpmap:97 pcmu/8000/1")
            self.assertEqual((plan.codec, plan.payload_type), (codec, number))
            self.assertEqual(answer.media[0].formats[0], str(number))
            self.assertEqual(answer.media[0].values("rtpmap"), (f"{number} {codec}/8000",))

    def test_everything_offered_may_arrive(self) -> None:
        """A peer that changes the codec without asking is still understood."""
        plan, _ = agreed("m=audio 4000 RTP/AVP 0 8 97", "a=rtpmap:97 PCMA/8000")
        self.assertEqual(dict(plan.receive_codecs), {0: "PCMU", 8: "PCMA", 97: "PCMA"})

    def test_events(self) -> None:
        """Telephone-events are agreed under the offered number, with what both know."""
        plan, answer = agreed(
            "m=audio 4000 RTP/AVP 0 96 101",
            "a=rtpmap:96 telephone-event/16000",
            "a=rtpmap:101 TELEPHONE-EVENT/8000",
            "a=fmtp:101 0-16,66",
        )
        self.assertEqual((plan.event_payload_type, plan.receive_events), (101, frozenset({101})))
        self.assertEqual(answer.media[0].formats, ("0", "101"))
        self.assertEqual(answer.media[0].values("fmtp"), ("101 0-16",))
        self.assertEqual(answer.media[0].values("rtpmap")[1], "101 telephone-event/8000")

    def test_no_events(self) -> None:
        """Without common events none are agreed, so keys are looked for in the voice."""
        for lines in ((), ("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 66-70")):
            plan, answer = agreed("m=audio 4000 RTP/AVP 0 101", *lines)
            self.assertEqual((plan.event_payload_type, plan.receive_events), (None, frozenset()))
            self.assertEqual(answer.media[0].formats, ("0",))

    def test_packet_time(self) -> None:
        """10 to 60 ms are followed in tens, at most maxptime; anything else means 20."""
        for lines, wanted in (
            ((), 20),
            (("a=ptime:10",), 10),
            (("a=ptime:30",), 30),
            (("a=ptime:35.5",), 30),
            (("a=ptime:60",), 60),
            (("a=ptime:70",), 20),
            (("a=ptime:200",), 20),
            (("a=ptime:0",), 20),
            (("a=ptime:x", "a=ptime:40"), 40),
            (("a=ptime:99999999999",), 20),
            (("a=ptime:60", "a=maxptime:30"), 30),
            (("a=maxptime:10",), 10),
            (("a=maxptime:5",), 10),
            (("a=maxptime:0",), 20),
            (("a=maxptime:40",), 20),
        ):
            plan, answer = agreed("m=audio 4000 RTP/AVP 0", *lines)
            self.assertEqual(plan.ptime, wanted, lines)
            self.assertEqual(answer.media[0].values("ptime"), (str(wanted),))

    def test_session_wide(self) -> None:
        """A packet time and a direction may stand above the media lines."""
        plan, answer = agreed("a=ptime:30", "a=sendonly", "m=audio 4000 RTP/AVP 0")
        self.assertEqual((plan.ptime, plan.may_send, plan.may_receive), (30, False, True))
        self.assertEqual(answer.media[0].values("recvonly"), ("",))

    def test_nothing_in_common(self) -> None:
        """Streams that we cannot use are refused with the warning that says why."""
        for line, code in (
            ("m=audio 4000 RTP/AVP 18", 305),
            ("m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000", 305),
            ("m=video 4000 RTP/AVP 31", 304),
            ("m=audio 4000 RTP/SAVP 0", 302),
            ("m=audio 4000 UDP/TLS/RTP/SAVPF 0", 302),
        ):
            fault = self.refused(offer(line))
            self.assertEqual(fault.status, 488)
            self.assertTrue((fault.warning or "").startswith(f'{code} {HOST} "'), fault.warning)

    def test_no_description(self) -> None:
        """Rubbish is 400, without a warning."""
        fault = self.refused(b"hello")
        self.assertEqual((fault.status, fault.warning), (400, None))


class AddressTests(AnswerCase):
    """Where packets go."""

    def test_where(self) -> None:
        """The media line's address counts before the session's; RTCP goes where it is said."""
        for lines, host, rtcp in (
            (("m=audio 4000 RTP/AVP 0",), "192.0.2.20", 4001),
            (("m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.21"), "192.0.2.21", 4001),
            (("m=audio 4000 RTP/AVP 0", "a=rtcp:5005"), "192.0.2.20", 5005),
            (("m=audio 4000 RTP/AVP 0", "a=rtcp:5005 IN IP4 192.0.2.20"), "192.0.2.20", 5005),
            (("m=audio 4000 RTP/AVP 0", "a=rtcp:5005 IN IP4 192.0.2.9"), "192.0.2.20", 0),
            (("m=audio 4000 RTP/AVP 0", "a=rtcp:5005 IN IP4 host"), "192.0.2.20", 0),
            (("m=audio 4000 RTP/AVP 0", "a=rtcp:4000"), "192.0.2.20", 4001),
            (
                ("m=audio 4000 RTP/AVP 0", "a=rtcp", "a=rtcp:x", "a=rtcp:70000", "a=rtcp:1 2"),
                "192.0.2.20",
                4001,
            ),
            (("m=audio 65535 RTP/AVP 0",), "192.0.2.20", 0),
            (("m=audio 4000 RTP/AVPF 0",), "192.0.2.20", 4001),
        ):
            plan, _ = agreed(*lines)
            self.assertEqual((plan.remote_host, plan.remote_rtcp_port), (host, rtcp), lines)
            self.assertTrue(plan.has_address)

    def test_ours(self) -> None:
        """The answer names our address and port, repeats profile and times, and is well formed."""
        _, answer = agreed("t=5 6", "m=audio 4000 RTP/AVPF 0")
        self.assertEqual((answer.media[0].port, answer.media[0].proto), (30_000, "RTP/AVPF"))
        self.assertEqual(str(answer.connection), f"IN IP4 {HOST}")
        self.assertEqual(answer.timing, "0 0")
        assert answer.origin is not None
        self.assertEqual(answer.origin.session_id, 42)

    def test_ipv6(self) -> None:
        """An IPv6 call is answered in IPv6."""
        plan, answer = agreed("m=audio 4000 RTP/AVP 0", host="2001:db8::20")
        self.assertEqual(plan.remote_host, "2001:db8::20")
        self.assertEqual(str(answer.connection), "IN IP6 2001:db8::10")
        fault = self.refused(
            offer("m=audio 4000 RTP/AVP 9", host="2001:db8::20"), session("2001:db8::10")
        )
        self.assertIn(' [2001:db8::10] "', fault.warning or "")

    def test_addresses_that_are_none(self) -> None:
        """Names, multicast, broadcast, other families and our own port are refused."""
        for address, code in (
            ("IN IP4 pbx.example.com", 301),
            ("IN IP4 224.2.1.1/127", 330),
            ("IN IP4 255.255.255.255", 301),
            ("IN IP4 0.1.2.3", 301),
            ("IN IP4 2001:db8::1", 301),
            ("IN IP6 192.0.2.1", 301),
            ("IN IP6 2001:db8::1", 301),
            ("IN IP6 fe80::1%eth0", 301),
            ("IN IP6 ::ffff:0.0.0.0", 301),
            ("IN IP6 ff02::1", 330),
            ("ATM NSAP x", 300),
            ("IN NSAP x", 300),
        ):
            fault = self.refused(offer("m=audio 4000 RTP/AVP 0", f"c={address}"))
            self.assertEqual((fault.warning or "")[:3], str(code), address)
        for port in (30_000, 30_001):
            self.refused(offer(f"m=audio {port} RTP/AVP 0", host=HOST))
        self.assertEqual(self.refused(b"v=0\r\nm=audio 4000 RTP/AVP 0").warning[:3], "399")  # type: ignore[index]

    def test_our_address_must_be_one(self) -> None:
        """A host name of our own is our own mistake."""
        with self.assertRaises(ValueError):
            session("pbx.example.com")


class DirectionTests(AnswerCase):
    """Hold in all its forms."""

    def test_directions(self) -> None:
        """The answer mirrors the offer, and nothing flows that was not agreed."""
        for theirs, ours, send, receive in (
            ("sendrecv", "sendrecv", True, True),
            ("sendonly", "recvonly", False, True),
            ("recvonly", "sendonly", True, False),
            ("inactive", "inactive", False, False),
        ):
            plan, answer = agreed("a=sendrecv", "m=audio 4000 RTP/AVP 0", f"a={theirs}")
            self.assertEqual((plan.may_send, plan.may_receive), (send, receive), theirs)
            self.assertEqual(answer.media[0].values(ours), ("",), theirs)

    def test_the_old_hold(self) -> None:
        """An address of zeros means: send nothing; RTCP has no place either."""
        plan, answer = agreed("m=audio 4000 RTP/AVP 0", host="0.0.0.0")
        self.assertEqual((plan.may_send, plan.remote_rtcp_port), (False, 0))
        self.assertFalse(plan.has_address)
        self.assertEqual(answer.media[0].values("recvonly"), ("",))
        plan, _ = agreed("m=audio 4000 RTP/AVP 0", host="::")
        self.assertFalse(plan.may_send)

    def test_we_hold(self) -> None:
        """While we hold, no answer of ours says that we listen."""
        ours = session()
        ours.held = True
        answer = parse_sdp(ours.answer(offer("m=audio 4000 RTP/AVP 0")))
        self.assertEqual(answer.media[0].values("sendonly"), ("",))
        assert ours.plan is not None
        self.assertFalse(ours.plan.may_receive)


class ManyLinesTests(AnswerCase):
    """Several media lines."""

    def test_all_but_one_are_refused(self) -> None:
        """The first usable stream is taken, every other line comes back with port 0."""
        plan, answer = agreed(
            "m=image 4000 udptl t38",
            "m=audio 4002 RTP/SAVP 0",
            "m=audio 4004 RTP/AVP 8",
            "m=audio 4006 RTP/AVP 0",
            "m=application 4008 TCP",
        )
        self.assertEqual([m.port for m in answer.media], [0, 0, 30_000, 0, 0])
        self.assertEqual(
            [m.kind for m in answer.media], ["image", "audio", "audio", "audio", "application"]
        )
        self.assertEqual((plan.remote_port, plan.codec), (4004, "PCMA"))
        self.assertIn("m=application 0 TCP 0", answer.to_bytes().decode())

    @given(
        some.lists(
            some.tuples(
                some.sampled_from(["audio", "video", "image"]),
                some.sampled_from([0, 4000]),
                some.sampled_from(["RTP/AVP", "RTP/SAVP", "udptl"]),
                some.sampled_from(["0 8", "18", "8 101", "t38"]),
            ),
            max_size=8,
        )
    )
    def test_count_and_order(self, lines: list[tuple[str, int, str, str]]) -> None:
        """Every answer has the lines of the offer, in order; at most one of them is taken."""
        body = offer(
            *(f"m={kind} {port} {proto} {formats}" for kind, port, proto, formats in lines)
        )
        try:
            answer = parse_sdp(session().answer(body))
        except NotAcceptable:
            self.assertTrue(any(port for _, port, _, _ in lines))
            return
        self.assertEqual(
            [(m.kind, m.proto) for m in answer.media], [(k, p) for k, _, p, _ in lines]
        )
        self.assertLessEqual(sum(m.port > 0 for m in answer.media), 1)
        for mine, (_, port, _, _) in zip(answer.media, lines, strict=True):
            self.assertTrue(port or not mine.port)

    def test_no_stream_at_all(self) -> None:
        """A call without any stream waits for its media: nothing flows yet."""
        for lines in ((), ("m=audio 0 RTP/AVP 0",)):
            plan, answer = agreed(*lines)
            self.assertEqual((plan.remote_port, plan.may_send, plan.may_receive), (0, False, False))
            self.assertEqual([m.port for m in answer.media], [0] * len(lines))
            self.assertFalse(plan.has_address)

    @given(some.binary(max_size=200))
    def test_only_its_own_error(self, body: bytes) -> None:
        """Whatever comes behind the head, the offer is answered or refused."""
        try:
            session().answer(offer("m=audio 4000 RTP/AVP 0") + body)
        except NotAcceptable as fault:
            self.assertIn(fault.status, (400, 488))
