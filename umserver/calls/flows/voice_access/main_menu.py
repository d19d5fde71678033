"""The main menu and what is said on the way to it (spec 5.1 step 7, 5.2).

Knows: which key opens what, what the policy hides. Must never know: what happens behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access import envelope, options
from umserver.calls.flows.voice_access.calling import operators_of, to_operator
from umserver.calls.flows.voice_access.composing import compose
from umserver.calls.flows.voice_access.finding import find_somebody
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


SPOKEN: Mapping[Choice, str] = {
    Choice.VOICE_MAIL: "main-menu",
    Choice.DIRECTORY: "main-menu-directory",
    Choice.COMPOSE: "main-menu-compose",
    Choice.OPTIONS: "main-menu-options",
    Choice.NO_LONGER_AWAY: "main-menu-away",
}
"""What is told of; mail and calendar have their keys, and nothing behind them yet."""
_LATER = (Choice.EMAIL, Choice.CALENDAR)


async def summary(owner: Owner) -> None:
    """How many messages there are."""
    try:
        messages = await owner.patiently(owner.box.messages())
    except Unavailable as fault:
        await _no_mailbox(owner, fault)
        return
    await owner.call.play(await envelope.summary(owner, messages))


async def main_menu(owner: Owner) -> None:
    """Until the owner falls silent; then the operator, where one is set. Raises HungUp, TimeUp."""
    while True:
        prompt, choices = await _offer(owner)
        choice = await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries)
        if choice is None or not await _chosen(owner, choice):
            break
    if operators_of(owner):
        await to_operator(owner)


async def _chosen(owner: Owner, choice: Choice) -> bool:
    """What is behind a key; False when the owner fell silent there."""
    if choice is Choice.VOICE_MAIL:
        return await voice_mail(owner)
    if choice is Choice.AGAIN or not await proved(owner):
        return True
    if choice in _LATER:
        await owner.say("service-not-available")
    elif choice is Choice.DIRECTORY:
        await find_somebody(owner)
    elif choice is Choice.COMPOSE:
        await compose(owner)
    elif choice is Choice.OPTIONS:
        await options.personal_options(owner)
    else:
        await options.switch_away(owner, on=False)
    return True


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
    """What is said, and the keys that work."""
    hidden = _hidden(owner)
    if not await options.is_away(owner):
        hidden.add(Choice.NO_LONGER_AWAY)
    names = [name for choice, name in SPOKEN.items() if choice not in hidden]
    choices = {choice.value: choice for choice in Choice if choice not in hidden}
    return await owner.speaker.clips(*names, "main-menu-repeat"), choices


def _hidden(owner: Owner) -> set[Choice]:
    """What policy or mailbox forbid (feature 98)."""
    policy, mailbox = owner.policy, owner.mailbox
    allowed = {
        Choice.EMAIL: policy.allow_tui_access_to_email and mailbox.tui_access_to_email_enabled,
        Choice.CALENDAR: policy.allow_tui_access_to_calendar
        and mailbox.tui_access_to_calendar_enabled,
        Choice.DIRECTORY: owner.may_search,
    }
    return {choice for choice, may in allowed.items() if not may}
