"""Performs effects: the only place where what a SIP endpoint decided becomes I/O.

Knows: an endpoint, transports by name, one timer. Must never know: what a call is about. The order
is a law: every effect of a step is performed first (all sends leave), then the one timer is armed,
then listeners are told, in order and never one inside the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.wire.sip.clerk import NOTHING, Address, Reply
from umserver.wire.sip.effects import Dropped, Effect, Flow, Send
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.trace import TracedMessage

log = Logger()

LONGEST_SLEEP = 3600.0
"""Seconds; a deadline further away is looked at again by then."""


class Transport(Protocol):
    """Carries whole messages to a flow."""

    def send(self, data: bytes, flow: Flow) -> None:
        """Send, or queue until a connection stands; never raises, never blocks."""


@define(eq=False)
class Driver:
    """One endpoint's hands."""

    clock: IReactorTime
    seconds: Callable[[], float]
    """Monotonic seconds: the endpoint's time."""
    endpoint: Endpoint
    tell: Callable[[Effect], None]
    """Where everything that is no transport matter goes."""
    trace: Callable[[TracedMessage], None] | None = None
    transports: Mapping[str, Transport] = field(factory=dict)
    clerk: Callable[[bytes, Address, Address], Reply | None] | None = None
    """Answers what needs no thought; see `umserver.wire.sip.clerk.Clerk`."""
    received_count: int = field(init=False, default=0)
    sent_count: int = field(init=False, default=0)
    dropped_count: int = field(init=False, default=0)
    _timer: IDelayedCall | None = field(init=False, default=None)
    _armed_for: float | None = field(init=False, default=None)
    _news: deque[Effect] = field(init=False, factory=deque)
    _telling: bool = field(init=False, default=False)
    _performing: bool = field(init=False, default=False)
    _stopped: bool = field(init=False, default=False)
    _told_at: float = field(init=False, default=float("-inf"))

    def received(self, data: bytes, flow: Flow) -> None:
        """A whole message came in."""
        if self._stopped:
            return
        self.received_count += 1
        now = self.seconds()
        if self.trace is not None:
            self.trace(TracedMessage(now, flow.remote, flow.local, flow.transport, data))
        self._step(lambda: self.endpoint.receive(data, flow, now))

    def at_once(self, data: bytes, remote: Address, local: Address) -> Reply | None:
        """The answer to a datagram and where it goes; None where `received` has to be told."""
        if self._stopped:
            return NOTHING
        reply = self.clerk(data, remote, local) if self.clerk is not None else None
        if reply is not None:
            self.received_count += 1
            self.sent_count += bool(reply[0])
        return reply

    def lost(self, flow: Flow) -> None:
        """A flow cannot be used any more; may be said while we send."""
        if self._performing:
            self.clock.callLater(0, self.lost, flow)
        elif not self._stopped:
            self._step(lambda: self.endpoint.lost(flow, self.seconds()))

    def perform(self, effects: Sequence[Effect]) -> None:
        """Do what the endpoint answered to one of its verbs."""
        self._performing = True
        try:
            for effect in effects:
                self._perform(effect)
        finally:
            self._performing = False
        self._arm()
        self._tell_all()

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, Send):
            self._send(effect)
        elif isinstance(effect, Dropped):
            self._dropped(effect.why)
        else:
            self._news.append(effect)

    def _dropped(self, why: str) -> None:
        """Counted, and told once a second at most: whoever sends rubbish fills no disk."""
        self.dropped_count += 1
        now = self.seconds()
        if now - self._told_at >= 1.0:
            self._told_at = now
            log.debug("dropped: {why} ({n} so far)", why=why, n=self.dropped_count)

    def stop(self) -> None:
        """Send and receive nothing any more."""
        self._stopped = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _step(self, step: Callable[[], Sequence[Effect]]) -> None:
        try:
            effects = step()
        except Exception:
            log.failure("the SIP endpoint failed; the message is dropped")
            effects = []
        self.perform(effects)

    def _send(self, effect: Send) -> None:
        if self._stopped:
            return
        self.sent_count += 1
        flow = effect.flow
        if self.trace is not None:
            self.trace(
                TracedMessage(self.seconds(), flow.local, flow.remote, flow.transport, effect.data)
            )
        transport = self.transports.get(flow.transport)
        if transport is None:
            log.warn("no transport {name} to send on", name=flow.transport)
            self.lost(flow)
        else:
            transport.send(effect.data, flow)

    def _arm(self) -> None:
        deadline = None if self._stopped else self.endpoint.deadline
        active = self._timer is not None and self._timer.active()
        if active and deadline is not None and deadline == self._armed_for:
            return
        if active and self._timer is not None:
            self._timer.cancel()
        self._timer, self._armed_for = None, deadline
        if deadline is not None:
            delay = min(max(0.0, deadline - self.seconds()), LONGEST_SLEEP)
            self._timer = self.clock.callLater(delay, self._wake)

    def _wake(self) -> None:
        self._timer, self._armed_for = None, None
        self._step(lambda: self.endpoint.wake(self.seconds()))

    def _tell_all(self) -> None:
        if self._telling:
            return
        self._telling = True
        try:
            while self._news:
                news = self._news.popleft()
                try:
                    self.tell(news)
                except Exception:
                    log.failure("telling {news} failed", news=type(news).__name__)
        finally:
            self._telling = False
