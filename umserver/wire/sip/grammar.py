"""The small pieces that every SIP header field is made of.

Knows: tokens, quoted strings, parameters and %-escapes (RFC 3261 §25.1). Must never know: what a
header field means. Every function reads its text once, from left to right.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

Params = tuple[tuple[str, str | None], ...]
"""Parameters in order, names in lower case; None where a parameter has no value."""

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"

_TOKEN = re.compile(TOKEN)
_PARAM = re.compile(
    r'[ \t]*;[ \t]*([^ \t;,="<>\\]+)'
    r'(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t;,"<>\\]*)))?',
    re.DOTALL,
)
_GAP = re.compile(r"[ \t]*")
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9\-.!%*_+`'~\[\]:]+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LINE_ENDS = str.maketrans({"\r": " ", "\n": " "})


class SipSyntaxError(ValueError):
    """The text is no SIP; the message says why and never repeats what the peer sent."""


def is_token(text: str) -> bool:
    """Whether this is a `token`: a method, an option tag, a header's name."""
    return _TOKEN.fullmatch(text) is not None


def skip_gap(text: str, at: int) -> int:
    """Where the white space that begins here ends."""
    match = _GAP.match(text, at)
    assert match is not None
    return match.end()


def take_params(text: str, at: int) -> tuple[Params, int]:
    """The `;name=value` that stand here, and where they end.

    Raises SipSyntaxError on an empty or broken one.
    """
    if at == len(text):
        return (), at
    found: list[tuple[str, str | None]] = []
    match = _PARAM.match(text, at)
    while match is not None:
        name, quoted, value = match.groups()
        found.append((name.lower(), value if quoted is None else unquoted(quoted)))
        at = match.end()
        match = _PARAM.match(text, at)
    at = skip_gap(text, at)
    if text.startswith(";", at):
        raise SipSyntaxError("a parameter is empty or broken")
    return tuple(found), at


def params_text(params: Params) -> str:
    """Parameters as they stand in a header field; values that are no tokens get quotes."""
    return "".join(
        f";{name}" if value is None else f";{name}={_value_text(value)}" for name, value in params
    )


def param(params: Params, name: str) -> str | None:
    """The value of a parameter; empty when it has none, None when it is not there."""
    name = name.lower()
    for known, value in params:
        if known == name:
            return value or ""
    return None


def with_param(params: Params, name: str, value: str | None) -> Params:
    """The parameters with this one set, in its old place or at the end."""
    name = name.lower()
    if all(known != name for known, _ in params):
        return (*params, (name, value))
    return tuple((known, value if known == name else old) for known, old in params)


def quoted(text: str) -> str:
    """The text as a quoted string; line ends become spaces."""
    text = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def unquoted(inside: str) -> str:
    """What stands between the quotes, its backslashes resolved."""
    return _PAIR.sub(r"\1", inside) if "\\" in inside else inside


def one_line(text: str) -> str:
    """The text without line ends."""
    return text.translate(_LINE_ENDS) if "\r" in text or "\n" in text else text


def clean(text: str) -> str:
    """The text with replacement characters for octets that were no UTF-8 (lone surrogates here)."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def escaped(text: str, safe: str) -> str:
    """%-escapes for everything but letters, digits and `safe`."""
    return quote(text, safe=safe, errors="replace")


def unescaped(text: str) -> str:
    """%-escapes resolved, once. Raises SipSyntaxError on a % that is none."""
    if "%" not in text:
        return text
    if _BAD_ESCAPE.search(text):
        raise SipSyntaxError("a % without two hexadecimal digits")
    return unquote(text)


def _value_text(value: str) -> str:
    return value if _NEEDS_NO_QUOTES.fullmatch(value) else quoted(value)
