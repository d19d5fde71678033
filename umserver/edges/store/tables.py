"""What a place to keep the organisation must be able to do, in rows; everything here blocks.

Knows: sections, names, numbers, versions. Must never know: what stands in a row's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from attrs import field, frozen


class Conflict(Exception):
    """Somebody else was faster, or a number or address is taken; the words say which."""


@frozen
class Row:
    """One object of the organisation."""

    section: str
    """dial_plans, gateways …"""
    name: str
    """Its identity in the section, as typed by people; compared without regard to case."""
    text: str = field(repr=False)
    version: int = 1
    """1 when new, one more with every change."""


@frozen
class UserRow:
    """One mailbox."""

    address: str
    """Compared without regard to case."""
    text: str = field(repr=False)
    dial_plan: str
    """Name of its dial plan, folded."""
    policy: str
    """Name of its policy, folded."""
    keys: tuple[tuple[str, str], ...]
    """Every dial plan and number under which it is found."""
    version: int = 1


class Reading(Protocol):
    """What a transaction can see: one state of everything."""

    def revision(self) -> int:
        """Rises with every commit that changed a row; 0 when nothing was ever kept."""

    def rows(self) -> Sequence[Row]:
        """Every object, in the order in which they were first kept."""

    def row(self, section: str, name: str) -> Row | None:
        """One object."""

    def users(self) -> Iterator[UserRow]:
        """Every mailbox by address."""

    def user(self, address: str) -> UserRow | None:
        """One mailbox."""

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, UserRow]:
        """Mailboxes by number, of those numbers that are somebody's; by an index."""

    def count(self, dial_plan: str = "", policy: str = "") -> int:
        """How many mailboxes there are, of this plan or policy where one is named."""

    def secret(self, name: str) -> bytes | None:
        """A secret's octets."""

    def pin(self, address: str) -> str | None:
        """The hash of a mailbox's PIN."""


class Writing(Reading, Protocol):
    """What a transaction can do; all of it or nothing."""

    def put(self, row: Row, expected: int | None = None) -> None:
        """Keep an object under the next version.

        `expected`: the version it must have now, 0 for none. Raises Conflict.
        """

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        """Forget an object. Raises Conflict, LookupError."""

    def put_user(self, user: UserRow, expected: int | None = None) -> None:
        """Keep a mailbox. Raises Conflict, also when a number is somebody else's."""

    def remove_user(self, address: str, expected: int | None = None) -> None:
        """Forget a mailbox and its PIN. Raises Conflict, LookupError."""

    def clear(self) -> None:
        """Forget every object and mailbox; secrets stay, and PINs until the transaction ends.

        PINs of addresses without a mailbox are forgotten with the commit.
        """

    def put_secret(self, name: str, value: bytes) -> None:
        """Keep a secret; does not count as a change of settings."""

    def put_pin(self, address: str, hash: str) -> None:
        """Keep the hash of a PIN; does not count as a change of settings."""


class Tables(Protocol):
    """A place. One thread at a time; every method may raise Unavailable."""

    def reading(self) -> AbstractContextManager[Reading]:
        """One state of everything, for as long as the context lasts."""

    def writing(self) -> AbstractContextManager[Writing]:
        """A transaction: durable when the context ends, undone when it ends by an exception."""

    def close(self) -> None:
        """Let go."""


class _Undone(Exception):
    """Ends a rehearsal."""


@frozen
class Rehearsed:
    """A place in which every transaction is undone at its end."""

    tables: Tables

    def reading(self) -> AbstractContextManager[Reading]:
        """See `Tables`."""
        return self.tables.reading()

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """See `Tables`."""
        try:
            with self.tables.writing() as work:
                yield work
                raise _Undone
        except _Undone:
            return

    def close(self) -> None:
        """See `Tables`."""
        self.tables.close()


def fold(name: str) -> str:
    """How names and addresses are compared."""
    return name.casefold()


def check_version(what: str, expected: int | None, found: int) -> None:
    """Raises Conflict unless the version is the expected one."""
    if expected is None or expected == found:
        return
    if expected == 0:
        raise Conflict(f"{what} exists already")
    if found == 0:
        raise Conflict(f"{what} was removed by somebody else in the meantime")
    raise Conflict(f"{what} was changed by somebody else in the meantime")
