"""What waits in a mailbox, as telephones are told it (RFC 3842).

Knows: the body `application/simple-message-summary`. Must never know: who is told, and when. What a
peer wrote is read within bounds; kinds of messages other than voice are left out.
"""

from __future__ import annotations

import re

from attrs import frozen

PACKAGE = "message-summary"
"""The event package (RFC 3842 §4.1)."""
CONTENT_TYPE = "application/simple-message-summary"
MOST_OCTETS = 4096
"""Of a body that is read."""
MOST_COUNT = 4_294_967_295
"""RFC 3842 §5.2: counts have 32 bits."""

_LINE = re.compile(r"([A-Za-z-]+)[ \t]*:[ \t]*(.*?)[ \t]*")
_COUNTS = re.compile(
    r"(\d{1,10})[ \t]*/[ \t]*(\d{1,10})(?:[ \t]*\((\d{1,10})[ \t]*/[ \t]*(\d{1,10})\))?"
)


class NoSummary(ValueError):
    """The body is none; `args[0]` says why."""


@frozen
class Summary:
    """Voice messages by what they are; urgent ones are counted in the first two as well."""

    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0

    @property
    def waiting(self) -> bool:
        """What Messages-Waiting says."""
        return self.new > 0

    def to_bytes(self) -> bytes:
        """The body (RFC 3842 §5.2)."""
        new, old, urgent_new, urgent_old = (
            min(count, MOST_COUNT)
            for count in (self.new, self.old, self.urgent_new, self.urgent_old)
        )
        word = "yes" if self.waiting else "no"
        return (
            f"Messages-Waiting: {word}\r\n"
            f"Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n"
        ).encode("ascii")


def read_summary(body: bytes) -> tuple[bool, Summary | None]:
    """Whether messages wait, and how many voice messages where that is said. Raises NoSummary."""
    if len(body) > MOST_OCTETS:
        raise NoSummary("it is too long")
    waiting: bool | None = None
    summary: Summary | None = None
    for line in body.decode("ascii", "replace").split("\n"):
        found = _LINE.fullmatch(line.rstrip("\r"))
        if found is None:
            if line.strip():
                raise NoSummary("a line is no field")
            if waiting is not None:
                break  # what follows describes single messages (RFC 3842 §5.2)
            continue
        name, value = found[1].lower(), found[2]
        if name == "messages-waiting":
            if value.lower() not in ("yes", "no"):
                raise NoSummary("Messages-Waiting is neither yes nor no")
            waiting = value.lower() == "yes"
        elif name == "voice-message":
            summary = _counts(value)
    if waiting is None:
        raise NoSummary("it does not say whether messages wait")
    return waiting, summary


def _counts(value: str) -> Summary:
    found = _COUNTS.fullmatch(value)
    if found is None:
        raise NoSummary("Voice-Message holds no counts")
    return Summary(*(int(count or 0) for count in found.groups()))
