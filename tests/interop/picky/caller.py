"""A SIP peer on a plain socket that does nothing by itself: every octet is what a test says.

Knows: how SIP messages look. Must never know: umserver. Waits are bounded; what was not waited for
is kept in order.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count

from attrs import define, field

from tests.kit.raw_sip import Raw, parse_raw
from tests.kit.raw_sip import sdp as plain_sdp

Address = tuple[str, int]
_names = count(1)
_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)")


class Silence(AssertionError):
    """Nothing of what was waited for came."""


@define(eq=False)
class Caller:
    """One peer and the one call it makes; `transport` is udp or tcp."""

    target: Address
    transport: str = "udp"
    host: str = "127.0.0.1"
    user: str = "1001"
    media_port: int = 9
    number: str = field(init=False)
    """Who calls: different for every caller."""
    call_id: str = field(init=False)
    tag: str = field(init=False)
    to_tag: str = field(init=False, default="")
    remote: str = field(init=False, default="")
    """Where requests within the call go: the server's Contact."""
    cseq: int = field(init=False, default=0)
    up: bool = field(init=False, default=False)
    """Whether the call stands and nobody has hung up."""
    kept: list[Raw] = field(init=False, factory=list)
    closed_by_server: bool = field(init=False, default=False)
    sock: socket.socket = field(init=False)
    _buffer: bytes = field(init=False, default=b"")
    _invite: tuple[int, str] = field(init=False, default=(0, ""))

    def __attrs_post_init__(self) -> None:
        number = next(_names)
        self.call_id = f"picky{number}-{time.time_ns():x}@example.com"
        self.tag = f"p{number}"
        self.number = f"212555{number % 10000:04d}"
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        kind = socket.SOCK_STREAM if self.transport == "tcp" else socket.SOCK_DGRAM
        self.sock = socket.socket(family, kind)
        self.sock.bind((self.host, 0))
        if self.transport == "tcp":
            self.sock.settimeout(5)
            self.sock.connect(self.target)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def port(self) -> int:
        """Our port."""
        return int(self.sock.getsockname()[1])

    @property
    def here(self) -> str:
        """Our address as URIs and Via write it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def uri(self) -> str:
        """Whom we call."""
        host, port = self.target
        return f"sip:{self.user}@{f'[{host}]' if ':' in host else host}:{port}"

    # sending

    def send(self, data: str | bytes) -> None:
        """These octets, in one datagram or one write."""
        octets = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        if self.transport == "tcp":
            self.sock.sendall(octets)
        else:
            self.sock.sendto(octets, self.target)

    def branch(self) -> str:
        """A fresh branch."""
        return f"z9hG4bK-{self.tag}-{next(_names)}"

    def text(
        self,
        method: str,
        *,
        uri: str = "",
        number: int = 0,
        branch: str = "",
        dialog: bool = True,
        changes: Mapping[str, str | None] | None = None,
        more: Sequence[tuple[str, str]] = (),
        body: str = "",
        kind: str = "application/sdp",
    ) -> str:
        """A request; `changes` replaces header fields or takes them away (None)."""
        inside = dialog and bool(self.to_tag)
        target = uri or (self.remote if inside else "") or self.uri
        tag = f";tag={self.to_tag}" if inside else ""
        fields: dict[str, str | None] = {
            "Via": f"SIP/2.0/{self.transport.upper()} {self.here}:{self.port};rport"
            f";branch={branch or self.branch()}",
            "Max-Forwards": "70",
            "From": f"<sip:{self.number}@{self.here}>;tag={self.tag}",
            "To": f"<{self.uri}>{tag}",
            "Call-ID": self.call_id,
            "CSeq": f"{number} {method}",
            "Contact": f"<sip:picky@{self.here}:{self.port};transport={self.transport}>",
            "Content-Type": kind if body else None,
            "Content-Length": str(len(body.encode("utf-8", "surrogateescape"))),
        }
        fields.update(changes or {})
        lines = [f"{method} {target} SIP/2.0"]
        extra = [f"{name}: {value}" for name, value in more]
        for name, value in fields.items():
            if name == "Content-Length":
                lines += extra
            if value is not None:
                lines.append(f"{name}: {value}")
        if "Content-Length" not in fields:
            lines += extra
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def request(self, method: str, **how: object) -> str:
        """Send a request under the next CSeq; its text, to be sent again."""
        self.cseq += 1
        text = self.text(method, number=self.cseq, **how)  # type: ignore[arg-type]
        self.send(text)
        return text

    def invite(self, body: str | None = None, **how: object) -> str:
        """Send an INVITE (within the call when it stands); `body` "" makes no offer."""
        branch = str(how.pop("branch", "") or self.branch())
        offer = self.sdp() if body is None else body
        text = self.request("INVITE", body=offer, branch=branch, **how)
        self._invite = (self.cseq, branch)
        return text

    def sdp(self, *lines: str, **more: str) -> str:
        """An ordinary offer."""
        return plain_sdp(self.media_port, host=self.host, lines=lines, **more)

    def ack(self, body: str = "", number: int = 0, **how: object) -> str:
        """Acknowledge a 2xx; the text, to be sent again."""
        text = self.text("ACK", number=number or self._invite[0], body=body, **how)  # type: ignore[arg-type]
        self.send(text)
        return text

    def ack_refusal(self, response: Raw) -> None:
        """Acknowledge another final answer, within its transaction."""
        self.send(
            self.text(
                "ACK",
                number=self._invite[0],
                branch=self._invite[1],
                uri=self.uri,
                changes={"To": response.header("To"), "Contact": None},
            )
        )

    def cancel(self) -> str:
        """Cancel the latest INVITE."""
        text = self.text(
            "CANCEL",
            number=self._invite[0],
            branch=self._invite[1],
            dialog=False,
            changes={"Contact": None},
        )
        self.send(text)
        return text

    def answer(self, request: Raw, status: int = 200, body: str = "", contact: bool = True) -> None:
        """Answer a request of the server."""
        same = ("via", "from", "to", "call-id", "cseq", "record-route")
        lines = [f"SIP/2.0 {status} Whatever"]
        lines += [f"{name}: {value}" for name, value in request.headers if name.lower() in same]
        if contact:
            lines.append(f"Contact: <sip:picky@{self.here}:{self.port}>")
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines) + "\r\n\r\n" + body)

    # whole acts

    def take(self, response: Raw) -> None:
        """Enter the dialog of this 2xx."""
        self.to_tag = response.header("To").partition(";tag=")[2].partition(";")[0]
        self.remote = response.contact
        self.up = True

    def call(self, body: str | None = None, ack_body: str = "", **how: object) -> Raw:
        """INVITE, 200, ACK; the 200."""
        self.invite(body, **how)
        response = self.final("INVITE")
        assert response.status == 200, f"{response.start}\n{response.headers}"
        self.take(response)
        self.ack(ack_body)
        return response

    def reinvite(self, body: str | None = None, **how: object) -> Raw:
        """Change the session; the final answer, acknowledged."""
        self.invite(body, **how)
        response = self.final("INVITE", number=self.cseq)
        if response.status < 300:
            self.ack()
        else:
            self.ack_refusal(response)
        return response

    def bye(self) -> Raw:
        """Hang up; the answer."""
        self.up = False
        self.request("BYE")
        return self.final("BYE")

    def leave(self) -> None:
        """Hang up if the call stands, and close."""
        if self.sock.fileno() < 0:
            return
        if self.up:
            with suppress(OSError, Silence):
                self.bye()
        self.close()

    def close(self) -> None:
        """Give the port back."""
        self.sock.close()

    # hearing

    def wait(self, fits: Callable[[Raw], bool], seconds: float = 3.0) -> Raw:
        """The first message that fits, those that were kept included. Raises Silence."""
        end = time.monotonic() + seconds
        while True:
            for message in self.kept:
                if fits(message):
                    self.kept.remove(message)
                    return message
            left = end - time.monotonic()
            if left <= 0 or self.closed_by_server:
                raise Silence(f"only {[message.start for message in self.kept]} came")
            self._hear(left)

    def final(self, method: str, seconds: float = 3.0, number: int = 0) -> Raw:
        """The next final answer to this method. Raises Silence."""
        cseq = f"{number} {method}"

        def fits(message: Raw) -> bool:
            is_it = message.header("CSeq") == cseq if number else message.method == method
            return message.status >= 200 and is_it

        return self.wait(fits, seconds)

    def asked(self, method: str, seconds: float = 3.0) -> Raw:
        """The next request of this method. Raises Silence."""
        return self.wait(lambda message: message.status == 0 and message.method == method, seconds)

    def listen(self, seconds: float) -> list[Raw]:
        """Everything that comes within this time, and what was kept."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.closed_by_server:
            self._hear(left)
        heard, self.kept = self.kept, []
        return heard

    def _hear(self, seconds: float) -> None:
        if not select.select([self.sock], [], [], seconds)[0]:
            return
        at = time.monotonic()
        if self.transport == "udp":
            data, source = self.sock.recvfrom(65535)
            self.kept.append(parse_raw(data, (source[0], source[1]), at))
            return
        try:
            data = self.sock.recv(65535)
        except ConnectionResetError:
            data = b""
        self.closed_by_server = not data
        self._buffer += data
        for message in self._messages():
            self.kept.append(parse_raw(message, self.target, at))

    def _messages(self) -> list[bytes]:
        found = []
        self._buffer = self._buffer.lstrip(b"\r\n")
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer[:end])
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < size:
                break
            found.append(self._buffer[:size])
            self._buffer = self._buffer[size:].lstrip(b"\r\n")
        return found
