"""Messages of users: several recipients, sounds that go along, conversations; nothing lost, nothing
twice."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.faulty_disk import (
    CountingFiles,
    DyingFiles,
    FailingFiles,
    PowerCut,
    SmallDisk,
)
from tests.edges.mail.letters import envelope, speech
from tests.edges.mail.test_no_loss import SECOND, DiskCase, Story, result
from tests.edges.mail.test_spool import SpoolCase
from umserver.edges.mail.attachment import sound_file
from umserver.edges.mail.compose import compose
from umserver.edges.mail.copies import copies_of
from umserver.edges.mail.record import ENVELOPE, Fate
from umserver.edges.mail.sound import attachments_in, clip_in
from umserver.edges.mail.voicemail import letterhead
from umserver.interfaces import NoSpace, Unavailable, Unplayable
from umserver.org.envelope_text import BadRecord, dump_envelope, load_envelope
from umserver.org.messages import Addressee, Attachment, CallerId, Choices, Kind, Recipient

ADA = CallerId("1001", "Ada Example", "ada@example.com")
CHLOE = Recipient("chloe@example.com", "Chloé Démo", "1003", "fr-FR", "Europe/Paris", "G711")
DAN = Recipient("dan@example.com", "Dan Outside", audio_codec="G711")
NAMED = (
    Addressee("ben@example.com", "Ben Sample"),
    Addressee("chloe@example.com", "Chloé Démo"),
    Addressee("dan@example.com"),
)
SENT = envelope(
    mailbox="ben@example.com",
    mailbox_name="Ben Sample",
    extension="1002",
    caller=ADA,
    sent=True,
    missed_call_wanted=False,
    also=(CHLOE, DAN),
    addressed=NAMED,
    subject="FW: Lunch",
    references=("<first@example.com>", "<second@example.com>"),
)
OLD = Attachment("Old.wav", "audio/wav", sound_file("G711", "PCMU", speech(3.0)).data)
PEOPLE = ("ben@example.com", "chloe@example.com", "dan@example.com")


class EnvelopeTests(SynchronousTestCase):
    """What is kept of a message to several people."""

    def test_there_and_back(self) -> None:
        """Everything about it survives a restart."""
        about = evolve(SENT, enclosed=("Old.wav/audio/wav",), enclosed_seconds=3.0)
        self.assertEqual(load_envelope(dump_envelope(about)), about)

    def test_rubbish(self) -> None:
        """Lists of something else are refused, not guessed at."""
        text = dump_envelope(SENT).decode()
        for old, new in (('"also": [', '"also": [7, '), ('"references": [', '"references": [7, ')):
            self.assertRaises(BadRecord, load_envelope, text.replace(old, new).encode())

    def test_everybody_gets_a_copy_of_their_own(self) -> None:
        """Each in their language and time zone; all with the same Message-ID."""
        copies = copies_of(SENT)
        self.assertEqual(tuple(one.mailbox for one in copies), PEOPLE)
        self.assertEqual([one.language for one in copies], ["en-US", "fr-FR", "en-US"])
        self.assertEqual({one.message_id for one in copies}, {SENT.message_id})
        self.assertEqual(len({one.id for one in copies}), 3)
        self.assertEqual({one.also for one in copies}, {()})


class MailTests(SynchronousTestCase):
    """What is in the mail."""

    def mail(self, comment: float = 2.0, *enclosed: Attachment, **changes: object) -> bytes:
        """A message of Ada's."""
        about = evolve(copies_of(SENT)[0], **changes)  # type: ignore[arg-type]
        if enclosed:
            about = evolve(about, enclosed=tuple("x/y" for _ in enclosed), enclosed_seconds=3.0)
        sound = sound_file("G711", "PCMU", speech(comment)) if comment else None
        return compose(about, Choices(), Kind.VOICE, sound, enclosed)

    def test_class_of_a_users_message(self) -> None:
        """A message that a user sent by telephone is of class voice, not voice-ca (feature 61)."""
        mail = message_from_bytes(self.mail())
        self.assertEqual(mail["Content-Class"], "voice")
        self.assertEqual(mail["X-UM-Message-Class"], "IPM.Note.Microsoft.Voicemail.UM")
        self.assertIn("ada@example.com", mail["From"])
        self.assertEqual(mail["X-CallingTelephoneNumber"], "1001")

    def test_everybody_is_named(self) -> None:
        """The mail says who else got it, and what it answers."""
        head = letterhead(self.mail())
        assert head is not None
        self.assertEqual(head.recipients, PEOPLE)
        self.assertEqual(head.references, SENT.references)
        self.assertEqual(head.subject, "FW: Lunch")
        self.assertEqual(head.sender, ADA)

    def test_the_text_names_the_recipients(self) -> None:
        """Who reads the mail sees to whom it went, in words of the own language."""
        english, french = (self.text(self.mail(language=tag)) for tag in ("en-US", "fr-FR"))
        self.assertIn("To: Ben Sample, Chloé Démo, dan@example.com", english)
        self.assertNotIn("Called", english)
        self.assertIn("Ben Sample, Chloé Démo, dan@example.com", french)
        many = tuple(Addressee(f"u{n}@example.com") for n in range(30))
        self.assertIn("u19@example.com, …", self.text(self.mail(addressed=many)))

    def test_recipients_of_every_kind(self) -> None:
        """Whoever else got it, the headers are well formed: addresses beyond ASCII are left to the
        text where the reader's mail server may not know them, and a crowd is cut.
        """
        odd = (Addressee("jürgen@example.com", "Jürgen"), Addressee("no address"), *NAMED)
        mail = self.mail(addressed=odd)
        self.assertTrue(mail.partition(b"\r\n\r\n")[0].isascii())
        head = letterhead(mail)
        assert head is not None
        self.assertEqual(head.recipients, PEOPLE)
        self.assertIn("Jürgen", self.text(mail))
        crowd = tuple(Addressee(f"u{n}@example.com", f"Ü {n}") for n in range(500))
        head = letterhead(self.mail(addressed=crowd))
        assert head is not None
        self.assertEqual(len(head.recipients), 100)

    def text(self, mail: bytes) -> str:
        """The plain text, in one line."""
        part = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
        assert isinstance(part, EmailMessage)
        return " ".join(str(part.get_content()).split())

    def test_a_forward_with_a_comment(self) -> None:
        """The comment is the first attachment, the old message the second (feature 64)."""
        data = self.mail(2.0, OLD)
        mail = message_from_bytes(data)
        names = [part.get_filename() for part in mail.walk() if part.get_filename()]
        self.assertEqual(mail["X-AttachmentOrder"].split(";"), names)
        self.assertEqual((len(names), names[1]), (2, "Old.wav"))
        self.assertEqual(attachments_in(data)[1].data, OLD.data)
        self.assertEqual(mail["X-VoiceMessageDuration"], "5")
        self.assertAlmostEqual(clip_in(data).seconds, 5.7, places=1)

    def test_a_forward_of_a_forward(self) -> None:
        """Names stay apart, the newest comes first; every sound is heard in this order."""
        first, second = evolve(OLD, name="Note.wav"), evolve(OLD, name="Note.wav")
        mail = message_from_bytes(self.mail(0, first, second))
        self.assertEqual(mail["X-AttachmentOrder"], "Note.wav;Note 2.wav")

    def test_a_damaged_sound_that_goes_along(self) -> None:
        """What cannot be played behind the comment is left out; the comment is heard."""
        noise = Attachment("noise.wav", "audio/wav", b"RIFF\x00\x00\x00\x00WAVEnoise")
        self.assertAlmostEqual(clip_in(self.mail(2.0, noise)).seconds, 2.0, places=1)
        self.assertRaises(Unplayable, clip_in, self.mail(0, noise))

    def test_a_caller_who_knows_how_mails_are_made(self) -> None:
        """Whatever a caller is called, the sound comes where sounds are (headers included)."""
        trick = b64encode(b"the sound number 0000 goes here").decode()
        data = self.mail(2.0, OLD, call_id=trick, caller=CallerId("1001", trick))
        sounds = attachments_in(data)
        self.assertEqual(len(sounds[0].data), len(OLD.data) - 8000)
        self.assertEqual(sounds[1].data, OLD.data)

    def test_foreign_names_and_types(self) -> None:
        """Whatever a foreign mail called its sound, ours is well formed."""
        for name, kind in (("a;b\r\nBcc: x", "audio/mpeg"), ("", "text/html"), ("x.mp3", "")):
            sound = evolve(OLD, name=name, content_type=kind)
            mail = message_from_bytes(self.mail(0, sound))
            part = mail.get_payload()[-1]  # type: ignore[index]
            assert isinstance(part, Message)
            self.assertEqual(part.get_content_maintype(), "audio")
            self.assertEqual(part.get_payload(decode=True), OLD.data)
            self.assertNotIn("Bcc", mail)


@define(eq=False)
class HalfwayDisk(SmallDisk):
    """Has no room for the third copy until it is well."""

    is_well: bool = False

    def link(self, source: Path, target: Path) -> None:
        if not self.is_well and "-3." in target.parent.name:
            raise OSError(errno.ENOSPC, "no space")
        super().link(source, target)


@define(eq=False)
class Waiting:
    """Threads that are busy with something else until `go_on`."""

    works: list[tuple[Callable[[], Any], Deferred[Any]]] = field(factory=list)

    def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        self.works.append((partial(work, *args, **kwargs), Deferred()))
        return self.works[-1][1]

    def go_on(self) -> None:
        works, self.works = self.works, []
        for work, done in works:
            done.callback(work())

    def stop(self) -> None:
        """Nothing runs."""


class QueueTests(SpoolCase):
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
        threads = self.spool.threads = Waiting()
        self.due()
        self.due()
        self.assertEqual(len(threads.works), 1)
        self.disk.is_well = True
        threads.go_on()
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
