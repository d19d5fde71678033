"""Spans of time and sizes as administrators write them: `30.00:00:00`, `00:05:00`, `250MB`.

Knows: the forms of PowerShell. Must never know: which setting is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SPAN = re.compile(r"(?:(\d{1,6})\.)?(\d{1,2}):([0-5]?\d)(?::([0-5]?\d))?")
_SIZE = re.compile(r"(\d{1,9})\s?([KMGT]?B)", re.IGNORECASE)
_SECONDS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_OCTETS: Mapping[str, int] = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


def in_unit(text: str, unit: str) -> int | None:
    """How many of this unit a span of time or a size is; None unless it is a whole number of them.

    Spans are `days.hours:minutes:seconds` or `hours:minutes`; units are seconds, minutes, hours,
    days, B, KB, MB, GB and TB.
    """
    span = _SPAN.fullmatch(text.strip()) if unit in _SECONDS else None
    if span:
        days, hours, minutes, seconds = (int(part or 0) for part in span.groups())
        return _whole(((days * 24 + hours) * 60 + minutes) * 60 + seconds, _SECONDS[unit])
    size = _SIZE.fullmatch(text.strip()) if unit in _OCTETS else None
    return _whole(int(size[1]) * _OCTETS[size[2].upper()], _OCTETS[unit]) if size else None


def _whole(amount: int, unit: int) -> int | None:
    return amount // unit if amount % unit == 0 else None
