"""Under which numbers somebody may be known in a dial plan, who is called or calls by one of them.

Knows: country codes, extensions, the masks of a dial plan (spec 2.3, 3.2 NumberingPlanFormats,
4.5). Must never know: users, calls.
"""

from __future__ import annotations

from umserver.org.facts import Party
from umserver.org.numbers import fits, is_number, key
from umserver.org.settings import DialPlan

LEAST_WHOLE_NUMBER = 7
"""Digits: a shorter number is somebody's extension, and its last digits are not one of ours."""


def spellings(plan: DialPlan, party: Party, *, own: bool) -> tuple[str, ...]:
    """The keys under which this party may be known in the plan, the surest first.

    `own`: the number was called or forwarded inside our own network, so that the last digits of a
    longer number may be the extension. Of a caller from outside they say nothing.
    """
    user = key(party.user)
    if not user:
        return ()
    if not is_number(user):
        return (f"{user}@{party.host.lower()}", user) if party.host and "@" not in user else (user,)
    length = plan.number_of_digits_in_extension
    digits = user.lstrip("+")
    found = {user: None}
    if plan.uri_type == "SipName" and party.host:
        found[f"{user}@{party.host.lower()}"] = None
    if len(digits) > length:
        found.update(dict.fromkeys(_longer(plan, user, digits, own)))
    return tuple(found)


def _longer(plan: DialPlan, user: str, digits: str, own: bool) -> list[str]:
    """Other spellings of a number that is longer than an extension."""
    international = _international(plan, user, digits)
    found = list(international)
    length = plan.number_of_digits_in_extension
    if any(fits(mask, digits) for mask in plan.numbering_plan_formats):
        found.append(digits[-length:])
    home = "+" + plan.country_or_region_code
    whole = len(digits) >= LEAST_WHOLE_NUMBER
    if own and whole and any(number.startswith(home) for number in international):
        found.append(digits[-length:])
    return found


def _international(plan: DialPlan, user: str, digits: str) -> tuple[str, ...]:
    """What the number may be with its country code; a gateway may send any of the forms."""
    if user[0] == "+":
        return (user,)
    code, abroad = plan.country_or_region_code, plan.international_access_code
    if abroad and digits.startswith(abroad):
        return ("+" + digits[len(abroad) :],)
    national = "+" + code + digits.removeprefix(plan.national_number_prefix)
    return ("+" + digits, national) if digits.startswith(code) else (national,)
