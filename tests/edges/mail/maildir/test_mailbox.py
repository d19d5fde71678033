"""Voice messages of a Maildir: the contract, and what a mail program sees of it."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.contracts.mailbox import MailboxContract, voice_mail
from umserver.edges.mail.files import Files
from umserver.edges.mail.maildir.mailbox import MaildirMailbox
from umserver.edges.mail.maildir.mailboxes import LOOK_SECONDS, MOST_LOOKS, MaildirMailboxes
from umserver.edges.threads import Here
from umserver.interfaces import IMailboxes, Unavailable


@define
class MovingFiles(Files):
    """A disk on which a mail program marks each mail just before we touch it."""

    times: int = 1
    moved: list[str] = field(factory=list)

    def rename(self, source: Path, target: Path) -> None:
        if self.times > 0:
            self.times -= 1
            elsewhere = source.parent.parent / "cur" / (source.name.partition(":")[0] + ":2,F")
            if elsewhere == source:
                elsewhere = elsewhere.with_name(elsewhere.name[:-1])
            source.rename(elsewhere)
            self.moved.append(elsewhere.name)
        super().rename(source, target)


class Box(TestCase):
    """A Maildir in a temporary folder."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.box = self.root / "ada@example.com"
        self.count = 0
        self.mailbox = MaildirMailbox(self.box, Here())

    def arrive(self, mail: bytes, seen: bool = False) -> Deferred[None]:
        """As any delivery agent puts it there."""
        for room in ("tmp", "new", "cur"):
            (self.box / room).mkdir(parents=True, exist_ok=True)
        self.count += 1
        name = f"179553100{self.count}.M1P2.mail.example.com"
        room = "cur" if seen else "new"
        (self.box / room / (name + ":2,S" * seen)).write_bytes(mail)
        return succeed(None)

    def vanish(self) -> Deferred[None]:
        """Somebody empties the folder."""
        for path in self.box.glob("*/*"):
            if path.is_file():
                path.unlink()
        return succeed(None)

    def names(self) -> list[str]:
        """What a mail program sees: folder, room, and flags of each mail."""
        found = (path.relative_to(self.box) for path in self.root.glob("**/*mail.example.com*"))
        return sorted(f"{path.parent}/:{path.name.partition(':')[2]}" for path in found)


class MaildirMailboxTests(Box, MailboxContract):
    """The contract."""


class MaildirRulesTests(Box):
    """What is particular to Maildirs."""

    async def only(self) -> str:
        """The id of the one message."""
        [mail] = await self.mailbox.messages()
        return mail.id

    async def test_flags_in_the_name(self) -> None:
        """Read and flagged are S and F in the file's name, in that alphabet's order."""
        await self.arrive(voice_mail())
        id = await self.only()
        await self.mailbox.mark_read(id, True)
        await self.mailbox.flag(id, True)
        self.assertEqual(self.names(), ["cur/:2,FS"])
        await self.mailbox.mark_read(id, False)
        self.assertEqual(self.names(), ["cur/:2,F"])

    async def test_trash(self) -> None:
        """A deleted message lies in the folder that mail programs call Trash."""
        await self.arrive(voice_mail())
        await self.mailbox.delete(await self.only())
        self.assertEqual(self.names(), [".Trash/cur/:2,"])
        self.assertTrue((self.box / ".Trash" / "maildirfolder").exists())

    async def test_marked_for_removal_by_a_mail_program(self) -> None:
        """What a mail program has deleted but not yet removed counts as deleted, and comes back."""
        await self.arrive(voice_mail())
        id = await self.only()
        path = next((self.box / "new").iterdir())
        path.rename(self.box / "cur" / (path.name + ":2,ST"))
        self.assertTrue((await self.mailbox.messages())[0].deleted)
        await self.mailbox.undelete(id)
        self.assertEqual(self.names(), ["cur/:2,S"])

    async def test_what_is_gone_is_forgotten(self) -> None:
        """The headers of messages that a mail program removed stay in nobody's memory."""
        for _ in range(3):
            await self.arrive(voice_mail())
            await self.mailbox.messages()
        self.assertEqual(len(self.mailbox._heads), 3)
        await self.vanish()
        self.assertEqual(await self.mailbox.messages(), [])
        self.assertEqual(len(self.mailbox._heads), 0)

    async def test_more_than_are_remembered(self) -> None:
        """In a mailbox of very many messages all are told; of the first ones nothing is read again,
        however many there are besides.
        """
        self.mailbox.most_remembered = 2
        for number in (1, 2, 3):
            await self.arrive(voice_mail(number))
        before = {mail.id: mail.received for mail in await self.mailbox.messages()}
        for path in (self.box / "new").iterdir():
            path.write_bytes(voice_mail(9))
        after = {mail.id: mail.received for mail in await self.mailbox.messages()}
        self.assertEqual((len(before), before.keys()), (3, after.keys()))
        self.assertEqual(sum(before[id] == after[id] for id in before), 2)

    async def test_a_mail_program_at_the_same_moment(self) -> None:
        """A mail that is being flagged elsewhere just now gets both marks."""
        self.mailbox.files = MovingFiles()
        await self.arrive(voice_mail())
        await self.mailbox.mark_read(await self.only(), True)
        self.assertEqual(self.names(), ["cur/:2,FS"])

    async def test_a_mail_program_that_never_rests(self) -> None:
        """Somebody who moves a mail all the time makes it unavailable, not endless."""
        self.mailbox.files = MovingFiles(times=100)
        await self.arrive(voice_mail())
        id = await self.only()
        with self.assertRaises(Unavailable):
            await self.mailbox.mark_read(id, True)
        self.assertEqual(len(self.mailbox.files.moved), 5)

    async def test_large_flags_of_others(self) -> None:
        """Flags and sizes that other programs write into names are kept."""
        await self.arrive(voice_mail())
        id = await self.only()
        path = next((self.box / "new").iterdir())
        path.rename(self.box / "cur" / (path.name + ":2,PRab"))
        await self.mailbox.mark_read(id, True)
        self.assertEqual(self.names(), ["cur/:2,PRSab"])


class WatchTests(Box):
    """Lamps want to know when something changed."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.boxes = MaildirMailboxes(self.clock, self.root, Here())
        self.addCleanup(self.boxes.stop)
        self.rung: list[str] = []

    def wait(self) -> None:
        """Time for a look."""
        self.clock.advance(LOOK_SECONDS)

    async def test_changes_are_told(self) -> None:
        """New mail, and mail read by whatever program, is told within seconds; silence is not."""
        verifyObject(IMailboxes, self.boxes)
        await self.arrive(voice_mail())
        forget = self.boxes.watch("Ada@example.com", lambda: self.rung.append("ada"))
        self.boxes.watch("ben@example.com", lambda: self.rung.append("ben"))
        self.clock.advance(0.0)
        self.assertEqual(sorted(self.rung), ["ada", "ben"])
        self.rung.clear()
        self.wait()
        self.assertEqual(self.rung, [])
        path = next((self.box / "new").iterdir())
        path.rename(self.box / "cur" / (path.name + ":2,S"))
        self.wait()
        self.assertEqual(self.rung, ["ada"])
        forget()
        await self.arrive(voice_mail(2))
        self.wait()
        self.assertEqual(self.rung, ["ada"])

    async def test_very_many(self) -> None:
        """However many mailboxes are watched, they are looked at in turn and none is forgotten."""
        for number in range(2 * MOST_LOOKS + 1):
            self.boxes.watch(f"user{number}@example.com", lambda: self.rung.append("other"))
        self.boxes.watch("ada@example.com", lambda: self.rung.append("ada"))
        for _ in range(4):
            self.clock.advance(0.0)
        self.assertEqual(len(self.rung), 2 * MOST_LOOKS + 2)
        await self.arrive(voice_mail())
        for _ in range(3):
            self.wait()
        self.assertEqual(self.rung.count("ada"), 2)
        self.assertEqual(len(self.rung), 2 * MOST_LOOKS + 3)

    def test_no_mail_address(self) -> None:
        """A name that could lead out of the folder has no mailbox."""
        with self.assertRaises(Unavailable):
            self.boxes.open("../../etc")
