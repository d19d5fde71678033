"""A message to several people: one for each of them, nobody left out, nobody served twice."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from random import Random

from attrs import define, evolve

from tests.edges.mail.letters import OLD, PEOPLE, SENT, speech
from tests.edges.mail.spool.faulty_disk import (
    CountingFiles,
    DyingFiles,
    FailingFiles,
    PowerCut,
    SmallDisk,
)
from tests.edges.mail.spool.spool_case import SpoolCase
from tests.edges.mail.spool.test_no_loss import SECOND, DiskCase, Story, result
from umserver.edges.mail.sound import attachments_in
from umserver.edges.mail.spool.record import ENVELOPE, Fate
from umserver.interfaces import NoSpace, Unavailable
from umserver.org.envelope_text import dump_envelope
from umserver.org.messages import Attachment, Choices, Kind


@define(eq=False)
class HalfwayDisk(SmallDisk):
    """Has no room for the third copy until it is well."""

    is_well: bool = False

    def link(self, source: Path, target: Path) -> None:
        if not self.is_well and "-3." in target.parent.name:
            raise OSError(errno.ENOSPC, "no space")
        super().link(source, target)


class DividingTests(SpoolCase):
    """What the queue makes of it."""

    def send(self, seconds: float = 2.0, *enclosed: Attachment) -> None:
        """Ada's message."""
        about = evolve(SENT, enclosed_seconds=3.0 if enclosed else 0.0)
        draft = self.got(self.spool.begin(about, enclosed))
        if seconds:
            self.got(draft.append("PCMU", speech(seconds)))
        self.got(draft.commit(Choices()))

    def test_one_mail_each(self) -> None:
        """Three recipients make three messages, of which each goes its own way."""
        self.send()
        ids = self.due()
        self.assertEqual(tuple(self.mail(id).recipient for id in ids), PEOPLE)
        self.got(self.spool.bury(ids[1], "refused"))
        self.got(self.spool.delivered(ids[0]))
        self.assertEqual([self.mail(id).recipient for id in self.due()], [PEOPLE[2]])

    def test_a_disk_that_fails_halfway(self) -> None:
        """While not all copies are there none goes out, also where a restart found some of them;
        later everybody gets one.
        """
        self.send()
        self.got(self.spool.bury(self.due()[2], "for this test"))
        (last,) = (self.folder / "dead").iterdir()
        shutil.rmtree(last)
        self.spool.cabinet.close()
        self.disk = HalfwayDisk()
        self.spool = self.open()
        original = self.folder / "queue" / Fate(Kind.VOICE).folder(SENT.id)
        shutil.copytree(next((self.folder / "queue").iterdir()), original)
        (original / ENVELOPE).write_bytes(dump_envelope(SENT))
        self.got(self.spool.recover())
        self.assertEqual(self.due(), [])
        self.disk.is_well = True
        self.due()
        self.assertEqual([self.mail(id).recipient for id in self.due()], list(PEOPLE))

    def test_copies_are_made_once_at_a_time(self) -> None:
        """However often somebody asks what is due, two threads never make the same copies."""
        self.disk = HalfwayDisk()
        self.spool.cabinet.files = self.disk
        self.send()
        self.threads.pause()
        self.due()
        self.due()
        self.assertEqual(len(self.threads.waiting), 1)
        self.disk.is_well = True
        self.threads.go_on()
        self.assertEqual([self.mail(id).recipient for id in self.due()], list(PEOPLE))

    def test_without_a_comment(self) -> None:
        """What is forwarded as it is needs no sound of its own."""
        self.send(0, OLD)
        for id in self.due():
            self.assertEqual(attachments_in(self.mail(id).data)[0].data, OLD.data)

    def test_as_many_as_there_is_room_for(self) -> None:
        """Copies count: a queue that cannot hold them takes none."""
        self.message(7)
        self.message(8)
        self.message(9)
        self.failureResultOf(self.spool.begin(SENT), NoSpace)

    def test_no_links(self) -> None:
        """Where a file can have no second name, as on another disk, it is copied."""
        other = Path(tempfile.mkdtemp(dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, other)
        source = self.folder / "source"
        source.write_bytes(b"sound")
        self.disk.link(source, other / "copy")
        self.assertEqual((other / "copy").read_bytes(), b"sound")


@define(eq=False)
class SentStory(Story):
    """Ada's message to three people, on one disk."""

    def call(self, seconds: int = 2) -> None:
        draft = result(self.spool.begin(evolve(SENT, enclosed_seconds=3.0), [OLD]))  # type: ignore
        self.begun = True
        with contextlib.suppress(Unavailable):
            for _ in range(seconds):
                result(draft.append("PCMU", SECOND))  # type: ignore[attr-defined]
                self.heard += len(SECOND)
        result(draft.commit(Choices(important=True)))  # type: ignore[attr-defined]
        self.committed = True

    def mails(self) -> list[Message]:
        found = []
        for path in sorted((self.state / "mail").glob("*/*/*")):
            if path.parent.name in ("new", "cur"):
                found.append(message_from_bytes(path.read_bytes()))
        return found

    def counts(self) -> list[int]:
        """Mails of each recipient."""
        box = self.state / "mail"
        return [len([*(box / who).glob("new/*"), *(box / who).glob("cur/*")]) for who in PEOPLE]


class CopiesSurviveTests(DiskCase):
    """kill -9, no more power, a full disk: everybody or nobody, and nobody twice."""

    def story(self, files: CountingFiles, name: str) -> SentStory:  # type: ignore[override]
        (self.disk / name).mkdir()
        return SentStory(self.disk / name, files)

    def undisturbed(self) -> int:
        """Steps of a run without trouble."""
        files = CountingFiles()
        story = self.story(files, "undisturbed")
        story.live()
        story.die()
        self.assertEqual((story.counts(), story.left()), ([1, 1, 1], []))
        return files.steps

    def check(self, story: SentStory, what: str) -> None:  # type: ignore[override]
        counts = story.counts()
        self.assertEqual(story.left(), [], what)
        self.assertIn(counts, ([0, 0, 0], [1, 1, 1]), what)
        if story.heard or story.committed:
            self.assertEqual(counts, [1, 1, 1], what)
            for mail in story.mails():
                sounds = mail["X-AttachmentOrder"].split(";")
                self.assertEqual(sounds[-1], "Old.wav", what)
                self.assertGreaterEqual(len(sounds), 1 + (story.heard > 0), what)

    def test_death_at_every_step(self) -> None:
        """Whenever it dies, after a restart everybody has one mail with comment and enclosure."""
        for last in range(1, self.undisturbed() + 1):
            for forgetful in (False, True):
                halfway = last % 2 == 0
                what = f"died at step {last}, {halfway=}, {forgetful=}"
                files = DyingFiles(last=last, halfway=halfway, forgetful=forgetful)
                story = self.story(files, f"{last}-{forgetful:d}")
                with contextlib.suppress(PowerCut):
                    story.live()
                story.die()
                again = DyingFiles(last=Random(last).randrange(5, 60), forgetful=forgetful)
                with contextlib.suppress(PowerCut):
                    story.restart(again)
                story.restart()
                self.check(story, what)

    def test_fault_at_every_step(self) -> None:
        """Whichever step fails, all copies go their way once the disk is well."""
        for first in range(1, self.undisturbed() + 1):
            files = FailingFiles(times=1 + first % 3, number=errno.ENOSPC, halfway=first % 2 == 0)
            story = self.story(files, f"fault-{first}")
            story.open()
            result(story.spool.recover())  # type: ignore[arg-type]
            files.first = files.steps + first
            with contextlib.suppress(Unavailable):
                story.call()
            story.deliver(tries=files.times + 3)
            self.flushLoggedErrors()
            if story.begun:
                self.check(story, f"{first=}")
            story.die()
            story.restart()
            self.check(story, f"{first=}, after a restart")
