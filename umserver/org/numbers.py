"""Telephone numbers as people, gateways and settings write them, and when two are the same.

Knows: separators, `tel:` and `sip:`, country codes, extensions, the masks of a dial plan (spec 2.3,
3.2 NumberingPlanFormats, 4.5). Must never know: users, calls. A *key* is the one spelling under
which a number is stored and looked up: digits, `+` and digits, or `user@host` in small letters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umserver.org.facts import Party
    from umserver.org.settings import DialPlan

MAX_LENGTH = 255
"""Longer texts are no number; nothing is computed about them."""

LEAST_WHOLE_NUMBER = 7
"""Digits: a shorter number is somebody's extension, and its last digits are not one of ours."""

_SEPARATORS = str.maketrans("", "", "-.() /")
_NUMBER = re.compile(r"\+?[0-9*#]+")
_SCHEME = re.compile(r"(?:sips?|tel|eum):", re.IGNORECASE)


def key(text: str) -> str:
    """The spelling under which this number or address is stored; empty when it is none.

    `tel:+1-212-555-0111;ext=3`, `+1 (212) 555-0111` and `+12125550111` are one; of a SIP address
    only `user@host` counts.
    """
    if len(text) > MAX_LENGTH:
        return ""
    text = _SCHEME.sub("", text.strip().strip("<>"), count=1).partition(";")[0].strip()
    if "@" in text:
        return text.lower()
    compact = text.translate(_SEPARATORS)
    return compact if _NUMBER.fullmatch(compact) else text.lower()


def is_number(text: str) -> bool:
    """Whether this is a number one can dial: digits, * and #, perhaps a + before them."""
    return _NUMBER.fullmatch(text) is not None


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


def fits(mask: str, digits: str) -> bool:
    """Whether a number has the form of a mask: its digits, and any digit for every x."""
    return len(mask) == len(digits) and all(
        wanted in "xX" or wanted == digit for wanted, digit in zip(mask, digits, strict=True)
    )
