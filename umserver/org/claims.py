"""What a call router tells the answering desk about a call, and what the desk makes of it.

Knows: which part of a decision is carried along. Must never know: how it is signed (`tokens`),
whether today's settings bear it out (`resolve`).
"""

from __future__ import annotations

from attrs import evolve

from umserver.org.facts import CallFacts, Party
from umserver.org.messages import CallerId
from umserver.org.routes import Attendant, LeaveMessage, Route
from umserver.org.settings import DialPlan
from umserver.org.tokens import MAX_TEXT, Claim


def claim_for(route: Route, caller: CallerId, called: Party, calling: Party | None) -> Claim:
    """What a router tells of a call that takes this route, which may not name the caller yet."""
    box = route.mailbox if isinstance(route, LeaveMessage) else None
    return Claim(
        flow=route.flow,
        dial_plan=route.dial_plan.name,
        mailbox=box.extension if box is not None else "",
        mailbox_plan=box.dial_plan if box is not None else "",
        attendant=route.attendant.name if isinstance(route, Attendant) else "",
        reason=route.reason if isinstance(route, LeaveMessage) else "",
        caller_number=caller.number,
        caller_name=calling.name[:MAX_TEXT] if calling is not None else "",
        called=_called(route.dial_plan, called)[:MAX_TEXT],
    )


def _called(plan: DialPlan, called: Party) -> str:
    """The called number, or address: a redirect puts the desk's host in place of the called one."""
    if plan.uri_type == "SipName" and called.user and called.host:
        return f"{called.user}@{called.host}"
    return called.user


def as_claimed(claim: Claim | None, facts: CallFacts) -> CallFacts:
    """The facts as the call router saw them: peers lose headers when they follow a redirect."""
    if claim is None:
        return facts
    user, _, host = claim.caller_number.partition("@")
    caller = Party(user=user, host=host, name=claim.caller_name) if user else None
    called, _, domain = claim.called.partition("@")
    return evolve(facts, caller=caller, called=Party(user=called, host=domain))
