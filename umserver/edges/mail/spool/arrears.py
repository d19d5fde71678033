"""What the disk refused and is asked for again, by and by: nothing promised is given up.

Knows: what is still to be done. Must never know: what it is, when to ask again.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

log = Logger()

Work = Callable[[], Deferred[None]]
"""Goes into the arrears again by itself where the disk refuses again."""


@define(eq=False)
class Arrears:
    """Works that are left to do."""

    _left: dict[tuple[str, str], Work] = field(init=False, factory=dict)

    def add(self, trouble: str, id: str, work: Work) -> None:
        """Remember to do this for the message `id`; the trouble is told when it fails again."""
        self._left[trouble, id] = work

    def try_again(self) -> None:
        """Ask for all of it once more."""
        left, self._left = self._left, {}
        for (trouble, _), work in left.items():
            work().addErrback(self._refused, trouble)

    def _refused(self, failure: Failure, trouble: str) -> None:
        log.error("{trouble}: {why}", trouble=trouble, why=failure.value)
