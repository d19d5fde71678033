"""A mail's text as it goes over the wire: in pieces, with CRLF line ends and doubled dots.

Knows: octets (RFC 5321 §4.5.2). Must never know: commands. No line end but CRLF leaves, since
servers that take others can be made to see a second mail in the first. A piece costs microseconds;
the whole text is never copied.
"""

from __future__ import annotations

import re

from attrs import define, field

PIECE = 65536
"""Octets, up to the end of the line."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


@define(eq=False)
class Stuffing:
    """Gives the text piece by piece."""

    data: bytes = field(repr=False)
    _at: int = field(init=False, default=0)

    @property
    def size(self) -> int:
        """Octets of the text before dots are doubled, as SIZE counts them (RFC 1870 §4)."""
        return len(self.data)

    @property
    def is_ascii(self) -> bool:
        """Whether every octet has its high bit clear."""
        return self.data.isascii()

    def next(self) -> bytes:
        """The next piece, whole lines; empty at the end."""
        if self._at >= len(self.data):
            return b""
        end = self.data.find(b"\n", self._at + PIECE) + 1 or len(self.data)
        piece, self._at = self.data[self._at : end], end
        if not piece.count(b"\r\n") == piece.count(b"\n") == piece.count(b"\r"):
            piece = _LINE_END.sub(b"\r\n", piece)
        if not piece.endswith(b"\r\n"):
            piece += b"\r\n"
        return (b"." if piece.startswith(b".") else b"") + piece.replace(b"\r\n.", b"\r\n..")
