"""People found by the keys that spell their names, in every store."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.store.archive import open_archive
from umserver.org.people import NameQuery, Scope
from umserver.org.settings import DialPlan, Mailbox, MailboxPolicy, Organisation

ORGANISATION = Organisation(
    dial_plans=tuple(
        DialPlan(name=name, number_of_digits_in_extension=4, country_or_region_code="1")
        for name in ("Demo", "Other")
    ),
    mailbox_policies=(
        MailboxPolicy(name="Demo Policy", dial_plan="Demo"),
        MailboxPolicy(name="Other Policy", dial_plan="Other"),
    ),
)


def person(name: str, extension: str, plan: str = "Demo", **more: object) -> Mailbox:
    """A mailbox of this name."""
    return Mailbox(  # type: ignore[arg-type]
        display_name=name,
        address=f"{name.split()[0].lower()}{extension}@example.com",
        extension=extension,
        dial_plan=plan,
        policy=f"{plan} Policy",
        **more,
    )


TONY = person("Tony Smith", "1001")
SUE = person("Sue Smith", "1002", allow_um_calls_from_non_users="None")
JEAN = person("Jean Démo", "2001", "Other")


class PeopleTests(SynchronousTestCase):
    """Names on the telephone."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def found(
        self, url: str, keys: str, way: str = "lastNameFirstName", **scope: object
    ) -> list[str]:
        values: dict[str, object] = {"plans": ("Demo",), **scope}
        archive = open_archive(url, self.folder)
        try:
            if archive.is_empty():
                archive.import_organisation(ORGANISATION, [TONY, SUE, JEAN])
            query = NameQuery(way=way, keys=keys, scope=Scope(**values))  # type: ignore[arg-type]
            return [one.display_name for one in archive.spelled(query, 10)]
        finally:
            archive.close()

    def test_names_in_every_store(self) -> None:
        """Last name, first name and address find a person; the scope says who is not found."""
        for url in ("memory:", "sqlite:"):
            everybody: dict[str, Any] = {"plans": ("demo", "Other"), "outside": False}
            self.assertEqual(self.found(url, "76484"), ["Tony Smith"])
            self.assertEqual(self.found(url, "76484", outside=False), ["Sue Smith", "Tony Smith"])
            self.assertEqual(self.found(url, "8669", "firstNameLastName"), ["Tony Smith"])
            self.assertEqual(self.found(url, "86691", "emailAddress"), ["Tony Smith"])
            self.assertEqual(self.found(url, "3366"), [])
            self.assertEqual(self.found(url, "3366", **everybody), ["Jean Démo"])
            self.assertEqual(self.found(url, "9"), [])
            self.assertEqual(self.found(url, "7", extension="1001"), ["Tony Smith"])
            self.assertEqual(self.found(url, "7", extension="1002"), [])

    def test_a_new_name(self) -> None:
        """Who is renamed is found under the new name only, and who is removed not at all."""
        for url in ("memory:", "sqlite:"):
            archive = open_archive(url, self.folder)
            archive.import_organisation(ORGANISATION, [TONY, JEAN])
            archive.put_mailboxes([evolve(TONY, display_name="Tony Baker")])
            seen = [
                [one.extension for one in archive.spelled(_query(keys), 10)]
                for keys in ("76484", "22537")
            ]
            self.assertEqual(seen, [[], ["1001"]])
            found = archive.person("TONY1001@example.com")
            assert found is not None
            self.assertEqual(found.display_name, "Tony Baker")
            archive.remove("mailboxes", TONY.address)
            self.assertEqual(archive.spelled(_query("22537"), 10), [])
            self.assertIsNone(archive.person(TONY.address))
            archive.close()

    def test_a_store_of_an_older_version(self) -> None:
        """After an update people can be found by name without being touched."""
        self.found("sqlite:", "2")
        with sqlite3.connect(self.folder / "umserver.db") as older:
            for table in ("names", "lamps", "keepers", "outbox", "recordings"):
                older.execute(f"DROP TABLE {table}")
            older.execute("PRAGMA user_version = 2")
        older.close()
        self.assertEqual(self.found("sqlite:", "76484"), ["Tony Smith"])

    def test_names_are_found_by_an_index(self) -> None:
        """However many people there are, nobody is looked at who is not meant."""
        archive = open_archive("sqlite:", self.folder)
        archive.import_organisation(ORGANISATION, [TONY])
        archive.close()
        with sqlite3.connect(self.folder / "umserver.db") as store:
            plan = store.execute(
                "EXPLAIN QUERY PLAN SELECT DISTINCT owner FROM names "
                "WHERE way = ? AND plan = ? AND keys >= ? AND keys < ? AND is_open = 1 LIMIT ?",
                ("lastNameFirstName", "demo", "7", "7:", 11),
            ).fetchall()
        store.close()
        steps = " ".join(str(row[-1]) for row in plan)
        self.assertIn("SEARCH names USING PRIMARY KEY (way=? AND plan=? AND keys>?", steps)

    def test_no_more_than_asked_for(self) -> None:
        """Of very many people of one name a few are brought, at once."""
        archive = open_archive("sqlite:", self.folder)
        archive.import_organisation(
            ORGANISATION, [person(f"Al{n} Smith", f"{3000 + n}") for n in range(500)]
        )
        self.assertEqual(len(archive.spelled(_query("7"), 11)), 11)
        archive.close()


def _query(keys: str) -> NameQuery:
    return NameQuery(way="lastNameFirstName", keys=keys, scope=Scope(plans=("Demo",)))
