"""What callers press to spell a name or an address: the DTMF map of a user (spec 2.6, E.161).

Knows: letters on keys. Must never know: directories, calls.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_KEYS: Mapping[str, str] = {
    letter: key
    for key, letters in {
        "2": "abc",
        "3": "def",
        "4": "ghi",
        "5": "jkl",
        "6": "mno",
        "7": "pqrs",
        "8": "tuv",
        "9": "wxyz",
    }.items()
    for letter in letters
}
_TWO_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)
MAPS = ("emailAddress", "firstNameLastName", "lastNameFirstName")
"""The three entries of a map."""
FORM = "|".join(MAPS) + ":digits"
_ENTRY = re.compile(rf"(?:{'|'.join(MAPS)}):[0-9]{{1,128}}")


def digits_of(text: str) -> str:
    """The keys that spell it: accents do not count, digits are themselves, others are skipped."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_TWO_LETTERS))
    return "".join(_KEYS.get(letter, letter if letter in "0123456789" else "") for letter in plain)


def names_of(display_name: str, first: str = "", last: str = "") -> tuple[str, str]:
    """First and last name; what is not given is taken from the display name, its last word last.

    `Smith, Tony` is read as Tony Smith.
    """
    before, comma, after = display_name.partition(",")
    words = [*after.split(), before.strip()] if comma else display_name.split()
    guessed_first, guessed_last = " ".join(words[:-1]), words[-1] if words else ""
    return first or guessed_first, last or guessed_last


def dtmf_map(address: str, first: str, last: str) -> tuple[str, ...]:
    """The map of a user; entries that nobody could press are left out."""
    spelled = (address.partition("@")[0], first + last, last + first)
    return tuple(
        f"{name}:{digits}"
        for name, digits in zip(MAPS, map(digits_of, spelled), strict=True)
        if digits
    )


def entry(text: str) -> str | None:
    """What is wrong with an entry of a map, or None."""
    return None if _ENTRY.fullmatch(text) else f"must be written as {FORM}"
