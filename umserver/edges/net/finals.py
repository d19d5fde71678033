"""How refusals and redirects look in SIP: the header fields of final answers, and their words.

Knows: ms-diagnostics, Retry-After, Contact (spec 4.1, 4.4; RFC 3261 §21.3.3). Must never know: why
a call is refused or sent on.
"""

from __future__ import annotations

import re
from functools import lru_cache

from umserver.interfaces import RedirectTarget
from umserver.org.refusals import Refusal
from umserver.wire.sip.grammar import escaped
from umserver.wire.sip.message import Response
from umserver.wire.sip.uri import Uri

ROUTE_PARAMETER = "um-route"
_LONGEST_REASON = 200
_SAFE = "-._~"
_WORDS = {
    "ms-diagnostics": re.compile(r'reason="([^"]+)"', re.IGNORECASE),
    "warning": re.compile(r'"([^"]+)"'),
    "reason": re.compile(r'text="([^"]+)"', re.IGNORECASE),
}
"""Where a peer says in words why it refuses, the best place first (RFC 3261 §20.43, RFC 3326)."""


def diagnostics(number: int, reason: str, host: str) -> str:
    """An ms-diagnostics value that names us by this host."""
    plain = "".join(c if c.isprintable() and c not in '"\\' else "'" for c in reason)
    return f'{number};source="{host}";reason="{plain[:_LONGEST_REASON]}"'


def refusal_headers(refusal: Refusal, host: str) -> tuple[tuple[str, str], ...]:
    """What a refusal carries."""
    why = ("ms-diagnostics", diagnostics(refusal.diagnostics, refusal.reason, host))
    if refusal.retry_after is None:
        return (why,)
    return (why, ("Retry-After", str(refusal.retry_after)))


def words_of(response: Response) -> str:
    """Why a peer refuses, as it says itself; printable, bounded, empty when it does not say."""
    for name, words in _WORDS.items():
        if found := words.search(response.headers.get(name) or ""):
            return "".join(c if c.isprintable() else "?" for c in found[1][:_LONGEST_REASON])
    return ""


def contact_of(user: str, target: RedirectTarget) -> str:
    """Where this user is called instead."""
    before, after = _around(user, target.host, target.port, target.transport, target.weight)
    return f"{before};{ROUTE_PARAMETER}={escaped(target.token, _SAFE)}{after}"


def contact_without_token(user: str, target: RedirectTarget) -> str:
    """Where something other than a call of this user is sent on to."""
    before, after = _around(user, target.host, target.port, target.transport, target.weight)
    return before + after


@lru_cache(maxsize=4096)
def _around(user: str, host: str, port: int, transport: str, weight: float) -> tuple[str, str]:
    """What stands before and after the parameter with the token."""
    place = Uri("sip", user, host, port, (("transport", transport),))
    return f"<{place}", f">;q={min(max(weight, 0.0), 1.0):.3g}"
