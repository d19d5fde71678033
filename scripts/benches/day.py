"""A day of calls in simulated time: what is held after each hour, and what is left at the end.

The server, its callers' telephones and its gateways are one process (`tests/kit/day.py`). Whatever
grows from hour to hour shows here: objects of our classes, entries of their collections,
files, timers, threads, memory. `--seconds 14400` is four hours instead of 24.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from unittest import TestResult

from twisted.logger import globalLogBeginner

from tests.kit.census import Census
from tests.kit.day import DayCase
from tests.kit.memories import held

HOURS = 24
WARM = 2
"""Hours after which growth counts."""
BURSTS, AT_ONCE = 2, 8
"""How often in an hour, and how many calls each time, beside one call of every kind."""


class _Day(DayCase):
    """Not a test: the same house, played for long."""

    hours = HOURS
    found: dict[str, object]

    def runTest(self) -> None:
        """The day."""
        self.open_for_the_day()
        began, cpu = time.monotonic(), time.process_time()
        rows, counts, before = {}, [], None
        for hour in range(1, self.hours + 1):
            self.vanish()
            self.every_story(hour)
            self.change_settings(hour)
            now = self.hour(hour, BURSTS, AT_ONCE)
            counts.append(_figures(now))
            rows[f"{hour:02}"] = _row(self.calls, now)
            if hour == WARM:
                before = self.idle()
        remembered = {name: f"{now} of {most}" for name, (now, most) in held().items() if now}
        after = self.idle()
        assert before is not None
        assert self.um is not None
        self.found = {
            "simulated_hours": self.hours,
            "calls": self.calls,
            "counters": self.ask("status")["counters"],
            "hour": rows,
            "slope_an_hour": _slopes(counts[WARM:]),
            "slope_of_the_last_half": _slopes(counts[len(counts) // 2 :]),
            "remembered": remembered,
            "left_behind": after.grown(before) or "nothing",
            "files": {"warm": before.files, "end": after.files},
            "timers": {"warm": before.timers, "end": after.timers},
            "objects": {
                "warm": sum(before.objects.values()),
                "end": sum(after.objects.values()),
            },
            "memory_kB": {"warm": before.resident, "end": after.resident},
            "blocks": {"warm": before.blocks, "end": after.blocks},
            "real_seconds": time.monotonic() - began,
            "processor_seconds": time.process_time() - cpu,
        }


def run(seconds: float, runs: int) -> dict[str, object]:
    """One day. Raises RuntimeError with the story when it did not go as it should."""
    logging: Any = globalLogBeginner  # else the first 65,536 lines of the log are kept
    logging.beginLoggingTo([lambda line: None], redirectStandardIO=False, discardBuffer=True)
    day: _Day = _Day("runTest")  # type: ignore[no-untyped-call]
    result = TestResult()
    day.hours = max(WARM + 1, int(seconds // 3600)) if seconds >= 3600 else HOURS
    day.run(result)
    if result.errors or result.failures:
        raise RuntimeError("\n".join(str(told) for _, told in result.errors + result.failures))
    return day.found


def _row(calls: int, census: Census) -> str:
    return (
        f"{calls:5} calls  {census.resident:7} kB  {census.blocks:7} blocks  "
        f"{sum(census.objects.values()):6} objects  {sum(census.entries.values()):6} entries  "
        f"{census.files:3} files  {census.timers:3} timers  {census.threads:3} threads"
    )


def _figures(census: Census) -> dict[str, int]:
    return {
        "memory_kB": census.resident,
        "blocks": census.blocks,
        "objects": sum(census.objects.values()),
        "files": census.files,
        "timers": census.timers,
    }


def _slopes(counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """By least squares, an hour."""
    return {name: _slope([one[name] for one in counts]) for name in counts[0]}


def _slope(values: Sequence[float]) -> float:
    middle = (len(values) - 1) / 2
    below: Any = sum((at - middle) ** 2 for at in range(len(values)))
    return sum((at - middle) * value for at, value in enumerate(values)) / below if below else 0.0
