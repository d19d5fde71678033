"""The two client transactions: what becomes of a request of ours (RFC 3261 §17.1).

Knows: timers A, B, D, E, F, K and M. Must never know: who asks, where messages come from.
Sources: RFC 3261 §17.1.1 (INVITE), §17.1.2 (every other), Table 4; RFC 6026 §7.2 (Accepted).
Inputs: begin and abandon of ours; 1xx, 2xx, 3xx+ of the peer; fault of the transport; timers.
"""

from __future__ import annotations

from umserver.wire.sip.message import Response
from umserver.wire.sip.requests import acknowledgement
from umserver.wire.sip.transaction import (
    LIFETIME,
    T1,
    T2,
    T4,
    Failed,
    Machine,
    Message,
    Outcome,
    Passed,
    Transaction,
    again,
    pass_up,
    stop,
)
from umserver.wire.sip.transaction import State as S


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


def _pass_and_acknowledge(t: Transaction, message: Message, now: float) -> list[Outcome]:
    assert isinstance(message, Response)
    t.sent = acknowledgement(t.request, message).to_bytes()
    t.start("D", now, t.unless_reliable(LIFETIME))
    return [*t.again(), Passed(message)]


def _pass_accepted(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("M", now, LIFETIME)
    return pass_up(t, message, now)


def _pass_completed(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("K", now, t.unless_reliable(T4))
    return pass_up(t, message, now)


def _time_out(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [Failed(408)]


def _break(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [Failed(503)]


CLIENT_INVITE = Machine(
    "INVITE client transaction",
    S.CALLING,
    {
        (S.CALLING, "begin"): (_begin_invite, S.CALLING),  # 17.1.1.2
        (S.CALLING, "timer A"): (_repeat_invite, S.CALLING),  # 17.1.1.2
        (S.CALLING, "timer B"): (_time_out, S.OVER),  # 17.1.1.2
        (S.CALLING, "fault"): (_break, S.OVER),  # 17.1.4
        (S.CALLING, "1xx"): (pass_up, S.PROCEEDING),  # 17.1.1.2
        (S.CALLING, "2xx"): (_pass_accepted, S.ACCEPTED),  # RFC 6026 7.2
        (S.CALLING, "3xx+"): (_pass_and_acknowledge, S.COMPLETED),  # 17.1.1.2
        (S.CALLING, "abandon"): (stop, S.OVER),
        (S.PROCEEDING, "1xx"): (pass_up, S.PROCEEDING),  # 17.1.1.2
        (S.PROCEEDING, "2xx"): (_pass_accepted, S.ACCEPTED),  # RFC 6026 7.2
        (S.PROCEEDING, "3xx+"): (_pass_and_acknowledge, S.COMPLETED),  # 17.1.1.2
        (S.PROCEEDING, "abandon"): (stop, S.OVER),  # 9.1, no answer after CANCEL
        (S.COMPLETED, "3xx+"): (again, S.COMPLETED),  # 17.1.1.2
        (S.COMPLETED, "timer D"): (stop, S.OVER),  # 17.1.1.2
        (S.COMPLETED, "fault"): (stop, S.OVER),  # 17.1.1.2; the user has its answer
        (S.ACCEPTED, "2xx"): (pass_up, S.ACCEPTED),  # RFC 6026 7.2
        (S.ACCEPTED, "timer M"): (stop, S.OVER),  # RFC 6026 7.2
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
        (S.TRYING, "1xx"): (pass_up, S.PROCEEDING),  # 17.1.2.2
        (S.TRYING, "2xx"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.TRYING, "3xx+"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.PROCEEDING, "timer E"): (_repeat_proceeding, S.PROCEEDING),  # 17.1.2.2
        (S.PROCEEDING, "timer F"): (_time_out, S.OVER),  # 17.1.2.2
        (S.PROCEEDING, "fault"): (_break, S.OVER),  # 17.1.2.2
        (S.PROCEEDING, "1xx"): (pass_up, S.PROCEEDING),  # 17.1.2.2
        (S.PROCEEDING, "2xx"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.PROCEEDING, "3xx+"): (_pass_completed, S.COMPLETED),  # 17.1.2.2
        (S.COMPLETED, "timer K"): (stop, S.OVER),  # 17.1.2.2
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
