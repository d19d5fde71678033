"""Holidays of an auto attendant: dates as people write them, and which holiday a day is.

Knows: dates (spec 3.5 HolidaySchedule). Must never know: clocks, time zones; the day is an
argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar

_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


class Days(Protocol):
    """One holiday."""

    @property
    def start(self) -> str:
        """Its first day."""

    @property
    def end(self) -> str:
        """Its last day; empty when it has one day only."""


H = TypeVar("H", bound=Days)


def read_date(text: str) -> date:
    """The date of `12/25/2026` or `2026-12-25`. Raises ValueError."""
    american, iso = _AMERICAN.fullmatch(text.strip()), _ISO.fullmatch(text.strip())
    try:
        if american:
            return date(int(american[3]), int(american[1]), int(american[2]))
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        pass
    raise ValueError("must be a date such as 12/25/2026, the month first, or 2026-12-25")


def day(text: str) -> str | None:
    """What is wrong with a date, or None."""
    try:
        read_date(text)
    except ValueError as fault:
        return str(fault)
    return None


def tidy_date(text: str) -> str:
    """The one spelling: month/day/year."""
    found = read_date(text)
    return f"{found.month}/{found.day}/{found.year:04}"


def span(holiday: Days) -> tuple[date, date]:
    """First and last day. Raises ValueError when it ends before it begins."""
    start = read_date(holiday.start)
    end = read_date(holiday.end) if holiday.end else start
    if end < start:
        raise ValueError(f"must not end on {holiday.end}, before it begins on {holiday.start}")
    return start, end


def holiday_on(holidays: Iterable[H], today: date) -> H | None:
    """The holiday of this day; of several the shortest one, of equally short ones the first."""
    found: H | None = None
    fewest = 0
    for holiday in holidays:
        start, end = span(holiday)
        days = (end - start).days + 1
        if start <= today <= end and (found is None or days < fewest):
            found, fewest = holiday, days
    return found
