"""Requests that are entirely ordinary, seen at a glance.

Knows: how ordinary gateways write an INVITE, an OPTIONS and an ACK. Must never know: what is to be
answered. A glance sees less than `parse` and never anything else: whatever is unusual (a folded
line, a quoted parameter, a second value where one belongs, octets that are no ASCII) is no glance,
and `parse` decides. What the two make of a message is compared for every vector and thousands of
mutations by the tests. Sources: RFC 3261 §8.1.1, §18.2, §20.

A glance takes 7 to 9 µs where `parse` and what follows from it take 40 (CPython 3.11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import NamedTuple

from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.headers import parse_name_addr, parse_name_addrs
from umserver.wire.sip.message import COMPACT
from umserver.wire.sip.screening import LEAST_SESSION
from umserver.wire.sip.uri import parse_uri

MOST_OCTETS = 8000
MOST_LINES = 128
MOST_REMEMBERED = 8192
"""Addresses that are known to be well written."""
LONGEST_REMEMBERED = 300
"""Characters of one of them; longer ones are read anew each time."""

_START = re.compile(r"(INVITE|OPTIONS) (sips?:[^ ?]+) SIP/2\.0")
_VIA = re.compile(
    r"SIP/2\.0/UDP ([A-Za-z0-9.\-]+)(?::([1-9][0-9]{0,4}))?"
    r"((?:;[a-z][a-z0-9\-]*(?:=[A-Za-z0-9.\-_~+*%!]+)?)+)"
)
_BRANCH = re.compile(r";branch=(z9hG4bK[^;]+)")
_TAG = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_CALL_ID = re.compile(r"[!-~]+")
_CSEQ = re.compile(r"([0-9]{1,9}) ([A-Z]+)")
_SMALL = re.compile(r"[0-9]{1,5}")
_SESSION = re.compile(r"([0-9]{1,9})(?:;.*)?")

_SINGLE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length")
_VIA_LINE, _ADDRESSES, _WHO, _WAY, _TYPE, _SESSION_LINE, _ACCEPT, _DULL = range(6, 14)
_KINDS = {
    **{name: place for place, name in enumerate(_SINGLE)},
    "f": 0, "t": 1, "i": 2, "l": 5, "Via": _VIA_LINE, "v": _VIA_LINE,
    **dict.fromkeys(("Contact", "m", "Record-Route", "Route"), _ADDRESSES),
    **dict.fromkeys(("P-Asserted-Identity", "Remote-Party-ID", "Privacy"), _WHO),
    **dict.fromkeys(("Diversion", "History-Info"), _WAY),
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


class Glance(NamedTuple):
    """A request outside of any dialog, as far as its answer depends on it."""

    method: str
    uri: str
    vias: list[str]
    host: str
    """Of the topmost Via, as are the port and the parameters."""
    port: int | None
    params: str
    branch: str
    from_: str
    sender: str
    """From without its tag."""
    tag: str
    to: str
    call_id: str
    cseq: str
    number: int
    who: tuple[tuple[str, str], ...]
    """Header fields that say who calls, beside From."""
    way: tuple[tuple[str, str], ...]
    """Header fields that say who forwarded the call."""

    @property
    def transaction(self) -> Hashable:
        """See `umserver.wire.sip.ledger.server_key`."""
        return (
            self.branch, self.method, self.call_id, self.number, self.host.lower(), self.port
        )  # fmt: skip

    @property
    def merge(self) -> Hashable:
        """See `umserver.wire.sip.ledger.merge_key`."""
        return (self.tag, self.call_id, self.number, self.method)

    @property
    def lines(self) -> str:
        """What makes it what it is; see `umserver.wire.sip.post.Post.same_tag`."""
        return "\n".join([*self.vias, self.from_, self.call_id, self.cseq])

    def seen_from(self, source: tuple[str, int]) -> tuple[str, int]:
        """Where the answer goes; the topmost Via then says what its sender cannot know.

        See `umserver.wire.sip.headers.Via.seen_from` and `umserver.wire.sip.paths.reply_flow`.
        """
        host, port = source
        wishes_port = ";rport" in self.params
        if wishes_port or host != self.host:
            params = f"{self.params};received={host}"
            if wishes_port:
                params = params.replace(";rport", f";rport={port}", 1)
            by = self.host if self.port is None else f"{self.host}:{self.port}"
            self.vias[0] = f"SIP/2.0/UDP {by}{params}"
        return source if wishes_port else (host, self.port or 5060)


class Eye:
    """Glances at messages, and remembers which addresses are well written."""

    def __init__(self) -> None:
        self._single: set[str] = set()
        self._several: set[str] = set()
        self._uris: set[str] = set()

    def glance(self, data: bytes) -> Glance | None:
        """What is to be seen of an ordinary INVITE or OPTIONS; None for everything else."""
        head, end, body = data.partition(b"\r\n\r\n")
        if not end or len(head) > MOST_OCTETS or not head.isascii():
            return None
        text = head.decode("ascii")
        lines = text.split("\r\n")
        count = len(lines)
        if text.count("\n") != count - 1 or text.count("\r") != count - 1 or count > MOST_LINES:
            return None
        if "\n " in text or "\n\t" in text:
            return None
        start = _START.fullmatch(lines[0])
        return self._fields(start[1], start[2], lines, body) if start is not None else None

    def _fields(self, method: str, uri: str, lines: list[str], body: bytes) -> Glance | None:
        once: list[str | None] = [None] * 6
        vias: list[str] = []
        who: list[tuple[str, str]] = []
        way: list[tuple[str, str]] = []
        kind = ""
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            sort = _KINDS.get(name)
            if sort == _DULL:
                continue
            if not colon:
                return None
            if sort is None:
                if name.strip(" \t").lower() in _MATTERS:
                    return None
                continue
            value = value.strip(" \t")
            if sort < _VIA_LINE:
                if once[sort] is not None:
                    return None
                once[sort] = value
            elif sort == _VIA_LINE:
                vias.append(value)
            elif sort == _ADDRESSES:
                if not self._are_addresses(value):
                    return None
            elif sort == _WAY:
                way.append((name, value))
            elif sort == _WHO:
                who.append((name, value))
            elif sort == _TYPE:
                kind += value
            elif not _is_harmless(sort, value):
                return None
        sender, to, call_id, cseq, hops, length = once
        if sender is None or to is None or call_id is None or cseq is None or not vias:
            return None
        if hops is not None and (_SMALL.fullmatch(hops) is None or int(hops) > 255):
            return None
        if length is not None:
            if _SMALL.fullmatch(length) is None or int(length) > len(body):
                return None
            body = body[: int(length)]
        if method == "INVITE" and body.strip() and kind != "application/sdp":
            return None
        return self._whole(method, uri, vias, sender, to, call_id, cseq, tuple(who), tuple(way))

    def _whole(
        self,
        method: str,
        uri: str,
        vias: list[str],
        from_: str,
        to: str,
        call_id: str,
        cseq: str,
        who: tuple[tuple[str, str], ...],
        way: tuple[tuple[str, str], ...],
    ) -> Glance | None:
        via, number = _VIA.fullmatch(vias[0]), _CSEQ.fullmatch(cseq)
        if via is None or number is None or number[2] != method:
            return None
        host, port, params = via.groups()
        branch = _BRANCH.search(params)
        sender, _, tag = from_.rpartition(";tag=")
        if (
            branch is None
            or len(branch[1]) < 8
            or ";received" in params
            or (";rport" in params and not _wishes_port(params))
            or (port is not None and int(port) > 65535)
            or len(host) > 255
            or _CALL_ID.fullmatch(call_id) is None
            or _TAG.fullmatch(tag) is None
            or not self._is_address(sender)
            or not self._is_address(to)
            or not self._is_uri(uri)
        ):
            return None
        return Glance(
            method, uri, vias, host, None if port is None else int(port), params, branch[1],
            from_, sender, tag, to, call_id, cseq, int(number[1]), who, way,
        )  # fmt: skip

    def _is_uri(self, text: str) -> bool:
        return text in self._uris or _remember(self._uris, text, parse_uri)

    def _is_address(self, text: str) -> bool:
        """Whether this is one address without a tag."""
        if text in self._single:
            return True
        return "tag" not in text.lower() and _remember(self._single, text, parse_name_addr)

    def _are_addresses(self, text: str) -> bool:
        """Whether this is a list of addresses."""
        return text in self._several or _remember(self._several, text, parse_name_addrs)


def _remember(known: set[str], text: str, read: Callable[[str], object]) -> bool:
    """Whether this can be read; then it stays known, unless it is very long."""
    try:
        read(text)
    except SipSyntaxError:
        return False
    if len(text) <= LONGEST_REMEMBERED:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known.add(text)
    return True


def _wishes_port(params: str) -> bool:
    """Whether `;rport` stands there once, without a value (RFC 3581 §3)."""
    return params.count(";rport") == 1 and ";rport;" in f"{params};"


def _is_harmless(sort: int, value: str) -> bool:
    """Whether this header field leads to no refusal (see `umserver.wire.sip.screening`)."""
    if sort == _ACCEPT:
        return "application/sdp" in value.split(", ")
    match = _SESSION.fullmatch(value)
    return match is not None and int(match[1]) >= LEAST_SESSION
