"""Requests that are derived from others: ACK and CANCEL.

Knows: which header fields they copy. Must never know: transactions and dialogs. Sources: RFC 3261
§9.1, §17.1.1.3.
"""

from __future__ import annotations

from umserver.wire.sip.headers import CSeq
from umserver.wire.sip.message import Headers, Request, Response

MAX_FORWARDS = "70"


def acknowledgement(invite: Request, response: Response) -> Request:
    """The ACK for a final answer that is no 2xx: part of the INVITE's transaction.

    Source: RFC 3261 §17.1.1.3.
    """
    return _derived("ACK", invite, response.headers.get("to") or "")


def cancellation(invite: Request) -> Request:
    """The CANCEL of an INVITE (RFC 3261 §9.1)."""
    return _derived("CANCEL", invite, invite.headers.get("to") or "")


def _derived(method: str, invite: Request, to: str) -> Request:
    pairs: list[tuple[str, str]] = [
        ("Via", str(invite.via)),
        ("Max-Forwards", MAX_FORWARDS),
        ("From", invite.headers.get("from") or ""),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", str(CSeq(invite.cseq.number, method))),
        *(("Route", value) for value in invite.headers.all("route")),
    ]
    return Request(method=method, uri=invite.uri, headers=Headers(pairs))


def tokens(headers: Headers, name: str) -> list[str]:
    """The comma-separated tokens of a header field, lower case, without parameters."""
    found = []
    for line in headers.all(name):
        for item in line.split(","):
            token = item.partition(";")[0].strip().lower()
            if token:
                found.append(token)
    return found
