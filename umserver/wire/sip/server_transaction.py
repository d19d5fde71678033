"""The two server transactions: what becomes of a request of a peer (RFC 3261 §17.2).

Knows: timers G, H, I, J and L, and the second way for an answer. Must never know: who answers,
where messages come from. Sources: RFC 3261 §17.2.1 (INVITE), §17.2.2 (every other), §18.2.2,
Table 4; RFC 6026 §7.1 (Accepted). Inputs: request (the same once more) and ACK of the peer; send
1xx, send 2xx, send 3xx+ of ours; of the transport lost, where there is a second way, or fault;
timers.
"""

from __future__ import annotations

from umserver.wire.sip.message import Response
from umserver.wire.sip.transaction import (
    LIFETIME,
    T1,
    T2,
    T4,
    Machine,
    Message,
    Outcome,
    Transaction,
    again,
    pass_up,
    stop,
)
from umserver.wire.sip.transaction import State as S


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


def _repeat_final(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.interval = min(2 * t.interval, T2)
    t.start("G", now, t.interval)
    return t.again()


def _confirm(t: Transaction, message: Message, now: float) -> list[Outcome]:
    t.start("I", now, t.unless_reliable(T4))
    return []


def _reroute(t: Transaction, message: Message, now: float) -> list[Outcome]:
    if t.fallback is not None:
        t.flow, t.fallback = t.fallback, None
    return []


def _reroute_and_repeat(t: Transaction, message: Message, now: float) -> list[Outcome]:
    return [*_reroute(t, message, now), *t.again()]


SERVER_INVITE = Machine(
    "INVITE server transaction",
    S.PROCEEDING,
    {
        (S.PROCEEDING, "request"): (again, S.PROCEEDING),  # 17.2.1
        (S.PROCEEDING, "send 1xx"): (_send, S.PROCEEDING),  # 17.2.1
        (S.PROCEEDING, "send 2xx"): (_send_acceptance, S.ACCEPTED),  # RFC 6026 7.1
        (S.PROCEEDING, "send 3xx+"): (_send_refusal, S.COMPLETED),  # 17.2.1
        (S.PROCEEDING, "lost"): (_reroute, S.PROCEEDING),  # 18.2.2
        (S.COMPLETED, "request"): (again, S.COMPLETED),  # 17.2.1
        (S.COMPLETED, "timer G"): (_repeat_final, S.COMPLETED),  # 17.2.1
        (S.COMPLETED, "timer H"): (stop, S.OVER),  # 17.2.1; the call is over either way
        (S.COMPLETED, "ACK"): (_confirm, S.CONFIRMED),  # 17.2.1
        (S.COMPLETED, "lost"): (_reroute_and_repeat, S.COMPLETED),  # 18.2.2
        (S.COMPLETED, "fault"): (stop, S.OVER),  # 17.2.1
        (S.CONFIRMED, "timer I"): (stop, S.OVER),  # 17.2.1
        (S.ACCEPTED, "send 2xx"): (_send, S.ACCEPTED),  # RFC 6026 7.1
        (S.ACCEPTED, "ACK"): (pass_up, S.ACCEPTED),  # RFC 6026 7.1
        (S.ACCEPTED, "lost"): (_reroute, S.ACCEPTED),  # 18.2.2
        (S.ACCEPTED, "timer L"): (stop, S.OVER),  # RFC 6026 7.1
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
        (S.PROCEEDING, "request"): (again, S.PROCEEDING),  # 17.2.2
        (S.PROCEEDING, "send 1xx"): (_send, S.PROCEEDING),  # 17.2.2
        (S.PROCEEDING, "send 2xx"): (_send_other, S.COMPLETED),  # 17.2.2
        (S.PROCEEDING, "send 3xx+"): (_send_other, S.COMPLETED),  # 17.2.2
        (S.PROCEEDING, "lost"): (_reroute, S.PROCEEDING),  # 18.2.2
        (S.COMPLETED, "request"): (again, S.COMPLETED),  # 17.2.2
        (S.COMPLETED, "fault"): (stop, S.OVER),  # 17.2.2
        (S.COMPLETED, "timer J"): (stop, S.OVER),  # 17.2.2
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
