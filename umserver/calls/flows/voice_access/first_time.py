"""What has to be done before the menu: a new PIN where the old one expired; name and greeting at
the first use (spec 5.1 steps 5 and 6).

Knows: the order. Must never know: how each is done.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.new_pin import change_pin
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.recording import record_greeting
from umserver.interfaces import SignIn, Unavailable

log = Logger()

KINDS = ("name", "personal")
"""What the first login records, in this order."""


async def set_up(owner: Owner, told: SignIn) -> bool:
    """Whatever the sign-in told; False when the PIN had to be changed and was not."""
    if told.expired:
        await owner.say("pin-expired")
        if not await change_pin(owner):
            return False
    if told.first_time and owner.proved:
        await _introduce(owner)
    return True


async def _is_recorded(owner: Owner, kind: str) -> bool:
    try:
        recorded = owner.office.greetings.recorded(owner.address, kind)
        return await owner.patiently(recorded) is not None
    except Unavailable as fault:
        log.error("a greeting cannot be read: {fault}", call=owner.call.id, fault=fault)
        return False


async def _introduce(owner: Owner) -> None:
    """Name and greeting, now or never; silence, and whoever hangs up, is asked again the next time
    for what is still missing.
    """
    missing = [kind for kind in KINDS if not await _is_recorded(owner, kind)]
    words = "first-time" if missing == list(KINDS) else "first-time-again"
    prompt = await owner.speaker.clips(words)
    now = None
    if missing:
        now = await menu(owner.call, owner.speaker, prompt, {"1": True, "#": False}, tries=2)
        if now is None:
            return
    for kind in missing if now else ():
        await record_greeting(owner, kind)
    try:
        await owner.patiently(owner.office.pins.met(owner.mailbox))
    except Unavailable as fault:
        log.error("the first login comes again: {fault}", call=owner.call.id, fault=fault)
