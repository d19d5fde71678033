"""Octets to messages.

Knows: where a message's parts are, and what RFC 3261 wants checked before anything is done about it
(§8.1.1, §18.3, §20). Must never know: transports, transactions. Nothing but SipSyntaxError is ever
raised; BadMessage where the RFC wants an answer. Lines may end with a bare LF, header fields that
nobody needs may be broken (§8.2.2).

The header block is split once; of its fields only those are read that a decision rests on, the
others when they are asked for. An INVITE of 800 to 1300 octets so takes 30 to 40 µs (CPython 3.11,
one core of a small virtual machine), and 65,535 octets of whatever kind never more than a few ms.
"""

from __future__ import annotations

import re
from itertools import islice

from umserver.wire.sip.grammar import SipSyntaxError, clean, is_token
from umserver.wire.sip.headers import Via, take_via
from umserver.wire.sip.message import REASONS, Headers, Pairs, Request, Response, answer
from umserver.wire.sip.uri import MAX_URI, parse_uri

MAX_MESSAGE = 65535
"""Octets."""
MAX_HEADERS = 256
"""Lines."""
MAX_HEADER = 8192
"""Characters of one header field, unfolded."""
MAX_METHOD = 128

_FOLD = re.compile(r"\n[ \t]+")
_FIELD = re.compile(r"^([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_VERSION = re.compile(r"SIP/([0-9]+\.[0-9]+)", re.IGNORECASE)
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,32}")
_SENT_BY = re.compile(r"[^;,]*")
_SINGLE = ("call-id", "cseq", "from", "to", "max-forwards", "content-length")


class BadMessage(SipSyntaxError):
    """A request that cannot be taken, but may be answered."""

    def __init__(self, why: str, status: int, method: str, headers: Headers) -> None:
        super().__init__(why)
        self.status = status
        self.method = method
        self.headers = headers

    @property
    def reason(self) -> str:
        """The reason phrase; of a 400 it says what is wrong (RFC 3261 §21.4.1)."""
        phrase = REASONS[self.status]
        return f"{phrase} ({self})" if self.status == 400 else phrase

    @property
    def via(self) -> Via | None:
        """The topmost Via, or what can be read of it: where the answer goes."""
        line = self.headers.get("via") or ""
        for text in (line, _SENT_BY.match(line)[0]):  # type: ignore[index]
            try:
                return take_via(text)[0]
            except SipSyntaxError:
                continue
        return None

    def answer(
        self, *, to_tag: str = "", source: tuple[str, int] | None = None, more: Pairs = ()
    ) -> Response:
        """The answer that the RFC wants."""
        return answer(
            self.headers, self.status, self.reason, to_tag=to_tag, source=source, more=more
        )


def parse(data: bytes) -> Request | Response:
    """Read one message: a datagram, or what the stream framer cut out.

    Octets after the body are left out (RFC 3261 §18.3). Raises SipSyntaxError for what deserves no
    answer (no SIP, a broken response or ACK), else BadMessage.
    """
    if len(data) > MAX_MESSAGE:
        raise SipSyntaxError("the message is too long")
    data = data.lstrip(b"\r\n")
    ends = end_of_headers(data, 0)
    head, body = (data, None) if ends is None else (data[: ends[0]], data[ends[1] :])
    text = str(head, "utf-8", "surrogateescape").replace("\r\n", "\n").rstrip("\r")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    if " \n" in text or "\t\n" in text:
        text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    start, _, block = text.rstrip(" \t").partition("\n")
    headers = Headers(_fields(block))
    if start[:4].upper() == "SIP/":
        return _response(start, block, headers, body)
    return _request(start, block, headers, body)


def end_of_headers(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Where the header fields end and where the body begins; None when they do not end."""
    end = data.find(b"\n\r\n", start)
    bare = data.find(b"\n\n", start, end + 1 if end >= 0 else len(data))
    if bare >= 0:
        return bare, bare + 2
    return (end, end + 3) if end >= 0 else None


def _fields(block: str) -> Pairs:
    """Every line that is a header field; of too many, one more than is allowed."""
    if block.count("\n") < MAX_HEADERS:
        return _FIELD.findall(block)
    return [(match[1], match[2]) for match in islice(_FIELD.finditer(block), MAX_HEADERS + 1)]


def _response(start: str, block: str, headers: Headers, body: bytes | None) -> Response:
    match = _STATUS.fullmatch(start)
    if match is None:
        raise SipSyntaxError("a status line that cannot be read")
    content = _content(block, headers, body)
    response = Response(int(match[1]), clean(match[2] or ""), headers, content)
    _check(response)
    return response


def _request(start: str, block: str, headers: Headers, body: bytes | None) -> Request:
    method, _, rest = start.partition(" ")
    text, _, version = rest.rpartition(" ")
    match = _VERSION.fullmatch(version)
    if match is None:
        raise SipSyntaxError("no SIP message")
    try:
        if match[1] != "2.0":
            raise _Refused("another version of SIP", 505)
        if len(text) > MAX_URI:
            raise _Refused("the Request-URI is too long", 414)
        if len(method) > MAX_METHOD or not is_token(method):
            raise SipSyntaxError("the method's name is too long or no token")
        uri = parse_uri(clean(text))
        if uri.headers:
            raise SipSyntaxError("a Request-URI with header fields")
        request = Request(method, uri, headers, _content(block, headers, body))
        _check(request)
        if request.cseq.method != method:
            raise SipSyntaxError("CSeq names another method")
    except SipSyntaxError as fault:
        if method == "ACK" or not headers.raw("via"):
            raise
        status = fault.status if isinstance(fault, _Refused) else 400
        raise BadMessage(str(fault), status, method, headers) from None
    return request


class _Refused(SipSyntaxError):
    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.status = status


def _content(block: str, headers: Headers, body: bytes | None) -> bytes:
    """The body, as long as Content-Length says."""
    if body is None:
        raise SipSyntaxError("the header fields do not end")
    if "\r" in block:
        raise SipSyntaxError("a bare CR")
    if len(headers) > MAX_HEADERS:
        raise SipSyntaxError("too many header fields")
    if len(block) > MAX_HEADER and any(len(value) > MAX_HEADER for _, value in headers):
        raise SipSyntaxError("a header field is too long")
    lengths = headers.raw("content-length")
    if not lengths:
        return body
    length = content_length(lengths[0])
    if length > MAX_MESSAGE:
        raise _Refused("the body is too long", 513)
    if length > len(body):
        raise SipSyntaxError("Content-Length is larger than the message")
    return body[:length]


def content_length(text: str) -> int:
    """The number of octets that a Content-Length says. Raises SipSyntaxError."""
    if _LENGTH.fullmatch(text.strip(" \t")) is None:
        raise SipSyntaxError("a Content-Length that is no number")
    return int(text)


def _check(message: Request | Response) -> None:
    """Read what everybody relies on; it stays read."""
    lines = message.headers.lines
    for name in _SINGLE:
        if len(lines.get(name, ())) > 1:
            raise SipSyntaxError(f"more than one {name}")
    message.via, message.from_, message.to, message.cseq, message.contacts  # noqa: B018
    message.record_routes, message.routes, message.max_forwards  # noqa: B018
    if len(message.call_id.split()) != 1:
        raise SipSyntaxError("white space within Call-ID")


__all__ = [
    "MAX_HEADER",
    "MAX_HEADERS",
    "MAX_MESSAGE",
    "BadMessage",
    "SipSyntaxError",
    "content_length",
    "end_of_headers",
    "parse",
]
