"""American English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from umserver.calls.grammar.language import Grammar, Noun

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_LARGE = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}
_WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def cardinal(number: int, *, feminine: bool = False) -> str:
    """Twenty-one, one hundred five."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_SMALL[rest]}" if rest else "")
    unit, word = next((unit, word) for unit, word in _LARGE if number >= unit)
    most, rest = divmod(number, unit)
    return f"{cardinal(most)} {word}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """Of a day of a month: third, twenty-first."""
    before, dash, last = cardinal(number).rpartition("-")
    return before + dash + _ORDINALS.get(last, f"{last}th")


def year(number: int) -> str:
    """Twenty twenty-six, two thousand five, nineteen oh one."""
    century, rest = divmod(number, 100)
    if not 1000 <= number <= 9999 or (number % 1000 < 10):
        return cardinal(number)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} " + (f"oh {_SMALL[rest]}" if rest < 10 else cardinal(rest))


def clock(hour: int, minute: int, *, twelve: bool | None = None) -> str:
    """Three oh five PM; noon and midnight; with 24 hours fifteen oh five."""
    if twelve is False:
        said = cardinal(hour) if hour or minute else "zero"
        if not minute:
            return f"{said} hundred"
        return f"{said} " + _minutes(minute)
    if (hour, minute) in ((0, 0), (12, 0)):
        return "noon" if hour else "midnight"
    said = cardinal((hour - 1) % 12 + 1) + (f" {_minutes(minute)}" if minute else "")
    return f"{said} {'PM' if hour >= 12 else 'AM'}"


def _minutes(minute: int) -> str:
    return f"oh {_SMALL[minute]}" if minute < 10 else cardinal(minute)


def day(when: datetime, now: datetime) -> str:
    """Today, yesterday, tomorrow, on Monday (within a week), on November third."""
    days = (when.date() - now.date()).days
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}
    if days in near:
        return near[days]
    if abs(days) < 7:
        return f"on {_WEEKDAYS[when.isoweekday() % 7]}"
    said = f"on {_MONTHS[when.month - 1]} {ordinal(when.day)}"
    return said if when.year == now.year else f"{said}, {year(when.year)}"


def phone_groups(digits: str) -> Sequence[str]:
    """Area code, exchange, line; what comes before them is a country code."""
    if len(digits) < 7:
        cuts = [len(digits)]
    elif len(digits) < 10:
        cuts = [len(digits) - 4, 4]
    else:
        cuts = [len(digits) - 10, 3, 3, 4]
    groups, place = [], 0
    for size in cuts:
        groups.append(" ".join(_SMALL[int(digit)] for digit in digits[place : place + size]))
        place += size
    return [group for group in groups if group]


def _noun(one: str, many: str = "") -> Noun:
    many = many or f"{one}s"
    return Noun(one, many, f"no {many}")


GRAMMAR = Grammar(
    language="en-US",
    cardinal=cardinal,
    digit_words=_SMALL[:10],
    nouns={
        "message": _noun("message"),
        "new-message": _noun("new message"),
        "saved-message": _noun("saved message"),
        "deleted-message": _noun("deleted message"),
        "urgent-message": _noun("urgent message"),
        "voice-message": _noun("voice message"),
        "new-voice-message": _noun("new voice message"),
        "saved-voice-message": _noun("saved voice message"),
        "recipient": _noun("recipient"),
        "person": _noun("person", "people"),
        "name": _noun("name"),
        "digit": _noun("digit"),
        "day": _noun("day"),
        "hour": _noun("hour"),
        "minute": _noun("minute"),
        "second": _noun("second"),
    },
    phone_groups=phone_groups,
    plus="plus",
    signs={"*": "star", "#": "pound"},
    clock=clock,
    day=day,
    at=lambda day, time: f"{day} at {time}",
    weekdays=_WEEKDAYS,
    first_weekday=0,
    weekly=lambda day: day,
    days_between=lambda first, last: f"{first} to {last}",
    times_between=lambda start, end: f"from {start} to {end}",
    all_day="all day",
    always="at any time",
    never="at no time",
    both=lambda days, hours: f"{days}, {hours}",
    conjunctions=("and", "or"),
    serial_comma=True,
)
