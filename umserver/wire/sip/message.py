"""Requests and responses as values.

Knows: header fields by name, and the few that every decision needs, read when they are asked for.
Must never know: where a message came from, what is to be done about it. Sources: RFC 3261 §7,
§8.2.6, §20. A message that `parse` returned has been checked: its properties never raise. Those of
a message made by hand raise SipSyntaxError when the header field is missing or broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, Self, TypeVar, overload

from attrs import field, frozen

from umserver.wire.sip.grammar import SipSyntaxError, clean, one_line
from umserver.wire.sip.headers import (
    CSeq,
    NameAddr,
    Via,
    parse_cseq,
    parse_name_addr,
    parse_name_addrs,
    take_via,
)
from umserver.wire.sip.uri import Uri

MAX_FORWARDS = 255

COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
"""The short names (RFC 3261 §20 and the registry)."""

REASONS = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
"""What statuses are called (RFC 3261 §21 and the registry)."""

Pairs = Sequence[tuple[str, str]]
"""Names and values of header fields, in order."""

_T = TypeVar("_T")


class lazy(Generic[_T]):
    """A property that is worked out once."""

    def __init__(self, work: Callable[..., _T]) -> None:
        self._work, self._name, self.__doc__ = work, work.__name__, work.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._work(instance)
        return value


def _in_order(pairs: Pairs) -> tuple[tuple[str, str], ...]:
    return tuple(pairs)


@frozen(slots=False)
class Headers:
    """Header fields in order, found by name in any case, long or compact.

    Octets that are no UTF-8 stand in `pairs` and `raw` as lone surrogates and are written again as
    they came; `get` and `all` show replacement characters.
    """

    pairs: tuple[tuple[str, str], ...] = field(default=(), converter=_in_order)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self.lines

    def get(self, name: str) -> str | None:
        """The first line of this name, None when there is none."""
        lines = self.lines.get(_key(name))
        return None if lines is None else clean(lines[0])

    def all(self, name: str) -> list[str]:
        """Every line of this name; several values may stand in one."""
        return [clean(line) for line in self.lines.get(_key(name), ())]

    def raw(self, name: str) -> Sequence[str]:
        """Every line of this name, so that it can be written again as it came."""
        return self.lines.get(_key(name), ())

    @lazy
    def lines(self) -> Mapping[str, Sequence[str]]:
        """The same as `raw`, by long name in lower case."""
        lines: dict[str, list[str]] = {}
        for name, value in self.pairs:
            key = name.lower()
            key = COMPACT.get(key, key)
            if key in lines:
                lines[key].append(value)
            else:
                lines[key] = [value]
        return lines


class _Fields:
    """What requests and responses have in common."""

    headers: Headers
    body: bytes

    @lazy
    def via(self) -> Via:
        """The topmost Via."""
        return take_via(self._one("Via"))[0]

    @lazy
    def from_(self) -> NameAddr:
        """From."""
        return parse_name_addr(self._one("From"))

    @lazy
    def to(self) -> NameAddr:
        """To."""
        return parse_name_addr(self._one("To"))

    @lazy
    def call_id(self) -> str:
        """Call-ID."""
        return self._one("Call-ID")

    @lazy
    def cseq(self) -> CSeq:
        """CSeq."""
        return parse_cseq(self._one("CSeq"))

    @lazy
    def contacts(self) -> tuple[NameAddr, ...]:
        """Every Contact in order; none for the `*` of a REGISTER."""
        return _addresses(self.headers, "contact")

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact."""
        return self.contacts[0] if self.contacts else None

    @lazy
    def record_routes(self) -> tuple[NameAddr, ...]:
        """Every Record-Route in order."""
        return _addresses(self.headers, "record-route")

    @lazy
    def routes(self) -> tuple[NameAddr, ...]:
        """Every Route in order."""
        return _addresses(self.headers, "route")

    @lazy
    def content_type(self) -> str | None:
        """`type/subtype` in lower case without parameters, None when nothing is said."""
        kind = (self.headers.get("content-type") or "").partition(";")[0]
        return "".join(kind.split()).lower() or None

    @lazy
    def max_forwards(self) -> int | None:
        """Hops left, None when nothing is said."""
        lines = self.headers.lines.get("max-forwards")
        if lines is None:
            return None
        text = lines[0]
        if not (text.isascii() and text.isdigit() and len(text) <= 32):
            raise SipSyntaxError("a Max-Forwards that is no number")
        if int(text) > MAX_FORWARDS:
            raise SipSyntaxError("a Max-Forwards above 255")
        return int(text)

    def _one(self, name: str) -> str:
        lines = self.headers.lines.get(name.lower())
        if lines is None or not lines[0]:
            raise SipSyntaxError(f"no {name}")
        return clean(lines[0])


@frozen(slots=False)
class Request(_Fields):
    """A request."""

    method: str
    uri: Uri
    headers: Headers = Headers()
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """The message for the wire; its Content-Length is always that of the body."""
        return _to_bytes(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@frozen(slots=False)
class Response(_Fields):
    """A response."""

    status: int
    reason: str
    headers: Headers = Headers()
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """The message for the wire; its Content-Length is always that of the body."""
        return _to_bytes(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


def answer(
    request: Headers,
    status: int,
    reason: str = "",
    *,
    to_tag: str = "",
    source: tuple[str, int] | None = None,
    more: Pairs = (),
    body: bytes = b"",
) -> Response:
    """The response to a request with these header fields (RFC 3261 §8.2.6.2).

    Via, From, To, Call-ID and CSeq are repeated as they came, and Timestamp in a 100; `to_tag` is
    added unless To has a tag; `source` fills `received` and `rport` of the topmost Via.
    """
    pairs = [("Via", line) for line in request.raw("via")]
    if source is not None and pairs:
        pairs[0] = ("Via", _via_seen_from(pairs[0][1], source))
    pairs += [("From", line) for line in request.raw("from")]
    pairs += [("To", _with_tag(line, to_tag)) for line in request.raw("to")]
    pairs += [("Call-ID", line) for line in request.raw("call-id")]
    pairs += [("CSeq", line) for line in request.raw("cseq")]
    if status == 100:
        pairs += [("Timestamp", line) for line in request.raw("timestamp")]
    return Response(status, reason or REASONS.get(status, ""), Headers([*pairs, *more]), body)


def _via_seen_from(line: str, source: tuple[str, int]) -> str:
    try:
        via, end = take_via(line)
    except SipSyntaxError:
        return line
    return f"{via.seen_from(source)}{line[end:]}"


def _with_tag(line: str, tag: str) -> str:
    if not tag:
        return line
    if "tag" in line.lower():  # hardly ever; saves reading it again
        try:
            address = parse_name_addr(line)
        except SipSyntaxError:
            pass
        else:
            if address.param("tag") is not None:
                return line if address.tag else str(address.with_param("tag", tag))
    return f"{line};tag={tag}"


def _addresses(headers: Headers, name: str) -> tuple[NameAddr, ...]:
    lines = headers.lines.get(name)
    if lines is None or lines == ["*"]:
        return ()
    return tuple(address for line in lines for address in parse_name_addrs(clean(line)))


def _key(name: str) -> str:
    name = name.lower()
    return COMPACT.get(name, name)


def _to_bytes(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start]
    lines += [f"{n}: {v}" for n, v in headers.pairs if _key(n) != "content-length"]
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) + 1 or text.count("\r") != len(lines) + 1:
        lines[:-1] = [one_line(line) for line in lines[:-1]]
        text = "\r\n".join(lines)
    return _octets(text) + body


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
