"""How the log looks on a console: one readable line an event.

`twistd --logger=umserver.logs.console` uses it. Knows: Twisted's log events. Must never know: what
happened, who reads it. Whatever an event carries, values named like a secret are masked, and text
that came from outside can neither break a line nor move the cursor. What happens by the thousand
(a peer that sends rubbish, a flood) is not told by the thousand: of lines that are alike, so many
at once and so many a second are written, and then how many were left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from attrs import define, field
from twisted.logger import ILogObserver, LogLevel, formatEvent
from zope.interface import implementer

SECRETS = {"pin", "pins", "password", "secret", "key", "token", "pepper", "authorization"}
"""Event fields whose values are never shown."""
MASK = "•••"
MOST_TEXT = 2000
"""Characters of one event's text; the rest is cut."""
MOST_TRACEBACK = 20_000
MOST_CALL_ID = 48
ALIKE_AT_ONCE, ALIKE_A_SECOND = 200.0, 1.0
"""Lines of one kind; a kind is what stands in the code, whatever it was filled with."""
MOST_KINDS = 1000
OURS = "umserver"
NAMES = {"debug": "debug", "info": "info", "warn": "warn", "error": "ERROR", "critical": "ERROR"}


def console() -> ILogObserver:
    """The observer for people who watch the server run: writes to stderr."""
    return ConsoleObserver(sys.stderr)


@define(eq=False)
class _Kind:
    """Lines that are alike: how many more may come, and how many did not."""

    at: float
    room: float = ALIKE_AT_ONCE
    left_out: int = 0

    def has_room(self, now: float) -> bool:
        self.room = min(ALIKE_AT_ONCE, self.room + max(0.0, now - self.at) * ALIKE_A_SECOND)
        self.at = now
        if self.room < 1.0:
            self.left_out += 1
            return False
        self.room -= 1.0
        return True


@implementer(ILogObserver)
@define
class ConsoleObserver:
    """Writes what concerns people: ours from `least` on, warnings and worse of others."""

    out: TextIO
    least: LogLevel = LogLevel.info
    local_time: Callable[[float], time.struct_time] = field(default=time.localtime)
    _kinds: dict[tuple[str, str], _Kind] = field(init=False, factory=dict)

    def __call__(self, event: dict[str, Any]) -> None:
        """Write one event, or nothing."""
        if not self._concerns_people(event):
            return
        kind = self._kind(event)
        if not kind.has_room(float(event.get("log_time") or 0.0)):
            return
        line = self._line(event)
        if kind.left_out:
            line += self._line({**event, "call": None, "log_failure": None, **_more(kind)})
        self.out.write(line)
        self.out.flush()

    def _kind(self, event: dict[str, Any]) -> _Kind:
        key = (str(event.get("log_namespace") or ""), str(event.get("log_format") or ""))
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= MOST_KINDS:
                self._kinds.clear()
            kind = self._kinds[key] = _Kind(float(event.get("log_time") or 0.0))
        return kind

    def _concerns_people(self, event: dict[str, Any]) -> bool:
        level = event.get("log_level") or LogLevel.info
        if "log_failure" in event or event.get("isError"):
            return True
        namespace = str(event.get("log_namespace") or "")
        ours = namespace == OURS or namespace.startswith(OURS + ".")
        return bool(level >= (self.least if ours else LogLevel.warn))

    def _line(self, event: dict[str, Any]) -> str:
        at = float(event.get("log_time") or 0.0)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", self.local_time(at))
        name = (event.get("log_level") or LogLevel.info).name
        words = [f"{stamp}.{int(at * 1000) % 1000:03d}", f"{NAMES[name]:5}", f"{_room(event):14}"]
        if call := event.get("call"):
            words.append(f"[{one_line(str(call))[:MOST_CALL_ID]}]")
        words.append(_text(event))
        return " ".join(words) + "\n" + _traceback(event)


def _more(kind: _Kind) -> dict[str, Any]:
    """Says how many were left out, and counts anew."""
    count, kind.left_out = kind.left_out, 0
    return {"log_format": "… {count} more like this were left out", "count": count}


def one_line(text: str) -> str:
    """The text with everything that is not printable written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _room(event: dict[str, Any]) -> str:
    """The last two parts of where it happened, without our own name: `roles.mbx`."""
    parts = str(event.get("log_namespace") or "-").split(".")
    return ".".join(parts[1:][-2:]) if parts[0] == OURS and len(parts) > 1 else parts[-1]


def _text(event: dict[str, Any]) -> str:
    masked = {name: MASK if name.lower() in SECRETS else value for name, value in event.items()}
    text = one_line(formatEvent(masked).strip())
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + " …"


def _traceback(event: dict[str, Any]) -> str:
    """The failure's traceback, indented below its line; empty when there is none."""
    failure = event.get("log_failure")
    if failure is None:
        return ""
    text = str(failure.getTraceback())[-MOST_TRACEBACK:]
    return "".join(f"    | {one_line(line)}\n" for line in text.splitlines())
