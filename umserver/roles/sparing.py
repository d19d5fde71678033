"""Lines of a log that may come by the thousand: so many a second, and how many were left out.

Knows: seconds and counts. Must never know: what is said.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

MOST = 20
"""Lines a second."""


@define(eq=False)
class Sparing:
    """One kind of line."""

    seconds: Callable[[], float]
    most: int = MOST
    _second: int = field(init=False, default=-1)
    _said: int = field(init=False, default=0)
    _left_out: int = field(init=False, default=0)

    def may_say(self) -> bool:
        """Whether there is room for one more line now; counts it either way."""
        second = int(self.seconds())
        if second != self._second:
            self._second, self._said = second, 0
        self._said += 1
        if self._said <= self.most:
            return True
        self._left_out += 1
        return False

    def left_out(self) -> int:
        """How many were left out since this was asked last."""
        count, self._left_out = self._left_out, 0
        return count
