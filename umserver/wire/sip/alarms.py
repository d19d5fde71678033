"""Many timers, one deadline.

Knows: points in time (seconds, the caller's scale) and what to do then. Must never know: a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from itertools import count

from attrs import define, field

Act = Callable[[float], None]

_SLACK = 64
"""Entries of the heap that may be stale before it is built anew."""


@define(eq=False)
class Alarms:
    """Alarms by key; setting one again moves it."""

    _set: dict[Hashable, tuple[float, int, Act]] = field(init=False, factory=dict)
    _heap: list[tuple[float, int, Hashable]] = field(init=False, factory=list)
    _numbers: count[int] = field(init=False, factory=count)

    def __len__(self) -> int:
        return len(self._set)

    @property
    def deadline(self) -> float | None:
        """Seconds at which `run` wants to be called, None when nothing is set."""
        heap = self._heap
        while heap and self._is_stale(heap[0]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def set(self, key: Hashable, at: float | None, act: Act) -> None:
        """Call `act(now)` once `at` is reached; None takes the alarm away."""
        if at is None:
            self.cancel(key)
            return
        known = self._set.get(key)
        number = next(self._numbers)
        self._set[key] = (at, number, act)
        if known is not None and known[0] == at:
            self._set[key] = (at, known[1], act)
            return
        heapq.heappush(self._heap, (at, number, key))
        if len(self._heap) > 2 * len(self._set) + _SLACK:
            self._heap = [(at, number, key) for key, (at, number, _) in self._set.items()]
            heapq.heapify(self._heap)

    def cancel(self, key: Hashable) -> None:
        """Forget this alarm, if it is set."""
        self._set.pop(key, None)

    def is_set(self, key: Hashable) -> bool:
        """Whether this alarm waits."""
        return key in self._set

    def run(self, now: float) -> None:
        """Act on everything due, oldest first."""
        while (deadline := self.deadline) is not None and deadline <= now:
            _, _, key = heapq.heappop(self._heap)
            _, _, act = self._set.pop(key)
            act(now)

    def _is_stale(self, entry: tuple[float, int, Hashable]) -> bool:
        at, number, key = entry
        known = self._set.get(key)
        return known is None or known[1] != number or known[0] != at
