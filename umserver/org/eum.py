"""EUM proxy addresses, `eum:1001;phone-context=Boston`: the numbers of a user (spec 2.6).

Knows: the form. Must never know: which dial plans exist. The phone context is the name of the dial
plan. The primary one of several is written with capitals, as mail systems write it.
"""

from __future__ import annotations

import re

from attrs import frozen

from umserver.org.forms import number
from umserver.org.numbers import key

FORM = "eum:number;phone-context=dial plan"
MAX_LENGTH = 400
_ADDRESS = re.compile(r"eum:([^;]+);\s*phone-context=(.+)", re.IGNORECASE | re.DOTALL)


@frozen
class EumAddress:
    """A number in a dial plan."""

    number: str
    """Extension, + and E.164 number, or SIP address."""
    dial_plan: str
    primary: bool = False

    def __str__(self) -> str:
        """The address as mail systems write it."""
        scheme = "EUM" if self.primary else "eum"
        return f"{scheme}:{self.number};phone-context={self.dial_plan}"


def read_eum(text: str) -> EumAddress:
    """Raises ValueError in words that go on after the text."""
    found = _ADDRESS.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    wrong = number(found[1]) if found else f"must be written as {FORM}"
    if found is None or wrong:
        raise ValueError(wrong)
    return EumAddress(key(found[1]), found[2].strip(), text.strip().startswith("EUM"))


def eum_address(text: str) -> str | None:
    """What is wrong with an address, or None."""
    try:
        read_eum(text)
    except ValueError as fault:
        return str(fault)
    return None


def tidy_eum(text: str) -> str:
    """The one spelling of a secondary address."""
    found = read_eum(text)
    return str(EumAddress(found.number, found.dial_plan))
