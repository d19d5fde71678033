"""What callers of an auto attendant hear at one moment, and why, in words for administrators.

Knows: receptions (`umserver.org.reception`), holidays, schedules. Must never know: calls, sound,
time zones; whether a prompt is there is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from attrs import frozen

from umserver.org.holidays import holiday_on
from umserver.org.reception import Reception, reception
from umserver.org.schedule import Schedule
from umserver.org.settings import AutoAttendant, DialPlan, KeyMapping

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


@frozen(kw_only=True)
class Foretold:
    """One attendant at one moment."""

    moment: str
    """Day and time by the attendant's clock."""
    answers: str
    """What happens to a call: `with its menu`, `not at all`, `for somebody`."""
    hours: str
    """Which greeting and menu hold: business hours, after hours or a holiday."""
    because: str
    """The interval or the holiday that says so."""
    greeting: str
    announcement: str
    menu: str
    keys: tuple[str, ...]
    """What each key does."""
    language: str
    missing: tuple[str, ...]
    """Prompts that are named and not there."""


def foretell(
    attendant: AutoAttendant, plan: DialPlan, local: datetime, is_there: Callable[[str], bool]
) -> Foretold:
    """What holds at this local time; `is_there` tells whether a prompt was imported."""
    now = reception(attendant, plan, local)
    files = (now.greeting, now.announcement, now.menu, *_files_of(now))
    return Foretold(
        moment=f"{_day(local)} {local:%Y-%m-%d %H:%M}",
        answers=_answers(attendant),
        hours="holiday" if now.holiday else "business hours" if now.is_open else "after hours",
        because=_because(attendant, now, local),
        greeting=_greeting(attendant, now, is_there),
        announcement=_announcement(now, is_there),
        menu=_menu(now, is_there),
        keys=tuple(_keys(attendant, now)),
        language=attendant.language or plan.default_language,
        missing=tuple(dict.fromkeys(file for file in files if file and not is_there(file))),
    )


def _files_of(now: Reception) -> Iterator[str]:
    entries = (*now.keys, now.silence) if now.silence else now.keys
    return (entry.prompt_file for entry in entries)


def _day(local: datetime) -> str:
    return DAYS[local.isoweekday() % 7]


def _answers(attendant: AutoAttendant) -> str:
    if attendant.status != "Enabled":
        return f"not at all: its status is {attendant.status}"
    if attendant.forward_calls_to_default_mailbox:
        return f"with the mailbox {attendant.default_mailbox}, without a menu"
    return "with its menu"


def _because(attendant: AutoAttendant, now: Reception, local: datetime) -> str:
    holiday = now.holiday
    if holiday is not None:
        days = f"{holiday.start} to {holiday.end}" if holiday.end else holiday.start
        others = [one for one in attendant.holiday_schedule if one is not holiday]
        beside = holiday_on(others, local.date())
        shorter = f", which is shorter than {beside.name} or named first" if beside else ""
        return f"it is the holiday {holiday.name} ({days}){shorter}"
    for interval in Schedule.of(attendant.business_hours_schedule).intervals:
        if Schedule((interval,)).contains(local):
            return f"the schedule has {interval}"
    if not now.has_hours:
        return "without a schedule it is always open"
    return f"no interval of the schedule holds {_day(local)} {local:%H:%M}"


def _recorded(file: str, is_there: Callable[[str], bool]) -> str:
    """A recording in words; empty where none is heard."""
    return f"the recording {file}" if file and is_there(file) else ""


def _greeting(attendant: AutoAttendant, now: Reception, is_there: Callable[[str], bool]) -> str:
    business = attendant.business_name.strip()
    said = f"generated, welcomes to {business}" if business else "generated, without a name"
    if now.holiday is not None:
        said += f", and tells that it is closed for {now.holiday.name}"
    elif not now.is_open:
        said += ", and tells that it is closed"
    return _recorded(now.greeting, is_there) or said


def _announcement(now: Reception, is_there: Callable[[str], bool]) -> str:
    recorded = _recorded(now.announcement, is_there)
    return f"{recorded}, to its end" if recorded and now.must_be_heard else recorded or "none"


def _menu(now: Reception, is_there: Callable[[str], bool]) -> str:
    return _recorded(now.menu, is_there) or "generated from what may be pressed"


def _keys(attendant: AutoAttendant, now: Reception) -> Iterator[str]:
    for entry in now.keys:
        yield f"{entry.key} {entry.description}: {_does(entry)}"
    if now.operators:
        yield f"0: the operator at {' then '.join(now.operators)}"
    if now.can_search:
        yield "#: people are found by name"
    if now.can_sign_in:
        yield "*: voice access"
    if now.can_dial:
        users, others = attendant.allow_dial_plan_subscribers, attendant.allow_extensions
        whose = "any extension" if others else "extensions of users" if users else ""
        yield f"digits: {whose} can be dialled"
    if now.silence is not None:
        yield f"nothing: {_does(now.silence)}"
    elif now.keys or now.can_search or now.operators:
        yield f"nothing: the menu again and in the end {_last_resort(attendant)}"


def _last_resort(attendant: AutoAttendant) -> str:
    """Who goes on with callers who fail too often."""
    if not attendant.speech_enabled:
        return "the operator or goodbye"
    return attendant.dtmf_fallback_auto_attendant or "an apology"


def _does(entry: KeyMapping) -> str:
    """What a key does, its file first."""
    file = f"plays {entry.prompt_file}" if entry.prompt_file else ""
    return " and ".join(filter(None, (file, _act(entry)))) or "does nothing"


def _act(entry: KeyMapping) -> str:
    if entry.extension:
        return f"transfers to {entry.extension}"
    if entry.transfer_to_mailbox:
        return f"rings {entry.transfer_to_mailbox}"
    if entry.auto_attendant:
        return f"goes on with {entry.auto_attendant}"
    if entry.leave_voice_mail_for:
        return f"takes a message for {entry.leave_voice_mail_for}"
    if entry.announce_business_location:
        return "tells the location"
    return "tells the hours" if entry.announce_business_hours else ""
