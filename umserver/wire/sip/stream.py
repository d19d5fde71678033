"""Messages out of a stream of octets.

Knows: where one message ends and the next begins (RFC 3261 §7.5, §18.3) and the empty lines between
them (RFC 5626 §3.5.1). Must never know: connections, what a message says. Bounded: what it keeps is
never longer than one message and one reading.
"""

from __future__ import annotations

import re

from attrs import define, field

from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.parse import MAX_MESSAGE, content_length, end_of_headers

_LENGTH = re.compile(rb"\n(?:content-length|l)[ \t]*:([^\r\n]*)", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_START = re.compile(rb"SIP/[0-9]|[^\n]* SIP/[0-9]", re.IGNORECASE)
MOST_EMPTY_LINES = 4096
"""Between two messages: pings every few seconds for as long as a peer may say nothing else."""
_TERMINATOR = 3
"""Octets of the longest mark between header fields and body."""


class StreamBroken(Exception):
    """Nothing more can be read from this stream: close it."""


@define(eq=False)
class StreamFramer:
    """One direction of a stream.

    A head from which the end of its message cannot be told comes out alone, so that it can be
    answered; the stream is broken from there on. Without Content-Length a message has no body.
    """

    pongs: int = field(init=False, default=0)
    """CRLFs owed so far: one for each ping, which is two empty lines between messages."""
    _kept: bytearray = field(init=False, factory=bytearray)
    _searched: int = field(init=False, default=0)
    """Octets at the start of what is kept in which no head ends."""
    _needs: int = field(init=False, default=0)
    """Octets of the message at hand, 0 until its head is complete."""
    _empty_lines: int = field(init=False, default=0)
    _broken: str = field(init=False, default="")

    @property
    def is_broken(self) -> bool:
        """Whether nothing more can be read."""
        return bool(self._broken)

    @property
    def is_midway(self) -> bool:
        """Whether a message has begun that is not complete."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now.

        Raises StreamBroken, but only once every message before the fault has been returned.
        """
        messages: list[bytes] = []
        if not self._broken:
            self._kept += data
            messages = self._take()
        if self._broken:
            self._kept.clear()
            if not messages:
                raise StreamBroken(self._broken)
        return messages

    def _take(self) -> list[bytes]:
        messages: list[bytes] = []
        at = 0
        while not self._broken:
            if not self._needs:
                at = self._skip_empty_lines(at)
                if not self._broken:
                    self._read_head(at)
            if not 0 < self._needs <= len(self._kept) - at:
                break
            messages.append(bytes(self._kept[at : at + self._needs]))
            at += self._needs
            self._needs = self._searched = self._empty_lines = 0
        del self._kept[:at]
        return messages

    def _skip_empty_lines(self, at: int) -> int:
        kept = self._kept
        while kept.startswith((b"\r\n", b"\n"), at):
            at += 2 if kept[at] == 13 else 1
            self._empty_lines += 1
            if self._empty_lines % 2 == 0:
                self.pongs += 1
            if self._empty_lines > MOST_EMPTY_LINES:
                self._broken = "nothing but empty lines"
                break
        return at

    def _read_head(self, at: int) -> None:
        """Find out how long the message is that begins here, or what is wrong with it."""
        kept = self._kept
        if kept.find(b"\n", at) >= 0 and _START.match(kept, at) is None:
            self._broken = "no SIP message"
            return
        ends = end_of_headers(kept, at + max(0, self._searched - _TERMINATOR))
        if ends is None:
            self._searched = len(kept) - at
            if self._searched > MAX_MESSAGE + _TERMINATOR:
                self._broken = "the header fields do not end"
            return
        head = ends[1] - at
        try:
            length = _body_length(bytes(kept[at : ends[0]]))
        except SipSyntaxError as fault:
            length, self._broken = 0, str(fault)
        if head + length > MAX_MESSAGE:
            length, self._broken = 0, "the message is too long"
        self._needs = head + length


def _body_length(head: bytes) -> int:
    lengths = {
        content_length(line.decode("latin-1")) for line in _LENGTH.findall(_FOLD.sub(b" ", head))
    }
    if len(lengths) > 1:
        raise SipSyntaxError("more than one Content-Length")
    return lengths.pop() if lengths else 0
