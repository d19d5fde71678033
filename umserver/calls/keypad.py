"""Keys that a caller has pressed, in their order, until a script asks for them.

Knows: which were typed ahead, whether a script waits, when the last one came. Must never know: what
a key means, what is being said meanwhile.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from attrs import define, field
from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

MOST_TYPED_AHEAD = 64


class SecondWaiter(RuntimeError):
    """Two verbs of one call were awaited at once: an error in the script."""


@define(eq=False)
class Keypad:
    """The keys of one call."""

    clock: IReactorTime
    _typed: deque[str] = field(init=False, factory=deque)
    _waiter: Deferred[str | None] | None = field(init=False, default=None)
    _last: float = field(init=False, default=0.0)

    @property
    def ahead(self) -> int:
        """How many were typed ahead."""
        return len(self._typed)

    @property
    def is_awaited(self) -> bool:
        """Whether a script waits for a key."""
        return self._waiter is not None

    @property
    def quiet_seconds(self) -> float:
        """How long no key was pressed."""
        return self.clock.seconds() - self._last

    def touch(self) -> None:
        """One was pressed just now."""
        self._last = self.clock.seconds()

    def wake(self, key: str | None) -> None:
        """Give the script that waits this key, or None for no key at all."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.called:
            waiter.callback(key)

    def keep(self, key: str) -> None:
        """Typed ahead."""
        if len(self._typed) < MOST_TYPED_AHEAD:
            self._typed.append(key)

    def put_back(self, keys: str) -> None:
        """Let these be the next."""
        self._typed.extendleft(reversed(keys))

    def drop_until(self, keys: str) -> None:
        """Forget what was typed ahead, up to the first of these keys."""
        while self._typed and self._typed[0] not in keys:
            self._typed.popleft()

    def clear(self) -> None:
        """Forget what was typed ahead."""
        self._typed.clear()

    def take(self) -> str:
        """The first that was typed ahead."""
        return self._typed.popleft()

    async def wait(self, timeout: float) -> str | None:
        """The next that is pressed; None after `timeout` seconds. Raises SecondWaiter."""
        if self._waiter is not None:
            raise SecondWaiter("a script waits for two keys at once")
        waiter: Deferred[str | None] = Deferred()
        self._waiter = waiter
        alarm = self.clock.callLater(timeout, self.wake, None)
        try:
            return await waiter
        finally:
            self._waiter = None
            if alarm.active():
                alarm.cancel()
