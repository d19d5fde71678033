"""Header fields that the server understands, as values.

Knows: the syntax of addresses with names, Via and CSeq (RFC 3261 §20). Must never know: messages.
What was read is written again character by character; what is changed is written anew.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from umserver.wire.sip.grammar import (
    TOKEN,
    Params,
    SipSyntaxError,
    param,
    params_text,
    quoted,
    skip_gap,
    take_params,
    unquoted,
    with_param,
)
from umserver.wire.sip.uri import Uri, host_text, parse_host, parse_port, parse_uri

MAX_ADDRESSES = 128
"""Addresses that one header field may list."""
MAX_CSEQ = 2**32 - 1
MOST_REMEMBERED, LONGEST_REMEMBERED = 1024, 300
"""Addresses, and their characters."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*', re.DOTALL)
_BARE_NAME = re.compile(r'[^<>",;\\\x00-\x08\x0a-\x1f\x7f]*')
_BARE_URI = re.compile(r"[^ \t;,?<>\"]+")
_VIA = re.compile(
    rf"[ \t]*({TOKEN})[ \t]*/[ \t]*({TOKEN})[ \t]*/[ \t]*({TOKEN})[ \t]+"
    r"(\[[^\[\]]*\]|[A-Za-z0-9_.\-]+)(?:[ \t]*:[ \t]*([0-9]{1,5}))?"
)
_CSEQ = re.compile(rf"([0-9]{{1,32}})[ \t]+({TOKEN})")
_Value = TypeVar("_Value", bound=Any)


@frozen
class NameAddr:
    """An address with a display name and parameters: From, To, Contact, Diversion …"""

    name: str
    """Without quotes and backslashes; empty when there is none."""
    uri: Uri
    params: Params = ()
    """Names in lower case, values without quotes."""
    _text: str = field(init=False, default="", eq=False, repr=False)

    def __str__(self) -> str:
        if self._text:
            return self._text
        name = f"{quoted(self.name)} " if self.name else ""
        return f"{name}<{self.uri}>{params_text(self.params)}"

    @property
    def tag(self) -> str | None:
        """The tag; None when there is none or an empty one."""
        return param(self.params, "tag") or None

    def param(self, name: str) -> str | None:
        """The value of a parameter; empty when it has none, None when it is not there."""
        return param(self.params, name)

    def with_param(self, name: str, value: str | None) -> NameAddr:
        """This address with a header parameter set; None makes it one without value."""
        return evolve(self, params=with_param(self.params, name, value))


@frozen
class Via:
    """One hop of the way back (RFC 3261 §20.42)."""

    transport: str
    """In upper case."""
    host: str
    """The sent-by host, without brackets."""
    port: int | None = None
    params: Params = ()
    """Names in lower case, values without quotes."""
    _text: str = field(init=False, default="", eq=False, repr=False)

    def __str__(self) -> str:
        if self._text:
            return self._text
        sent_by = host_text(self.host, self.port)
        return f"SIP/2.0/{self.transport} {sent_by}{params_text(self.params)}"

    @property
    def branch(self) -> str | None:
        """The branch; None when there is none or an empty one."""
        return param(self.params, "branch") or None

    def param(self, name: str) -> str | None:
        """The value of a parameter; empty when it has none, None when it is not there."""
        return param(self.params, name)

    def with_param(self, name: str, value: str | None) -> Via:
        """This hop with a parameter set; None makes it one without value."""
        return evolve(self, params=with_param(self.params, name, value))

    def seen_from(self, source: tuple[str, int]) -> Via:
        """This hop with what its sender cannot know (RFC 3261 §18.2.1, RFC 3581 §4).

        `received` where the message came from another address than it says, or an rport is wished
        for; then `rport` too.
        """
        host, port = source[0].partition("%")[0], source[1]
        wishes_port = self.param("rport") is not None
        if not wishes_port and host == self.host:
            return self
        via = self.with_param("received", host)
        return via.with_param("rport", str(port)) if wishes_port else via


@frozen
class CSeq:
    """Which request within a dialog (RFC 3261 §20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_name_addr(text: str) -> NameAddr:
    """Read one address. Raises SipSyntaxError, also when there are several.

    The messages of a call repeat its addresses: short ones are remembered for a while.
    """
    return _known_addr(text) if len(text) <= LONGEST_REMEMBERED else _one_addr(text)


def _one_addr(text: str) -> NameAddr:
    value, end = _take_name_addr(text, skip_gap(text, 0))
    if end != len(text):
        raise SipSyntaxError("something follows an address")
    return value


_known_addr = lru_cache(maxsize=MOST_REMEMBERED)(_one_addr)


def parse_name_addrs(text: str) -> list[NameAddr]:
    """Read a list of addresses, separated by commas. Raises SipSyntaxError."""
    found: list[NameAddr] = []
    at = 0
    while True:
        value, at = _take_name_addr(text, skip_gap(text, at))
        found.append(value)
        if at == len(text):
            return found
        if text[at] != ",":
            raise SipSyntaxError("something follows an address")
        if len(found) == MAX_ADDRESSES:
            raise SipSyntaxError("too many addresses in one header field")
        at += 1


def parse_via(text: str) -> Via:
    """Read one Via value. Raises SipSyntaxError, also when there are several."""
    via, end = take_via(text)
    if end != len(text):
        raise SipSyntaxError("something follows a Via value")
    return via


def take_via(text: str) -> tuple[Via, int]:
    """The first Via value of a line, and where it ends. Raises SipSyntaxError."""
    match = _VIA.match(text)
    if match is None:
        raise SipSyntaxError("a Via that cannot be read")
    _, _, transport, host, port = match.groups()
    params, end = take_params(text, match.end())
    if end != len(text) and text[end] != ",":
        raise SipSyntaxError("something follows a Via value")
    via = Via(transport.upper(), parse_host(host), parse_port(port), params)
    return _as_read(via, text[:end]), end


def parse_cseq(text: str) -> CSeq:
    """Read a CSeq value. Raises SipSyntaxError; the number has 32 bits."""
    match = _CSEQ.fullmatch(text)
    if match is None:
        raise SipSyntaxError("a CSeq that cannot be read")
    number = int(match[1])
    if number > MAX_CSEQ:
        raise SipSyntaxError("a CSeq number of more than 32 bits")
    return CSeq(number, match[2])


def _take_name_addr(text: str, start: int) -> tuple[NameAddr, int]:
    at, name = start, ""
    match = _QUOTED.match(text, at)
    if match is not None:
        name, at = unquoted(match[1]), match.end()
        if not text.startswith("<", at):
            raise SipSyntaxError("a display name without address")
    else:
        match = _BARE_NAME.match(text, at)
        assert match is not None
        if text.startswith("<", match.end()):
            name, at = match[0].strip(), match.end()
    if text.startswith("<", at):
        end = text.find(">", at)
        if end < 0:
            raise SipSyntaxError("an angle bracket is not closed")
        uri = parse_uri(text[at + 1 : end])
        at = end + 1
    else:
        match = _BARE_URI.match(text, at)
        if match is None:
            raise SipSyntaxError("no address")
        uri = parse_uri(match[0])
        at = match.end()
    params, at = take_params(text, at)
    return _as_read(NameAddr(name, uri, params), text[start:at]), at


def _as_read(value: _Value, text: str) -> _Value:
    object.__setattr__(value, "_text", text.strip(" \t"))
    return value
