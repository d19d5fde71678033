"""Whether the mailbox takes another message, found out before the caller speaks (spec 4.6 step 2).

Knows: the user's quota. Must never know: where mailboxes are. A mailbox that cannot be asked in
time is taken for one that has room: the message waits in the spool if it has none.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, TimeoutError
from twisted.logger import Logger

from umserver.calls.flows.leave_message.visit import Visit
from umserver.interfaces import Unavailable

log = Logger()

PATIENCE = 0.4
"""Seconds after the answer that the mailbox may still take to tell: a caller who was kept waiting
before hears nothing for less than two together. A call that came to call answering before does not
wait again.
"""
OCTETS = 1 << 20
"""Of a megabyte."""


def asked(visit: Visit) -> Deferred[bool]:
    """Whether it is full; to be asked before the call is answered. Never fails."""
    return Deferred.fromCoroutine(_ask(visit))


async def in_time(visit: Visit, asking: Deferred[bool]) -> bool:
    """The answer, or no. Raises nothing."""
    waits = 0.0 if "leave-message" in visit.office.followed[:-1] else PATIENCE
    known: Deferred[bool] = Deferred()
    asking.addCallback(known.callback)
    try:
        full = await known.addTimeout(waits, visit.call.clock)
    except TimeoutError:
        return False
    if full:
        log.error(
            "event 1080: the mailbox {who} is full, a caller is told",
            call=visit.call.id,
            who=visit.route.mailbox.address,
        )
        visit.office.count("call_answering", "quota_exceeded")
    return full


async def _ask(visit: Visit) -> bool:
    mailbox = visit.route.mailbox
    quota = mailbox.prohibit_send_receive_quota
    limit = quota * OCTETS if isinstance(quota, int) else None
    try:
        return await visit.office.mailboxes.open(mailbox.address).is_full(limit)
    except Unavailable as fault:
        log.warn("the quota is not known: {fault}", call=visit.call.id, fault=fault)
        return False
