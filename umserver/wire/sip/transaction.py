"""The four transactions of RFC 3261 §17, as tables.

Knows: states, inputs and timers. Must never know: dialogs, who asks, where messages come from.
Sources: RFC 3261 §17.1, §17.2 and Table 4; RFC 6026 (the Accepted states). Seconds throughout.

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
from umserver.wire.sip.requests import acknowledgement
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


# Actions


def _begin(
    t: Transaction, message: Message, now: float, repeat: str, give_up: str
) -> list[Outcome]:
    t.sent = t.request.to_bytes()
    t.interval = T1
    if not t.flow.is_reliable:
        t.start(repeat, now, T1)
    t.start(give_up, now, LIFETIME)
    return t.again()


def _begin_invite(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return _begin(t, message, now, "A", "B")


def _begin_other(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return _begin(t, message, now, "E", "F")


def _repeat_invite(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.interval *= 2
    t.start("A", now, t.interval)
    return t.again()


def _repeat_trying(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.interval = min(2 * t.interval, T2)
    t.start("E", now, t.interval)
    return t.again()


def _repeat_proceeding(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.interval = T2
    t.start("E", now, T2)
    return t.again()


def _repeat_final(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.interval = min(2 * t.interval, T2)
    t.start("G", now, t.interval)
    return t.again()


def _again(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return t.again()


def _pass(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [Passed(message)] if message is not None else []


def _pass_and_acknowledge(t: Transaction, message: Message, now: float) -> list[Outcome]:
    assert isinstance(message, Response)
    t.sent = acknowledgement(t.request, message).to_bytes()
    t.start("D", now, t.unless_reliable(LIFETIME))
    return [*t.again(), Passed(message)]


def _pass_accepted(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("M", now, LIFETIME)
    return _pass(t, message, now)


def _pass_completed(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("K", now, t.unless_reliable(T4))
    return _pass(t, message, now)


def _time_out(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [Failed(408)]


def _break(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [Failed(503)]


def _stop(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return []


def _send(t: Transaction, message: Message, now: float) -> list[Outcome]:
    assert isinstance(message, Response)
    t.sent = message.to_bytes()
    t.to_tag = message.to.tag or t.to_tag
    return t.again()


def _send_refusal(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.interval = T1
    if not t.flow.is_reliable:
        t.start("G", now, T1)
    t.start("H", now, LIFETIME)
    return _send(t, message, now)


def _send_acceptance(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("L", now, LIFETIME)
    return _send(t, message, now)


def _send_other(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("J", now, t.unless_reliable(LIFETIME))
    return _send(t, message, now)


def _confirm(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("I", now, t.unless_reliable(T4))
    return []


def _reroute(t: Transaction, message: Message, now: float) -> list[Outcome]:
    if t.fallback is not None:
        t.flow, t.fallback = t.fallback, None
    return []


def _reroute_and_repeat(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [*_reroute(t, message, now), *t.again()]


S = State

CLIENT_INVITE = Machine(
    "INVITE client transaction",
    S.CALLING,
    {
        (S.CALLING, "begin"): (_begin_invite, S.CALLING),  # 17.1.1.2
        (S.CALLING, "timer A"): (_repeat_invite, S.CALLING),  # 17.1.1.2
        (S.CALLING, "timer B"): (_time_out, S.OVER),  # 17.1.1.2
        (S.CALLING, "fault"): (_break, S.OVER),  # 17.1.4
        (S.CALLING, "1xx"): (_pass, S.PROCEEDING),  # 17.1.1.2
        (S.CALLING, "2xx"): (_pass_accepted, S.ACCEPTED),  # RFC 6026 7.2
        (S.CALLING, "3xx+"): (_pass_and_acknowledge, S.COMPLETED),  # 17.1.1.2
        (S.CALLING, "abandon"): (_stop, S.OVER),
        (S.PROCEEDING, "1xx"): (_pass, S.PROCEEDING),  # 17.1.1.2
        (S.PROCEEDING, "2xx"): (_pass_accepted, S.ACCEPTED),  # RFC 6026 7.2
        (S.PROCEEDING, "3xx+"): (_pass_and_acknowledge, S.COMPLETED),  # 17.1.1.2
        (S.PROCEEDING, "abandon"): (_stop, S.OVER),  # 9.1, no answer after CANCEL
        (S.COMPLETED, "3xx+"): (_again, S.COMPLETED),  # 17.1.1.2
        (S.COMPLETED, "timer D"): (_stop, S.OVER),  # 17.1.1.2
        (S.COMPLETED, "fault"): (_stop, S.OVER),  # 17.1.1.2; the user has its answer
        (S.ACCEPTED, "2xx"): (_pass, S.ACCEPTED),  # RFC 6026 7.2
        (S.ACCEPTED, "timer M"): (_stop, S.OVER),  # RFC 6026 7.2
    },
    frozenset(
        {
            # nothing of ours was on its way; the peer may open a new connection
            (S.PROCEEDING, "fault"),
            (S.COMPLETED, "1xx"),
            (S.COMPLETED, "2xx"),
            (S.COMPLETED, "abandon"),
            (S.ACCEPTED, "1xx"),
            (S.ACCEPTED, "3xx+"),
            (S.ACCEPTED, "fault"),
            (S.ACCEPTED, "abandon"),
        }
    ),
)

CLIENT_OTHER = Machine(
    "non-INVITE client transaction",
    S.TRYING,
    {
        (S.TRYING, "begin"): (_begin_other, S.TRYING),  # 17.1.2.2
        (S.TRYING, "timer E"): (_repeat_trying, S.TRYING),  # 17.1.2.2
        (S.TRYING, "timer F"): (_time_out, S.OVER),  # 17.1.2.2
        (S.TRYING, "fault"): (_break, S.OVER),  # 17.1.4
        (S.TRYING, "1xx"): (_pass, S.PROCEEDING),  # 17.1.2.2
        (S.TRYING, "2xx"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.TRYING, "3xx+"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.PROCEEDING, "timer E"): (_repeat_proceeding, S.PROCEEDING),  # 17.1.2.2
        (S.PROCEEDING, "timer F"): (_time_out, S.OVER),  # 17.1.2.2
        (S.PROCEEDING, "fault"): (_break, S.OVER),  # 17.1.2.2
        (S.PROCEEDING, "1xx"): (_pass, S.PROCEEDING),  # 17.1.2.2
        (S.PROCEEDING, "2xx"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.PROCEEDING, "3xx+"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.COMPLETED, "timer K"): (_stop, S.OVER),  # 17.1.2.2
    },
    frozenset(
        {
            (S.COMPLETED, "1xx"),
            (S.COMPLETED, "2xx"),
            (S.COMPLETED, "3xx+"),
            (S.COMPLETED, "fault"),
        }
    ),
)

SERVER_INVITE = Machine(
    "INVITE server transaction",
    S.PROCEEDING,
    {
        (S.PROCEEDING, "request"): (_again, S.PROCEEDING),  # 17.2.1
        (S.PROCEEDING, "send 1xx"): (_send, S.PROCEEDING),  # 17.2.1
        (S.PROCEEDING, "send 2xx"): (_send_acceptance, S.ACCEPTED),  # RFC 6026 7.1
        (S.PROCEEDING, "send 3xx+"): (_send_refusal, S.COMPLETED),  # 17.2.1
        (S.PROCEEDING, "lost"): (_reroute, S.PROCEEDING),  # 18.2.2
        (S.COMPLETED, "request"): (_again, S.COMPLETED),  # 17.2.1
        (S.COMPLETED, "timer G"): (_repeat_final, S.COMPLETED),  # 17.2.1
        (S.COMPLETED, "timer H"): (_stop, S.OVER),  # 17.2.1; the call is over either way
        (S.COMPLETED, "ACK"): (_confirm, S.CONFIRMED),  # 17.2.1
        (S.COMPLETED, "lost"): (_reroute_and_repeat, S.COMPLETED),  # 18.2.2
        (S.COMPLETED, "fault"): (_stop, S.OVER),  # 17.2.1
        (S.CONFIRMED, "timer I"): (_stop, S.OVER),  # 17.2.1
        (S.ACCEPTED, "send 2xx"): (_send, S.ACCEPTED),  # RFC 6026 7.1
        (S.ACCEPTED, "ACK"): (_pass, S.ACCEPTED),  # RFC 6026 7.1
        (S.ACCEPTED, "lost"): (_reroute, S.ACCEPTED),  # 18.2.2
        (S.ACCEPTED, "timer L"): (_stop, S.OVER),  # RFC 6026 7.1
    },
    frozenset(
        {
            (S.PROCEEDING, "ACK"),
            (S.PROCEEDING, "fault"),  # RFC 6026 7.1: the peer repeats the INVITE, or has gone
            (S.CONFIRMED, "request"),
            (S.CONFIRMED, "ACK"),
            (S.CONFIRMED, "lost"),
            (S.CONFIRMED, "fault"),
            (S.ACCEPTED, "request"),  # RFC 6026 7.1: the 2xx is repeated from above
            (S.ACCEPTED, "fault"),  # RFC 6026 7.1
        }
    ),
)

SERVER_OTHER = Machine(
    "non-INVITE server transaction",
    S.TRYING,
    {
        (S.TRYING, "send 1xx"): (_send, S.PROCEEDING),  # 17.2.2
        (S.TRYING, "send 2xx"): (_send_other, S.COMPLETED),  # 17.2.2
        (S.TRYING, "send 3xx+"): (_send_other, S.COMPLETED),  # 17.2.2
        (S.TRYING, "lost"): (_reroute, S.TRYING),  # 18.2.2
        (S.PROCEEDING, "request"): (_again, S.PROCEEDING),  # 17.2.2
        (S.PROCEEDING, "send 1xx"): (_send, S.PROCEEDING),  # 17.2.2
        (S.PROCEEDING, "send 2xx"): (_send_other, S.COMPLETED),  # 17.2.2
        (S.PROCEEDING, "send 3xx+"): (_send_other, S.COMPLETED),  # 17.2.2
        (S.PROCEEDING, "lost"): (_reroute, S.PROCEEDING),  # 18.2.2
        (S.COMPLETED, "request"): (_again, S.COMPLETED),  # 17.2.2
        (S.COMPLETED, "fault"): (_stop, S.OVER),  # 17.2.2
        (S.COMPLETED, "timer J"): (_stop, S.OVER),  # 17.2.2
    },
    frozenset(
        {
            (S.TRYING, "request"),  # 17.2.2
            (S.TRYING, "fault"),
            (S.PROCEEDING, "fault"),
            (S.COMPLETED, "send 2xx"),  # 17.2.2: other finals are discarded
            (S.COMPLETED, "send 3xx+"),
            (S.COMPLETED, "lost"),
        }
    ),
)

MACHINES = (CLIENT_INVITE, CLIENT_OTHER, SERVER_INVITE, SERVER_OTHER)


def status_class(status: int) -> str:
    """The input that a response's status means."""
    return "1xx" if status < 200 else "2xx" if status < 300 else "3xx+"
