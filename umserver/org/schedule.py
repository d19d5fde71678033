"""Weekly times, `Mon.8:00-Mon.17:30`: read, checked, printed, asked whether a moment is in them.

Knows: the ScheduleInterval of spec 3.1. Must never know: time zones (a moment is local time),
holidays, whose hours these are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

FORM = "Day.Time-Day.Time"
QUARTER = 15
"""Minutes: times are rounded down to it, and nothing is shorter."""
DAY = 24 * 60
WEEK = 7 * DAY
MAX_LENGTH = 64
"""Characters of one interval; the longest one that says something has 46."""

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_SHORT = tuple(day[:3] for day in _DAYS)
_NUMBER_OF = {
    word: number
    for number, day in enumerate(_DAYS)
    for word in (day.casefold(), day[:3].casefold(), str(number))
}
_POINT = r"([A-Za-z]+|[0-6])\.(\d{1,2}):([0-5]\d)(?:\s?([AaPp])\.?[Mm]\.?)?"
_INTERVAL = re.compile(rf"\s*{_POINT}\s*-\s*{_POINT}\s*")


@frozen
class Interval:
    """One stretch of every week, in minutes after Sunday 0:00; it may run over the week's end."""

    start: int
    """First minute, 0 to 10079, a multiple of 15."""
    length: int
    """Minutes, 15 to 10080, a multiple of 15."""

    def contains(self, minute: int) -> bool:
        """Whether this minute of the week lies in it; its end does not."""
        return (minute - self.start) % WEEK < self.length

    def __str__(self) -> str:
        """Short day names and 24 hours."""
        end = (self.start + self.length) % WEEK
        return f"{_point_text(self.start)}-{_point_text(end)}"


@frozen
class Schedule:
    """The intervals of a week, none of them touching another; without any it is never."""

    intervals: tuple[Interval, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> Schedule:
        """From texts of which `interval` and `intervals` had nothing to complain of."""
        found = sorted(map(read_interval, texts), key=lambda interval: interval.start)
        return cls(tuple(found))

    def contains(self, moment: datetime) -> bool:
        """Whether this local time is in one of the intervals."""
        minute = (moment.isoweekday() % 7) * DAY + moment.hour * 60 + moment.minute
        return any(interval.contains(minute) for interval in self.intervals)


def read_interval(text: str) -> Interval:
    """One interval. Raises ValueError in words that go on after the text."""
    found = _INTERVAL.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise ValueError(f"must be {FORM}, such as Mon.8:00-Mon.17:30 or Sun.11:30 PM-Mon.1:30 AM")
    start, end = _minute(*found.groups()[:4]), _minute(*found.groups()[4:])
    begin, length = start - start % QUARTER, (end - end % QUARTER - start + start % QUARTER) % WEEK
    if not length and start == end == 0:
        return Interval(0, WEEK)
    if not length:
        raise ValueError("must last at least 15 minutes; the whole week is Sun.0:00-Sun.0:00")
    return Interval(begin, length)


def interval(text: str) -> str | None:
    """What is wrong with one interval, or None."""
    try:
        read_interval(text)
    except ValueError as fault:
        return str(fault)
    return None


def intervals(texts: Sequence[str]) -> str | None:
    """What is wrong with intervals together, each being right, or None."""
    found = Schedule.of(texts).intervals
    for before, after in zip(found, (*found[1:], *found[:1]), strict=True):
        gap = (after.start - before.start) % WEEK - before.length
        if len(found) > 1 and gap < QUARTER:
            return f"must leave at least 15 minutes between {before} and {after}"
    return None


def tidy_interval(text: str) -> str:
    """The one spelling: short day names, 24 hours, quarters."""
    return str(read_interval(text))


def read_time(text: str) -> int:
    """Minutes after midnight of `8:00`, `17:30` or `5:30 PM`. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,2}):([0-5]\d)(?:\s?([AaPp])\.?[Mm]\.?)?\s*", text)
    if found is None:
        raise ValueError(f"{text!r} is no time such as 8:00 or 5:30 PM")
    return _clock(*found.groups())


def time_text(minutes: int) -> str:
    """Minutes after midnight as a time of 24 hours."""
    return f"{minutes // 60}:{minutes % 60:02}"


def _minute(day: str, hour: str, minute: str, half: str | None) -> int:
    number = _NUMBER_OF.get(day.casefold())
    if number is None:
        raise ValueError(f"has no day {day!r}; days are Sun to Sat, Sunday to Saturday or 0 to 6")
    return number * DAY + _clock(hour, minute, half)


def _clock(hour: str, minute: str, half: str | None) -> int:
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            raise ValueError(f"has no hour {hour} before or after noon; they are 1 to 12")
        hours = hours % 12 + (12 if half in "Pp" else 0)
    elif hours > 23:
        raise ValueError(f"has no hour {hour}; hours are 0 to 23")
    return hours * 60 + int(minute)


def _point_text(minute: int) -> str:
    return f"{_SHORT[minute // DAY]}.{time_text(minute % DAY)}"
