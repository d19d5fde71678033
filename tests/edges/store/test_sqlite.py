"""The store in an SQLite file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.change_log import ChangeLogContract
from tests.contracts.store import ADA, StoreContract
from tests.org.examples import ORG
from umserver.edges.store.archive import PEPPER_FILE, Archive, open_archive
from umserver.edges.store.backend import open_tables
from umserver.edges.store.sqlite import FILE_NAME
from umserver.edges.store.tables import Tables
from umserver.interfaces import NoSpace, Unavailable

KILLED = """
import os, sys
from pathlib import Path
from tests.contracts.store import ADA
from tests.org.examples import ORG
from umserver.edges.store.archive import open_archive
archive = open_archive("sqlite:", Path(sys.argv[1]))
archive.import_organisation(ORG, [ADA])
with archive.tables.writing() as work:
    work.clear()
    os.kill(os.getpid(), 9)
"""


class SqliteStoreTests(StoreContract, ChangeLogContract, SynchronousTestCase):
    """It keeps every promise, and lasts."""

    def open(self) -> Tables:
        self.state = Path(self.mktemp())
        self.state.mkdir()
        return open_tables("sqlite:", self.state)

    def again(self) -> Archive:
        """A second program that opens the same store."""
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        return archive

    def test_it_lasts(self) -> None:
        """What one program put there, another one finds."""
        self.fill()
        other = self.again()
        self.assertEqual(other.load(), ORG)
        self.assertEqual(other.secret("route-key"), self.archive.secret("route-key"))

    def test_for_its_owner_alone(self) -> None:
        """Nobody else on the machine reads numbers, hashes or keys."""
        self.fill()
        self.again().secret("route-key")
        self.again().pepper()
        names = sorted(path.name for path in self.state.iterdir())
        self.assertIn(FILE_NAME, names)
        self.assertIn(PEPPER_FILE, names)
        for name in names:
            mode = stat.S_IMODE((self.state / name).stat().st_mode)
            self.assertEqual((name, oct(mode)), (name, "0o600"))

    def test_two_programs_see_each_other(self) -> None:
        """umctl changes something while the server runs; the server sees it by the revision."""
        self.fill()
        server, umctl = self.again(), self.again()
        before = server.revision()
        umctl.remove("mailboxes", ADA.address)
        self.assertEqual(server.revision(), before + 1)
        self.assertEqual(server.find("Boston", ["1001"]), {})

    def test_killed_in_the_middle(self) -> None:
        """A program that is killed while it changes something leaves the last whole state."""
        done = subprocess.run([sys.executable, "-c", KILLED, str(self.state)], timeout=60)
        self.assertEqual(done.returncode, -9)
        self.assertEqual(self.again().load(), ORG)
        self.assertEqual(list(self.again().mailboxes()), [ADA])

    def test_another_place(self) -> None:
        """The URL can name any file."""
        path = self.state / "elsewhere.db"
        archive = open_archive(f"sqlite://{path.resolve()}", Path("/nowhere"))
        self.addCleanup(archive.close)
        self.assertTrue(archive.is_empty())
        self.assertTrue(path.exists())

    def test_what_cannot_be_opened(self) -> None:
        """A damaged, newer, missing or unknown store is refused in words, and stays as it is."""
        with self.assertRaisesRegex(ValueError, "there are memory, postgresql, sqlite"):
            open_tables("oracle:", self.state)
        with self.assertRaisesRegex(Unavailable, "No such file"):
            open_tables("sqlite:", self.state / "missing")
        damaged = self.state / "damaged.db"
        damaged.write_bytes(b"this is no database " * 100)
        with self.assertRaisesRegex(Unavailable, "not a database"):
            open_tables(f"sqlite:{damaged}", self.state)
        self.assertEqual(damaged.read_bytes()[:10], b"this is no")
        newer = self.state / "newer.db"
        with sqlite3.connect(newer) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        with self.assertRaisesRegex(Unavailable, "newer version"):
            open_tables(f"sqlite:{newer}", self.state)

    def test_a_full_store(self) -> None:
        """A disk that is full is told as that, and nothing is half done."""
        self.fill()
        connection = self.tables._connection  # type: ignore[attr-defined]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with self.assertRaises(NoSpace), self.tables.writing() as work:
            work.put_secret("long", os.urandom(1_000_000))
        self.assertEqual(self.archive.load(), ORG)

    def test_a_damaged_pepper(self) -> None:
        """A key file that lost octets is never taken for a key."""
        archive = self.again()
        key = archive.pepper()
        self.assertEqual((len(key), archive.pepper()), (32, key))
        (self.state / PEPPER_FILE).write_bytes(b"short")
        with self.assertRaisesRegex(Unavailable, "damaged"):
            archive.pepper()
