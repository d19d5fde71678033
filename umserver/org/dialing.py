"""Who may dial what, and what is dialled then: masks, groups and the ladder of spec 4.9.

Knows: dialing rules, prefixes, the three permissions. Must never know: calls, users; whether the
target is a user of the plan is an argument. Everything here is a pure function with its reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from attrs import frozen

MAX_DIGITS = 64
"""Digits of a number that somebody wants to dial; a longer one is refused."""

_MASK = re.compile(r"[0-9xX]*\*?")
_DIALED = re.compile(r"\+?[0-9xX]*\*?")


class Rule(Protocol):
    """One line of a group of dialing rules."""

    @property
    def name(self) -> str:
        """The group it belongs to."""

    @property
    def number_mask(self) -> str:
        """Digits, x for one digit, * at the end for any."""

    @property
    def dialed_number(self) -> str:
        """What is dialled; x and * stand for what they matched."""


class Plan(Protocol):
    """What dialling needs of a dial plan."""

    @property
    def number_of_digits_in_extension(self) -> int:
        """Length of an extension."""

    @property
    def country_or_region_code(self) -> str:
        """Own country code."""

    @property
    def outside_line_access_code(self) -> str:
        """Digits for an outside line; empty when none are needed."""

    @property
    def national_number_prefix(self) -> str:
        """Digits before an area code."""

    @property
    def international_access_code(self) -> str:
        """Digits before a country code."""

    @property
    def configured_in_country_or_region_groups(self) -> Sequence[Rule]:
        """Rules for the own country."""

    @property
    def configured_international_groups(self) -> Sequence[Rule]:
        """Rules for other countries."""


class Permissions(Protocol):
    """What a dial plan, an auto attendant or a policy allows: all three have these settings."""

    @property
    def allow_dial_plan_subscribers(self) -> bool:
        """Users of the same plan."""

    @property
    def allow_extensions(self) -> bool:
        """Any number as long as an extension."""

    @property
    def allowed_in_country_or_region_groups(self) -> Sequence[str]:
        """Names of groups of rules."""

    @property
    def allowed_international_groups(self) -> Sequence[str]:
        """Names of groups of rules."""


@frozen
class Dialing:
    """Whether a number may be dialled, and the reasons in the order in which they were found."""

    number: str | None
    """What to dial; None when it may not be."""
    reasons: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it may be dialled."""
        return self.number is not None


def allowed_to_dial(plan: Plan, permissions: Permissions, wanted: str, *, is_user: bool) -> Dialing:
    """The ladder: users of the plan, then extensions, then the rules of the allowed groups.

    `is_user`: the number is that of a UM user of the same plan. `permissions`: of the policy for a
    caller who logged in, of the plan for one who did not, of the attendant in an attendant.
    """
    number = bare(wanted)
    if not number.strip("+"):
        return Dialing(None, ("there is no digit to dial",))
    if len(number) > MAX_DIGITS:
        return Dialing(None, (f"has more than {MAX_DIGITS} digits",))
    reasons: list[str] = []
    if is_user:
        if permissions.allow_dial_plan_subscribers:
            return Dialing(number, (f"{number} is a user of the dial plan",))
        reasons.append("users of the dial plan are not allowed (AllowDialPlanSubscribers)")
    if len(number) == plan.number_of_digits_in_extension and number.isdigit():
        if permissions.allow_extensions:
            return Dialing(number, (*reasons, f"{number} is as long as an extension"))
        reasons.append("extensions are not allowed (AllowExtensions)")
    return _by_rules(plan, permissions, number, reasons)


def _by_rules(plan: Plan, permissions: Permissions, number: str, reasons: list[str]) -> Dialing:
    rules = [
        *_named(
            plan.configured_in_country_or_region_groups,
            permissions.allowed_in_country_or_region_groups,
        ),
        *_named(plan.configured_international_groups, permissions.allowed_international_groups),
    ]
    if not rules:
        return Dialing(None, (*reasons, "no dialing rules are allowed: internal calls only"))
    for candidate in candidates(plan, number):
        for rule in rules:
            dialled = transformed(rule, candidate)
            if dialled is not None:
                why = f"{candidate} fits {rule.number_mask} of the group {rule.name}"
                return Dialing(dialled, (*reasons, why))
    return Dialing(None, (*reasons, f"{number} fits none of {len(rules)} allowed dialing rules"))


def _named(rules: Sequence[Rule], names: Sequence[str]) -> Iterator[Rule]:
    """The rules of these groups, in the order of the plan."""
    folded = {name.casefold() for name in names}
    return (rule for rule in rules if rule.name.casefold() in folded)


def bare(text: str) -> str:
    """Digits, behind a + where the text begins with one."""
    digits = "".join(letter for letter in text if letter in "0123456789")
    return "+" + digits if text.lstrip().startswith("+") else digits


def candidates(plan: Plan, number: str) -> tuple[str, ...]:
    """What this number may be as rules see it: digits, the most literal first.

    A number with + loses it, and is also tried as one dials it from the plan's country: with the
    national prefix at home, behind the international access code abroad. Each of them is tried
    with the code of an outside line too.
    """
    digits = number.lstrip("+")
    found = [digits]
    if number.startswith("+"):
        home = plan.country_or_region_code
        if digits.startswith(home):
            found.append(plan.national_number_prefix + digits[len(home) :])
        elif plan.international_access_code:
            found.append(plan.international_access_code + digits)
    outside = plan.outside_line_access_code
    if outside:
        found += [outside + candidate for candidate in found]
    return tuple(dict.fromkeys(found))


def transformed(rule: Rule, digits: str) -> str | None:
    """What a rule makes of a number of digits; None when the mask does not fit."""
    mask = rule.number_mask
    head = mask.rstrip("*")
    if len(digits) < len(head) or (head == mask and len(digits) > len(head)):
        return None
    wild: list[str] = []
    for wanted, digit in zip(head, digits, strict=False):
        if wanted in "xX":
            wild.append(digit)
        elif wanted != digit:
            return None
    rest, filled = digits[len(head) :], iter(wild)
    letters = (next(filled, "") if letter in "xX" else letter for letter in rule.dialed_number)
    return "".join(rest if letter == "*" else letter for letter in letters)


def across_plans(number_format: str, directory_number: str) -> str | None:
    """How another plan dials a user: the x's of the format take the number's last digits.

    `number_format`: InCountryOrRegionNumberFormat of the user's plan for callers of the same
    country, InternationalNumberFormat for others. None when there is no format or too few digits.
    """
    count = sum(letter in "xX" for letter in number_format)
    digits = bare(directory_number).lstrip("+")
    if not number_format or len(digits) < count:
        return None
    last = digits[len(digits) - count :]
    return "".join(letter for letter in number_format if letter not in "xX") + last


# what masks look like


def number_mask(text: str) -> str | None:
    """What is wrong with a rule's mask, or None."""
    if _MASK.fullmatch(text):
        return None
    return "must be digits, an x for any digit, and at its end perhaps a * for all others"


def dialed_number(text: str) -> str | None:
    """What is wrong with what a rule dials, or None."""
    if _DIALED.fullmatch(text):
        return None
    return "must be digits, with x and at its end * where the mask has them"


def number_format(text: str) -> str | None:
    """What is wrong with the form by which other plans dial users, or None (spec 4.9)."""
    if re.fullmatch(r"\+?[0-9]*[xX]+", text):
        return None
    return "must be digits followed by one x for every digit of the user's number"


def rule_fault(rule: Rule) -> str | None:
    """What is wrong between the mask and the number of a rule, or None."""
    mask, dialled = rule.number_mask.lower(), rule.dialed_number.lower()
    if mask.count("x") != dialled.count("x"):
        return f"must have as many x in {rule.dialed_number} as in {rule.number_mask}"
    if "*" in dialled and "*" not in mask:
        return f"must have no * in {rule.dialed_number}, since {rule.number_mask} has none"
    return None
