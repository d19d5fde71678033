"""Personal options, by keys only (spec 5.7).

Knows: away greeting, recordings, PIN. Must never know: where any of them is kept.
"""

from __future__ import annotations

from enum import Enum

from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.new_pin import change_pin
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.recording import record_greeting
from umserver.interfaces import Unavailable

log = Logger()


class Option(Enum):
    """The menu of personal options (spec 5.7)."""

    AWAY = "1"
    GREETINGS = "2"
    PIN = "3"
    INTERFACE = "4"
    TIME_ZONE = "5"
    CLOCK = "6"
    BACK = "*"


OPTIONS = {option.value: option for option in Option}
GREETINGS = {"1": "personal", "2": "away", "3": "name", "*": ""}
_LATER = (Option.INTERFACE, Option.TIME_ZONE, Option.CLOCK)


async def personal_options(owner: Owner) -> None:
    """Until the owner goes back or falls silent."""
    while True:
        away = await is_away(owner)
        prompt = await owner.speaker.clips(
            "options-away-is-on" if away else "options-away-is-off", "options-menu"
        )
        option = await menu(owner.call, owner.speaker, prompt, OPTIONS, tries=owner.tries)
        if option is None or option is Option.BACK:
            return
        if option is Option.AWAY:
            await switch_away(owner, on=not away)
        elif option is Option.GREETINGS:
            await _greetings(owner)
        elif option is Option.PIN:
            await change_pin(owner)
        elif option in _LATER:
            await owner.say("service-not-available")


async def is_away(owner: Owner) -> bool:
    """Whether the away greeting is on; no where that cannot be found out."""
    try:
        return await owner.patiently(owner.office.greetings.is_away(owner.address))
    except Unavailable as fault:
        log.error("a greeting cannot be read: {fault}", call=owner.call.id, fault=fault)
        return False


async def switch_away(owner: Owner, *, on: bool) -> None:
    """Switch the away greeting, and say so."""
    try:
        await owner.patiently(owner.office.greetings.set_away(owner.address, on))
    except Unavailable as fault:
        log.error("the away greeting stays: {fault}", call=owner.call.id, fault=fault)
        await owner.say("not-changed")
    else:
        await owner.say("away-on" if on else "away-off")


async def _greetings(owner: Owner) -> None:
    while True:
        prompt = await owner.speaker.clips("greetings-menu")
        kind = await menu(owner.call, owner.speaker, prompt, GREETINGS, tries=owner.tries)
        if not kind:
            return
        await record_greeting(owner, kind)
