"""What a place to keep the organisation must be able to do, in rows; everything here blocks.

Knows: sections, names, numbers, versions. Must never know: what stands in a row's text.

A version is the revision that the row was written in: it never returns, so of two people who read
the same object the slower one is told, even when it was removed and made anew in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from umserver.edges.store.lamps import Lamps
from umserver.edges.store.ledger import Ledger
from umserver.edges.store.outbox import Outbox
from umserver.edges.store.recordings import Recordings
from umserver.edges.store.roster import Roster
from umserver.org.people import NameQuery


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
    """The revision in which it was last written."""


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
    names: tuple[tuple[str, str], ...] = ()
    """Ways of spelling with their keys, for what is written; rows that are read have none."""
    is_open: bool = True
    """Whether callers from outside find it by name."""


class Reading(Protocol):
    """What a transaction can see: one state of everything."""

    @property
    def ledger(self) -> Ledger:
        """Who changed what."""

    @property
    def roster(self) -> Roster:
        """The servers and the states of their components."""

    @property
    def outbox(self) -> Outbox:
        """Mails that wait for a server."""

    @property
    def recordings(self) -> Recordings:
        """Recorded prompts of dial plans and auto attendants."""

    @property
    def lamps(self) -> Lamps:
        """What telephones were told of waiting messages."""

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

    def users_at(self, addresses: Iterable[str]) -> Mapping[str, UserRow]:
        """Mailboxes by folded address, of those addresses that have one."""

    def addresses(self, after: str, most: int) -> Sequence[str]:
        """Addresses of the next mailboxes behind this one, in their order; "" begins."""

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, UserRow]:
        """Mailboxes by number, of those numbers that are somebody's; by an index."""

    def spelled(self, query: NameQuery, most: int) -> Sequence[UserRow]:
        """Mailboxes whose name begins with these keys, `most` of each plan at most; by an index.

        The scope's extension does not count here.
        """

    def count(self, dial_plan: str = "", policy: str = "") -> int:
        """How many mailboxes there are, of this plan or policy where one is named."""

    def secret(self, name: str) -> bytes | None:
        """A secret's octets."""

    def pin(self, address: str) -> str | None:
        """The hash of a mailbox's PIN."""


class Writing(Reading, Protocol):
    """What a transaction can do; all of it or nothing."""

    def put(self, row: Row, expected: int | None = None, *, unchanged: bool = False) -> None:
        """Keep an object under the next version; under the row's own where it is `unchanged`.

        `expected`: the version it must have now, 0 for none. Raises Conflict.
        """

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        """Forget an object. Raises Conflict, LookupError."""

    def put_user(self, user: UserRow, expected: int | None = None) -> None:
        """Keep a mailbox. Raises Conflict, also when a number is somebody else's."""

    def add_users(self, users: Sequence[UserRow]) -> None:
        """Keep mailboxes of addresses that have none, many at once. Raises Conflict."""

    def remove_user(self, address: str, expected: int | None = None) -> None:
        """Forget a mailbox and its PIN. Raises Conflict, LookupError."""

    def clear(self) -> None:
        """Forget every object; mailboxes, PINs and secrets stay."""

    def touch(self) -> None:
        """Let the revision rise for what is in no row of settings."""

    def release(self, addresses: Iterable[str]) -> None:
        """Take their numbers from mailboxes that are about to be put again."""

    def revision_after(self) -> int:
        """The revision when this transaction is done."""

    def put_secret(self, name: str, value: bytes) -> None:
        """Keep a secret; does not count as a change of settings."""

    def put_pin(self, address: str, hash: str) -> None:
        """Keep the hash of a PIN; does not count as a change of settings."""

    def put_pins(self, hashes: Mapping[str, str]) -> None:
        """Keep many, by address."""


class Ear(Protocol):
    """Hears of changes until it is stopped."""

    def stop(self) -> None:
        """Hear no more; blocks for a moment."""


class Tables(Protocol):
    """A place. One thread at a time; every method may raise Unavailable."""

    @property
    def lasts(self) -> bool:
        """Whether opening it again gives the same place."""

    def reading(self) -> AbstractContextManager[Reading]:
        """One state of everything, for as long as the context lasts."""

    def writing(self) -> AbstractContextManager[Writing]:
        """A transaction: durable when the context ends, undone when it ends by an exception.

        One at a time: whoever comes second sees what the first one did.
        """

    def noting(self) -> AbstractContextManager[Roster]:
        """The same for states and servers alone, which wait for no change of settings."""

    def minding(self) -> AbstractContextManager[Lamps]:
        """The same for lamps alone."""

    def listen(self, heard: Callable[[], None]) -> Ear | None:
        """Call `heard` in a thread of its own after every change by anybody; None: nobody tells."""

    def back_up(self, path: Path) -> None:
        """Copy everything to a file while others work here. Raises ValueError: not this way."""

    def restoring(self, path: Path) -> AbstractContextManager[Writing]:
        """A transaction that begins with everything as it is in a backup. Raises ValueError."""

    def close(self) -> None:
        """Let go."""


class _Undone(Exception):
    """Ends a rehearsal."""


@frozen
class Rehearsed:
    """A place in which every transaction is undone at its end."""

    tables: Tables

    @property
    def lasts(self) -> bool:
        """See `Tables`."""
        return self.tables.lasts

    def reading(self) -> AbstractContextManager[Reading]:
        """See `Tables`."""
        return self.tables.reading()

    def noting(self) -> AbstractContextManager[Roster]:
        """See `Tables`; what servers say of themselves is never rehearsed."""
        return self.tables.noting()

    def minding(self) -> AbstractContextManager[Lamps]:
        """See `Tables`; what telephones were told is never rehearsed."""
        return self.tables.minding()

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """See `Tables`."""
        try:
            with self.tables.writing() as work:
                yield work
                raise _Undone
        except _Undone:
            return

    def listen(self, heard: Callable[[], None]) -> Ear | None:
        """See `Tables`."""
        return self.tables.listen(heard)

    def back_up(self, path: Path) -> None:
        """See `Tables`; nothing is written."""

    @contextmanager
    def restoring(self, path: Path) -> Iterator[Writing]:
        """See `Tables`."""
        try:
            with self.tables.restoring(path) as work:
                yield work
                raise _Undone
        except _Undone:
            return

    def close(self) -> None:
        """See `Tables`."""
        self.tables.close()


def check_version(what: str, expected: int | None, found: int) -> None:
    """Raises Conflict unless the version is the expected one."""
    if expected is None or expected == found:
        return
    if expected == 0:
        raise Conflict(f"{what} exists already")
    if found == 0:
        raise Conflict(f"{what} was removed by somebody else in the meantime")
    raise Conflict(f"{what} was changed by somebody else in the meantime")
