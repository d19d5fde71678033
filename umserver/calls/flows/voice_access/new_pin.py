"""Choosing a new PIN: twice the same, and one that the policy allows (spec 5.1, 5.7).

Knows: the words. Must never know: which PINs are allowed, how they are kept.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.digits import BACK_KEY, enter_digits
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import Unavailable

log = Logger()

MOST_PIN = 24
"""Digits of a PIN."""


async def change_pin(owner: Owner) -> bool:
    """Ask for a new PIN; whether there is one now. Raises HungUp, TimeUp."""
    for _ in range(owner.tries):
        pin = await _typed(owner, "new-pin")
        if pin == BACK_KEY:
            break
        if not pin:
            await owner.say("are-you-there" if pin is None else "invalid-key")
            continue
        again = await _typed(owner, "new-pin-again")
        if again == BACK_KEY:
            break
        if again != pin:
            await owner.say("new-pin-differs")
            continue
        try:
            changed = await owner.patiently(
                owner.office.pins.change(owner.mailbox, owner.policy, pin)
            )
        except Unavailable as fault:
            log.error("a PIN stays as it is: {fault}", call=owner.call.id, fault=fault)
            break
        if changed:
            await owner.say("new-pin-kept")
            return True
        digits = owner.grammar.count(owner.policy.min_pin_length, "digit")
        await owner.say_filled("new-pin-refused", digits=digits)
    await owner.say("not-changed")
    return False


async def _typed(owner: Owner, prompt: str) -> str | None:
    return await enter_digits(owner.call, await owner.speaker.clips(prompt), most=MOST_PIN + 1)
