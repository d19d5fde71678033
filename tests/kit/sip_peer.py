"""One peer of a SIP endpoint, written by hand: every header field is what the test says.

Knows: text in, effects out, one endpoint and a time that the test moves. Must never know: networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from random import Random
from typing import TypeVar

from attrs import define, field

from umserver.wire.sip.effects import Effect, Flow, Offered, Send
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.sip.headers import parse_name_addr
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.parse import parse
from umserver.wire.sip.uri import Uri, parse_uri

Pairs = Sequence[tuple[str, str]]
E = TypeVar("E", bound=Effect)

HERE = ("192.0.2.2", 5060)
THERE = ("192.0.2.1", 5060)
UDP = Flow("udp", THERE, HERE)
TCP = Flow("tcp", ("192.0.2.1", 40001), HERE, 7)
SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
OUR_SDP = b"v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=-\r\n"


def new_endpoint(seed: int = 5, **settings: int) -> Endpoint:
    """An endpoint at HERE."""

    def contact(flow: Flow) -> Uri:
        return Uri("sip", host=HERE[0], port=HERE[1])

    return Endpoint(product="umserver/test", random=Random(seed), contact=contact, **settings)


@define(eq=False)
class Peer:
    """A scripted peer; `now` is the time of both."""

    endpoint: Endpoint = field(factory=new_endpoint)
    flow: Flow = UDP
    now: float = 100.0
    effects: list[Effect] = field(init=False, factory=list)
    """What the last step came to."""
    every: list[Effect] = field(init=False, factory=list)
    call_id: str = "call-1@192.0.2.1"
    tag: str = "them"
    to_tag: str = ""
    """The endpoint's tag, once known."""
    contact: str = "<sip:2125550142@192.0.2.1:5060>"
    _branches: count[int] = field(init=False, factory=count)

    # what is sent

    def request(
        self,
        method: str,
        cseq: int,
        *,
        headers: Pairs = (),
        body: bytes = b"",
        branch: str = "",
        uri: str = "sip:1001@192.0.2.2",
        kind: str = "application/sdp",
        tagged: bool = True,
    ) -> bytes:
        """A request as octets; `tagged` puts the endpoint's tag to To when it is known."""
        branch = branch or f"z9hG4bK-peer-{next(self._branches)}"
        to_tag = f";tag={self.to_tag}" if self.to_tag and tagged else ""
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.flow.transport.upper()} 192.0.2.1:5060;branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:2125550142@192.0.2.1>;tag={self.tag}",
            f"To: <sip:1001@192.0.2.2>{to_tag}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: {self.contact}",
            *(f"{name}: {value}" for name, value in headers),
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def receive(self, data: bytes, flow: Flow | None = None) -> list[Effect]:
        """Let the endpoint have these octets."""
        return self._note(self.endpoint.receive(data, flow or self.flow, self.now))

    def ask(self, method: str, cseq: int, **details: object) -> list[Effect]:
        """Send a request made by `request`."""
        return self.receive(self.request(method, cseq, **details))  # type: ignore[arg-type]

    def answer(
        self,
        request: Request,
        status: int,
        *,
        tag: str = "them",
        headers: Pairs = (),
        body: bytes = b"",
        contact: bool = True,
    ) -> list[Effect]:
        """Answer a request of the endpoint."""
        known = request.to.tag is not None or not tag or status == 100
        pairs = [
            *(("Via", via) for via in request.headers.all("via")),
            ("From", request.headers.get("from")),
            ("To", (request.headers.get("to") or "") + ("" if known else f";tag={tag}")),
            ("Call-ID", request.call_id),
            ("CSeq", str(request.cseq)),
            *([("Contact", self.contact)] if contact else []),
            *headers,
            *([("Content-Type", "application/sdp")] if body else []),
            ("Content-Length", str(len(body))),
        ]
        text = f"SIP/2.0 {status} Word\r\n" + "".join(f"{n}: {v}\r\n" for n, v in pairs) + "\r\n"
        return self.receive(text.encode() + body)

    def do(self, effects: list[Effect]) -> list[Effect]:
        """Note what a verb of the endpoint came to."""
        return self._note(effects)

    def call(self, sdp: bytes = SDP, headers: Pairs = ()) -> str:
        """Have the endpoint call this peer; the name of the call."""
        sender = parse_name_addr("<sip:softphone@192.0.2.2>")
        uri = parse_uri("sip:2125550142@192.0.2.1")
        name, effects = self.endpoint.call(uri, self.flow, sender, headers, sdp, self.now)
        self._note(effects)
        return name

    # time

    def wake(self, until: float) -> list[Effect]:
        """Walk from deadline to deadline; all effects on the way."""
        found: list[Effect] = []
        while (deadline := self.endpoint.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            found += self.endpoint.wake(self.now)
        self.now = until
        return self._note(found)

    def moments(self, until: float) -> list[tuple[float, str]]:
        """The same, as seconds from now and the start of what was sent or told."""
        start, found = self.now, []
        while (deadline := self.endpoint.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            for effect in self._note(self.endpoint.wake(self.now)):
                found.append((round(self.now - start, 3), name_of(effect)))
        self.now = until
        return found

    # what came

    @property
    def names(self) -> list[str]:
        """The effects of the last step in short: `200`, `BYE`, `Offered` …"""
        return [name_of(effect) for effect in self.effects]

    @property
    def messages(self) -> list[Request | Response]:
        """The messages of the last step."""
        return [parse(e.data) for e in self.effects if isinstance(e, Send)]

    @property
    def response(self) -> Response:
        """The last response of the last step."""
        return [m for m in self.messages if isinstance(m, Response)][-1]

    @property
    def sent_request(self) -> Request:
        """The last request of the last step."""
        return [m for m in self.messages if isinstance(m, Request)][-1]

    def told(self, kind: type[E]) -> E:
        """The effect of this kind in the last step."""
        return next(effect for effect in self.effects if isinstance(effect, kind))

    def _note(self, effects: list[Effect]) -> list[Effect]:
        self.effects = effects
        self.every += effects
        return effects

    # whole passages

    def offered(self, **details: object) -> str:
        """Send an INVITE; the name of the call."""
        details.setdefault("body", SDP)
        self.ask("INVITE", 1, **details)
        return self.told(Offered).call

    def answered(self, **details: object) -> str:
        """Send an INVITE that is answered with 200, not yet acknowledged."""
        name = self.offered(**details)
        self.do(self.endpoint.answer(name, OUR_SDP, self.now))
        self.to_tag = self.response.to.tag or ""
        return name

    def established(self, **details: object) -> str:
        """A call to the endpoint that stands."""
        name = self.answered(**details)
        self.ask("ACK", 1)
        return name

    def placed(self, **details: object) -> str:
        """A call of the endpoint that stands."""
        name = self.call()
        invite = self.sent_request
        self.answer(invite, 200, body=SDP, **details)  # type: ignore[arg-type]
        self.call_id, self.to_tag = invite.call_id, invite.from_.tag or ""
        return name


def name_of(effect: Effect) -> str:
    """A status or method for what is sent, the kind of everything else."""
    if not isinstance(effect, Send):
        return type(effect).__name__
    message = parse(effect.data)
    return message.method if isinstance(message, Request) else str(message.status)
