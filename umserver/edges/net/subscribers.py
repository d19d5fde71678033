"""Peers that subscribe to lamps: who may is asked outside, what waits is told them (RFC 3842).

Knows: subscriptions by name, what is told to which. Must never know: mailboxes.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.net.lamp_notice import summary_of
from umserver.edges.net.station import Station
from umserver.org.facts import CallFacts
from umserver.org.lamps import Waiting
from umserver.wire.sip.effects import Flow, Subscribed, Unsubscribed
from umserver.wire.sip.message import Request
from umserver.wire.sip.message_summary import CONTENT_TYPE, PACKAGE

log = Logger()

Admit = Callable[[CallFacts], "Deferred[str | int]"]
"""The mail address of the mailbox whose lamp this peer asks for, or the status of a refusal."""
Listen = Callable[[str, Callable[[Waiting | None], object]], Callable[[], None]]
"""Tells what waits in a mailbox, now and after every change; None: no lamp any more. Returns what
ends it.
"""


@define(eq=False)
class Subscribers:
    """The subscriptions to lamps at one station."""

    station: Station
    facts: Callable[[Request, Flow], CallFacts]
    admit: Admit
    listen: Listen
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
            admitted.addCallback(lambda found: self._decided(effect.name, facts, found))
        else:
            self._pending.discard(effect.name)
            self._told.pop(effect.name, None)
            forget = self._forget.pop(effect.name, None)
            if forget is not None:
                forget()

    def _decided(self, name: str, facts: CallFacts, found: str | int) -> None:
        station = self.station
        if name not in self._pending:  # over before it was decided
            return
        self._pending.discard(name)
        if isinstance(found, int):
            station.perform(station.endpoint.answer_subscription(name, found, station.now()))
            return
        self._forget[name] = self.listen(found, lambda waiting: self._tell(name, facts, waiting))
        station.perform(station.endpoint.answer_subscription(name, 200, station.now()))

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
