"""What may stand in a call answering rule: times of day, as `3,4,8:00,12:00` (spec 3.8).

Knows: the numbers of modes, days and calendar states. Must never know: calendars, calls.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, IntFlag

from attrs import frozen

from umserver.org.schedule import read_time, time_text

FORM = "mode,days,start,end"


class Hours(IntEnum):
    """Which hours are meant."""

    WORKING = 1
    NON_WORKING = 2
    CUSTOM = 3


class Days(IntFlag):
    """Days of the week as the bits of a number."""

    SUNDAY = 1
    MONDAY = 2
    TUESDAY = 4
    WEDNESDAY = 8
    THURSDAY = 16
    FRIDAY = 32
    SATURDAY = 64


EVERY_DAY = 127
NO_DAY = Days(0)


@frozen
class TimeOfDay:
    """A condition on the time of a call."""

    hours: Hours
    days: Days = NO_DAY
    """Only of custom hours."""
    start: int = 0
    """Minutes after midnight; only of custom hours."""
    end: int = 0
    """Minutes after midnight, at most 1440; it does not belong to them any more."""

    def contains(self, moment: datetime, *, working: bool) -> bool:
        """Whether this local time is meant. `working`: it lies in the user's working hours."""
        if self.hours is not Hours.CUSTOM:
            return working is (self.hours is Hours.WORKING)
        minute = moment.hour * 60 + moment.minute
        return bool(self.days & (1 << moment.isoweekday() % 7)) and self.start <= minute < self.end

    def __str__(self) -> str:
        """The form that commands take."""
        if self.hours is not Hours.CUSTOM:
            return f"{self.hours.value},0,,"
        return f"3,{self.days.value},{time_text(self.start)},{time_text(self.end)}"


def read_time_of_day(text: str) -> TimeOfDay:
    """Raises ValueError in words that go on after the text."""
    cells = [cell.strip() for cell in text.split(",")]
    if len(cells) > 4 or cells[0] not in ("1", "2", "3"):
        raise ValueError(
            f"must be {FORM}, as 1,0,, for working hours, 2,0,, for the others, 3,4,8:00,12:00 "
            "for Tuesday morning"
        )
    hours = Hours(int(cells[0]))
    days, start, end = (*cells[1:], "", "", "")[:3]
    if hours is not Hours.CUSTOM:
        if days not in ("", "0") or start or end:
            raise ValueError("must have neither days nor times where it is not custom hours (3)")
        return TimeOfDay(hours)
    if not (days.isascii() and days.isdigit() and len(days) < 4 and 0 < int(days) <= EVERY_DAY):
        raise ValueError(
            "must have days from 1 to 127: the sum of 1 Sunday, 2 Monday, 4 Tuesday, 8 Wednesday, "
            "16 Thursday, 32 Friday and 64 Saturday"
        )
    begin, over = read_time(start), 1440 if end == "24:00" else read_time(end)
    if over <= begin:
        raise ValueError(f"must not end at {end}, before it begins")
    return TimeOfDay(hours, Days(int(days)), begin, over)


def time_of_day(text: str) -> str | None:
    """What is wrong with a time of day, or None."""
    try:
        read_time_of_day(text)
    except ValueError as fault:
        return str(fault)
    return None


def tidy_time_of_day(text: str) -> str:
    """The one spelling."""
    return str(read_time_of_day(text))
