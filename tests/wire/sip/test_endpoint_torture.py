"""The torture messages of RFC 4475 and RFC 5118 at the endpoint's door, over UDP and TCP."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import HERE, OUR_SDP, Peer, new_endpoint
from umserver.wire.sip.effects import Effect, Flow, Offered, Send
from umserver.wire.sip.message import Headers, Response
from umserver.wire.sip.parse import SipSyntaxError, parse

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "rfc4475-5118"
GATEWAYS = FOLDER.parent / "gateway-invites"
FLOWS = {
    "udp": Flow("udp", ("192.0.2.1", 5060), HERE),
    "tcp": Flow("tcp", ("192.0.2.1", 40001), HERE, 7),
}


def listed(folder: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((folder / "index.json").read_text())["messages"]
    return entries


def fits(status: int, patterns: list[str]) -> bool:
    """`2xx` is a class, `4xx!400` the class without that status."""
    for pattern in patterns:
        kind, _, but = pattern.partition("!")
        if kind == str(status) or (kind == f"{status // 100}xx" and but != str(status)):
            return True
    return False


def response_of(data: bytes) -> Response | None:
    """A response; one to a bad request may repeat what cannot be read."""
    try:
        message = parse(data)
    except SipSyntaxError:
        start, *lines = data.decode().split("\r\n\r\n")[0].split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = Headers((name, value.strip()) for name, _, value in pairs)
        return Response(int(start.split()[1]), "", headers)
    return message if isinstance(message, Response) else None


def header_of(data: bytes) -> Headers:
    """The header fields of a message that may be no message."""
    try:
        return parse(data).headers
    except SipSyntaxError as fault:
        headers: Headers = getattr(fault, "headers", Headers())
        return headers


class TortureTests(SynchronousTestCase):
    def responses(self, effects: list[Effect]) -> list[Response]:
        found = [response_of(effect.data) for effect in effects if isinstance(effect, Send)]
        return [message for message in found if message is not None]

    def check(self, entry: dict[str, Any], data: bytes, transport: str, answers: bool) -> None:
        name = f"{entry['file']} over {transport}"
        flow = FLOWS[transport]
        endpoint = new_endpoint()
        effects = endpoint.receive(data, flow, 100.0)
        for effect in list(effects):
            if isinstance(effect, Offered) and answers:
                effects += endpoint.answer(effect.call, OUR_SDP, 100.0)
            elif isinstance(effect, Offered):
                effects += endpoint.refuse(effect.call, 404, "", 100.0)
        got = self.responses(effects)
        rules = entry[transport]
        if not got:
            self.assertIn(rules["silence"], ("ideal", "tolerated"), f"{name}: silence")
        for response in got:
            self.assertTrue(fits(response.status, rules["ideal"]), f"{name}: {response.status}")
        if transport == "udp" and got:
            sent = next(effect for effect in effects if isinstance(effect, Send))
            wishes = got[0].via.param("rport") is not None  # then the source counts, RFC 3581 §4
            port = flow.remote[1] if wishes else entry["reply_port"]
            self.assertEqual(sent.flow.remote, ("192.0.2.1", port), name)
        self.check_more(entry.get("checks") or [], data, got, name)
        peer = Peer(endpoint, flow=flow, now=100.1, call_id="after@192.0.2.1")
        peer.ask("OPTIONS", 1)
        self.assertEqual(peer.names, ["200"], name)
        peer.wake(200.0)
        self.assertIsNone(endpoint.deadline, name)
        self.assertEqual((len(endpoint.calls), len(endpoint.post.dialogs)), (0, 0), name)

    def check_more(self, checks: list[str], data: bytes, got: list[Response], name: str) -> None:
        asked = header_of(data)
        for response in got:
            headers = response.headers
            if "echo" in checks:
                for field in ("from", "call-id"):
                    self.assertEqual(headers.all(field), asked.all(field), name)
                self.assertTrue((headers.get("to") or "").startswith(asked.get("to") or "-"), name)
                ours, theirs = headers.all("via"), asked.all("via")
                self.assertEqual((len(ours), ours[1:]), (len(theirs), theirs[1:]), name)
                self.assertEqual(response.via.branch, parse(data).via.branch, name)
            if response.status in (405, 501):
                self.assertIsNotNone(headers.get("allow"), name)
            if response.status == 415:
                self.assertIsNotNone(headers.get("accept"), name)
            if response.status == 420:
                self.assertIsNotNone(headers.get("unsupported"), name)

    def test_every_message(self) -> None:
        """Each message gets the answer that the RFC asks for, refused or answered by our user."""
        for entry in listed(FOLDER):
            data = (FOLDER / "messages" / entry["file"]).read_bytes()
            for transport in FLOWS:
                for answers in (False, True):
                    self.check(entry, data, transport, answers)

    def test_all_at_one_door(self) -> None:
        """One endpoint takes all of them, in any order, and answers an OPTIONS after each."""
        random = Random(3)
        names = [FOLDER / "messages" / entry["file"] for entry in listed(FOLDER)]
        names += [GATEWAYS / "messages" / entry["file"] for entry in listed(GATEWAYS)]
        endpoint = new_endpoint()
        peer = Peer(endpoint)
        for number in range(3 * len(names)):
            data = random.choice(names).read_bytes()
            for effect in peer.receive(data, FLOWS[random.choice(("udp", "tcp"))]):
                if isinstance(effect, Offered) and random.random() < 0.5:
                    peer.do(endpoint.answer(effect.call, OUR_SDP, peer.now))
            peer.call_id = f"options-{number}"
            peer.ask("OPTIONS", 1)
            self.assertEqual(peer.names, ["200"])
            peer.wake(peer.now + random.random())

    def test_damaged_messages(self) -> None:
        """Messages with octets changed, cut and doubled never stop the endpoint."""
        random = Random(4)
        whole = [(FOLDER / "messages" / entry["file"]).read_bytes() for entry in listed(FOLDER)]
        whole += [(GATEWAYS / "messages" / e["file"]).read_bytes() for e in listed(GATEWAYS)]
        endpoint = new_endpoint(most_calls=50)
        peer = Peer(endpoint)
        for number in range(1500):
            data = bytearray(random.choice(whole))
            for _ in range(random.randint(1, 6)):
                at = random.randrange(len(data))
                if random.random() < 0.5:
                    data[at] = random.randrange(256)
                else:
                    data[at:at] = data[at : at + random.randint(1, 40)]
            for effect in peer.receive(bytes(data[: random.randint(1, len(data))])):
                if isinstance(effect, Offered) and random.random() < 0.5:
                    peer.do(endpoint.answer(effect.call, OUR_SDP, peer.now))
            peer.wake(peer.now + random.random())
            if number % 100 == 0:
                peer.call_id = f"options-{number}"
                peer.ask("OPTIONS", 1)
                self.assertEqual(peer.names, ["200"])
