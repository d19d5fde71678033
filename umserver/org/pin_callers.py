"""Who tried wrong PINs lately: a caller that guesses at many mailboxes is barred from all.

Knows: names of callers, times. Must never know: PINs, mailboxes. A caller without a number is named
after the place where the call came from, which others share (`place`). Bounded: of very many
callers those that guessed longest ago are forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict

from attrs import define, field

MOST_WRONG = 20
"""Wrong PINs of one caller, whatever the mailboxes; more than any policy lets one mailbox bear
before it is locked, unless somebody set that very high.
"""
FORGIVEN_AFTER = 180.0
"""Seconds in which one wrong PIN is forgotten."""
MOST_CALLERS = 10_000
PLACE = "@"
"""How names of places begin."""
SHARED_BY = 10
"""A wrong PIN from a place counts as so many times less."""


def place(source: str) -> str:
    """The name of whoever calls without a number from this address."""
    return PLACE + source


def is_place(caller: str) -> bool:
    """Whether several people may have this name."""
    return caller.startswith(PLACE)


@define
class Callers:
    """Times are seconds of any clock that does not jump."""

    most_wrong: int = MOST_WRONG
    forgiven_after: float = FORGIVEN_AFTER
    most_callers: int = MOST_CALLERS
    _wrong: OrderedDict[str, tuple[float, float]] = field(init=False, factory=OrderedDict)
    """How many wrong PINs, and when that was so."""

    def is_barred(self, caller: str, now: float) -> bool:
        """Whether nothing this caller tries is looked at. A caller without a name never is."""
        return self._level(caller, now) > self.most_wrong - 1

    def is_clean(self, caller: str, now: float) -> bool:
        """Whether there was no wrong PIN lately."""
        return self._level(caller, now) <= 0.0

    def charge(self, caller: str, now: float) -> None:
        """A PIN is about to be tried: taken for wrong until it is known to be right."""
        if not caller:
            return
        self._wrong[caller] = (self._level(caller, now) + _weight(caller), now)
        self._wrong.move_to_end(caller)
        if len(self._wrong) > self.most_callers:
            self._wrong.popitem(last=False)

    def refund(self, caller: str, now: float) -> None:
        """It was right. Earlier ones are not forgotten for it: one may guess at other mailboxes."""
        if caller in self._wrong:
            self._wrong[caller] = (max(self._level(caller, now) - _weight(caller), 0.0), now)

    def _level(self, caller: str, now: float) -> float:
        level, at = self._wrong.get(caller, (0.0, now))
        return max(level - max(now - at, 0.0) / self.forgiven_after, 0.0)


def _weight(caller: str) -> float:
    return 1.0 / SHARED_BY if is_place(caller) else 1.0
