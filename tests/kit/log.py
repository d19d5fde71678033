"""What the house's log says during a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase


def said_in(test: SynchronousTestCase, namespace: str = "umserver") -> Callable[[], list[str]]:
    """Collect what is logged there (`info` and above) until the test ends; ask for it any time."""
    lines: list[str] = []

    def heard(event: Any) -> None:
        level = event.get("log_level", LogLevel.info)
        if event.get("log_namespace", "").startswith(namespace) and level >= LogLevel.info:
            lines.append(formatEvent(event))

    globalLogPublisher.addObserver(heard)
    test.addCleanup(globalLogPublisher.removeObserver, heard)
    return lambda: list(lines)
