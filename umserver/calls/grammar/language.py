"""What a language must be able to say, and what all languages do the same way.

Knows: the shape of a grammar. Must never know: any language's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen


class Cardinal(Protocol):
    """Says a whole number."""

    def __call__(self, number: int, *, feminine: bool = False) -> str:
        """0 to 999,999,999 in words, for a noun of this gender; a minus before a negative one."""


class Clock(Protocol):
    """Says a time of day."""

    def __call__(self, hour: int, minute: int, *, twelve: bool | None = None) -> str:
        """Words for a time; `twelve`: with twelve hours, with 24, or as the language likes."""


@frozen
class Noun:
    """Something that is counted, with its adjectives."""

    one: str
    """new message"""
    many: str
    """new messages"""
    none: str
    """The whole of it when there is none: no new messages"""
    feminine: bool = False


@frozen(kw_only=True)
class Grammar:
    """One language. Its parts are functions of the language's module."""

    language: str
    """The tag of the prompts' language: en-US."""
    cardinal: Cardinal
    digit_words: Sequence[str]
    """Zero to nine, as digits of a number are said one by one."""
    nouns: Mapping[str, Noun] = field(repr=False)
    """By the same name in every language: message, new-message …"""
    phone_groups: Callable[[str], Sequence[str]]
    """The groups in which the digits of a telephone number are said, each in words."""
    plus: str
    """What is said for the + of an international number."""
    signs: Mapping[str, str]
    """What is said for * and #."""
    clock: Clock
    day: Callable[[datetime, datetime], str]
    """The day of a moment as seen from now: today, on Monday, on November third."""
    at: Callable[[str, str], str]
    """Day and time together."""
    weekdays: Sequence[str]
    """Sunday to Saturday."""
    first_weekday: int
    """The day with which a week begins: 0 is Sunday."""
    weekly: Callable[[str], str]
    """A weekday on which something happens every week."""
    days_between: Callable[[str, str], str]
    """From one weekday to another one, both counted in."""
    times_between: Callable[[str, str], str]
    """From one time of day to another one."""
    all_day: str
    always: str
    never: str
    both: Callable[[str, str], str]
    """Hours that hold on certain days: the days, the hours."""
    conjunctions: tuple[str, str]
    """Before the last of a list where all hold, and where one holds."""
    serial_comma: bool

    def count(self, number: int, noun: str) -> str:
        """A number with what is counted. An unknown noun is a KeyError."""
        what = self.nouns[noun]
        if number == 0:
            return what.none
        word = what.one if abs(number) == 1 else what.many
        return f"{self.cardinal(number, feminine=what.feminine)} {word}"

    def digits(self, text: str) -> str:
        """Digits, * and # one by one; other characters are skipped."""
        return " ".join(
            self.digit_words[int(sign)] if sign in "0123456789" else self.signs[sign]
            for sign in text
            if sign in "0123456789*#"
        )

    def telephone(self, number: str) -> str:
        """A telephone number in the groups of the language; a short one digit by digit."""
        digits = "".join(sign for sign in number if sign in "0123456789*#")
        groups = ", ".join(self.phone_groups(digits)) if digits.isdigit() else self.digits(digits)
        return f"{self.plus} {groups}" if number.lstrip().startswith("+") else groups

    def time(self, when: datetime, *, twelve: bool | None = None) -> str:
        """The time of day of a moment."""
        return self.clock(when.hour, when.minute, twelve=twelve)

    def moment(self, when: datetime, now: datetime, *, twelve: bool | None = None) -> str:
        """Day and time as seen from now; both moments by the listener's clock."""
        return self.at(self.day(when, now), self.time(when, twelve=twelve))

    def duration(self, seconds: float) -> str:
        """A length of time in its two largest units, as two minutes and five seconds."""
        left = max(round(seconds), 0)
        found = []
        for noun, unit in (("hour", 3600), ("minute", 60), ("second", 1)):
            if left >= unit:
                found.append(self.count(left // unit, noun))
                left %= unit
        return self.listed(found[:2]) if found else self.count(0, "second")

    def listed(self, things: Sequence[str], *, one_of: bool = False) -> str:
        """Things in a row: a, b and c; or, with `one_of`, a, b or c."""
        if len(things) < 2:
            return "".join(things)
        comma = "," if self.serial_comma and len(things) > 2 else ""
        before = ", ".join(things[:-1])
        return f"{before}{comma} {self.conjunctions[one_of]} {things[-1]}"
