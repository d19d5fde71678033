"""How parts of a place speak to its database, and how they compare names.

Knows: the shape of a statement and of what it finds. Must never know: tables, which database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Rows(Protocol):
    """What a statement found."""

    @property
    def rowcount(self) -> int:
        """Rows that it wrote."""

    def fetchone(self) -> Any:
        """The next row or None."""

    def fetchall(self) -> Sequence[Any]:
        """All rows that are left."""


Statement = Callable[..., Rows]
"""Carries out an SQL statement, with a question mark where each of the values stands."""


def fold(name: str) -> str:
    """How names and addresses are compared."""
    return name.casefold()
