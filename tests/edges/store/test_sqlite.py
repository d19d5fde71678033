"""The store in an SQLite file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.change_log import ChangeLogContract
from tests.contracts.lamps import LampContract
from tests.contracts.outbox import OutboxContract, notice
from tests.contracts.store import ADA, BEN, StoreContract
from tests.org.examples import ORG, PBX
from umserver.discover import shipped
from umserver.edges.store.archive import PEPPER_FILE, Archive, open_archive
from umserver.edges.store.backend import open_tables
from umserver.edges.store.ledger import Search
from umserver.edges.store.notes import Cause
from umserver.edges.store.schema import OBJECTS_SCHEMA
from umserver.edges.store.sqlite import FILE_NAME, WORDS
from umserver.edges.store.tables import Conflict, Tables
from umserver.interfaces import NoSpace, Unavailable
from umserver.org.pin_record import PinRecord

KILLED = """
import os, sys
from pathlib import Path
from tests.contracts.outbox import OutboxContract
from tests.contracts.store import ADA
from tests.org.examples import ORG
from umserver.edges.store.archive import open_archive
from umserver.org.pin_record import PinRecord
archive = open_archive("sqlite:", Path(sys.argv[1]))
archive.import_organisation(ORG, [ADA])
with archive.tables.writing() as work:
    work.clear()
    os.kill(os.getpid(), 9)
"""

LOOKED_IN = """
import sys
from pathlib import Path
from umserver.edges.store.archive import open_archive
archive = open_archive("sqlite:", Path(sys.argv[1]))
archive.is_empty()
archive.close()
"""

COMMAND = "import sys; from umserver.command import main; sys.exit(main())"
USER = """
[[mailboxes]]
address = "user{n}@example.com"
display_name = "User {n}"
extension = "{n}"
dial_plan = "Demo"
policy = "Demo Default Policy"
"""


class SqliteStoreTests(
    StoreContract, ChangeLogContract, LampContract, OutboxContract, SynchronousTestCase
):
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

    def test_a_command_beside_a_running_server(self) -> None:
        """A command that opens the store and ends takes nothing from under a running server.

        The server has the store open twice, and goes on writing to the same files.
        """
        self.fill()
        server, writer = self.again(), self.again()
        log = self.state / f"{FILE_NAME}-wal"
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", LOOKED_IN, str(self.state)], check=True, timeout=60)
        self.assertEqual(log.stat().st_ino, before)
        writer.remove("mailboxes", ADA.address)
        subprocess.run([sys.executable, "-c", LOOKED_IN, str(self.state)], check=True, timeout=60)
        self.assertEqual(list(server.mailboxes()), list(self.again().mailboxes()))
        self.assertNotIn(ADA, list(self.again().mailboxes()))

    def test_a_change_after_a_large_import(self) -> None:
        """Who imports a thousand users and then changes a setting waits for neither: a server that
        has the store open twice, as servers have, sees each change with its next look.
        """
        self.fill()
        server, _writer = self.again(), self.again()
        subprocess.run([sys.executable, "-c", LOOKED_IN, str(self.state)], check=True, timeout=60)
        users = self.state / "users.toml"
        users.write_text(
            shipped("demo.toml").read_text("utf-8")
            + "".join(USER.format(n=2000 + n) for n in range(1000)),
            "utf-8",
        )
        before = server.revision()
        self.command("import", str(users))
        self.assertGreater(server.revision(), before)
        self.assertIn("2999", server.find("Demo", ["2999"]))
        self.command("Set-UMService", "-MaxCallsAllowed", "777")
        self.assertEqual(server.load().service.max_calls_allowed, 777)

    def command(self, *words: str) -> None:
        """What an administrator does beside the server, in a process of its own."""
        line = [sys.executable, "-c", COMMAND, "--state", str(self.state), *words]
        subprocess.run(line, check=True, timeout=60, capture_output=True)

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

    def test_an_older_store(self) -> None:
        """A store of an earlier version is extended when it is opened, and loses nothing."""
        path = self.state / "older.db"
        with sqlite3.connect(path) as connection:
            for statement in OBJECTS_SCHEMA.format(**WORDS).strip().split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO secrets VALUES ('route-key', x'00ff')")
            connection.execute("PRAGMA user_version = 1")
        connection.close()
        archive = open_archive(f"sqlite:{path}", self.state)
        self.addCleanup(archive.close)
        self.assertEqual(archive.secret("route-key"), b"\x00\xff")
        archive.import_organisation(ORG, [ADA])
        self.assertEqual(archive.search(Search(name=ADA.address))[0].what, "made")

    # backups

    def test_a_backup(self) -> None:
        """A backup is one file, for its owner alone, and holds everything at one moment."""
        self.fill()
        self.archive.secret("route-key")
        backup = self.state / "backup.db"
        backup.write_bytes(b"an older backup")
        self.archive.back_up(backup)
        self.assertEqual(oct(stat.S_IMODE(backup.stat().st_mode)), "0o600")
        self.assertEqual([p.name for p in self.state.glob("*backup*")], ["backup.db"])
        copy = open_archive(f"sqlite:{backup}", self.state)
        self.addCleanup(copy.close)
        self.assertEqual(copy.load(), ORG)
        self.assertEqual(copy.pin_hash(BEN.address), self.archive.pin_hash(BEN.address))
        self.assertEqual(copy.secret("route-key"), self.archive.secret("route-key"))

    def test_a_backup_while_others_work(self) -> None:
        """A backup that is made during changes holds whole changes only."""
        self.fill()
        other = self.again()
        with other.tables.writing() as work:
            work.remove("gateways", PBX.name)
            self.archive.back_up(self.state / "backup.db")
        copy = open_archive(f"sqlite:{self.state / 'backup.db'}", self.state)
        self.addCleanup(copy.close)
        self.assertEqual(copy.load(), ORG)

    def test_a_backup_without_room(self) -> None:
        """A backup that cannot be made is told, and leaves nothing behind."""
        self.fill()
        with self.assertRaisesRegex(Unavailable, "No such file"):
            self.archive.back_up(self.state / "missing" / "backup.db")
        self.assertEqual([p.name for p in self.state.glob("*backup*")], [])

    def test_a_restore(self) -> None:
        """What was backed up is put back while a server runs; the server sees it as a change."""
        self.fill()
        backup, server = self.state / "backup.db", self.again()
        self.archive.back_up(backup)
        version = self.archive.get("gateways", PBX.name).version
        self.archive.cause = Cause("Set-UMIPGateway", {"Identity": "PBX"})
        self.archive.put("gateways", evolve(PBX, port=5070))
        self.archive.remove("mailboxes", BEN.address)
        self.archive.cause = Cause("restore", {"File": "backup.db"})
        self.assertEqual(self.archive.restore(backup), 4)
        self.assertEqual((server.load(), server.revision()), (ORG, 4))
        self.assertEqual(server.find("Boston", ["1002"]), {"1002": BEN})
        self.assertEqual(server.pin_hash(BEN.address), "hash of 135792 with 32")
        noted = [c.what for c in server.search(Search())]
        self.assertEqual(noted[:3], ["restored", "removed", "changed"])
        self.assertEqual(len([what for what in noted if what == "made"]), len(noted) - 4)
        with self.assertRaises(Conflict):
            self.archive.put("gateways", evolve(PBX, port=5080), version)
        self.assertEqual([p.name for p in self.state.glob(".*")], [])

    def test_a_restore_tells_no_pins(self) -> None:
        """PINs that a restore undoes are not mailed any more."""
        self.fill()
        self.archive.change_pin_record(ADA.address, lambda _: PinRecord(hash="a"), [notice(1)])
        self.archive.back_up(self.state / "backup.db")
        self.archive.change_pin_record(ADA.address, lambda _: PinRecord(hash="b"), [notice(2)])
        self.archive.restore(self.state / "backup.db")
        self.assertEqual(self.archive.pin_hash(ADA.address), "a")
        self.assertEqual(self.archive.notices.take("um1"), [])

    def test_a_restore_on_a_new_machine(self) -> None:
        """A store that was lost with its disk comes back with its log and secrets."""
        self.fill()
        backup = self.state / "backup.db"
        self.archive.back_up(backup)
        log, key = self.archive.search(Search()), self.archive.secret("route-key")
        self.archive.back_up(backup)
        (self.state / "new").mkdir()
        new = open_archive("sqlite:", self.state / "new")
        self.addCleanup(new.close)
        new.restore(backup)
        self.assertEqual((new.load(), new.secret("route-key")), (ORG, key))
        self.assertEqual(new.search(Search())[1:], log)

    def test_what_is_no_backup(self) -> None:
        """A damaged or foreign file is refused, and the store stays as it is."""
        self.fill()
        damaged = self.state / "damaged.db"
        self.archive.back_up(damaged)
        octets = bytearray(damaged.read_bytes())
        octets[4096:8192] = os.urandom(4096)
        damaged.write_bytes(octets)
        foreign = self.state / "foreign.db"
        sqlite3.connect(foreign).close()
        text = self.state / "text.db"
        text.write_text("no database at all" * 100)
        for path in (damaged, foreign, text, self.state / "missing.db"):
            with self.assertRaises(Unavailable):
                self.archive.restore(path)
        self.assertEqual((self.archive.load(), self.archive.revision()), (ORG, 1))
        self.assertEqual([p.name for p in self.state.glob(".*")], [])
