"""Looks up what the resolver needs and lets it decide; shared by both call-taking roles.

Knows: the order of look-up and decision. Must never know: the rules (`umserver.org.resolve`).
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.logger import Logger

from umserver.interfaces import IDirectory, IPhone, Unavailable
from umserver.org.facts import CallFacts
from umserver.org.refusals import DIRECTORY_UNREACHABLE
from umserver.org.resolve import Resolution, numbers_to_look_up, resolve
from umserver.org.routes import Rejected
from umserver.org.settings import Mailbox, Organisation
from umserver.org.tokens import Claim

log = Logger()

EVENT = "event 1109"
"""In the reason of an invalid extension in a diverted call (spec 9.5)."""


LATE_SECONDS = 3.0
"""How long a caller hears it ring while a gateway of DelayedSourcePartyInfoEnabled may still name
caller and forwarding (spec 3.3): Exchange says no number; three seconds are half a ring cadence."""


async def resolution_for(
    org: Organisation, directory: IDirectory, phone: IPhone, claim: Claim | None = None
) -> Resolution:
    """What this phone's call is, after waiting for what its gateway tells late."""
    resolution = await resolution_of(org, directory, phone.facts, claim)
    if not resolution.incomplete:
        return resolution
    phone.ring()
    if not await phone.late_facts(LATE_SECONDS):
        log.info("neither caller nor forwarding was named in time", call=phone.id)
        return resolution
    return await resolution_of(org, directory, phone.facts, claim)


async def resolution_of(
    org: Organisation, directory: IDirectory, facts: CallFacts, claim: Claim | None = None
) -> Resolution:
    """What this call is, with the reasons; a claim that holds decides (see `resolve`)."""
    for problem in facts.problems:
        log.warn("event 1021: a header is written wrongly: {why}", call=facts.call_id, why=problem)
    found: dict[tuple[str, str], Mailbox] = {}
    try:
        for plan, numbers in numbers_to_look_up(org, facts, claim):
            mailboxes = await directory.find(plan, numbers)
            found.update({(plan, number): mailbox for number, mailbox in mailboxes.items()})
    except Unavailable as fault:
        log.error("the directory cannot be asked: {fault}", call=facts.call_id, fault=fault)
        return Resolution(Rejected(DIRECTORY_UNREACHABLE), (str(fault),))
    resolution = resolve(org, facts, found, claim)
    tell_dead_ends(resolution.reasons, facts.call_id)
    return resolution


def tell_dead_ends(reasons: Iterable[str], call: str = "") -> None:
    """Log each reason that is event 1109: a forwarding that leads nowhere (spec 4.3)."""
    for reason in reasons:
        if EVENT in reason:
            log.warn(f"{EVENT}: {{why}}", call=call, why=reason.removesuffix(f" ({EVENT})"))
