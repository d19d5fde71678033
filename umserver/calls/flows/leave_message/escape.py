"""The star key in a greeting: out of call answering, to where the plan is entered (spec 6.1, 3.2).

Knows: the plan's attendant and its voice access. Must never know: drafts, greetings.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.flows.leave_message.visit import Visit
from umserver.interfaces import Unavailable
from umserver.org.routes import Attendant, Route, VoiceAccess
from umserver.org.settings import Mailbox

log = Logger()

ESCAPED = "escaped"


async def escape(visit: Visit) -> str:
    """Go on at the plan's attendant, else at voice access; the outcome is that of what follows.

    Who came from somewhere goes back there instead.
    """
    visit.office.count("call_answering", "escapes")
    visit.office.facts[ESCAPED] = True
    if visit.goes_on:
        return ESCAPED
    return await visit.office.follow(visit.call, await _onward(visit))


async def _onward(visit: Visit) -> Route:
    plan, caller = visit.route.dial_plan, visit.route.caller
    for attendant in visit.office.settings.auto_attendants:
        if attendant.name == plan.um_auto_attendant and attendant.status == "Enabled":
            return Attendant(dial_plan=plan, caller=caller, attendant=attendant)
    return VoiceAccess(dial_plan=plan, caller=caller, mailbox=await _own_mailbox(visit))


async def _own_mailbox(visit: Visit) -> Mailbox | None:
    """The user whose telephone this is; None for everybody else."""
    address = visit.route.caller.address
    if not address:
        return None
    try:
        mailbox = await visit.on_disk(lambda: visit.office.people.person(address))
    except Unavailable as fault:
        log.error("the caller's mailbox cannot be found: {fault}", call=visit.call.id, fault=fault)
        return None
    return mailbox if mailbox is not None and mailbox.um_enabled else None
