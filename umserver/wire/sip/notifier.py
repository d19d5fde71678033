"""Subscriptions of peers to what we know: SUBSCRIBE in, NOTIFY out (RFC 6665, the notifier's part).

Knows: event packages by name, how long a subscription lives, how many there may be. Must never
know: what a body says, who may subscribe to what: our user decides, and says what is to be told. Of
bodies that come faster than they can be told only the newest is.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from umserver.wire.sip.effects import Flow, Subscribed, Unsubscribed
from umserver.wire.sip.message import Pairs, Request
from umserver.wire.sip.post import Post
from umserver.wire.sip.requests import tokens
from umserver.wire.sip.screening import Refusal, screened_basics
from umserver.wire.sip.subscription import (
    LEAST_EXPIRES,
    Subscription,
    expires_of,
)
from umserver.wire.sip.transaction import Transaction

MOST_SUBSCRIPTIONS = 10_000
"""About 3 kB each."""
MOST_ALIKE = 4
"""Of one host to one thing: whoever subscribes anew without an end loses the oldest."""


@define(eq=False)
class Notifier:
    """All subscriptions of one endpoint."""

    post: Post
    packages: Mapping[str, str]
    """Content type by event package."""
    most: int = MOST_SUBSCRIPTIONS
    _subscriptions: dict[str, Subscription] = field(init=False, factory=dict)
    _alike: dict[tuple[str, str], list[str]] = field(init=False, factory=dict)
    """Names by the peer's host and what it asks for, oldest first."""
    _named: int = field(init=False, default=0)

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def allow_events(self) -> tuple[str, str]:
        """What a peer can subscribe to."""
        return "Allow-Events", ", ".join(self.packages)

    def screened(self, request: Request) -> Refusal | None:
        """Why nobody needs to look at this SUBSCRIBE (RFC 6665 §4.2.1.1)."""
        basic = screened_basics(request)
        if basic is not None:
            return basic
        package = event_of(request)
        if package not in self.packages:
            return Refusal(489, (self.allow_events,))
        if not _accepts(request, self.packages[package]):
            return Refusal(406, (("Accept", self.packages[package]),))
        expires = expires_of(request)
        if expires is None:
            return Refusal(400, reason="Expires is no number")
        if 0 < expires < LEAST_EXPIRES:
            return Refusal(423, (("Min-Expires", str(LEAST_EXPIRES)),))
        if request.to.tag is not None:
            return None
        if request.contact is None or not request.contact.uri.host:
            return Refusal(400, reason="Contact is missing")
        return Refusal(503, (("Retry-After", "60"),)) if len(self) >= self.most else None

    def begin(self, to: Transaction, request: Request, flow: Flow, now: float) -> None:
        """A new SUBSCRIBE that was screened: our user decides."""
        self._named += 1
        name = str(self._named)

        alike = (flow.remote[0], request.uri.user)

        def over(why: str) -> None:
            del self._subscriptions[name]
            names = self._alike[alike]
            names.remove(name)
            if not names:
                del self._alike[alike]
            self.post.emit(Unsubscribed(name, why))

        names = self._alike.setdefault(alike, [])
        names.append(name)

        package = event_of(request)
        self._subscriptions[name] = Subscription(
            self.post, name, package, self.packages[package], to, flow, over
        )
        if len(names) > MOST_ALIKE:
            self._subscriptions[names[0]].drop(now)
        self.post.emit(Subscribed(name, request, flow))

    def accept(self, name: str, now: float) -> None:
        """It may be told; harmless when it is over."""
        known = self._subscriptions.get(name)
        if known is not None:
            known.accept(now, self.allow_events)

    def refuse(self, name: str, status: int, now: float, headers: Pairs = ()) -> None:
        """It may not, or not here."""
        known = self._subscriptions.get(name)
        if known is not None:
            known.refuse(status, now, headers)

    def notify(self, name: str, body: bytes, now: float) -> None:
        """Tell this, unless it is over."""
        known = self._subscriptions.get(name)
        if known is not None:
            known.notify(body, now)

    def end(self, name: str, reason: str, now: float) -> None:
        """Tell that it is over, for this reason (RFC 6665 §4.1.3)."""
        known = self._subscriptions.get(name)
        if known is not None:
            known.end(reason, now)


def event_of(request: Request) -> str:
    """The event package, empty without one."""
    return next(iter(tokens(request.headers, "event")), "")


def _accepts(request: Request, kind: str) -> bool:
    if request.headers.get("accept") is None:
        return True
    wanted = {token.replace(" ", "") for token in tokens(request.headers, "accept")}
    return bool(wanted & {kind, f"{kind.partition('/')[0]}/*", "*/*"})
