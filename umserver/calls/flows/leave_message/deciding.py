"""The menus after a recording, and what is done with the message (spec 6.1).

Knows: which key means what. Must never know: how a message is kept or sent.
"""

from __future__ import annotations

from enum import Enum

from attrs import evolve
from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.leave_message.taking import has_room, take
from umserver.calls.flows.leave_message.visit import Visit
from umserver.interfaces import Unavailable

log = Logger()


class Act(Enum):
    """The menu after recording (spec 6.1)."""

    ACCEPT = "1"
    REPLAY = "2"
    ERASE = "3"
    APPEND = "4"
    CANCEL = "*"


class Option(Enum):
    """The menu of options before sending (spec 6.1)."""

    SEND = "#"
    IMPORTANT = "1"
    PRIVATE = "2"
    BACK = "*"


ACTS = {act.value: act for act in Act}


async def take_message(visit: Visit) -> str:
    """Record and decide until the message is sent or given up; returns the outcome."""
    ended_by = await take(visit)
    while True:
        if ended_by == "disk":
            return await _apologise(visit)
        if not visit.is_message:
            await visit.say_goodbye("nothing-recorded")
            return "missed"
        if ended_by == "limit":
            await visit.say("recording-limit-reached")
        act = await _act(visit)
        if act is Act.ACCEPT:
            return await _send(visit)
        if act is Act.CANCEL:
            return await _cancel(visit)
        if act is Act.APPEND:
            await visit.say("record-append", keys="#")
        elif await visit.erase():
            await visit.say("message-erased", "record-again", keys="#")
        else:
            return await _apologise(visit)
        ended_by = await take(visit)


async def _act(visit: Visit) -> Act:
    """ACCEPT, ERASE, APPEND or CANCEL; silence accepts the message as it is."""
    while True:
        prompt = await visit.speaker.clips("message-menu")
        act = await menu(visit.call, visit.speaker, prompt, ACTS, tries=visit.tries)
        if act is None or (act is Act.ACCEPT and await _options(visit)):
            return Act.ACCEPT
        if act is Act.REPLAY:
            await _replay(visit)
        elif act is Act.APPEND and not has_room(visit):
            await visit.say("recording-limit-reached")
        elif act is not Act.ACCEPT:
            return act


async def _replay(visit: Visit) -> None:
    try:
        recording = await visit.on_disk(visit.draft.clip)
    except Unavailable as fault:
        log.error("a recording cannot be played: {fault}", call=visit.call.id, fault=fault)
        await visit.say("replay-not-possible")
    else:
        await visit.call.play(recording)


async def _options(visit: Visit) -> bool:
    """Importance and privacy; True to send (also after silence), False for back."""
    may_be_private = visit.route.policy.protect_unauthenticated_voice_mail != "None"
    options = {o.value: o for o in Option if may_be_private or o is not Option.PRIVATE}
    name = "message-options-private" if may_be_private else "message-options"
    while True:
        prompt = await visit.speaker.clips(name)
        option = await menu(visit.call, visit.speaker, prompt, options, tries=visit.tries)
        if option is Option.IMPORTANT:
            visit.choices = evolve(visit.choices, important=not visit.choices.important)
            await visit.say("marked-important" if visit.choices.important else "unmarked-important")
        elif option is Option.PRIVATE:
            visit.choices = evolve(visit.choices, private=not visit.choices.private)
            await visit.say("marked-private" if visit.choices.private else "unmarked-private")
        else:
            return option is not Option.BACK


async def _send(visit: Visit) -> str:
    safe = await visit.settle_patiently()
    await visit.say_goodbye("message-sent" if safe else "message-delayed")
    return "message"


async def _cancel(visit: Visit) -> str:
    await visit.erase()
    await visit.settle_patiently()
    await visit.say_goodbye("message-cancelled")
    return "cancelled"


async def _apologise(visit: Visit) -> str:
    """The disk takes no more: what was taken before is kept."""
    await visit.settle_patiently()
    await visit.say_goodbye("disk-apology" if visit.is_message else "disk-apology-nothing")
    return "no-space"
