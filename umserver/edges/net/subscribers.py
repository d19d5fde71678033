"""Peers that subscribe to lamps: who may is asked outside, what waits is told them (RFC 3842), or
they are sent on to where it is known (RFC 3261 §8.3).

Knows: subscriptions by name, what is told to which. Must never know: mailboxes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.net.finals import contact_without_token
from umserver.edges.net.lamp_notice import summary_of
from umserver.edges.net.station import Station
from umserver.interfaces import RedirectTarget
from umserver.org.facts import CallFacts
from umserver.org.lamps import Waiting
from umserver.wire.sip.effects import Flow, Subscribed, Unsubscribed
from umserver.wire.sip.message import Pairs, Request
from umserver.wire.sip.message_summary import CONTENT_TYPE, PACKAGE

log = Logger()

Listen = Callable[[Callable[[Waiting | None], object]], Callable[[], None]]
"""Tells what waits in one mailbox, now and after every change; None: no lamp any more. Returns what
ends it.
"""
Verdict = Listen | int | Sequence[RedirectTarget]
"""What tells of the mailbox, the status of a refusal, or where else the peer may subscribe."""
Admit = Callable[[CallFacts], "Deferred[Verdict]"]
"""What becomes of this peer's wish to know of a lamp."""


@define(eq=False)
class Subscribers:
    """The subscriptions to lamps at one station."""

    station: Station
    facts: Callable[[Request, Flow], CallFacts]
    admit: Admit
    is_welcome: Callable[[CallFacts], bool]
    """Whether this peer may still be told anything."""
    _pending: set[str] = field(init=False, factory=set)
    """Those that nobody has decided about."""
    _forget: dict[str, Callable[[], None]] = field(init=False, factory=dict)
    _told: dict[str, Waiting] = field(init=False, factory=dict)

    def __len__(self) -> int:
        return len(self._forget)

    def open(self) -> None:
        """Take subscriptions from now on."""
        self.station.subscribers = self.told
        self.station.endpoint.take_subscriptions({PACKAGE: CONTENT_TYPE})

    def told(self, effect: Subscribed | Unsubscribed) -> None:
        """What the endpoint says of subscriptions."""
        if isinstance(effect, Subscribed):
            self._pending.add(effect.name)
            facts = self.facts(effect.request, effect.flow)
            admitted = self.admit(facts).addErrback(_refused)
            admitted.addCallback(lambda verdict: self._decided(effect, facts, verdict))
        else:
            self._pending.discard(effect.name)
            self._told.pop(effect.name, None)
            forget = self._forget.pop(effect.name, None)
            if forget is not None:
                forget()

    def _decided(self, effect: Subscribed, facts: CallFacts, verdict: Verdict) -> None:
        name = effect.name
        if name not in self._pending:  # over before it was decided
            return
        self._pending.discard(name)
        if isinstance(verdict, int):
            self._answer(name, verdict)
        elif callable(verdict):
            self._forget[name] = verdict(partial(self._tell, name, facts))
            self._answer(name, 200)
        else:
            user = effect.request.uri.user
            contacts = [("Contact", contact_without_token(user, one)) for one in verdict]
            self._answer(name, 302, contacts)

    def _answer(self, name: str, status: int, headers: Pairs = ()) -> None:
        station = self.station
        endpoint, now = station.endpoint, station.now()
        station.perform(endpoint.answer_subscription(name, status, now, headers))

    def _tell(self, name: str, facts: CallFacts, waiting: Waiting | None) -> None:
        """Only what is new to this subscriber."""
        station = self.station
        if waiting is None or not self.is_welcome(facts):
            station.perform(station.endpoint.end_subscription(name, "rejected", station.now()))
        elif self._told.get(name) != waiting:
            self._told[name] = waiting
            body = summary_of(waiting).to_bytes()
            station.perform(station.endpoint.notify(name, body, station.now()))


def _refused(failure: Failure) -> int:
    """The store, or our own code, has failed."""
    log.warn("a subscription cannot be decided: {why}", why=failure.getErrorMessage())
    return 500
