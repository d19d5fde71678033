"""The auto attendant: welcome, news, menu, and wherever its keys lead (spec 6.3, 3.5).

Purpose: the script of every call to the number of an attendant. Border: the conversation; what
holds at a moment is decided by `umserver.org.reception`, which numbers may be dialled by
`umserver.org.dialing`, leaving a message and finding people are conversations of their own that
come back here. `desk` is one attendant with what is known of the call, `welcome` leads up to the
menu, `menu` is the question and its answer, `acts` what the answers do, `transfers` how callers go
on. One attendant leading to another is a loop here, so that nesting costs nothing and is bounded.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from umserver.calls.call import Call
from umserver.calls.dialogs import patiently
from umserver.calls.flows.attendant.acts import serve
from umserver.calls.flows.attendant.desk import AttendantDesk, desk_for, policy_of
from umserver.calls.flows.attendant.menu import question
from umserver.calls.flows.attendant.welcome import welcome
from umserver.calls.office import Flow, Office
from umserver.interfaces import Unavailable
from umserver.org.routes import Attendant, LeaveMessage, Route

MOST_NESTED = 50
"""Attendants that one call goes through; then it is a circle of somebody who plays."""


async def attend(call: Call, office: Office, route: Route) -> str:
    """Serve one call to an attendant.

    Returns transferred, gave-up, message, or what a script returned to which the caller went.
    """
    assert isinstance(route, Attendant)
    await call.answer()
    attendant = route.attendant
    for _ in range(MOST_NESTED):
        desk = desk_for(call, office, route, attendant)
        if attendant.forward_calls_to_default_mailbox:
            outcome = await _forward(desk)
            if outcome is not None:
                return outcome
        desk.count("business_hours_calls" if desk.now.is_open else "after_hours_calls")
        asking = Deferred.fromCoroutine(question(desk))
        await welcome(desk)
        onward = await serve(desk, await desk.soon(asking))
        if isinstance(onward, str):
            return onward
        attendant = onward
    await desk.say_goodbye()
    return "gave-up"


async def _forward(desk: AttendantDesk) -> str | None:
    """Straight to the default mailbox (feature 132); None when there is none of this plan."""
    address = desk.attendant.default_mailbox
    try:
        finding = desk.office.people.person(address)
        mailbox = await patiently(desk.call, desk.speaker, finding)
    except Unavailable as fault:
        desk.note("the default mailbox cannot be found", fault)
        return None
    policy = policy_of(desk.office, mailbox)
    if mailbox is None or policy is None or mailbox.dial_plan != desk.plan.name:
        desk.note("there is no default mailbox", address)
        return None
    onward = LeaveMessage(
        dial_plan=desk.plan, caller=desk.route.caller, mailbox=mailbox, policy=policy
    )
    return await desk.office.follow(desk.call, onward)


FLOW = Flow(name="attendant", run=attend)
