"""Call answering: greet, record, let the caller decide, lose nothing (spec 4.6, 6.1).

Purpose: the script of every diverted or direct call to a mailbox. Border: the conversation and who
decides what; how a message becomes a mail, or where it is kept, is not known here. `visit` holds
what was said so far, `fullness` looks for room in the mailbox, `greeting` leads up to the tone,
`taking` records, `deciding` is the menu after it, `escape` the way out. The draft is opened before
the call is answered and always comes to an end: committed when something was said, a missed call
otherwise, whatever ended the conversation.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import Call, handed_on
from umserver.calls.dialogs import farewell
from umserver.calls.envelopes import envelope_for
from umserver.calls.flows.leave_message import fullness
from umserver.calls.flows.leave_message.deciding import take_message
from umserver.calls.flows.leave_message.escape import escape
from umserver.calls.flows.leave_message.greeting import Next, greet
from umserver.calls.flows.leave_message.visit import Visit, begun
from umserver.calls.office import Flow, Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import IDraft, Unavailable
from umserver.org.routes import LeaveMessage, Route

log = Logger()


async def leave_message(call: Call, office: Office, route: Route) -> str:
    """Serve one diverted or direct call to a mailbox.

    Returns message, missed, cancelled, refused, mailbox-full, transferred, no-space, or what came
    of the script to which the caller escaped; what the draft became is noted as `left` in the
    office's facts, which also holds when the caller goes in the middle.
    """
    assert isinstance(route, LeaveMessage)
    return await _serve(call, office, route, office.speaker(route.dial_plan.default_language))


async def leave_message_and_return(
    call: Call, office: Office, route: LeaveMessage, speaker: Speaker
) -> str:
    """The same for a caller who goes on elsewhere afterwards (spec 6.1: back to the menu).

    Returns the outcomes of `leave_message`, or escaped; only after transferred nobody is left.
    """
    return await _serve(call, office, route, speaker, goes_on=True)


async def _serve(
    call: Call, office: Office, route: LeaveMessage, speaker: Speaker, *, goes_on: bool = False
) -> str:
    def visit_with(draft: IDraft) -> Visit:
        return Visit(call, office, route, speaker, draft, goes_on=goes_on)

    def miss(draft: IDraft) -> Deferred[bool]:
        return Deferred.fromCoroutine(visit_with(draft).settle())

    beginning = office.spool.begin(envelope_for(call, office, route))
    try:
        draft = await begun(call, speaker, beginning, miss)
    except Unavailable as fault:
        return await _apologise(call, speaker, fault, goes_on)
    visit = visit_with(draft)
    try:
        return await _converse(visit)
    finally:
        await _settle(visit)


async def _apologise(call: Call, speaker: Speaker, fault: Unavailable, goes_on: bool) -> str:
    log.error("no room for a message: {fault}", call=call.id, fault=fault)
    await call.answer()
    await farewell(call, speaker, "disk-apology-nothing", *(() if goes_on else ("goodbye",)))
    return "no-space"


async def _converse(visit: Visit) -> str:
    """The whole conversation; whatever it raises, the visit has to be settled."""
    asking = fullness.asked(visit)
    await visit.call.answer()
    mailbox = visit.route.mailbox
    if not visit.route.caller.number and not mailbox.anonymous_callers_can_leave_messages:
        await visit.say_goodbye("anonymous-refused")
        return "refused"
    if await fullness.in_time(visit, asking):
        await visit.say_goodbye("mailbox-full")
        return "mailbox-full"
    after_greeting = await greet(visit)
    if after_greeting is Next.TRANSFERRED:
        return "transferred"
    if after_greeting is Next.ESCAPED:
        await visit.settle_patiently()
        return await escape(visit)
    return await take_message(visit)


async def _settle(visit: Visit) -> None:
    """The end of the draft; nobody is kept on a silent line for a slow disk."""
    settling = Deferred.fromCoroutine(visit.settle())
    settled = handed_on(settling)
    if not await visit.call.ready(settling):
        await visit.call.hang_up()
    await settled


FLOW = Flow(name="leave-message", run=leave_message)
