"""The main menu and what is said on the way to it (spec 5.1 step 7, 5.2).

Knows: which key opens what. Must never know: what happens behind it.
"""

from __future__ import annotations

from enum import Enum

from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access import answering, envelope, options
from umserver.calls.flows.voice_access.messages import hear_messages
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.proof import proved
from umserver.interfaces import Clip, Unavailable

log = Logger()


class Choice(Enum):
    """The main menu (spec 5.2)."""

    VOICE_MAIL = "1"
    EMAIL = "2"
    CALENDAR = "3"
    DIRECTORY = "4"
    COMPOSE = "5"
    OPTIONS = "6"
    NO_LONGER_AWAY = "7"
    AGAIN = "*"


_LATER = (Choice.EMAIL, Choice.CALENDAR, Choice.DIRECTORY)
"""Places of the menu behind which nothing is yet."""


async def summary(owner: Owner) -> None:
    """How many messages there are."""
    try:
        messages = await owner.patiently(owner.box.messages())
    except Unavailable as fault:
        await _no_mailbox(owner, fault)
        return
    await owner.call.play(await envelope.summary(owner, messages))


async def main_menu(owner: Owner) -> None:
    """Until the owner falls silent. Raises HungUp, TimeUp."""
    while True:
        prompt, choices = await _offer(owner)
        choice = await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries)
        if choice is None:
            return
        if choice is Choice.VOICE_MAIL:
            if not await voice_mail(owner):
                return
        elif choice is not Choice.AGAIN and not await proved(owner):
            continue
        elif choice in _LATER:
            await owner.say("service-not-available")
        elif choice is Choice.COMPOSE:
            await answering.compose(owner)
        elif choice is Choice.OPTIONS:
            await options.personal_options(owner)
        elif choice is Choice.NO_LONGER_AWAY:
            await options.switch_away(owner, on=False)


async def voice_mail(owner: Owner) -> bool:
    """False when the owner fell silent."""
    try:
        return await hear_messages(owner)
    except Unavailable as fault:
        await _no_mailbox(owner, fault)
        return True


async def _no_mailbox(owner: Owner, fault: Unavailable) -> None:
    log.error("a mailbox cannot be read: {fault}", call=owner.call.id, fault=fault)
    await owner.say("mailbox-unavailable")


async def _offer(owner: Owner) -> tuple[list[Clip], dict[str, Choice]]:
    """What is said, and the keys that work; 7 only while the away greeting is on."""
    away = await options.is_away(owner)
    names = ["main-menu", *(["main-menu-away"] if away else []), "main-menu-repeat"]
    choices = {c.value: c for c in Choice if away or c is not Choice.NO_LONGER_AWAY}
    return await owner.speaker.clips(*names), choices
