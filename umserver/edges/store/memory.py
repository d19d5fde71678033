"""Rows in memory: for tests, trials and measurements. Gone with the process.

Knows: dicts. A transaction works on copies and puts them in place at its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from umserver.edges.store.backend import Backend
from umserver.edges.store.lamps import Lamps, MemoryLamps
from umserver.edges.store.ledger import MemoryLedger, this_user
from umserver.edges.store.outbox import MemoryOutbox
from umserver.edges.store.recordings import MemoryRecordings
from umserver.edges.store.roster import MemoryRoster, Roster
from umserver.edges.store.statement import fold
from umserver.edges.store.tables import (
    Conflict,
    Reading,
    Row,
    Tables,
    UserRow,
    Writing,
    check_version,
)

if TYPE_CHECKING:
    from umserver.org.people import NameQuery

NO_BACKUP = "what is in memory only has no backups"


@define
class Sheet:
    """Everything that is kept, and what one transaction does with it."""

    number: int = 0
    objects: dict[tuple[str, str], Row] = field(factory=dict)
    mailboxes: dict[str, UserRow] = field(factory=dict)
    keys: dict[tuple[str, str], str] = field(factory=dict)
    secrets: dict[str, bytes] = field(factory=dict)
    pins: dict[str, str] = field(factory=dict)
    ledger: MemoryLedger = field(factory=lambda: MemoryLedger(time.time, this_user()))
    roster: MemoryRoster = field(factory=lambda: MemoryRoster(time.time))
    lamps: MemoryLamps = field(factory=lambda: MemoryLamps(time.time))
    outbox: MemoryOutbox = field(factory=lambda: MemoryOutbox(time.time))
    recordings: MemoryRecordings = field(factory=MemoryRecordings)
    changed: bool = False

    def copy(self) -> Sheet:
        """The same, to be changed apart."""
        return Sheet(
            self.number,
            dict(self.objects),
            dict(self.mailboxes),
            dict(self.keys),
            dict(self.secrets),
            dict(self.pins),
            self.ledger.copy(),
            self.roster.copy(),
            self.lamps.copy(),
            self.outbox.copy(),
            self.recordings.copy(),
        )

    # see Reading

    def revision(self) -> int:
        return self.number

    def rows(self) -> Sequence[Row]:
        return list(self.objects.values())

    def row(self, section: str, name: str) -> Row | None:
        return self.objects.get((section, fold(name)))

    def users(self) -> Iterator[UserRow]:
        return iter([self.mailboxes[address] for address in sorted(self.mailboxes)])

    def user(self, address: str) -> UserRow | None:
        return self.mailboxes.get(fold(address))

    def users_at(self, addresses: Iterable[str]) -> Mapping[str, UserRow]:
        asked = map(fold, addresses)
        return {a: self.mailboxes[a] for a in asked if a in self.mailboxes}

    def addresses(self, after: str, most: int) -> Sequence[str]:
        behind = sorted(name for name in self.mailboxes if name > fold(after))
        return [self.mailboxes[name].address for name in behind[:most]]

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, UserRow]:
        plan = fold(dial_plan)
        return {n: self.mailboxes[self.keys[plan, n]] for n in numbers if (plan, n) in self.keys}

    def spelled(self, query: NameQuery, most: int) -> Sequence[UserRow]:
        found: list[UserRow] = []
        for plan in dict.fromkeys(map(fold, query.scope.plans)):
            there = (
                user
                for user in self.mailboxes.values()
                if user.dial_plan == plan
                and (user.is_open or not query.scope.outside)
                and any(w == query.way and k.startswith(query.keys) for w, k in user.names)
            )
            found += islice(there, most)
        return found

    def count(self, dial_plan: str = "", policy: str = "") -> int:
        return sum(
            (not dial_plan or user.dial_plan == fold(dial_plan))
            and (not policy or user.policy == fold(policy))
            for user in self.mailboxes.values()
        )

    def secret(self, name: str) -> bytes | None:
        return self.secrets.get(name)

    def pin(self, address: str) -> str | None:
        return self.pins.get(fold(address))

    # see Writing

    def put(self, row: Row, expected: int | None = None, *, unchanged: bool = False) -> None:
        found = self.row(row.section, row.name)
        check_version(row.name, expected, found.version if found else 0)
        version = row.version if unchanged else self.number + 1
        self.objects[row.section, fold(row.name)] = evolve(row, version=version)
        self.changed = True

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        found = self.row(section, name)
        if found is None:
            raise LookupError(f"there is no {name}")
        check_version(name, expected, found.version)
        del self.objects[section, fold(name)]
        self.changed = True

    def put_user(self, user: UserRow, expected: int | None = None) -> None:
        found = self.user(user.address)
        check_version(user.address, expected, found.version if found else 0)
        address = fold(user.address)
        self._forget_keys(address)
        for plan, number in user.keys:
            owner = self.keys.setdefault((fold(plan), number), address)
            if owner != address:
                raise Conflict(f"{number} belongs to {self.mailboxes[owner].address} already")
        self.mailboxes[address] = evolve(user, version=self.number + 1)
        self.changed = True

    def add_users(self, users: Sequence[UserRow]) -> None:
        for user in users:
            self.put_user(user)

    def remove_user(self, address: str, expected: int | None = None) -> None:
        found = self.user(address)
        if found is None:
            raise LookupError(f"there is no {address}")
        check_version(address, expected, found.version)
        self._forget_keys(fold(address))
        del self.mailboxes[fold(address)]
        self.pins.pop(fold(address), None)
        self.changed = True

    def clear(self) -> None:
        self.objects.clear()
        self.changed = True

    def touch(self) -> None:
        self.changed = True

    def release(self, addresses: Iterable[str]) -> None:
        for address in map(fold, addresses):
            self._forget_keys(address)

    def revision_after(self) -> int:
        return self.number + self.changed

    def put_secret(self, name: str, value: bytes) -> None:
        self.secrets[name] = value

    def put_pin(self, address: str, hash: str) -> None:
        self.pins[fold(address)] = hash

    def put_pins(self, hashes: Mapping[str, str]) -> None:
        for address, hash in hashes.items():
            self.put_pin(address, hash)

    def finish(self) -> None:
        """At the end of a transaction: count the revision."""
        self.number += self.changed
        self.changed = False

    def _forget_keys(self, address: str) -> None:
        user = self.mailboxes.get(address)
        for plan, number in user.keys if user else ():
            if self.keys.get((fold(plan), number)) == address:
                del self.keys[fold(plan), number]


class MemoryTables:
    """See `Tables`."""

    lasts = False

    def __init__(self) -> None:
        self._sheet = Sheet()
        self._lock = RLock()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """See `Tables`."""
        with self._lock:
            yield self._sheet

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """See `Tables`."""
        with self._lock:
            sheet = self._sheet.copy()
            yield sheet
            sheet.finish()
            self._sheet = sheet

    @contextmanager
    def noting(self) -> Iterator[Roster]:
        """See `Tables`."""
        with self._lock:
            roster = self._sheet.roster.copy()
            yield roster
            self._sheet.roster = roster

    @contextmanager
    def minding(self) -> Iterator[Lamps]:
        """See `Tables`."""
        with self._lock:
            lamps = self._sheet.lamps.copy()
            yield lamps
            self._sheet.lamps = lamps

    def listen(self, heard: Callable[[], None]) -> None:
        """See `Tables`: nobody else can see it."""
        return None

    def back_up(self, path: Path) -> None:
        """See `Tables`."""
        raise ValueError(NO_BACKUP)

    def restoring(self, path: Path) -> AbstractContextManager[Writing]:
        """See `Tables`."""
        raise ValueError(NO_BACKUP)

    def close(self) -> None:
        """Nothing is held."""


def open_memory(rest: str, state: Path) -> Tables:
    """An empty one."""
    return MemoryTables()


STORE = Backend("memory", open_memory)
