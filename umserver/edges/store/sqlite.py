"""Rows in an SQLite file: the default store, nothing to install.

Knows: SQLite's pragmas, its files. Must never know: the reactor. What a transaction committed
survives kill -9 and a power cut (WAL with synchronous=FULL); the file is its owner's alone (0600).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from umserver.edges.store.backend import Backend
from umserver.edges.store.backup import back_up, opened_copy, put_back
from umserver.edges.store.lamps import Lamps
from umserver.edges.store.ledger import this_user
from umserver.edges.store.roster import Roster
from umserver.edges.store.schema import SCHEMAS, statements
from umserver.edges.store.sheet import SqlSheet
from umserver.edges.store.spelling import SINCE, fill_names
from umserver.edges.store.tables import Reading, Tables, Writing
from umserver.interfaces import NoSpace, Unavailable

FILE_NAME = "umserver.db"
BUSY_SECONDS = 10.0
"""How long a transaction waits for another one."""
WORDS = {
    "serial": "INTEGER PRIMARY KEY",
    "integer": "INTEGER",
    "real": "REAL",
    "text": "TEXT",
    "octets": "BLOB",
    "clustered": " WITHOUT ROWID",
}


class SqliteTables:
    """See `Tables`."""

    lasts = True

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._who = this_user()
        with _told(path):
            _make(path)
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
            if version > len(SCHEMAS):
                raise Unavailable(f"{self.path} was made by a newer version of umserver")
            if version < len(SCHEMAS):
                for statement in statements(version, WORDS):
                    sql(statement)
                if 0 < version < SINCE:
                    fill_names(self._connection, SqlSheet(self._connection, self._now, self._who))
                sql(f"PRAGMA user_version = {len(SCHEMAS)}")
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
    def noting(self) -> Iterator[Roster]:
        """See `Tables`."""
        with self._transaction("BEGIN IMMEDIATE") as sheet:
            yield sheet.roster

    @contextmanager
    def minding(self) -> Iterator[Lamps]:
        """See `Tables`."""
        with self._transaction("BEGIN IMMEDIATE") as sheet:
            yield sheet.lamps

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[SqlSheet]:
        sql = self._connection.execute
        with _told(self.path):
            sql(begin)
            try:
                yield SqlSheet(self._connection, self._now, self._who)
                sql("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    sql("ROLLBACK")
                raise

    def listen(self, heard: Callable[[], None]) -> None:
        """See `Tables`: nobody tells; `umctl` tells the server on its machine."""
        return None

    def back_up(self, path: Path) -> None:
        """See `Tables`."""
        with _told(path):
            back_up(self._connection, path)

    @contextmanager
    def restoring(self, path: Path) -> Iterator[Writing]:
        """See `Tables`."""
        with _told(self.path), opened_copy(path, self.path) as copy:
            SqliteTables(copy).close()
            self._connection.execute("ATTACH ? AS old", (str(copy),))
            try:
                with self._transaction("BEGIN IMMEDIATE") as sheet:
                    put_back(self._connection)
                    sheet.changed = True
                    yield sheet
                    sheet.finish()
            finally:
                self._connection.execute("DETACH old")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _make(path: Path) -> None:
    """Have the file there, its owner's alone.

    A file that exists is never opened here: closing it would let go of every lock that this
    process holds on it (POSIX), another program would think itself the last one, and remove the
    write-ahead log that this one still writes to.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    os.chmod(path, 0o600)


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
