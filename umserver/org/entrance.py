"""By which door a call comes in: gateway, hunt group, dial plan, or the refusal (spec 4.1 step 1).

Knows: who may call and where hunt groups lead. Must never know: users, and what
happens behind the door.
"""

from __future__ import annotations

from attrs import frozen

from umserver.org import refusals
from umserver.org.facts import CallFacts
from umserver.org.peers import gateway_of
from umserver.org.refusals import Refusal
from umserver.org.security import signalling_refusal
from umserver.org.settings import DialPlan, HuntGroup, IPGateway, Organisation
from umserver.org.spellings import spellings
from umserver.org.tokens import Claim

CATCH_ALL = ""


@frozen
class Entrance:
    """An open door."""

    gateway: IPGateway
    dial_plan: DialPlan
    reasons: tuple[str, ...]


@frozen
class Closed:
    """A door that stays shut."""

    refusal: Refusal
    reasons: tuple[str, ...]


def enter(org: Organisation, facts: CallFacts, claim: Claim | None) -> Entrance | Closed:
    """The door for this call. With a claim the hunt group is the one that leads to its plan."""
    gateway = gateway_of(org, facts)
    proved = f" with a certificate for {facts.peer_names[0]}" if facts.peer_names else ""
    if gateway is None:
        return Closed(refusals.UNKNOWN_GATEWAY, (f"{facts.source}{proved} is no gateway",))
    reasons = [f"{facts.source}{proved} is the gateway {gateway.name}"]
    if gateway.status != "Enabled":
        reasons.append(f"its status is {gateway.status}")
        return Closed(_SHUT[gateway.status], tuple(reasons))
    group = _claimed_group(org, gateway, claim) or _called_group(org, gateway, facts, reasons)
    if group is None:
        reasons.append(f"none of its hunt groups takes {facts.called.user or 'a call to nobody'}")
        return Closed(refusals.NO_HUNT_GROUP, tuple(reasons))
    plan = org.plan_named[group.dial_plan]
    reasons.append(f"hunt group {group.name} leads to the dial plan {plan.name}")
    refusal = signalling_refusal(plan, gateway, facts)
    if refusal is not None:
        reasons.append(f"the plan is {plan.voip_security}, the call came by {facts.transport}")
        return Closed(refusal, tuple(reasons))
    return Entrance(gateway, plan, tuple(reasons))


_SHUT = {"Disabled": refusals.GATEWAY_DISABLED, "NoNewCalls": refusals.GATEWAY_NO_NEW_CALLS}


def _claimed_group(org: Organisation, gateway: IPGateway, claim: Claim | None) -> HuntGroup | None:
    """A hunt group of this gateway that leads to the plan a call router found."""
    if claim is None:
        return None
    groups = org.hunt_groups
    return next(
        (g for g in groups if g.gateway == gateway.name and g.dial_plan == claim.dial_plan), None
    )


def _called_group(
    org: Organisation, gateway: IPGateway, facts: CallFacts, reasons: list[str]
) -> HuntGroup | None:
    """The group whose pilot was called, else the gateway's catch-all."""
    catch_all = org.group_for.get((gateway.name, CATCH_ALL))
    for plan in org.plans_of[gateway.name]:
        for spelling in spellings(plan, facts.called, own=True):
            group = org.group_for.get((gateway.name, spelling))
            if group is not None and group.dial_plan == plan.name:
                reasons.append(f"{spelling} is its pilot")
                return group
    return catch_all
