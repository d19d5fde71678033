"""What is answered at a glance is what taking the message apart would have answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import HERE, new_endpoint
from umserver.wire.sip.clerk import NOTHING, Clerk
from umserver.wire.sip.effects import Flow, Send
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.sip.glance import Glance
from umserver.wire.sip.headers import parse_name_addr
from umserver.wire.sip.message import Request
from umserver.wire.sip.screening import Refusal
from umserver.wire.sip.uri import parse_uri

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
FOLDERS = ("rfc4475-5118", "gateway-invites")
SOURCES = (("192.0.2.1", 5060), ("192.0.2.9", 40001), ("224.0.0.1", 5060), ("2001:db8::1", 5060))
SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nm=audio 4000 RTP/AVP 0\r\n"

ORDINARY = f"""INVITE sip:5000@192.0.2.2:5060;user=phone SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK77ef;rport
Via: SIP/2.0/UDP pbx.example.com;branch=z9hG4bK66;received=192.0.2.7
Max-Forwards: 69
From: "Grace Example" <sip:+12125550142@pbx.example.com;user=phone>;tag=a6c85cf
To: <sip:5000@192.0.2.2>
Call-ID: a84b4c76e66710@pbx.example.com
CSeq: 314159 INVITE
Contact: <sip:2125550142@192.0.2.1:5070;transport=udp>
Record-Route: <sip:192.0.2.1;lr>
Diversion: <sip:1001@192.0.2.1>;reason=no-answer
History-Info: <sip:1001@192.0.2.1?Reason=SIP%3Bcause%3D486>;index=1, <sip:5000@x>;index=1.1
P-Asserted-Identity: "Grace" <sip:+12125550142@pbx.example.com>
Privacy: none
User-Agent: PBX 1.0
Allow: INVITE, ACK, CANCEL, BYE
Supported: timer, 100rel
Session-Expires: 1800;refresher=uac
Accept: application/sdp, application/dtmf-relay
Date: Sun, 22 Nov 2026 10:00:00 GMT
Content-Type: application/sdp
Content-Length: {len(SDP)}

""".replace("\n", "\r\n")


def spell(pairs: tuple[tuple[str, str], ...]) -> str:
    return "|".join(f"{name}={value}" for name, value in pairs)


class ClerkTests(SynchronousTestCase):
    """Two endpoints with the same chance: one with a clerk in front, one without."""

    def setUp(self) -> None:
        self.slow, self.fast = new_endpoint(7), new_endpoint(7)
        self.clerk = Clerk(self.fast.reception, self.quick_judge)
        self.slow.reception.judge = self.judge
        self.at_a_glance = 0

    def judge(self, request: Request, flow: Flow) -> Refusal:
        """A verdict that shows everything a decision may rest on."""
        raw = request.headers.raw
        names = ("P-Asserted-Identity", "Remote-Party-ID", "Privacy")
        who = tuple((name, value) for name in names for value in raw(name))
        way = tuple((n, value) for n in ("Diversion", "History-Info") for value in raw(n))
        words = (str(request.uri), request.from_.name, str(request.from_.uri), str(request.to))
        return self.verdict(words, request.call_id, who, way, flow.remote)

    def quick_judge(self, seen: Glance, remote: tuple[str, int], local: tuple[str, int]) -> Refusal:
        sender = parse_name_addr(seen.sender)
        words = (seen.uri, sender.name, str(sender.uri), str(parse_name_addr(seen.to)))
        return self.verdict(words, seen.call_id, seen.who, seen.way, remote)

    def verdict(
        self,
        words: tuple[str, ...],
        call_id: str,
        who: tuple[tuple[str, str], ...],
        way: tuple[tuple[str, str], ...],
        remote: tuple[str, int],
    ) -> Refusal:
        shown = (*words, call_id, spell(tuple(sorted(who))), spell(tuple(sorted(way))), str(remote))
        return Refusal(302, tuple(("Contact", text) for text in shown))

    def compare(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Whether it was answered at a glance; then alike."""
        flow = Flow("udp", remote, HERE)
        answer = self.clerk.answer(data, remote, HERE)
        if answer is None:
            return False
        effects = self.slow.receive(data, flow, 0.0)
        sent = [(e.data, e.flow.remote) for e in effects if isinstance(e, Send)]
        self.assertEqual(sent, [] if answer == NOTHING else [answer], data)
        return True

    def messages(self) -> Iterator[bytes]:
        for folder in FOLDERS:
            for path in sorted((VECTORS / folder / "messages").iterdir()):
                yield path.read_bytes()
        options = ORDINARY.replace("INVITE", "OPTIONS")
        for text in (ORDINARY + SDP, options + SDP):
            yield text.encode()
            yield text.replace("Via:", "v:").replace("From:", "f:").replace("To:", "t:").encode()
            yield text.replace(";rport", "").encode()
            yield text.replace(":5070;branch", ";branch").encode()
            yield text.replace("pbx.example.com", "192.0.2.1").encode()

    def test_published_messages(self) -> None:
        """Every published message from every source: the same octets go to the same place."""
        seen = [self.compare(data, source) for data in self.messages() for source in SOURCES]
        self.assertGreater(sum(seen), 40)

    def test_ordinary_gateways_are_answered_at_a_glance(self) -> None:
        """What ordinary gateways send is seen at a glance: that is what the clerk is for."""
        for data in list(self.messages())[-10:]:
            self.assertTrue(self.compare(data, SOURCES[0]), data)
        folder = VECTORS / "gateway-invites" / "messages"
        seen = [self.compare(path.read_bytes(), SOURCES[0]) for path in folder.iterdir()]
        self.assertGreater(sum(seen) / len(seen), 0.2)

    def test_mutations(self) -> None:
        """Thousands of damaged messages: whatever is answered at a glance is answered alike."""
        random = Random(20)
        originals = list(self.messages())
        ordinary = originals[-10:]
        seen = 0
        for _ in range(6000):
            data = bytearray(random.choice(ordinary if random.random() < 0.8 else originals))
            for _ in range(random.randint(1, 3)):
                mutate(random, data)
            seen += self.compare(bytes(data), random.choice(SOURCES[:2]))
        self.assertGreater(seen, 1000)

    def test_known_frames(self) -> None:
        """The frame of a call is known, and what varies in it is odd: nothing of it is believed."""
        odd = (
            "", " ", ";", ",", '"', "\n", "\r", "\n x", "\r\n x", "x", "*", ";x=", " ;x", "%", "\t",
            ";tag=1", ";branch=z9hG4bKother", ";rport", ";rport=1", ";received=192.0.2.9",
            "<sip:x>", "\x00", "é", ", <sip:x@y>", ":70000", "INVITE", "BYE", " 1", "z9hG4bK",
        )  # fmt: skip
        whole = ORDINARY + SDP
        self.assertTrue(self.compare(whole.encode(), SOURCES[0]))
        head = whole.partition("\r\n\r\n")[0]
        seen = tried = 0
        for line in head.split("\r\n")[1:]:
            start, _, value = line.partition(": ")
            marks = [0, 1, len(value) // 2, len(value) - 1, len(value)]
            marks += [value.find(mark) for mark in (";", ">", "@", "=", "z9hG4bK")]
            for mark in {at for at in marks if at >= 0}:
                for text in odd:
                    for rest in (value[mark:], ""):
                        changed = f"{start}: {value[:mark]}{text}{rest}"
                        data = whole.replace(line, changed, 1).encode()
                        seen += self.compare(data, SOURCES[tried % 2])
                        tried += 1
        self.assertGreater(seen, tried // 5)

    def test_every_end_of_a_way_is_looked_at(self) -> None:
        """A way that is known with one end is not taken for the same with another."""
        short = (ORDINARY + SDP).replace(";rport", "")
        self.assertTrue(self.compare(short.encode(), SOURCES[0]))
        long = short.replace("branch=z9hG4bK77ef", "branch=z9hG4bK77ef;")
        self.assertFalse(self.compare(long.encode(), SOURCES[0]))

    def test_mixed_lines(self) -> None:
        """Header fields doubled, left out, renamed and in any order."""
        random = Random(21)
        head, _, body = (ORDINARY + SDP).partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        odd = [
            "Via : SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKx", "VIA: SIP/2.0/UDP 192.0.2.4", "v:x",
            "Via", "Require: 100rel", "Require: dance", "Content-Encoding: gzip", "e: gzip",
            "Accept: text/plain", "accept: text/plain", "Session-Expires: 20", "x: 30",
            "Content-Disposition: render",
            "Contact: *", "m: <sip:x@y", "Route: <sip:a;lr>, <sip:b;lr>", "Max-Forwards: 300",
            "Content-Length: 9999", "l: 0", "From", "no field at all", "\tfolded", "X-Any: \x00",
            "To: <sip:5000@192.0.2.2>;tag=1", "Privacy: id", "Call-ID: a b", "CSeq: 1 BYE",
            "Content-Type: text/plain", "c: application/sdp", "Expires: 10", "Timestamp: 5",
        ]  # fmt: skip
        seen = 0
        for _ in range(4000):
            some = [line for line in lines if random.random() > 0.03]
            for _ in range(random.randint(0, 2)):
                some.insert(random.randint(0, len(some)), random.choice(odd + lines))
            if random.random() < 0.3:
                random.shuffle(some)
            text = "\r\n".join([start, *some]) + "\r\n\r\n" + body
            seen += self.compare(text.encode(), SOURCES[0])
        self.assertGreater(seen, 800)

    def test_acks_of_our_answers_end_here(self) -> None:
        """The ACK of an answer that nobody remembers is dropped; another one is looked at."""
        answer = self.clerk.answer((ORDINARY + SDP).encode(), SOURCES[0], HERE)
        assert answer is not None
        to = next(line for line in answer[0].decode().split("\r\n") if line.startswith("To:"))
        ack = ORDINARY.replace("INVITE", "ACK")
        ours = ack.replace("To: <sip:5000@192.0.2.2>", to)
        self.assertEqual(self.clerk.answer(ours.encode(), SOURCES[0], HERE), NOTHING)
        self.assertTrue(self.compare(ours.encode(), SOURCES[0]))
        self.assertIsNone(self.clerk.answer(ack.encode(), SOURCES[0], HERE))

    def test_what_goes_on_is_left_alone(self) -> None:
        """A copy of an INVITE that somebody is thinking about is no new one."""
        endpoint: Endpoint = self.fast
        data = (ORDINARY + SDP).encode()
        endpoint.receive(data, Flow("udp", SOURCES[0], HERE), 0.0)
        self.assertIsNone(self.clerk.answer(data, SOURCES[0], HERE))
        other_way = data.replace(b"z9hG4bK77ef", b"z9hG4bK77eg")
        self.assertIsNone(self.clerk.answer(other_way, SOURCES[0], HERE))

    def test_what_the_judge_leaves_open(self) -> None:
        """Without a verdict the call goes the whole way."""
        self.clerk.judge = lambda seen, remote, local: None
        self.assertIsNone(self.clerk.answer((ORDINARY + SDP).encode(), SOURCES[0], HERE))
        self.clerk.judge = None
        self.assertIsNone(self.clerk.answer((ORDINARY + SDP).encode(), SOURCES[0], HERE))

    def test_not_available(self) -> None:
        """While we take no calls OPTIONS hears it at once."""
        self.fast.available = self.slow.available = False
        data = (ORDINARY.replace("INVITE", "OPTIONS") + SDP).encode()
        self.assertTrue(self.compare(data, SOURCES[0]))

    def test_bounded_memory(self) -> None:
        """Ten thousand callers leave no more behind than the eye may remember."""
        for n in range(10_000):
            data = ORDINARY.replace("+12125550142", f"+1212{n:07}").encode()
            self.clerk.answer(data, SOURCES[0], HERE)
        eye = self.clerk._eye
        addresses, frames = eye.frames.addresses, eye.frames._known
        for memory in (addresses.single, addresses.several, eye.hops, frames):
            self.assertLessEqual(len(memory), 8192)
        self.assertEqual(str(parse_uri("sip:a@b")), "sip:a@b")


def mutate(random: Random, data: bytearray) -> None:
    """Damage a message in one place."""
    at = random.randrange(len(data))
    kind = random.randrange(5)
    if kind == 0:
        data[at] = random.randrange(256)
    elif kind == 1:
        data[at] = random.choice(b'<>"@:;,= \t\r\n\\?%*')
    elif kind == 2:
        del data[at : at + random.randint(1, 12)]
    elif kind == 3:
        data[at:at] = data[at : at + random.randint(1, 40)]
    else:
        data[at:at] = random.choice(
            (b";tag=x", b"\r\n ", b"\r\n", b";rport", b";received=1", b"%zz", b'"', b", ", b"sip:")
        )
