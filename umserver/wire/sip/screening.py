"""What we say that we can, and the refusals that a request earns before anybody has to think.

Knows: methods, option tags, the words of one request. Must never know: transactions, dialogs,
calls. Sources: RFC 3261 §8.2.1–8.2.3, §21; RFC 3262 §3; RFC 4028 §9.
"""

from __future__ import annotations

from attrs import field, frozen

from umserver.wire.sip.body import ACCEPTED_TYPES, read_sdp, wants_other_than_sdp
from umserver.wire.sip.message import Headers, Request
from umserver.wire.sip.multipart import UnreadableBody
from umserver.wire.sip.requests import tokens

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "INFO", "NOTIFY")
"""What we take."""
FOREIGN_METHODS = frozenset({"REGISTER", "SUBSCRIBE", "REFER", "MESSAGE", "PUBLISH"})
"""What we know and do not take."""
EXTENSIONS = ("100rel", "timer")
"""The option tags that we understand."""
SCHEMES = frozenset({"sip", "sips", "tel"})
LEAST_SESSION = 90
"""Seconds of the shortest session timer that we agree to (RFC 4028 §5)."""

ALLOW = ("Allow", ", ".join(METHODS))
SUPPORTED = ("Supported", ", ".join(EXTENSIONS))
ACCEPT = ("Accept", ", ".join(ACCEPTED_TYPES))
ABILITIES = (ALLOW, SUPPORTED)

_OFFERING = frozenset({"INVITE", "UPDATE"})


@frozen
class Refusal:
    """A final answer that needs no thought, and what it carries: nearly always a refusal."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    reason: str = field(default="", kw_only=True)


def screened(request: Request) -> Refusal | None:
    """Why nobody needs to look at this request, None when somebody must.

    ACK and CANCEL are never screened.
    """
    method = request.method
    if method not in METHODS:
        return Refusal(405 if method in FOREIGN_METHODS else 501, (ALLOW,))
    refusal = screened_basics(request)
    if refusal is None and method in _OFFERING:
        return _screened_session(request)
    return refusal


def screened_basics(request: Request) -> Refusal | None:
    """What holds for requests of any method."""
    if request.uri.scheme not in SCHEMES:
        return Refusal(416)
    unknown = [tag for tag in tokens(request.headers, "require") if tag not in EXTENSIONS]
    if unknown:
        return Refusal(420, (("Unsupported", ", ".join(dict.fromkeys(unknown))),))
    return None


def _screened_session(request: Request) -> Refusal | None:
    try:
        read_sdp(request)
    except UnreadableBody as fault:
        if fault.status == 400:  # the phrase says what is broken (RFC 3261 §21.4.1)
            return Refusal(400, reason=fault.why.capitalize())
        return Refusal(415, fault.headers or (ACCEPT,))
    if wants_other_than_sdp(request):
        return Refusal(406, (ACCEPT,))
    asked = seconds_in(request.headers, "session-expires")
    if asked is not None and asked < LEAST_SESSION and knows_timers(request.headers):
        return Refusal(422, (("Min-SE", str(LEAST_SESSION)),))
    return None


def knows_timers(headers: Headers) -> bool:
    """Whether the peer understands session timers; only such a one may get a 422."""
    return "timer" in tokens(headers, "supported") or "timer" in tokens(headers, "require")


def seconds_in(headers: Headers, name: str) -> int | None:
    """The number at the head of a header field, None without one."""
    text = (headers.get(name) or "").partition(";")[0].partition("(")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
