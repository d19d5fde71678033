"""What a mail server answers, read line by line (RFC 5321 §4.2).

Knows: reply codes, continuation lines, bounds on both. Must never know: what was asked. A server
that answers without an end, or with something else, is `NotMail`.
"""

from __future__ import annotations

import re

from attrs import define, field, frozen

from umserver.edges.mail.cleaning import one_line

MOST_LINE = 4096
"""Octets of a line; RFC 5321 §4.5.3.1.5 allows 512."""
MOST_LINES = 128
"""Lines of one reply."""

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?= |\Z)")


class NotMail(ValueError):
    """The peer does not speak SMTP or LMTP; `args[0]` says why."""


@frozen
class Reply:
    """One whole answer."""

    code: int
    lines: tuple[str, ...]

    @property
    def accepts(self) -> bool:
        """Whether it is a 2xx."""
        return self.code // 100 == 2

    @property
    def number(self) -> str:
        """The code, and the enhanced one where there is one (RFC 2034): `550 5.1.1`."""
        enhanced = _ENHANCED.match(self.lines[0])
        return f"{self.code} {enhanced[0]}" if enhanced else str(self.code)

    @property
    def words(self) -> str:
        """For people: `550 5.1.1 No such user`, in one line of at most 200 characters."""
        enhanced = _ENHANCED.match(self.lines[0])
        again = f"{enhanced[0]} " if enhanced else ""
        first, *rest = self.lines
        return one_line(
            " ".join([str(self.code), first, *(t.removeprefix(again) for t in rest)]), 200
        )


@define(eq=False)
class Replies:
    """Takes octets as they come."""

    _rest: bytes = field(init=False, default=b"")
    _lines: list[str] = field(init=False, factory=list)

    @property
    def pending(self) -> bool:
        """Whether octets wait that are no whole reply yet."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> None:
        """Take more octets. Raises NotMail where a line has no end."""
        self._rest += data
        if b"\n" not in self._rest[:MOST_LINE] and len(self._rest) >= MOST_LINE:
            raise NotMail("a line without an end")

    def next(self) -> Reply | None:
        """The next whole reply, or None. Raises NotMail."""
        while (end := self._rest.find(b"\n")) >= 0:
            line, self._rest = self._rest[:end].removesuffix(b"\r"), self._rest[end + 1 :]
            parts = _LINE.match(line)
            if parts is None or end > MOST_LINE:
                raise NotMail(f"the line {one_line(line[:60].decode('ascii', 'replace'))!r}")
            self._lines.append((parts[3] or b"").decode("utf-8", "replace"))
            if len(self._lines) > MOST_LINES:
                raise NotMail("an answer without an end")
            if parts[2] != b"-":
                lines, self._lines = tuple(self._lines), []
                return Reply(int(parts[1]), lines)
        return None
