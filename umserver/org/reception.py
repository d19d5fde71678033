"""What an auto attendant says and offers at one moment: hours, holidays, greetings, keys (6.3).

Knows: the settings of attendant and dial plan, local time as an argument. Must never know: calls,
prompts, time zones.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from umserver.org.holidays import holiday_on
from umserver.org.schedule import Schedule
from umserver.org.settings import AutoAttendant, DialPlan, Holiday, KeyMapping

TIME_OUT = "-"
"""The key of the entry for callers who press nothing."""


@frozen(kw_only=True)
class Reception:
    """One attendant at one moment; it holds for the whole call (evaluated when it begins)."""

    is_open: bool
    """Business hours, and no holiday."""
    has_hours: bool
    """Whether there are hours at all; without any it is always open."""
    holiday: Holiday | None = None
    greeting: str = ""
    """Imported prompt that welcomes; generated when empty."""
    announcement: str = ""
    """Imported prompt with news; none when empty."""
    must_be_heard: bool = False
    """Whether keys do not interrupt the announcement."""
    menu: str = ""
    """Imported prompt of the menu; generated when empty."""
    keys: tuple[KeyMapping, ...] = ()
    """What 1 to 9 do, in the order of the settings."""
    silence: KeyMapping | None = None
    """What happens when nothing is pressed."""
    operators: tuple[str, ...] = ()
    """Whom 0 reaches, one after the other; empty when it reaches nobody."""
    can_dial: bool = False
    """Whether callers may dial extensions."""
    can_search: bool = False
    """Whether callers may search people by name."""
    can_sign_in: bool = False
    """Whether * leads to voice access."""


def reception(attendant: AutoAttendant, plan: DialPlan, local: datetime) -> Reception:
    """What holds at this local time of the attendant (spec 3.5, 6.3)."""
    schedule = Schedule.of(attendant.business_hours_schedule)
    holiday = holiday_on(attendant.holiday_schedule, local.date())
    in_hours = not schedule.intervals or schedule.contains(local)
    is_open = in_hours and holiday is None
    hours = "business_hours" if is_open else "after_hours"
    entries: tuple[KeyMapping, ...] = ()
    if getattr(attendant, f"{hours}_key_mapping_enabled"):
        entries = getattr(attendant, f"{hours}_key_mapping")
    operators: tuple[str, ...] = ()
    if getattr(attendant, f"{hours}_transfer_to_operator_enabled"):
        operators = (attendant.operator_extension, plan.operator_extension)
    someone = attendant.call_someone_enabled
    return Reception(
        is_open=is_open,
        has_hours=bool(schedule.intervals),
        holiday=holiday,
        greeting=holiday.file if holiday else _file(attendant, f"{hours}_welcome_greeting"),
        announcement=(
            attendant.info_announcement_filename
            if attendant.info_announcement_enabled != "False"
            else ""
        ),
        must_be_heard=attendant.info_announcement_enabled == "Uninterruptible",
        menu=_file(attendant, f"{hours}_main_menu_custom_prompt"),
        keys=tuple(entry for entry in entries if entry.key != TIME_OUT),
        silence=next((entry for entry in entries if entry.key == TIME_OUT), None),
        operators=tuple(dict.fromkeys(filter(None, operators))),
        can_dial=someone and (attendant.allow_dial_plan_subscribers or attendant.allow_extensions),
        can_search=attendant.name_lookup_enabled and (someone or attendant.send_voice_msg_enabled),
        can_sign_in=attendant.star_out_to_dial_plan_enabled,
    )


def _file(attendant: AutoAttendant, name: str) -> str:
    """The file of a prompt that is switched on; empty otherwise."""
    file: str = getattr(attendant, f"{name}_filename")
    return file if getattr(attendant, f"{name}_enabled") else ""
