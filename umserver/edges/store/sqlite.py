"""Rows in an SQLite file: the default store, nothing to install.

Knows: SQL and SQLite's pragmas. Must never know: the reactor. What a transaction committed survives
kill -9 and a power cut (WAL with synchronous=FULL); the file is for its owner alone (0600).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from umserver.edges.store.backend import Backend
from umserver.edges.store.tables import (
    Conflict,
    Reading,
    Row,
    Tables,
    UserRow,
    Writing,
    check_version,
    fold,
)
from umserver.interfaces import NoSpace, Unavailable

FILE_NAME = "umserver.db"
BUSY_SECONDS = 10.0
"""How long a transaction waits for another one."""
SCHEMA_VERSION = 1
MOST_PLACES = 500
"""Question marks in one statement."""
SCHEMA = """
CREATE TABLE revision (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO revision VALUES (1, 0);
CREATE TABLE objects (
    id INTEGER PRIMARY KEY, section TEXT NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (section, folded));
CREATE TABLE mailboxes (
    folded TEXT PRIMARY KEY, address TEXT NOT NULL, dial_plan TEXT NOT NULL, policy TEXT NOT NULL,
    version INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX mailboxes_of_plan ON mailboxes (dial_plan);
CREATE INDEX mailboxes_of_policy ON mailboxes (policy);
CREATE TABLE numbers (
    plan TEXT NOT NULL, number TEXT NOT NULL, written TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES mailboxes (folded) ON DELETE CASCADE,
    PRIMARY KEY (plan, number)) WITHOUT ROWID;
CREATE INDEX numbers_of_owner ON numbers (owner);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE pins (owner TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
"""
USER = "m.folded, m.address, m.text, m.dial_plan, m.policy, m.version"


class Sheet:
    """One transaction. See `Reading` and `Writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection.execute
        self.changed = False

    def revision(self) -> int:
        number: int = self._sql("SELECT number FROM revision").fetchone()[0]
        return number

    def rows(self) -> Sequence[Row]:
        found = self._sql("SELECT section, name, text, version FROM objects ORDER BY id")
        return [Row(*row) for row in found]

    def row(self, section: str, name: str) -> Row | None:
        found = self._sql(
            "SELECT section, name, text, version FROM objects WHERE section = ? AND folded = ?",
            (section, fold(name)),
        ).fetchone()
        return Row(*found) if found else None

    def users(self) -> Iterator[UserRow]:
        for row in self._sql(f"SELECT {USER} FROM mailboxes m ORDER BY folded").fetchall():
            yield self._user(row)

    def user(self, address: str) -> UserRow | None:
        row = self._sql(
            f"SELECT {USER} FROM mailboxes m WHERE folded = ?", (fold(address),)
        ).fetchone()
        return self._user(row) if row else None

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, UserRow]:
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, UserRow] = {}
        for start in range(0, len(wanted), MOST_PLACES):
            part = wanted[start : start + MOST_PLACES]
            marks = ", ".join("?" * len(part))
            rows = self._sql(
                f"SELECT n.number, {USER} FROM numbers n JOIN mailboxes m ON m.folded = n.owner "
                f"WHERE n.plan = ? AND n.number IN ({marks})",
                (fold(dial_plan), *part),
            ).fetchall()
            found.update({number: self._user(row) for number, *row in rows})
        return found

    def count(self, dial_plan: str = "", policy: str = "") -> int:
        where, values = "", []
        for column, value in (("dial_plan", dial_plan), ("policy", policy)):
            if value:
                where += f"{' AND' if where else ' WHERE'} {column} = ?"
                values.append(fold(value))
        counted: int = self._sql(f"SELECT count(*) FROM mailboxes{where}", values).fetchone()[0]
        return counted

    def secret(self, name: str) -> bytes | None:
        found = self._sql("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return bytes(found[0]) if found else None

    def pin(self, address: str) -> str | None:
        found = self._sql("SELECT hash FROM pins WHERE owner = ?", (fold(address),)).fetchone()
        return str(found[0]) if found else None

    def put(self, row: Row, expected: int | None = None) -> None:
        found = self.row(row.section, row.name)
        version = found.version if found else 0
        check_version(row.name, expected, version)
        self._sql(
            "INSERT INTO objects (section, folded, name, version, text) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (section, folded) DO UPDATE SET name = excluded.name, "
            "version = excluded.version, text = excluded.text",
            (row.section, fold(row.name), row.name, version + 1, row.text),
        )
        self.changed = True

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        found = self.row(section, name)
        if found is None:
            raise LookupError(f"there is no {name}")
        check_version(name, expected, found.version)
        self._sql("DELETE FROM objects WHERE section = ? AND folded = ?", (section, fold(name)))
        self.changed = True

    def put_user(self, user: UserRow, expected: int | None = None) -> None:
        owner = fold(user.address)
        version = self._user_version(owner)
        check_version(user.address, expected, version)
        self._sql(
            "INSERT INTO mailboxes (folded, address, dial_plan, policy, version, text) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (folded) DO UPDATE SET "
            "address = excluded.address, dial_plan = excluded.dial_plan, "
            "policy = excluded.policy, version = excluded.version, text = excluded.text",
            (
                owner,
                user.address,
                user.dial_plan,
                user.policy,
                version + 1,
                user.text,
            ),
        )
        if version:
            self._sql("DELETE FROM numbers WHERE owner = ?", (owner,))
        for plan, number in user.keys:
            self._put_number(plan, number, owner)
        self.changed = True

    def _put_number(self, plan: str, number: str, owner: str) -> None:
        try:
            self._sql("INSERT INTO numbers VALUES (?, ?, ?, ?)", (fold(plan), number, plan, owner))
        except sqlite3.IntegrityError:
            other = self.find(plan, [number])[number]
            raise Conflict(f"{number} belongs to {other.address} already") from None

    def remove_user(self, address: str, expected: int | None = None) -> None:
        version = self._user_version(fold(address))
        if not version:
            raise LookupError(f"there is no {address}")
        check_version(address, expected, version)
        self._sql("DELETE FROM mailboxes WHERE folded = ?", (fold(address),))
        self._sql("DELETE FROM pins WHERE owner = ?", (fold(address),))
        self.changed = True

    def clear(self) -> None:
        self._sql("DELETE FROM objects")
        self._sql("DELETE FROM mailboxes")
        self.changed = True

    def put_secret(self, name: str, value: bytes) -> None:
        self._sql("INSERT OR REPLACE INTO secrets VALUES (?, ?)", (name, value))

    def put_pin(self, address: str, hash: str) -> None:
        self._sql("INSERT OR REPLACE INTO pins VALUES (?, ?)", (fold(address), hash))

    def finish(self) -> None:
        """At the end of a transaction: count the revision, forget ownerless PINs."""
        if self.changed:
            self._sql("UPDATE revision SET number = number + 1")
            self._sql("DELETE FROM pins WHERE owner NOT IN (SELECT folded FROM mailboxes)")

    def _user_version(self, folded: str) -> int:
        found = self._sql("SELECT version FROM mailboxes WHERE folded = ?", (folded,)).fetchone()
        return int(found[0]) if found else 0

    def _user(self, row: Sequence[Any]) -> UserRow:
        folded, address, text, dial_plan, policy, version = row
        keys = self._sql(
            "SELECT written, number FROM numbers WHERE owner = ? ORDER BY plan, number", (folded,)
        ).fetchall()
        return UserRow(address, text, dial_plan, policy, tuple(map(tuple, keys)), version)


class SqliteTables:
    """See `Tables`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            os.chmod(path, 0o600)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()

    def _prepare(self) -> None:
        sql = self._connection.execute
        sql("PRAGMA journal_mode = WAL")
        sql("PRAGMA synchronous = FULL")
        sql("PRAGMA foreign_keys = ON")
        sql("BEGIN IMMEDIATE")
        try:
            version = sql("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise Unavailable(f"{self.path} was made by a newer version of umserver")
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    sql(statement)
                sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            sql("COMMIT")
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """See `Tables`."""
        with self._transaction("BEGIN") as sheet:
            yield sheet

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """See `Tables`."""
        with self._transaction("BEGIN IMMEDIATE") as sheet:
            yield sheet
            sheet.finish()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Sheet]:
        sql = self._connection.execute
        with _told(self.path):
            sql(begin)
            try:
                yield Sheet(self._connection)
                sql("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    sql("ROLLBACK")
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's and the system's faults in the house's words."""
    try:
        yield
    except sqlite3.Error as fault:
        kind = NoSpace if "is full" in str(fault) else Unavailable
        raise kind(f"the store {path}: {fault}") from None
    except OSError as fault:
        raise Unavailable(f"the store {path}: {fault.strerror or fault}") from None


def open_sqlite(rest: str, state: Path) -> Tables:
    """`sqlite:` is `umserver.db` in the state folder; `sqlite:/some/file.db` is that file."""
    path = rest.removeprefix("//")
    return SqliteTables(Path(path) if path else state / FILE_NAME)


STORE = Backend("sqlite", open_sqlite)
