"""Addresses as header fields state them, also where equipment writes them wrongly.

Knows: addresses, and the ways in which equipment gets them wrong. Must never know: what a header
field means. Sources: RFC 3261 §25.1, RFC 3966 §5. Nothing here raises: what cannot be read is
passed over, and named among the problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from attrs import evolve

from umserver.org.facts import Party
from umserver.wire.sip.grammar import Params
from umserver.wire.sip.headers import NameAddr, parse_name_addr, parse_name_addrs
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import SipSyntaxError
from umserver.wire.sip.uri import Uri, parse_uri

MOST_ADDRESSES = 32
"""More of them than this in one message are no statement but an attempt to keep us busy."""

_SEPARATORS = str.maketrans("", "", "-.() ")
_DIALLED = re.compile(r"\+?[0-9*#A-Da-d().\- ]+")
_DIGIT = re.compile(r"[0-9*#]")
_LOOSE_PARAM = re.compile(r'[ \t]*;[ \t]*([^;,="<>]*)(?:=[ \t]*("[^"<>]*"|[^;,"<>]*))?')
_NO_SCHEME = re.compile(r"[^:@]+@")
_HEADERS_SAFE = "%=&;:@/?+$,-_.!~*'()[]"


def party_of(uri: Uri, name: str = "") -> Party:
    """A URI as a party; parameters inside the user part and visual separators go (RFC 3966 §5)."""
    user = uri.user.partition(";")[0]
    if _DIALLED.fullmatch(user) and _DIGIT.search(user):
        user = user.translate(_SEPARATORS)
    return Party(user=user, host=uri.host, name=name.strip(), uri=str(uri))


def identities(request: Request, header: str, problems: list[str]) -> list[NameAddr]:
    """Addresses that somebody vouches for: of a broken line, the pieces that are well written.

    Nothing is mended: what stands in a quoted name must never come to be an address.
    """
    return _read(request, header, problems, _pieces)


def forwardings(request: Request, header: str, problems: list[str]) -> list[NameAddr]:
    """Addresses that a call came by: of a broken line, all that it plainly means."""
    return _read(request, header, problems, mended)


def _read(
    request: Request, header: str, problems: list[str], rescue: Callable[[str], list[NameAddr]]
) -> list[NameAddr]:
    """No more lines than there may be addresses, and of a broken one no more pieces."""
    found: list[NameAddr] = []
    for value in request.headers.all(header.lower())[:MOST_ADDRESSES]:
        if len(found) >= MOST_ADDRESSES:
            break
        try:
            found += parse_name_addrs(value)
        except (SipSyntaxError, ValueError) as fault:
            problems.append(f"{header}: {fault}")
            found += rescue(value)
    return [entry for entry in found if entry.uri.user or entry.uri.host]


def _pieces(value: str) -> list[NameAddr]:
    """What can be read of a list that is broken somewhere, piece by piece."""
    found = []
    for piece in value.split(",", MOST_ADDRESSES)[:MOST_ADDRESSES]:
        try:
            found.append(parse_name_addr(piece.strip()))
        except (SipSyntaxError, ValueError):
            continue
    return found


def mended(value: str) -> list[NameAddr]:
    """The addresses between angle brackets, whatever is wrong around and within these.

    Forgiven are stray quotes, commas missing or too many, empty parameters, doubled brackets, white
    space and a missing scheme within an address, and header fields in it that are not escaped. An
    address without its closing bracket was cut off somewhere, and is none.
    """
    found: list[NameAddr] = []
    at = 0
    for _ in range(MOST_ADDRESSES):
        begin = value.find("<", at)
        end = value.find(">", begin + 1)
        if begin < 0 or end < 0:
            return found + _pieces(value[at:])
        before, begin = value[at:begin], value.rfind("<", at, end)
        inside = value[begin + 1 : end]
        bare = _pieces(before)
        params, at = _loose_params(value, end + 1)
        name = "" if bare else before.replace('"', "").replace("\\", "").strip(" \t,;")
        found += bare
        try:
            found.append(NameAddr(name, _mended_uri(inside), params))
        except SipSyntaxError:
            continue
    return found


def _loose_params(text: str, at: int) -> tuple[Params, int]:
    """The parameters that stand here, however they are written, and where they end."""
    while text.startswith(">", at):
        at += 1
    found: list[tuple[str, str | None]] = []
    while (match := _LOOSE_PARAM.match(text, at)) is not None:
        name, value = match.groups()
        if name.strip():
            found.append((name.strip().lower(), None if value is None else value.strip(' \t"')))
        at = match.end()
    return tuple(found), at


def _mended_uri(text: str) -> Uri:
    """An address whose header fields may be of any form. Raises SipSyntaxError."""
    address, _, headers = text.partition("?")
    address = "".join(address.split())
    if _NO_SCHEME.match(address):
        address = f"sip:{address}"
    return evolve(parse_uri(address), headers=quote(headers, _HEADERS_SAFE, errors="replace"))
