"""What the answers to an attendant's menu do (spec 6.3; features 124 to 130).

Knows: key mappings, the fixed keys 0 * #, how often a caller may be wrong. Must never know: how the
question is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from umserver.calls.call import NO_KEY
from umserver.calls.directory import Search, Wish, find_person
from umserver.calls.flows.attendant import transfers
from umserver.calls.flows.attendant.desk import AttendantDesk, Phrase, policy_of
from umserver.calls.flows.attendant.menu import answer
from umserver.calls.flows.leave_message import leave_message_and_return
from umserver.calls.flows.prompt_editing import asked_behind_pound, edit_prompts, may_edit
from umserver.calls.flows.voice_access.sign_in import Door
from umserver.calls.grammar import Grammar
from umserver.calls.grammar.hours import opening_hours
from umserver.interfaces import Clip, Unavailable
from umserver.org.people import method_of, scope_of_attendant, ways_of
from umserver.org.routes import LeaveMessage, VoiceAccess
from umserver.org.schedule import WEEK, Interval, Schedule
from umserver.org.settings import AutoAttendant, KeyMapping, Mailbox

Onward: TypeAlias = str | AutoAttendant
"""The outcome of the call, or the attendant that goes on."""

OPERATOR, SIGN_IN, SEARCH = "0", "*", "#"
GAVE_UP = "gave-up"
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


async def serve(desk: AttendantDesk, prompt: Sequence[Clip]) -> Onward:
    """Ask until an answer leads away; too many failures in a row lead to the operator or out."""
    if not prompt:
        await desk.say_goodbye("attendant-nobody")
        return GAVE_UP
    while True:
        pressed = await answer(desk, prompt)
        onward = await _act(desk, pressed)
        if onward is not None:
            return onward
        if desk.failures >= desk.tries:
            return await _give_up(desk)


async def _act(desk: AttendantDesk, pressed: str) -> Onward | None:
    """One answer; None leads back to the menu."""
    now = desk.now
    entries = {entry.key: entry for entry in now.keys}
    if not pressed:
        return await _silence(desk)
    if pressed in entries:
        desk.failures = 0
        return await _entry(desk, entries[pressed])
    if pressed == OPERATOR:
        desk.failures = 0 if now.operators else desk.failures + 1
        return await transfers.operator(desk)
    if pressed == SIGN_IN and now.can_sign_in:
        return await desk.office.follow(
            desk.call, VoiceAccess(dial_plan=desk.plan, caller=desk.route.caller)
        )
    if pressed == SEARCH and await _wants_prompts(desk):
        return await _prompts(desk)
    if pressed == SEARCH and now.can_search:
        desk.failures = 0
        return await _search(desk)
    if len(pressed) > 1:
        desk.failures += 1
        return await transfers.dial(desk, pressed)
    desk.failures += 1
    if desk.failures < desk.tries:
        await desk.say("invalid-key")
    return None


async def _silence(desk: AttendantDesk) -> Onward | None:
    """Nothing was pressed: the entry for it, else the question once more."""
    desk.failures += 1
    if desk.now.silence is not None:
        return await _entry(desk, desk.now.silence)
    if desk.failures < desk.tries:
        await desk.say("are-you-there")
    return None


async def _give_up(desk: AttendantDesk) -> Onward:
    """The last resort: the attendant with keys, the operator, else goodbye (feature 131)."""
    if desk.attendant.speech_enabled:
        fallback = desk.enabled(desk.attendant.dtmf_fallback_auto_attendant)
        if fallback is not None:
            return fallback
        await desk.say("attendant-not-understood", keys=NO_KEY)
    if desk.now.operators and await transfers.operator(desk) is not None:
        return transfers.TRANSFERRED
    await desk.say_goodbye()
    return GAVE_UP


async def _entry(desk: AttendantDesk, entry: KeyMapping) -> Onward | None:
    """A key mapping: its file, then its one action (feature 124)."""
    file = await desk.imported(entry.prompt_file)
    if file is not None:
        await desk.call.play(file)
    if entry.extension:
        return await transfers.dial(desk, entry.extension)
    if entry.transfer_to_mailbox:
        return await transfers.dial(desk, entry.transfer_to_mailbox)
    if entry.auto_attendant:
        return await _other(desk, entry.auto_attendant)
    if entry.leave_voice_mail_for:
        return await message_for(desk, await transfers.user_at(desk, entry.leave_voice_mail_for))
    if entry.announce_business_location:
        await _location(desk)
    elif entry.announce_business_hours:
        name, values = hours_phrase(desk.attendant, desk.grammar)
        await desk.say(name, **values)
    elif not entry.prompt_file:
        await desk.say("attendant-not-possible")
    return None


async def _other(desk: AttendantDesk, name: str) -> Onward | None:
    """Another attendant, when it is there and switched on."""
    attendant = desk.enabled(name)
    if attendant is not None:
        return attendant
    desk.note("leads to an attendant that does not answer", name)
    await desk.say("attendant-not-possible")
    return None


async def message_for(desk: AttendantDesk, mailbox: Mailbox | None) -> Onward | None:
    """Leave a message for a user of the plan, then come back (spec 6.1)."""
    policy = policy_of(desk.office, mailbox)
    if mailbox is None or policy is None:
        await desk.say("attendant-not-possible")
        return None
    route = LeaveMessage(
        dial_plan=desk.plan, caller=desk.route.caller, mailbox=mailbox, policy=policy
    )
    done = await leave_message_and_return(desk.call, desk.office, route, desk.speaker)
    return transfers.TRANSFERRED if done == transfers.TRANSFERRED else None


async def _search(desk: AttendantDesk) -> Onward | None:
    """Somebody found by name: call them, or leave a message (feature 128)."""
    attendant, org = desk.attendant, desk.office.settings
    desk.count("directory_accesses")
    wishes = []
    if attendant.call_someone_enabled:
        wishes.append(Wish.CALL)
    if attendant.send_voice_msg_enabled:
        wishes.append(Wish.MESSAGE)
    found = await find_person(
        desk.call,
        desk.office,
        desk.speaker,
        Search(
            scope=scope_of_attendant(org, attendant),
            ways=ways_of(desk.plan),
            method=method_of(desk.plan, attendant),
            wishes=tuple(wishes),
            plan=desk.plan,
            with_operator=bool(desk.now.operators),
        ),
    )
    if found is Wish.OPERATOR:
        return await transfers.operator(desk)
    if not isinstance(found, tuple):
        return None
    person, wish = found
    if wish is Wish.CALL:
        return await transfers.call_person(desk, person)
    return await message_for(desk, person)


async def _wants_prompts(desk: AttendantDesk) -> bool:
    """Whether * follows #, where prompts may be changed by telephone (spec 6.4)."""
    return desk.plan.tui_prompt_editing_enabled and await asked_behind_pound(desk.call)


async def _prompts(desk: AttendantDesk) -> Onward | None:
    """Who signs in and may, changes this attendant's prompts; others come back to the menu."""
    route = VoiceAccess(dial_plan=desk.plan, caller=desk.route.caller)
    try:
        door = Door(desk.call, desk.office, route, desk.speaker, edits_prompts=True)
        opened = await door.let_in()
    except Unavailable as fault:
        desk.note("nobody can sign in", fault)
        await desk.say("attendant-not-possible")
        return None
    if isinstance(opened, str):
        return opened
    owner, told = opened
    if told.expired or not may_edit(desk.plan, owner.mailbox):
        await desk.say("prompts-refused")
        return None
    return await edit_prompts(desk.call, desk.office, desk.speaker, desk.attendant, owner.mailbox)


async def _location(desk: AttendantDesk) -> None:
    name, values = location_phrase(desk.attendant)
    await desk.say(name, **values)


def location_phrase(attendant: AutoAttendant) -> Phrase:
    """Where the business is."""
    place, business = attendant.business_location.strip(), attendant.business_name.strip()
    if not place:
        return "attendant-location-unknown", {}
    if business:
        return "attendant-location", {"business": business, "location": place}
    return "attendant-location-plain", {"location": place}


def hours_phrase(attendant: AutoAttendant, grammar: Grammar) -> Phrase:
    """The business hours; always, when none are given."""
    schedule = Schedule.of(attendant.business_hours_schedule)
    if not schedule.intervals:
        schedule = Schedule((Interval(0, WEEK),))
    day = attendant.week_start_day
    first = DAYS.index(day) if day else None
    return "attendant-hours", {"hours": opening_hours(grammar, schedule, first)}
