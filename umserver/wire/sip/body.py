"""The session description in a message's body.

Knows: content types and the outside of multiparts (RFC 2046 §5.1). Must never know: what SDP says.
"""

from __future__ import annotations

from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.requests import tokens

SDP = "application/sdp"
ACCEPTED_TYPES = (SDP, "multipart/mixed", "multipart/alternative", "multipart/related")
_MOST_PARTS = 20


def sdp_of(message: Request | Response) -> bytes | None:
    """The first session description of the body, None when there is none."""
    if not message.body.strip():
        return None
    kind = message.content_type or SDP
    if kind == SDP:
        return message.body
    if not kind.startswith("multipart/"):
        return None
    boundary = _boundary(message.headers.get("content-type") or "")
    if not boundary:
        return None
    return _sdp_part(message.body, b"--" + boundary.encode("utf-8", "replace"))


def unsupported_body(request: Request) -> list[tuple[str, str]] | None:
    """The headers of the 415 that this body asks for, None when it is understood.

    Source: RFC 3261 §8.2.3.
    """
    if not request.body.strip():
        return None
    disposition = (request.headers.get("content-disposition") or "").replace(" ", "").lower()
    if "handling=optional" in disposition:
        return None
    if any(coding != "identity" for coding in tokens(request.headers, "content-encoding")):
        return [("Accept-Encoding", "identity")]
    kind = request.content_type
    if kind is not None and kind not in ACCEPTED_TYPES and not kind.startswith("multipart/"):
        return [("Accept", ", ".join(ACCEPTED_TYPES))]
    return None


def wants_other_than_sdp(request: Request) -> bool:
    """Whether the Accept header rules a session description out (RFC 3261 §20.1)."""
    if request.headers.get("accept") is None:
        return False
    wanted = tokens(request.headers, "accept")
    return not any(kind.replace(" ", "") in (SDP, "application/*", "*/*") for kind in wanted)


def _boundary(content_type: str) -> str:
    for param in content_type.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().strip('"')
    return ""


def _sdp_part(body: bytes, delimiter: bytes) -> bytes | None:
    parts = (b"\r\n" + body).split(b"\r\n" + delimiter, _MOST_PARTS)
    for part in parts[1:]:
        if part.startswith(b"--"):
            return None
        head, _, content = part.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            kind = value.split(b";")[0].strip().lower()
            if name.strip().lower() in (b"content-type", b"c") and kind == SDP.encode():
                return content
    return None
