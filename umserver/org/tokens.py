"""The routing result that a call router signs and an answering desk believes for a minute.

A token is a pure function of claim, key and time slot, so that a retransmitted offer gets the same
redirect without anything being remembered. Knows: HMAC-SHA256 (RFC 2104), base64url (RFC 4648 §5).
Must never know: settings, SIP. Form: `1.<slot>.<claim>.<mac>`, only of characters that may stand in
the parameter of a SIP URI (RFC 3261 §25.1: unreserved).
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from attrs import fields, frozen

SLOT_SECONDS = 60
"""A token holds in its slot and in the ones beside it: clocks differ, peers take their time."""
MAX_LENGTH = 3072
"""Characters; a longer text is no token of ours. Ordinary ones have about 140."""
MAX_TEXT = 64
"""Characters of any text in a claim; of numbers and names that peers give no more is carried."""
_VERSION = "1"
_MAC_OCTETS = 16


@frozen(kw_only=True)
class Claim:
    """What a call router found out about a call; the answering desk looks all of it up again."""

    flow: str
    """The route's flow."""
    dial_plan: str
    """Name of the plan by which the call came in."""
    mailbox: str = ""
    """Extension of the called user; empty when the route has none."""
    mailbox_plan: str = ""
    """The dial plan of that extension."""
    attendant: str = ""
    """Name of the auto attendant that answers."""
    reason: str = ""
    """Direct, DivertNoAnswer, DivertBusy or DivertForward."""
    caller_number: str = ""
    """As the peer gave it first: number or `user@host`; empty for an anonymous caller."""
    caller_name: str = ""
    called: str = ""
    """The number that was called; `user@host` on a SIP dial plan."""


@frozen
class Form:
    """A claim as it is signed, with room for who calls: one form serves all calls of a way.

    Signing a form takes 2.5 µs, making and signing a whole claim 6 (CPython 3.11).
    """

    before: str
    after: str

    def signed(self, number: str, name: str, key: bytes, now: float) -> str:
        """The token for this caller at this wall time (seconds since 1970)."""
        words = f"{self.before}{_write(number)},{_write(name)}{self.after}".encode()
        body = f"{_VERSION}.{int(now // SLOT_SECONDS)}.{_encode(words)}"
        return f"{body}.{_mac(body, key)}"


def form_of(claim: Claim) -> Form:
    """The form of all claims that differ from this one in nothing but the caller."""
    words = [_write(getattr(claim, name)) for name in _NAMES]
    room = _NAMES.index("caller_number")
    return Form(f"[{','.join(words[:room])},", f",{','.join(words[room + 2 :])}]")


def sign(claim: Claim, key: bytes, now: float) -> str:
    """The token for this claim at this wall time (seconds since 1970)."""
    return form_of(claim).signed(claim.caller_number, claim.caller_name, key, now)


def verify(token: str | None, key: bytes, now: float) -> Claim | None:
    """The claim of a token that we signed within the last minute; None for anything else."""
    if not token or len(token) > MAX_LENGTH or not token.isascii():
        return None
    body, _, mac = token.rpartition(".")
    if not hmac.compare_digest(_mac(body, key), mac):
        return None
    version, slot, words = body.split(".")
    if version != _VERSION or abs(int(slot) - _slot(now)) > 1:
        return None
    return Claim(**dict(zip(_NAMES, json.loads(_decode(words)), strict=True)))


def _slot(now: float) -> int:
    return int(now // SLOT_SECONDS)


def _mac(body: str, key: bytes) -> str:
    return _encode(hmac.digest(key, body.encode(), "sha256")[:_MAC_OCTETS])


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


_NAMES = tuple(attribute.name for attribute in fields(Claim))
_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
