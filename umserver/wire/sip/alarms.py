"""Many timers, one deadline.

Knows: points in time (seconds, the caller's scale) and what to do then. Must never know: a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from itertools import count
from typing import Any, TypeVar

from attrs import define, field

Act = Callable[[float], None]
Key = TypeVar("Key", bound=Hashable)
Entry = list[Any]
"""When, a number that tells equal ones apart; then key, act and whether that wants the key, unless
it is stale. One object: thousands of answers wait here, and the garbage collector walks them all.
"""

_SLACK = 64
"""Entries of the heap that may be stale before it is built anew."""


@define(eq=False)
class Alarms:
    """Alarms by key; setting one again moves it. Nothing is held of one that was moved or taken."""

    _set: dict[Hashable, Entry] = field(init=False, factory=dict)
    _heap: list[Entry] = field(init=False, factory=list)
    _numbers: count[int] = field(init=False, factory=count)

    def __len__(self) -> int:
        return len(self._set)

    @property
    def deadline(self) -> float | None:
        """Seconds at which `run` wants to be called, None when nothing is set."""
        heap = self._heap
        while heap and len(heap[0]) == 2:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def set(self, key: Hashable, at: float | None, act: Act) -> None:
        """Call `act(now)` once `at` is reached; None takes the alarm away."""
        self._put(key, at, act, False)

    def set_alike(self, key: Key, at: float | None, act: Callable[[Key, float], None]) -> None:
        """The same for keys by the thousand: they share one act, which is called with the key."""
        self._put(key, at, act, True)

    def cancel(self, key: Hashable) -> None:
        """Forget this alarm, if it is set."""
        entry = self._set.pop(key, None)
        if entry is not None:
            del entry[2:]
            self._tidy()

    def is_set(self, key: Hashable) -> bool:
        """Whether this alarm waits."""
        return key in self._set

    def run(self, now: float) -> None:
        """Act on everything due, oldest first."""
        while (deadline := self.deadline) is not None and deadline <= now:
            _, _, key, act, wants_key = heapq.heappop(self._heap)
            del self._set[key]
            if wants_key:
                act(key, now)
            else:
                act(now)

    def _put(
        self, key: Hashable, at: float | None, act: Callable[..., None], wants_key: bool
    ) -> None:
        if at is None:
            self.cancel(key)
            return
        known = self._set.get(key)
        if known is not None:
            if known[0] == at:
                known[3:] = (act, wants_key)
                return
            del known[2:]
        entry = [at, next(self._numbers), key, act, wants_key]
        self._set[key] = entry
        heapq.heappush(self._heap, entry)
        self._tidy()

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._set) + _SLACK:
            self._heap = list(self._set.values())
            heapq.heapify(self._heap)
