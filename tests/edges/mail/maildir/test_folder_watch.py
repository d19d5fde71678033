"""The kernel tells which mailbox changed."""

from __future__ import annotations

from pathlib import Path

from tests.contracts.mailbox import voice_mail
from tests.kit.journey import JourneyCase
from umserver.edges.mail.maildir.folder_watch import FolderWatch
from umserver.edges.mail.maildir.mailboxes import MaildirMailboxes
from umserver.edges.threads import Here


class FolderWatchTests(JourneyCase):
    """Real folders, time on the stage."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp())
        self.told: list[str] = []
        self.watch = FolderWatch(self.stage, lambda box: self.told.append(box.name), most=2)
        self.addCleanup(self.watch.stop)

    def box(self, name: str) -> tuple[Path, list[Path]]:
        """A mailbox with its rooms."""
        box = self.root / name
        rooms = [box / "new", box / "cur"]
        for room in rooms:
            room.mkdir(parents=True)
        return box, rooms

    def test_a_burst_is_one(self) -> None:
        """Many mails at once are told once, and each mailbox for itself."""
        ada, ben = self.box("ada"), self.box("ben")
        self.assertTrue(self.watch.add(*ada))
        self.assertTrue(self.watch.add(*ben))
        for number in range(20):
            (ada[0] / "new" / str(number)).touch()
        self.stage.walk(0.2)
        self.assertEqual(self.told, ["ada"])
        (ben[0] / "new" / "1").touch()
        (ada[0] / "new" / "1").rename(ada[0] / "cur" / "1:2,S")
        self.stage.walk(0.2)
        self.assertEqual(sorted(self.told), ["ada", "ada", "ben"])

    def test_a_removed_mailbox(self) -> None:
        """A mailbox that goes away ends the watch of that one alone."""
        ada, ben = self.box("ada"), self.box("ben")
        self.watch.add(*ada)
        self.watch.add(*ben)
        (ada[0] / "cur").rmdir()
        self.stage.walk(0.2)
        self.assertEqual(self.told, ["ada"])
        self.assertNotIn(ada[0], self.watch)
        (ben[0] / "new" / "1").touch()
        self.stage.walk(0.2)
        self.assertEqual(self.told, ["ada", "ben"])

    def test_bounds(self) -> None:
        """More mailboxes than the bound, and folders that are none, are refused."""
        self.assertFalse(self.watch.add(self.root / "nobody", [self.root / "nobody" / "new"]))
        self.assertNotIn(self.root / "nobody", self.watch)
        self.assertTrue(self.watch.add(*self.box("ada")))
        self.assertTrue(self.watch.add(*self.box("ben")))
        self.assertFalse(self.watch.add(*self.box("chloe")))
        self.watch.remove(self.root / "ben")
        self.watch.remove(self.root / "ben")
        (self.root / "ben" / "new" / "1").touch()
        self.stage.walk(0.2)
        self.assertEqual(self.told, [])
        self.assertTrue(self.watch.add(self.root / "chloe", [self.root / "chloe" / "new"]))

    def test_mailboxes(self) -> None:
        """What any program does in a mailbox is told at once, also when the mailbox is new."""
        boxes = MaildirMailboxes(self.stage, self.root, Here())
        self.addCleanup(boxes.stop)
        boxes.watch("ada@example.com", lambda: self.told.append("ada"))
        self.stage.walk(0.1)
        self.assertEqual(self.told, ["ada"])
        box, _ = self.box("ada@example.com")
        (box / "new" / "1.M1.example").write_bytes(voice_mail())
        self.stage.walk(2.1)
        self.assertEqual(self.told, ["ada", "ada"])
        (box / "new" / "1.M1.example").rename(box / "cur" / "1.M1.example:2,S")
        self.stage.walk(0.1)
        self.assertEqual(self.told, ["ada", "ada", "ada"])
        self.stage.walk(300.0)
        self.assertLessEqual(len(self.told), 4)
