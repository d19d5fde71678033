"""Telephone numbers as people, gateways and settings write them, and when two are the same.

Knows: separators, `tel:` and `sip:`, masks (spec 2.3, 3.2 NumberingPlanFormats). Must never know:
dial plans, users, calls. A *key* is the one spelling under which a number is stored and looked up:
digits, `+` and digits, or `user@host` in small letters.
"""

from __future__ import annotations

import re

MAX_LENGTH = 255
"""Longer texts are no number; nothing is computed about them."""

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


def fits(mask: str, digits: str) -> bool:
    """Whether a number has the form of a mask: its digits, and any digit for every x."""
    return len(mask) == len(digits) and all(
        wanted in "xX" or wanted == digit for wanted, digit in zip(mask, digits, strict=True)
    )
