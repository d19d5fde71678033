"""The session description that a message carries.

Knows: the header fields that say what a body is. Must never know: what SDP says, the inside of
multiparts. Sources: RFC 3261 §8.2.3, §20.1, §20.11, §20.12.
"""

from __future__ import annotations

from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.multipart import SDP, UnreadableBody, find_sdp
from umserver.wire.sip.requests import tokens

ACCEPTED_TYPES = (SDP, "multipart/mixed", "multipart/alternative", "multipart/related")


def sdp_of(message: Request | Response) -> bytes | None:
    """The session description of the body, None when there is none that we can read."""
    try:
        return read_sdp(message)
    except UnreadableBody:
        return None


def read_sdp(message: Request | Response) -> bytes | None:
    """The session description of the body; None where there is none and none is missed.

    Raises UnreadableBody where a request with this body has to be refused (RFC 3261 §8.2.3).
    """
    headers = message.headers
    disposition = headers.get("content-disposition")
    if message.body.strip() and any(
        coding != "identity" for coding in tokens(headers, "content-encoding")
    ):
        if "handling=optional" in (disposition or "").replace(" ", "").lower():
            return None
        raise UnreadableBody("an encoded body", headers=(("Accept-Encoding", "identity"),))
    return find_sdp(headers.get("content-type"), disposition, message.body)


def wants_other_than_sdp(request: Request) -> bool:
    """Whether the Accept header rules a session description out (RFC 3261 §20.1)."""
    if request.headers.get("accept") is None:
        return False
    wanted = tokens(request.headers, "accept")
    return not any(kind.replace(" ", "") in (SDP, "application/*", "*/*") for kind in wanted)
