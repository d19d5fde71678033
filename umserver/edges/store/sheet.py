"""One transaction in SQL that SQLite and PostgreSQL both understand.

Knows: tables and statements that write. Must never know: connections, how a transaction begins or
ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import define, field

from umserver.edges.store.statement import Session, fold, marks, parts
from umserver.edges.store.tables import Conflict, Row, UserRow, check_version
from umserver.edges.store.view import SqlView

PUT_USER = (
    "INSERT INTO mailboxes (folded, address, dial_plan, policy, version, text) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
PUT_NUMBER = (
    "INSERT INTO numbers (plan, number, written, owner) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
PUT_NAME = (
    "INSERT INTO names (way, plan, keys, owner, is_open) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
PUT_PIN = (
    "INSERT INTO pins (owner, hash) VALUES (?, ?) "
    "ON CONFLICT (owner) DO UPDATE SET hash = excluded.hash"
)


def put_names(session: Session, users: Iterable[UserRow]) -> None:
    """Let mailboxes that have no names yet be found by name."""
    session.executemany(
        PUT_NAME,
        [
            (way, user.dial_plan, keys, fold(user.address), int(user.is_open))
            for user in users
            for way, keys in user.names
        ],
    )


@define(eq=False)
class SqlSheet(SqlView):
    """See `Writing`."""

    _next: int = field(init=False, default=0)
    changed: bool = field(init=False, default=False)

    def put(self, row: Row, expected: int | None = None, *, unchanged: bool = False) -> None:
        """See `Writing`."""
        if expected is not None:
            found = self.row(row.section, row.name)
            check_version(row.name, expected, found.version if found else 0)
        version = row.version if unchanged else self._version()
        self._sql(
            "INSERT INTO objects (section, folded, name, version, text) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (section, folded) DO UPDATE SET name = excluded.name, "
            "version = excluded.version, text = excluded.text",
            (row.section, fold(row.name), row.name, version, row.text),
        )
        self.changed = True

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        """See `Writing`."""
        found = self.row(section, name)
        if found is None:
            raise LookupError(f"there is no {name}")
        check_version(name, expected, found.version)
        self._sql("DELETE FROM objects WHERE section = ? AND folded = ?", (section, fold(name)))
        self.changed = True

    def put_user(self, user: UserRow, expected: int | None = None) -> None:
        """See `Writing`."""
        owner = fold(user.address)
        version = self._user_version(owner)
        check_version(user.address, expected, version)
        self._sql(
            f"{PUT_USER} ON CONFLICT (folded) DO UPDATE SET "
            "address = excluded.address, dial_plan = excluded.dial_plan, "
            "policy = excluded.policy, version = excluded.version, text = excluded.text",
            self._values(user),
        )
        if version:
            self._sql("DELETE FROM numbers WHERE owner = ?", (owner,))
            self._sql("DELETE FROM names WHERE owner = ?", (owner,))
        put_names(self._session, [user])
        for plan, number in user.keys:
            if not self._sql(PUT_NUMBER, (fold(plan), number, plan, owner)).rowcount:
                self._taken([user])
        self.changed = True

    def add_users(self, users: Sequence[UserRow]) -> None:
        """See `Writing`."""
        self._session.executemany(PUT_USER, [self._values(user) for user in users])
        numbers = [
            (fold(plan), number, plan, fold(user.address))
            for user in users
            for plan, number in user.keys
        ]
        if self._session.executemany(PUT_NUMBER, numbers).rowcount < len(numbers):
            self._taken(users)
        put_names(self._session, users)
        self.changed = True

    def _taken(self, users: Iterable[UserRow]) -> None:
        """Which of the numbers is somebody else's."""
        for user in users:
            for plan, number in user.keys:
                owner = self.find(plan, [number])[number]
                if fold(owner.address) != fold(user.address):
                    raise Conflict(f"{number} belongs to {owner.address} already")

    def remove_user(self, address: str, expected: int | None = None) -> None:
        """See `Writing`."""
        version = self._user_version(fold(address))
        if not version:
            raise LookupError(f"there is no {address}")
        check_version(address, expected, version)
        self._sql("DELETE FROM mailboxes WHERE folded = ?", (fold(address),))
        self._sql("DELETE FROM pins WHERE owner = ?", (fold(address),))
        self.changed = True

    def clear(self) -> None:
        """See `Writing`."""
        self._sql("DELETE FROM objects")
        self.changed = True

    def touch(self) -> None:
        """See `Writing`."""
        self.changed = True

    def release(self, addresses: Iterable[str]) -> None:
        """See `Writing`."""
        for part in parts(map(fold, addresses)):
            self._sql(f"DELETE FROM numbers WHERE owner IN ({marks(part)})", part)

    def revision_after(self) -> int:
        """See `Writing`."""
        return self.revision() + self.changed

    def put_secret(self, name: str, value: bytes) -> None:
        """See `Writing`."""
        self._sql(
            "INSERT INTO secrets (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def put_pin(self, address: str, hash: str) -> None:
        """See `Writing`."""
        self._sql(PUT_PIN, (fold(address), hash))

    def put_pins(self, hashes: Mapping[str, str]) -> None:
        """See `Writing`."""
        if hashes:
            self._session.executemany(PUT_PIN, [(fold(a), hash) for a, hash in hashes.items()])

    def finish(self) -> None:
        """At the end of a transaction: count the revision."""
        if self.changed:
            self._sql("UPDATE revision SET number = number + 1")

    def _version(self) -> int:
        """What is written in this transaction has the revision that the transaction makes."""
        if not self._next:
            self._next = self.revision() + 1
        return self._next

    def _values(self, user: UserRow) -> Sequence[Any]:
        version = self._version()
        return fold(user.address), user.address, user.dial_plan, user.policy, version, user.text

    def _user_version(self, folded: str) -> int:
        found = self._sql("SELECT version FROM mailboxes WHERE folded = ?", (folded,)).fetchone()
        return int(found[0]) if found else 0
