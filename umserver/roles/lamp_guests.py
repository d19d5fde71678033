"""Who may subscribe to whose lamp (spec 4.8, 2.4).

Knows: gateways, dial plans, numbers. Must never know: SIP messages.
"""

from __future__ import annotations

from collections.abc import Callable

from umserver.interfaces import IDirectory, Unavailable
from umserver.org.facts import CallFacts
from umserver.org.lamps import allows_lamp
from umserver.org.peers import gateway_of
from umserver.org.security import signalling_refusal
from umserver.org.settings import Mailbox, Organisation
from umserver.org.spellings import spellings

FORBIDDEN, NOT_FOUND, UNAVAILABLE = 403, 404, 503


def is_welcome(org: Organisation, facts: CallFacts) -> bool:
    """Whether this peer is a gateway that may know of lamps."""
    gateway = gateway_of(org, facts)
    return (
        gateway is not None
        and gateway.status != "Disabled"
        and gateway.message_waiting_indicator_allowed
    )


async def admitted(
    settings: Callable[[], Organisation], directory: IDirectory, facts: CallFacts
) -> Mailbox | int:
    """The mailbox that is asked for, or why nothing is told, as a SIP status."""
    org = settings()
    gateway = gateway_of(org, facts)
    if gateway is None or not is_welcome(org, facts):
        return FORBIDDEN
    for plan in org.plans_of[gateway.name]:
        if signalling_refusal(plan, gateway, facts) is not None:
            continue
        numbers = spellings(plan, facts.called, own=True)
        try:
            found = await directory.find(plan.name, numbers)
        except Unavailable:
            return UNAVAILABLE
        for number in numbers:
            if number in found:
                return found[number] if allows_lamp(org, found[number]) else FORBIDDEN
    return NOT_FOUND
