"""What comes of a cmdlet: things with their properties, and what was done.

Knows: names and values. Must never know: how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen


@frozen
class Property:
    """One value of something that is shown."""

    name: str
    """As parameters are written: MaxCallDuration."""
    value: Any
    key: str = ""
    """As the TOML form and JSON write it: max_call_duration; the name when empty."""
    unit: str = ""


Record = tuple[Property, ...]
"""Something that is shown, property by property."""


@frozen
class Outcome:
    """What came of a cmdlet."""

    shown: Iterable[Record] = ()
    """Read once, and not further than is shown."""
    columns: tuple[str, ...] = ()
    """Names of the properties of the short table."""
    in_full: bool = False
    """Every property, not the short table, unless asked otherwise."""
    done: str = ""
    """What was done, in words that begin small and end without a full stop; empty: nothing."""
    changed: bool = False
    """Whether settings were changed, so that a running server has to look."""
    warnings: tuple[str, ...] = ()
    limit: int = 0
    """So many are shown at most; 0: all."""
    failed: bool = False
    """It was carried out, and what it tried did not work (a probe, a wait)."""
