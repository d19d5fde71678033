"""What moves the four transactions of RFC 3261 §17: a table, timers and what was sent last.

Knows: how a row is taken and when timers run. Must never know: the tables themselves
(`client_transaction`, `server_transaction`), dialogs, who asks, where messages come from.
Sources: RFC 3261 §17 and Table 4; RFC 6026 (the Accepted states). Seconds throughout.

A row is `(state, input): (action, next state)`; `silent` lists the pairs that rightly do nothing,
and every other pair is a fault of our own code. Inputs from the wire and from the transport never
are. A timer that the new state's rows do not know is stopped by entering it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from functools import lru_cache

from attrs import define, field, frozen

from umserver.wire.sip.effects import Flow, ProtocolMisuse
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.uri import Uri

T1 = 0.5
T2 = 4.0
T4 = 5.0
LIFETIME = 64 * T1
"""Seconds after which a transaction gives up (timers B, F, H, J, D, L, M)."""


class State(Enum):
    """States of all four machines (RFC 3261 figures 5–8, RFC 6026 §7, §8)."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    OVER = "terminated"


@frozen
class Outgoing:
    """Octets for the wire."""

    data: bytes
    flow: Flow


@frozen
class Passed:
    """A message for the transaction's user."""

    message: Request | Response


@frozen
class Failed:
    """The transaction's user learns that nothing more will come.

    408 timed out, 503 not transportable.
    """

    status: int


Outcome = Outgoing | Passed | Failed
Message = Request | Response | None
Action = Callable[["Transaction", Message, float], list[Outcome]]
Table = Mapping[tuple[State, str], tuple[Action, State]]


@frozen
class Machine:
    """One of the four."""

    name: str
    first: State
    table: Table
    silent: frozenset[tuple[State, str]]

    @property
    def inputs(self) -> set[str]:
        """Everything it can be told."""
        return {event for _, event in [*self.table, *self.silent]}


@define(eq=False)
class Transaction:
    """One transaction; `step` is its only mover."""

    machine: Machine
    key: Hashable
    request: Request
    flow: Flow
    """Where we send."""
    fallback: Flow | None = None
    """Where answers go once the connection is gone (RFC 3261 §18.2.2)."""
    state: State = field(init=False)
    sent: bytes = field(init=False, default=b"")
    """What a retransmission repeats."""
    to_tag: str | None = field(init=False, default=None)
    """Server: the To tag we answered with; the ACK of an RFC 2543 peer must carry it."""
    merge_key: Hashable = None
    """Server: what the same request shares that came another way (RFC 3261 §8.2.2.2)."""
    weight: int = 0
    """Server: about how many octets of the peer's it holds."""
    timers: dict[str, float] = field(init=False, factory=dict)
    interval: float = field(init=False, default=T1)
    passed: Callable[[Request | Response, float], None] | None = field(init=False, default=None)
    failed: Callable[[int, float], None] | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.state = self.machine.first

    @property
    def deadline(self) -> float | None:
        """The next timer, None when none runs."""
        return min(self.timers.values(), default=None)

    @property
    def is_over(self) -> bool:
        """Whether it can be forgotten."""
        return self.state is State.OVER

    @property
    def is_refused(self) -> bool:
        """Server: whether only its last answer counts any more, and nobody asks for the request."""
        return self.state in (State.COMPLETED, State.CONFIRMED)

    def shed(self) -> None:
        """Server: let the request go; for 32 seconds its last answer is all that is needed."""
        self.request, self.flow = _nothing_of(self.request.method), _same(self.flow)
        self.weight = len(self.sent)

    def step(self, event: str, now: float, message: Message = None) -> list[Outcome]:
        """Take one input. Raises ProtocolMisuse for a pair neither in the table nor silent."""
        row = self.machine.table.get((self.state, event))
        if row is None:
            if (self.state, event) in self.machine.silent:
                return []
            raise ProtocolMisuse(f"{self.machine.name}: {event} while {self.state.value}")
        action, state = row
        if state is not self.state:
            self.state = state
            rows = self.machine.table
            self.timers = {n: at for n, at in self.timers.items() if (state, f"timer {n}") in rows}
        outcomes = action(self, message, now)
        for name in [name for name, at in self.timers.items() if at == now]:
            if self.timers.pop(name, None) is not None:
                outcomes += self.step(f"timer {name}", now)
        return outcomes

    def fire(self, now: float) -> list[Outcome]:
        """Run the timers that are due."""
        outcomes: list[Outcome] = []
        for name in sorted(n for n, at in self.timers.items() if at <= now):
            if self.timers.pop(name, None) is not None:
                outcomes += self.step(f"timer {name}", now)
        return outcomes

    def start(self, name: str, now: float, seconds: float) -> None:
        """Start a timer; one of 0 seconds runs within this very step (reliable transports)."""
        self.timers[name] = now + seconds

    def unless_reliable(self, seconds: float) -> float:
        """A waiting time that a reliable transport does not need."""
        return 0.0 if self.flow.is_reliable else seconds

    def again(self) -> list[Outcome]:
        """What was sent last, once more."""
        return [Outgoing(self.sent, self.flow)] if self.sent else []


_NOWHERE = Uri("sip", host="invalid")


@lru_cache(maxsize=32)
def _nothing_of(method: str) -> Request:
    """What is kept of refused requests: thousands of them wait at the same time."""
    return Request(method, _NOWHERE)


@lru_cache(maxsize=256)
def _same(flow: Flow) -> Flow:
    """One value for all that are equal."""
    return flow


# actions that both sides have


def again(t: Transaction, message: Message, now: float) -> list[Outcome]:
    """What was sent last, once more."""
    return t.again()


def pass_up(t: Transaction, message: Message, now: float) -> list[Outcome]:
    """The message is for the transaction's user."""
    return [Passed(message)] if message is not None else []


def stop(t: Transaction, message: Message, now: float) -> list[Outcome]:
    """Nothing; the row's next state is all."""
    return []


def status_class(status: int) -> str:
    """The input that a response's status means."""
    return "1xx" if status < 200 else "2xx" if status < 300 else "3xx+"
