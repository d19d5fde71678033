"""How callers of an attendant go on: to users, to numbers, to the operator (spec 4.9, 4.10).

Knows: dialing rules, the order of operators, and what is said when nobody takes the call. Must
never know: menus.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.calls.call import NO_KEY
from umserver.calls.dialogs import patiently
from umserver.calls.flows.attendant.desk import AttendantDesk
from umserver.interfaces import Clip, Unavailable
from umserver.org.dialing import allowed_to_dial
from umserver.org.reaching import number_of
from umserver.org.settings import Mailbox

TRANSFERRED = "transferred"


async def dial(desk: AttendantDesk, number: str) -> str | None:
    """Send the caller to a number under the attendant's rules; None when that did not work."""
    user = await user_at(desk, number)
    dialing = allowed_to_dial(desk.plan, desk.attendant, number, is_user=user is not None)
    if dialing.number is None:
        desk.count("disallowed_transfers")
        desk.note("a number may not be dialled", "; ".join(dialing.reasons))
        await desk.say("attendant-extension-wrong")
        return None
    return await connect(desk, dialing.number, user)


async def call_person(desk: AttendantDesk, person: Mailbox) -> str | None:
    """Send the caller to somebody who was found by name."""
    is_user = person.um_enabled and person.dial_plan == desk.plan.name
    number = number_of(desk.office.settings, desk.plan, person)
    dialing = allowed_to_dial(desk.plan, desk.attendant, number, is_user=is_user)
    if dialing.number is None:
        desk.count("disallowed_transfers")
        desk.note("a person may not be called", "; ".join(dialing.reasons))
        await desk.say("search-not-reachable", name=person.display_name)
        return None
    return await connect(desk, dialing.number, person)


async def connect(desk: AttendantDesk, number: str, user: Mailbox | None) -> str | None:
    """The transfer itself; when it fails, the operators are tried (spec 4.10)."""
    await desk.call.play(*await _announcement(desk, user), keys=NO_KEY)
    if await desk.call.transfer(number):
        return TRANSFERRED
    await desk.say("transfer-failed", keys=NO_KEY)
    others = [operator for operator in desk.now.operators if operator != number]
    return await _operators(desk, others) if others else None


async def operator(desk: AttendantDesk) -> str | None:
    """Attendant's operator, plan's operator, apology (feature 127)."""
    if not desk.now.operators:
        await desk.say("no-operator")
        return None
    return await _operators(desk, desk.now.operators)


async def _operators(desk: AttendantDesk, numbers: Sequence[str]) -> str | None:
    for number in numbers:
        await desk.say("transferring-to-operator", keys=NO_KEY)
        if await desk.call.transfer(number):
            desk.count("operator_transfers")
            return TRANSFERRED
    await desk.say("attendant-neither-works", keys=NO_KEY)
    return None


async def _announcement(desk: AttendantDesk, user: Mailbox | None) -> Sequence[Clip]:
    """Whom the caller is connected to: where it is a user by the own voice, else by name."""
    if user is None:
        return await desk.clips([("attendant-connecting", {})])
    name = await _recorded_name(desk, user)
    if name is not None:
        return [*await desk.clips([("attendant-connecting-before", {})]), name]
    return await desk.clips([("attendant-connecting-to", {"name": user.display_name})])


async def _recorded_name(desk: AttendantDesk, user: Mailbox) -> Clip | None:
    try:
        return await desk.soon(desk.office.greetings.recorded(user.address, "name"))
    except Unavailable as fault:
        desk.note("a recorded name cannot be read", fault)
        return None


async def user_at(desk: AttendantDesk, number: str) -> Mailbox | None:
    """The user of the plan with this number; None when there is none, or none can be found."""
    try:
        finding = desk.office.directory.find(desk.plan.name, [number])
        return (await patiently(desk.call, desk.speaker, finding)).get(number)
    except Unavailable as fault:
        desk.note("the directory cannot be asked", fault)
        return None
