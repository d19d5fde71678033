"""Personal options, by keys only (spec 5.7).

Knows: away greeting, recordings, PIN, which key leads to the preferences. Must never know: where
any of them is kept.
"""

from __future__ import annotations

from enum import Enum

from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.new_pin import change_pin
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.preferences import (
    choose_time_zone,
    switch_clock,
    switch_interface,
)
from umserver.calls.flows.voice_access.recording import record_greeting
from umserver.interfaces import Clip, Unavailable

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


class Keeping(Enum):
    """What can be done with a recording that is there."""

    RECORD = "1"
    LISTEN = "2"
    REMOVE = "3"
    BACK = "*"


KEEPING = {wish.value: wish for wish in Keeping}
OPTIONS = {option.value: option for option in Option}
GREETINGS = {"1": "personal", "2": "away", "3": "name", "*": ""}


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
        elif option is Option.INTERFACE:
            await switch_interface(owner)
        elif option is Option.TIME_ZONE:
            await choose_time_zone(owner)
        elif option is Option.CLOCK:
            await switch_clock(owner)


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
        own = await _own(owner, kind)
        if own is None:
            await record_greeting(owner, kind)
        else:
            await _change(owner, kind, own)


async def _own(owner: Owner, kind: str) -> Clip | None:
    """What the owner recorded of this kind."""
    try:
        return await owner.patiently(owner.office.greetings.recorded(owner.address, kind))
    except Unavailable as fault:
        log.error("a greeting cannot be read: {fault}", call=owner.call.id, fault=fault)
        return None


async def _change(owner: Owner, kind: str, own: Clip) -> None:
    """A greeting that is there: hear it, record it anew, remove it."""
    while True:
        prompt = await owner.speaker.clips("greeting-own-menu")
        wish = await menu(owner.call, owner.speaker, prompt, KEEPING, tries=owner.tries)
        if wish is Keeping.LISTEN:
            await owner.call.play(own)
        elif wish is Keeping.RECORD:
            await record_greeting(owner, kind)
            return
        elif wish is Keeping.REMOVE:
            await _remove(owner, kind)
            return
        else:
            return


async def _remove(owner: Owner, kind: str) -> None:
    try:
        await owner.patiently(owner.office.greetings.remove(owner.address, kind))
    except Unavailable as fault:
        log.error("a greeting stays: {fault}", call=owner.call.id, fault=fault)
        await owner.say("not-changed")
    else:
        await owner.say("greeting-removed")
