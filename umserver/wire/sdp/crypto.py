"""`a=crypto` lines: keys told in the description itself (RFC 4568).

Knows: the syntax and its bounds. Must never know: which suites or parameters we have.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error

from attrs import field, frozen

MOST_KEYS = 8
"""Key parameters of a line that are looked at; one with more is none."""
MOST_PACKETS = 1 << 48
MOST_MKI_OCTETS = 128

_LINE = re.compile(r"([0-9]{1,9})[ \t]+([A-Za-z0-9_]+)[ \t]+(\S+)((?:[ \t]+\S+)*)")
_KEY = re.compile(
    r"inline:([A-Za-z0-9+/]+={0,2})"
    r"(?:\|(?P<power>2\^)?(?P<lifetime>[0-9]{1,15}))?"
    r"(?:\|(?P<mki>[0-9]{1,310}):(?P<octets>[0-9]{1,3}))?",
    re.IGNORECASE,
)


@frozen
class InlineKey:
    """One `inline:` parameter."""

    secret: bytes = field(repr=False)
    """Master key and salt."""
    lifetime: int | None = None
    """Packets that may be protected with it."""
    mki: bytes = b""
    """The octets that mark packets protected with it; empty without."""


@frozen
class Crypto:
    """A whole line."""

    tag: int
    suite: str
    """As written."""
    keys: tuple[InlineKey, ...]
    """At least one; several have MKIs of one length."""
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        keys = ";".join(f"inline:{b64encode(key.secret).decode()}" for key in self.keys)
        return " ".join((str(self.tag), self.suite, keys, *self.parameters))


def parse_crypto(value: str) -> Crypto | None:
    """What stands behind `a=crypto:`; None where that is no line of RFC 4568 §9.2."""
    match = _LINE.fullmatch(value.strip())
    if match is None:
        return None
    texts = match[3].split(";")
    keys = [_key(text) for text in texts[: MOST_KEYS + 1]]
    found = tuple(key for key in keys if key is not None)
    if len(found) != len(texts) or len({len(key.mki) for key in found}) != 1:
        return None
    if (len(found) > 1 and len({key.mki for key in found}) != len(found)) or len(found) > MOST_KEYS:
        return None
    return Crypto(int(match[1]), match[2], found, tuple(match[4].split()))


def _key(text: str) -> InlineKey | None:
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    plain = match[1].rstrip("=")
    try:
        secret = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except Error:
        return None
    lifetime = _lifetime(match["power"], match["lifetime"])
    mki = _mki(match["mki"], match["octets"])
    return None if lifetime == 0 or mki is None else InlineKey(secret, lifetime, mki)


def _lifetime(power: str | None, text: str | None) -> int | None:
    """Packets; 0 where that is no lifetime, None where none is given."""
    if text is None:
        return None
    number = int(text)
    if power is not None:
        number = 1 << number if number <= 48 else 0
    return number if number <= MOST_PACKETS else 0


def _mki(text: str | None, octets: str | None) -> bytes | None:
    """Its octets; None where it does not fit its length, or the length is none."""
    if text is None or octets is None:
        return b""
    number, length = int(text), int(octets)
    if not 1 <= length <= MOST_MKI_OCTETS or number >= 1 << (8 * length):
        return None
    return number.to_bytes(length, "big")
