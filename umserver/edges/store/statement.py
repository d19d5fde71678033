"""How parts of a place speak to its database, and how names are compared there.

Knows: the shape of a statement and of what it finds. Must never know: tables, which database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

MOST_PLACES = 500
"""Question marks in one statement, and mailboxes that are read at once."""


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


class Session(Protocol):
    """An open connection in a transaction."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Carry out one statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> Any:
        """Carry out one statement many times."""


def fold(name: str) -> str:
    """How names and addresses are compared."""
    return name.casefold()


def parts(words: Iterable[str]) -> Iterator[Sequence[str]]:
    """As many at a time as one statement takes."""
    every = list(words)
    for start in range(0, len(every), MOST_PLACES):
        yield every[start : start + MOST_PLACES]


def marks(part: Sequence[str]) -> str:
    """A question mark for each."""
    return ", ".join("?" * len(part))
