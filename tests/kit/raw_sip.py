"""A SIP peer that knows nothing of our SIP code: text in, text out, as odd as a test wants it.

Knows: how SIP messages look (RFC 3261 §7), a stage. Must never know: umserver. It is the second
witness of the wire: what it understands was really said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from attrs import define, field, frozen
from twisted.internet.protocol import DatagramProtocol

from tests.kit.stage import Stage

Address = tuple[str, int]
Reply = Callable[["Raw"], str | None]


@frozen
class Raw:
    """One message as text."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str
    source: Address = ("", 0)
    at: float = 0.0

    @property
    def method(self) -> str:
        """The method of a request, also that which a response is about."""
        return self.start.split()[0] if self.status == 0 else self.header("CSeq").split()[1]

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        words = self.start.split()
        return int(words[1]) if words[0] == "SIP/2.0" else 0

    def header(self, name: str) -> str:
        """The first header field of this name, empty without one."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Every header field of this name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def contact(self) -> str:
        """The URI of its Contact."""
        return self.header("Contact").partition("<")[2].partition(">")[0]


def parse_raw(data: bytes, source: Address = ("", 0), at: float = 0.0) -> Raw:
    """Read a message; octets that are no UTF-8 stay as lone surrogates."""
    head, _, body = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    pairs = [line.partition(":") for line in lines]
    fields = tuple((name.strip(), value.strip()) for name, _, value in pairs)
    return Raw(start, fields, body, source, at)


def sdp(
    port: int, *, host: str = "127.0.0.1", formats: str = "0 8 101", lines: Sequence[str] = ()
) -> str:
    """An ordinary session description."""
    kind = "IP6" if ":" in host else "IP4"
    return "\r\n".join(
        [
            "v=0",
            f"o=- 1 1 IN {kind} {host}",
            "s=-",
            f"c=IN {kind} {host}",
            "t=0 0",
            f"m=audio {port} RTP/AVP {formats}",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            *lines,
            "",
        ]
    )


@define(eq=False, repr=False)
class RawPeer(DatagramProtocol):
    """A UDP port that sends what it is told and remembers what comes.

    `replies` says what is answered to a request by method: a status, None for silence. What is not
    named is answered 200.
    """

    stage: Stage
    host: str = "127.0.0.1"
    replies: dict[str, int | None] = field(factory=dict)
    got: list[Raw] = field(init=False, factory=list)
    port: int = field(init=False, default=0)
    acknowledges: bool = True
    """Whether a 2xx to an INVITE is acknowledged at once."""
    user: str = "2125550142"
    over: str = "UDP"
    """The transport that its Via names."""
    remote: Address = field(init=False, default=("", 0))
    _branches: count[int] = field(init=False, factory=lambda: count(1))

    def __attrs_post_init__(self) -> None:
        listening = self.stage.listenUDP(0, self, self.host, maxPacketSize=65535)
        self.port = listening.getHost().port

    # what comes

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        """Remember it, answer it."""
        if not data.strip():
            return
        message = parse_raw(data, (addr[0], addr[1]), self.stage.seconds())
        self.got.append(message)
        if message.status == 0 and message.method != "ACK":
            status = self.replies.get(message.method, 200)
            if status is not None:
                self.answer(message, status)
        elif message.method == "INVITE" and message.status >= (200 if self.acknowledges else 300):
            self.acknowledge(message)

    def requests(self, method: str) -> list[Raw]:
        """The requests of this method that came."""
        return [m for m in self.got if m.status == 0 and m.method == method]

    def responses(self, method: str = "INVITE") -> list[int]:
        """The statuses that came for this method."""
        return [m.status for m in self.got if m.status and m.method == method]

    def final(self, method: str = "INVITE") -> Raw | None:
        """The latest final response for this method."""
        finals = [m for m in self.got if m.status >= 200 and m.method == method]
        return finals[-1] if finals else None

    # what is sent

    def send(self, text: str, to: Address | None = None) -> None:
        """Send one datagram."""
        assert self.transport is not None
        self.transport.write(text.encode("utf-8", "surrogateescape"), to or self.remote)

    def request(
        self,
        method: str,
        uri: str,
        *,
        call_id: str,
        cseq: int = 1,
        to_tag: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: str = "",
        branch: str | None = None,
        kind: str = "application/sdp",
    ) -> str:
        """The text of a request of this peer."""
        here = f"[{self.host}]" if ":" in self.host else self.host
        tag = f";tag={to_tag}" if to_tag else ""
        target = uri.partition(";")[0]
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.over} {here}:{self.port};rport;branch={branch or self.branch()}",
            "Max-Forwards: 70",
            f"From: <sip:{self.user}@{here}>;tag=raw-{self.port}",
            f"To: <{target}>{tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <{self.address}>",
            *(f"{name}: {value}" for name, value in headers),
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    @property
    def address(self) -> str:
        """Its own URI."""
        here = f"[{self.host}]" if ":" in self.host else self.host
        where = "" if self.over == "UDP" else f";transport={self.over.lower()}"
        return f"sip:{self.user}@{here}:{self.port}{where}"

    def branch(self) -> str:
        """A fresh branch."""
        return f"z9hG4bK-raw-{self.port}-{next(self._branches)}"

    def invite(
        self,
        remote: Address,
        user: str = "1001",
        *,
        body: str = "",
        headers: Sequence[tuple[str, str]] = (),
        uri: str | None = None,
        call_id: str = "",
        cseq: int = 1,
        branch: str | None = None,
    ) -> str:
        """Send an INVITE; the Call-ID."""
        self.remote = remote
        call_id = call_id or f"raw-{next(self._branches)}@example.com"
        host = f"[{remote[0]}]" if ":" in remote[0] else remote[0]
        text = self.request(
            "INVITE",
            uri or f"sip:{user}@{host}:{remote[1]}",
            call_id=call_id,
            cseq=cseq,
            headers=headers,
            body=body,
            branch=branch,
        )
        self.send(text)
        return call_id

    def acknowledge(self, response: Raw, body: str = "") -> None:
        """ACK a final response: within its dialog for a 2xx, else in its transaction."""
        tag = response.header("To").partition(";tag=")[2]
        to = response.header("To").partition("<")[2].partition(">")[0]
        cseq = int(response.header("CSeq").split()[0])
        good = response.status < 300
        branch = None if good else response.header("Via").partition("branch=")[2].split(";")[0]
        text = self.request(
            "ACK",
            response.contact if good and response.contact else to,
            call_id=response.header("Call-ID"),
            cseq=cseq,
            to_tag=tag,
            body=body,
            branch=branch,
        )
        self.send(text, response.source)

    def within(
        self,
        method: str,
        *,
        cseq: int = 2,
        headers: Sequence[tuple[str, str]] = (),
        body: str = "",
        kind: str = "application/sdp",
    ) -> None:
        """Send a request within the call that rings, or that the latest 2xx established."""
        established = next(
            m for m in reversed(self.got) if m.method == "INVITE" and 100 < m.status < 300
        )
        text = self.request(
            method,
            established.contact,
            call_id=established.header("Call-ID"),
            cseq=cseq,
            to_tag=established.header("To").partition(";tag=")[2],
            headers=headers,
            body=body,
            kind=kind,
        )
        self.send(text, established.source)

    def answer(
        self, request: Raw, status: int, headers: Sequence[tuple[str, str]] = (), body: str = ""
    ) -> None:
        """Answer a request."""
        same = ("via", "from", "to", "call-id", "cseq")
        lines = [f"SIP/2.0 {status} Whatever"]
        lines += [f"{name}: {value}" for name, value in request.headers if name.lower() in same]
        lines += [f"{name}: {value}" for name, value in headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines) + "\r\n\r\n" + body, request.source)
