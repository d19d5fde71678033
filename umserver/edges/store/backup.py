"""Copies of an SQLite store: made while servers and umctl work with it, and put back.

Knows: SQLite's online backup, files. Must never know: what stands in the tables. A backup is one
ordinary database file with mode 0600, on the disk before its name appears. It holds everything but
the key with which PINs are hashed, which lies beside the store for that very reason.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from umserver.interfaces import Unavailable

TABLES = (
    *("objects", "mailboxes", "numbers", "names", "secrets", "pins", "states"),
    "recordings",
)
"""What is put back as it was; the revision only rises, and servers describe themselves."""


def back_up(connection: sqlite3.Connection, path: Path) -> None:
    """Copy the database to `path`, replacing what is there. Raises OSError, sqlite3.Error."""
    with _made(path) as making:
        copy = sqlite3.connect(making, isolation_level=None)
        try:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()


@contextmanager
def _made(path: Path) -> Iterator[Path]:
    """A new file that gets its name when it is whole and on the disk."""
    making = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield making
        _to_disk(making)
        os.replace(making, path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise
    _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def opened_copy(backup: Path, beside: Path) -> Iterator[Path]:
    """A checked copy of the backup to work with, in the folder of `beside`, gone afterwards.

    Raises Unavailable when the backup is none, or damaged; OSError.
    """
    copy = beside.with_name(f".{beside.name}.{secrets.token_hex(8)}")
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        try:
            said = _copied(backup, copy)
        except sqlite3.Error as fault:
            raise Unavailable(f"the backup {backup}: {fault}") from None
        if said != "ok":
            raise Unavailable(f"the backup {backup} is damaged: {said}")
        yield copy
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            copy.with_name(copy.name + end).unlink(missing_ok=True)


def _copied(backup: Path, copy: Path) -> str:
    """Copy and check; what SQLite says about it, `ok` when all is well."""
    source = sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(copy, isolation_level=None)
    try:
        source.backup(target)
        if not target.execute("PRAGMA user_version").fetchone()[0]:
            return "there is no organisation in it"
        return str(target.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        target.close()
        source.close()


def put_back(connection: sqlite3.Connection) -> None:
    """Take everything from the database attached as `old`, which has the newest schema.

    Happens in the transaction that is open. What the change log says of the time after the backup
    stays; versions are new ones, so nobody overwrites what was put back with what he read before.
    """
    sql = connection.execute
    for table in reversed(TABLES):
        sql(f"DELETE FROM main.{table}")
    for table in TABLES:
        sql(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
    for table in ("objects", "mailboxes"):
        sql(f"UPDATE main.{table} SET version = (SELECT number + 1 FROM main.revision)")
    newest = "coalesce((SELECT max(at) FROM old.changes), 0.0)"
    sql(f"DELETE FROM main.changes WHERE at <= {newest}")
    ids = [
        sql(f"SELECT coalesce(max(id), 0) FROM {part}.changes").fetchone()[0]
        for part in ("main", "old")
    ]
    sql("UPDATE main.changes SET id = id + ?", (max(ids),))
    sql("INSERT INTO main.changes SELECT * FROM old.changes")
