"""Session timers: a call whose peer is gone ends by itself (RFC 4028).

Knows: what both sides agreed on and two alarms. Must never know: how a refresh is made. Seconds
throughout.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field, frozen

from umserver.wire.sip.message import Headers, Request, Response
from umserver.wire.sip.post import Post
from umserver.wire.sip.screening import LEAST_SESSION, knows_timers, seconds_in

MOST = 86400 * 7
"""Longer ones are as good as endless."""
_TRIES = 10
"""Part of the interval after which a refused refresh is tried again."""


@frozen
class Terms:
    """What both sides agreed on."""

    interval: int
    we_refresh: bool

    def asked_again(self) -> str:
        """The Session-Expires of a request of ours under these terms."""
        return f"{self.interval};refresher={'uac' if self.we_refresh else 'uas'}"


@define(eq=False)
class SessionTimer:
    """The two alarms of one call."""

    post: Post
    refresh: Callable[[float], None]
    """It is our turn to say that we are alive."""
    expired: Callable[[float], None]
    """The session is over."""
    terms: Terms | None = field(init=False, default=None)

    def set(self, terms: Terms | None, now: float) -> None:
        """Begin anew under these terms; None: no session timer."""
        self.terms = terms
        alarms = self.post.alarms
        if terms is None:
            alarms.cancel((self, "refresh"))
            alarms.cancel((self, "expiry"))
        elif terms.we_refresh:
            alarms.set((self, "refresh"), now + terms.interval / 2, self.refresh)
            alarms.set((self, "expiry"), now + terms.interval, self.expired)
        else:
            alarms.cancel((self, "refresh"))
            margin = min(32.0, terms.interval / 3)  # RFC 4028 §10
            alarms.set((self, "expiry"), now + terms.interval - margin, self.expired)

    def close(self) -> None:
        """Let go of whoever was told."""
        self.set(None, 0.0)
        self.refresh = self.expired = _nothing

    def refresh_again(self, now: float) -> None:
        """A refresh of ours came to nothing: there is time for a few more before the expiry."""
        if self.terms is not None and self.terms.we_refresh:
            wait = self.terms.interval / _TRIES
            self.post.alarms.set((self, "refresh"), now + wait, self.refresh)


def _nothing(now: float) -> None:
    """What is over."""


def agreed_as_server(
    request: Request, before: Terms | None
) -> tuple[Terms | None, list[tuple[str, str]]]:
    """The terms after our 2xx to this request, and its headers that say so (RFC 4028 §9)."""
    knows = knows_timers(request.headers)
    asked = seconds_in(request.headers, "session-expires")
    if asked is None and before is None:
        return None, []
    if asked is not None:
        if asked < LEAST_SESSION:
            return None, []
        interval = min(asked, MOST)
        we_refresh = refresher_in(request.headers) == "uas"
    else:
        assert before is not None
        interval, we_refresh = before.interval, before.we_refresh
    if not knows:
        we_refresh = True
    terms = Terms(interval, we_refresh)
    pairs = [("Session-Expires", f"{interval};refresher={'uas' if we_refresh else 'uac'}")]
    if not we_refresh:
        pairs.append(("Require", "timer"))
    return terms, pairs


def agreed_as_client(response: Response) -> Terms | None:
    """The terms after this 2xx to a request of ours (RFC 4028 §7.2)."""
    interval = seconds_in(response.headers, "session-expires")
    if interval is None:
        return None
    bounded = min(max(interval, LEAST_SESSION), MOST)
    return Terms(bounded, refresher_in(response.headers) != "uas")


def refresher_in(headers: Headers) -> str | None:
    """uac, uas or None."""
    for param in (headers.get("session-expires") or "").lower().split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip() == "refresher":
            return value.strip()
    return None
