"""Moments in a status: which values are ones, and how people read them.

Knows: names of values. Must never know: whose status it is.
"""

from __future__ import annotations

from datetime import datetime

NAMES = ("since", "at", "begins", "ends", "issued", "due")
"""Values of these names, and of those that end in `_at`, are seconds since 1970."""
_LAST = 253_402_214_400
"""Seconds since 1970 to the last day of the year 9999."""


def moment(name: str, value: object) -> str:
    """A moment as local time; empty where the name promises none, or the value is none."""
    if not (name in NAMES or name.endswith("_at")):
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LAST:
        return ""
    return f"{datetime.fromtimestamp(value):%Y-%m-%d %H:%M:%S}"
