"""The PIN, asked for when somebody who came in without one wants more than voice mail (spec 5.1,
pinless; feature 95).

Knows: the words and the bounds. Must never know: what is wanted.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.call import Call
from umserver.calls.digits import BACK_KEY, enter_digits
from umserver.calls.flows.voice_access.first_time import set_up
from umserver.calls.flows.voice_access.new_pin import MOST_PIN
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import Unavailable
from umserver.org.pin_callers import place
from umserver.org.routes import VoiceAccess

log = Logger()

FAILED = "login-failed"


def caller_of(call: Call, route: VoiceAccess) -> str:
    """For whom wrong PINs count: the calling number, or where a call without one came from."""
    return route.caller.number or place(call.phone.facts.source)


async def proved(owner: Owner) -> bool:
    """Whether the PIN was given: at the door, or now. Raises HungUp, TimeUp.

    After too many wrong ones the call ends here.
    """
    if owner.proved:
        return True
    names = ["pin-needed", "enter-pin-here"]
    for _ in range(owner.tries):
        prompt = await owner.speaker.clips(*names)
        pin = await enter_digits(owner.call, prompt, most=MOST_PIN + 1)
        if pin == BACK_KEY:
            return False
        if not pin:
            names = ["are-you-there" if pin is None else "invalid-key", "enter-pin-here"]
            continue
        try:
            checking = owner.office.pins.sign_in(
                owner.mailbox, owner.policy, pin, caller_of(owner.call, owner.route)
            )
            told = await owner.patiently(checking)
        except Unavailable as fault:
            log.error("a PIN cannot be checked: {fault}", call=owner.call.id, fault=fault)
            await owner.say("mailbox-unavailable")
            return False
        if told.welcome:
            owner.proved = True
            owner.proved = await set_up(owner, told)
            return owner.proved
        await _wrong(owner)
        names = ["pin-wrong", "enter-pin-here"]
    return False


async def _wrong(owner: Owner) -> None:
    """As many as the plan bears in one call, wherever they are given (event 1013)."""
    owner.wrong_pins += 1
    if owner.wrong_pins < owner.route.dial_plan.logon_failures_before_disconnect:
        return
    log.warn("event 1013: too many wrong PINs in one call", call=owner.call.id)
    owner.office.facts["left"] = FAILED
    await owner.say_goodbye("pin-failed")
    await owner.call.hang_up()
