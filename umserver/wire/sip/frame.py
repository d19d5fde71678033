"""What remains of an ordinary request when everything that varies from call to call is cut out.

Knows: how ordinary gateways write an INVITE and an OPTIONS, header field by header field. Must
never know: what is cut out, but for where it stood. All calls of one sort from one gateway leave
the same remains, which are read once. Whatever is unusual (a folded line, a second value where one
belongs) leaves no frame. Sources: RFC 3261 §8.1.1, §20.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.headers import parse_name_addr, parse_name_addrs
from umserver.wire.sip.message import COMPACT, Pairs
from umserver.wire.sip.screening import LEAST_SESSION
from umserver.wire.sip.uri import parse_uri

MOST_LINES = 128
MOST_FRAMES, LONGEST_FRAME = 2048, 2000
"""Remains that are remembered, and the characters of one; longer ones are read each time."""
MOST_REMEMBERED = 8192
"""Addresses that are known to be well written."""
LONGEST_REMEMBERED = 300
"""Characters of one of them; longer ones are read anew each time."""
_CUT = {"Via", "From", "Call-ID", "CSeq", "Contact", "Diversion", "History-Info"}
_CUT |= {"CC-Diversion", "P-Asserted-Identity", "Remote-Party-ID", "v", "f", "i", "m"}
_VARIES = re.compile(rf"(\r\n(?:{'|'.join(sorted(_CUT))}):[ \t]*)([^\r]*[^\r \t]|)")
"""What is cut out: the values, without the blanks around them, of header fields of these names."""
_START = re.compile(r"(INVITE|OPTIONS) (sips?:[^ ?]+) SIP/2\.0")
_SMALL = re.compile(r"[0-9]{1,5}")
_SESSION = re.compile(r"([0-9]{1,9})(?:;.*)?")

_FROM, _CALL_ID_LINE, _NUMBER, _VIA_LINE, _ADDRESSES, _WHO, _WAY = range(7)
_TO, _HOPS, _LENGTH, _TYPE, _SESSION_LINE, _ACCEPT, _DULL = range(7, 14)
_KINDS = {
    "From": _FROM, "f": _FROM, "Call-ID": _CALL_ID_LINE, "i": _CALL_ID_LINE, "CSeq": _NUMBER,
    "Via": _VIA_LINE, "v": _VIA_LINE, "To": _TO, "t": _TO,
    "Max-Forwards": _HOPS, "Content-Length": _LENGTH, "l": _LENGTH,
    **dict.fromkeys(("Contact", "m", "Record-Route", "Route"), _ADDRESSES),
    **dict.fromkeys(("P-Asserted-Identity", "Remote-Party-ID", "Privacy"), _WHO),
    **dict.fromkeys(("Diversion", "CC-Diversion", "History-Info"), _WAY),
    "Content-Type": _TYPE, "c": _TYPE, "Session-Expires": _SESSION_LINE, "x": _SESSION_LINE,
    "Accept": _ACCEPT,
    **dict.fromkeys(("User-Agent", "Allow", "Supported", "Date", "Allow-Events"), _DULL),
    **dict.fromkeys(("Server", "Organization"), _DULL),
}  # fmt: skip
"""What header fields are to a glance, by the names that equipment writes."""
_MATTERS = {name.lower() for name, kind in _KINDS.items() if kind != _DULL}
_MATTERS |= {"require", "content-encoding", "content-disposition"}
_MATTERS |= {short for short, long in COMPACT.items() if long in _MATTERS}
"""What no glance may pass over, however it is spelled."""


class Frame(NamedTuple):
    """What remains of a request without what varies; the numbers say where that stood."""

    method: str
    uri: str
    to: str
    ends: int
    """Line ends."""
    length: int | None
    """Content-Length."""
    any_body: bool
    """Whether nothing depends on the body."""
    from_: int
    call_id: int
    cseq: int
    vias: Sequence[int]
    addresses: Sequence[int]
    who: Sequence[tuple[str, int]]
    said: Pairs
    """What stays of the header fields that say who calls."""
    way: Sequence[tuple[str, int]]


class Frames:
    """All that were seen lately."""

    def __init__(self) -> None:
        self.addresses = WellWritten()
        self._known: dict[str, Frame] = {}

    def cut(self, text: str) -> tuple[Frame | None, list[str]]:
        """The frame of a request's lines, and the values that were cut out of it.

        None where anything is unusual.
        """
        pieces = _VARIES.split(text)
        values = pieces[2::3]
        del pieces[2::3]
        rest = "".join(pieces)
        frame = self._known.get(rest) or self._read(rest, len(values))
        if frame is None or text.count("\n") != frame.ends:
            return None, values
        return frame, values

    def _read(self, rest: str, count: int) -> Frame | None:
        """What remained after so many values were cut out."""
        lines = rest.split("\r\n")
        ends = len(lines) - 1
        start = _START.fullmatch(lines[0])
        if start is None or rest.count("\n") != ends or rest.count("\r") != ends:
            return None
        if ends >= MOST_LINES or "\n " in rest or "\n\t" in rest:
            return None
        found = self._fields(lines[1:])
        if found is None or found.count != count or not _can_be_read(start[2], parse_uri):
            return None
        frame = found.frame(start[1], start[2], ends)
        if frame is not None and len(rest) <= LONGEST_FRAME:
            if len(self._known) >= MOST_FRAMES:
                self._known.clear()
            self._known[rest] = frame
        return frame

    def _fields(self, lines: Sequence[str]) -> _Fields | None:
        found = _Fields()
        for line in lines:
            name, colon, value = line.partition(":")
            sort, value = _KINDS.get(name), value.strip(" \t")
            if sort == _DULL:
                continue
            if not colon:
                return None
            if sort is None:
                if name.strip(" \t").lower() in _MATTERS:
                    return None
            elif name in _CUT:
                found.cut.setdefault(sort, []).append((name, found.count))
                found.count += 1
            elif not self._take(found, sort, name, value):
                return None
        return found

    def _take(self, found: _Fields, sort: int, name: str, value: str) -> bool:
        """A header field that was not cut out; False where it is unusual."""
        if sort in (_TO, _HOPS, _LENGTH):
            is_first = sort not in found.once
            found.once[sort] = value
            return is_first and _is_ordinary(sort, value, self.addresses)
        if sort == _ADDRESSES:
            return self.addresses.are_several(value)
        if sort == _WHO:
            found.said.append((name, value))
        elif sort == _TYPE:
            found.type += value
        else:
            return _is_harmless(sort, value)
        return True


class _Fields:
    """Those of one frame, while it is read."""

    def __init__(self) -> None:
        self.count = 0
        """Values that were cut out."""
        self.cut: dict[int, list[tuple[str, int]]] = {}
        self.once: dict[int, str] = {}
        self.said: list[tuple[str, str]] = []
        self.type = ""

    def frame(self, method: str, uri: str, ends: int) -> Frame | None:
        """What they come to; None where one is missing or stands there twice."""
        singles = [self._places(sort) for sort in (_FROM, _CALL_ID_LINE, _NUMBER)]
        vias, length = self._places(_VIA_LINE), self.once.get(_LENGTH)
        if _TO not in self.once or not vias or any(len(places) != 1 for places in singles):
            return None
        return Frame(
            method=method,
            uri=uri,
            to=self.once[_TO],
            ends=ends,
            length=None if length is None else int(length),
            any_body=method != "INVITE" or self.type == "application/sdp",
            from_=singles[0][0],
            call_id=singles[1][0],
            cseq=singles[2][0],
            vias=vias,
            addresses=self._places(_ADDRESSES),
            who=self.cut.get(_WHO, []),
            said=tuple(self.said),
            way=self.cut.get(_WAY, []),
        )

    def _places(self, sort: int) -> list[int]:
        return [place for _, place in self.cut.get(sort, [])]


class WellWritten:
    """Remembers which addresses are."""

    def __init__(self) -> None:
        self.single: set[str] = set()
        self.several: set[str] = set()

    def is_single(self, text: str) -> bool:
        """Whether this is one address without a tag."""
        if text in self.single:
            return True
        return "tag" not in text.lower() and _remember(self.single, text, parse_name_addr)

    def are_several(self, text: str) -> bool:
        """Whether this is a list of addresses."""
        return text in self.several or _remember(self.several, text, parse_name_addrs)


def _can_be_read(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text)
    except SipSyntaxError:
        return False
    return True


def _remember(known: set[str], text: str, read: Callable[[str], object]) -> bool:
    """Whether this can be read; then it stays known, unless it is very long."""
    if not _can_be_read(text, read):
        return False
    if len(text) <= LONGEST_REMEMBERED:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known.add(text)
    return True


def _is_ordinary(sort: int, value: str, addresses: WellWritten) -> bool:
    if sort == _TO:
        return addresses.is_single(value)
    return _SMALL.fullmatch(value) is not None and (sort == _LENGTH or int(value) <= 255)


def _is_harmless(sort: int, value: str) -> bool:
    """Whether this header field leads to no refusal (see `umserver.wire.sip.screening`)."""
    if sort == _ACCEPT:
        return "application/sdp" in value.split(", ")
    match = _SESSION.fullmatch(value)
    return match is not None and int(match[1]) >= LEAST_SESSION
