"""Sending the owner on: to a caller, to somebody who was found, to the operator (spec 5.9, 4.9).

Knows: the owner's rules of dialling out (the policy's). Must never know: how calls are transferred,
menus. Who was put through is gone: these verbs come back only when it did not work.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.call import NO_KEY
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import Unavailable
from umserver.org.dialing import Dialing, allowed_to_dial
from umserver.org.messages import VoiceMail
from umserver.org.settings import Mailbox

log = Logger()


async def may_call_sender(owner: Owner, message: VoiceMail) -> bool:
    """Whether calling the sender is offered (spec 5.9; feature 118)."""
    return (await _sender(owner, message)).allowed


async def call_sender(owner: Owner, message: VoiceMail) -> None:
    """Put the owner through to whom a message came from; says why not."""
    dialing = await _sender(owner, message)
    if dialing.number is None:
        log.info("no call to the sender: {why}", call=owner.call.id, why=dialing.reasons)
        known = message.sender.number or message.sender.address
        await owner.say("call-not-allowed" if known else "call-no-number")
        return
    await _connect(owner, dialing.number)


async def call_person(owner: Owner, person: Mailbox) -> None:
    """Put the owner through to somebody who was found; says why not."""
    dialing = allowed_to_dial(
        owner.route.dial_plan, owner.policy, person.extension, is_user=_is_colleague(owner, person)
    )
    if dialing.number is None:
        log.info("a person may not be called: {why}", call=owner.call.id, why=dialing.reasons)
        await owner.say_filled("search-not-reachable", name=person.display_name)
        return
    await _connect(owner, dialing.number)


def operators_of(owner: Owner) -> tuple[str, ...]:
    """The owner's own operator, then the plan's; those that are set."""
    numbers = (owner.mailbox.operator_number, owner.route.dial_plan.operator_extension)
    return tuple(dict.fromkeys(number for number in numbers if number))


async def to_operator(owner: Owner) -> None:
    """Put the owner through to an operator, the nearest first; says so when none takes the call."""
    numbers = operators_of(owner)
    if not numbers:
        await owner.say("no-operator")
    for number in numbers:
        await owner.say("transferring-to-operator", keys=NO_KEY)
        await _transfer(owner, number)
        await owner.say("transfer-failed", keys=NO_KEY)


async def led_home(owner: Owner) -> bool:
    """Whether the mailbox is at another server, to which the owner was sent on (spec 4.10).

    Raises Unavailable when that server does not live, or the peer does not go there.
    """
    home = owner.office.home_of(owner.mailbox)
    if not home:
        return False
    await owner.say("call-transferring", keys=NO_KEY)
    if not await owner.call.transfer(f"sip:{owner.call.facts.called.user}@{home}"):
        raise Unavailable(f"{owner.address} could not be sent on to {home}")
    return True


async def _connect(owner: Owner, number: str) -> None:
    await owner.say("call-transferring", keys=NO_KEY)
    await _transfer(owner, number)
    await owner.say("transfer-failed")


async def _transfer(owner: Owner, number: str) -> None:
    """Nothing is heard any more by who was put through: the next verb raises HungUp."""
    if await owner.call.transfer(number):
        owner.office.facts["left"] = "transferred"
        await owner.call.hang_up()


async def _sender(owner: Owner, message: VoiceMail) -> Dialing:
    """What would be dialled: the extension of a colleague, else the number that called."""
    plan, sender = owner.route.dial_plan, message.sender
    colleague = await _colleague(owner, message)
    number = colleague.extension if colleague is not None else sender.number
    return allowed_to_dial(plan, owner.policy, number, is_user=colleague is not None)


async def _colleague(owner: Owner, message: VoiceMail) -> Mailbox | None:
    """The user of the same plan who sent it; None for everybody else."""
    plan, sender = owner.route.dial_plan.name, message.sender
    try:
        if sender.address:
            person = await owner.patiently(owner.office.people.person(sender.address))
        elif sender.number:
            found = await owner.patiently(owner.office.directory.find(plan, [sender.number]))
            person = found.get(sender.number)
        else:
            return None
    except Unavailable as fault:
        log.error("nobody can be looked up: {fault}", call=owner.call.id, fault=fault)
        return None
    return person if person is not None and _is_colleague(owner, person) else None


def _is_colleague(owner: Owner, person: Mailbox) -> bool:
    return person.um_enabled and person.dial_plan == owner.route.dial_plan.name
