"""What is kept of calls that a role refuses: a count, a line in the log, a call record.

Knows: refusals. Must never know: why a call is refused, which role it is but its name.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.logger import Logger

from umserver.interfaces import ICallLog, IPhone
from umserver.org.refusals import UNKNOWN_GATEWAY, Refusal
from umserver.roles.health import LastHour
from umserver.roles.sparing import Sparing

log = Logger()


@define(eq=False)
class Refusing:
    """The refused calls of one role."""

    role: str
    """cas or mbx."""
    call_log: ICallLog
    wall: Callable[[], float]
    """Wall time, seconds since 1970."""
    hour: LastHour
    """Where they are counted beside those that were taken."""
    count: int = field(init=False, default=0)
    """Since the start."""
    _lines: Sparing = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._lines = Sparing(self.wall)

    def refuse(self, phone: IPhone, refusal: Refusal) -> None:
        """Refuse an offered call."""
        phone.refuse(refusal)
        self.note(phone.id, phone.facts.source, refusal)

    def note(self, call: str, source: str, refusal: Refusal) -> None:
        """A call of this Call-ID, from this address, is refused; strangers do not make us ill."""
        self.count += 1
        if refusal is not UNKNOWN_GATEWAY:
            self.hour.note(True)
        if self._lines.may_say():
            why = refusal.reason
            log.warn("event 1021: call of {peer} refused: {why}", call=call, peer=source, why=why)
            if more := self._lines.left_out():
                log.warn("event 1021: {count} calls more were refused", count=more)
        self.call_log.record(
            {
                "at": self.wall(),
                "call": call,
                "role": self.role,
                "outcome": "Rejected",
                "why": refusal.reason,
            }
        )
