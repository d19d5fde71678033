"""Nothing lost, nothing twice: the disk fails or the machine dies at each single step."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from random import Random

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import envelope, speech
from tests.edges.mail.spool.faulty_disk import CountingFiles, DyingFiles, FailingFiles, PowerCut
from umserver.edges.mail.files import Files
from umserver.edges.mail.maildir.mailer import MaildirMailer
from umserver.edges.mail.spool.cabinet import Cabinet
from umserver.edges.mail.spool.spool import Spool
from umserver.edges.threads import Here
from umserver.interfaces import IDraft, PermanentFailure, TemporaryFailure, Unavailable
from umserver.org.messages import Choices

SECOND = speech(1.0)
BOX = "ada@example.com"


def result(deferred: Deferred[object]) -> object:
    """What it fired with; its failure is raised."""
    got: list[object] = []
    deferred.addBoth(got.append)
    assert got, "it has not fired"
    if isinstance(got[0], Failure):
        got[0].raiseException()
    return got[0]


@define(eq=False)
class Story:
    """One call and its mail, on one disk; remembers what was promised before the end."""

    state: Path
    files: Files = field(factory=Files)
    begun: bool = field(init=False, default=False)
    heard: int = field(init=False, default=0)
    """Octets that were said to be on the disk."""
    committed: bool = field(init=False, default=False)
    spool: Spool = field(init=False)

    def open(self) -> None:
        """Start the server."""
        self.spool = Spool(
            Cabinet(self.state / "spool", self.files, reserve_octets=4096), Here(), Here()
        )
        self.spool.open()

    def call(self, seconds: int = 2) -> None:
        """A caller speaks and sends the message, in spite of whatever the disk says."""
        draft = result(self.spool.begin(envelope()))  # type: ignore[arg-type]
        assert isinstance(draft, IDraft.__class__) or draft is not None
        self.begun = True
        try:
            for _ in range(seconds):
                result(draft.append("PCMU", SECOND))  # type: ignore[attr-defined]
                self.heard += len(SECOND)
        except Unavailable:
            pass
        result(draft.commit(Choices(important=True)))  # type: ignore[attr-defined]
        self.committed = True

    def deliver(self, tries: int = 1) -> None:
        """Hand over everything that is due."""
        mailer = MaildirMailer(self.state / "mail", Here(), self.files)
        for _ in range(tries):
            for id in result(self.spool.due(float("inf"))):  # type: ignore[arg-type, attr-defined]
                try:
                    mail = result(self.spool.mail(id))  # type: ignore[arg-type]
                    result(mailer.deliver(mail))  # type: ignore[arg-type]
                except (TemporaryFailure, Unavailable) as fault:
                    result(self.spool.defer(id, str(fault), 0.0))  # type: ignore[arg-type]
                except PermanentFailure as fault:
                    result(self.spool.bury(id, str(fault)))  # type: ignore[arg-type]
                else:
                    with contextlib.suppress(Unavailable):
                        result(self.spool.delivered(id))  # type: ignore[arg-type]

    def live(self) -> None:
        """A whole run: start, recover, call, deliver."""
        self.open()
        result(self.spool.recover())  # type: ignore[arg-type]
        self.call()
        self.deliver()

    def die(self) -> None:
        """The process is gone, and its lock with it."""
        if hasattr(self, "spool"):
            self.spool.cabinet.close()

    def restart(self, files: Files | None = None) -> None:
        """A new process on the same disk delivers what the old one left."""
        after = Story(self.state, files or Files())
        try:
            after.open()
            result(after.spool.recover())  # type: ignore[arg-type]
            after.deliver()
        finally:
            after.die()

    def mails(self) -> list[Message]:
        """What the user has."""
        box = self.state / "mail" / BOX
        return [
            message_from_bytes(path.read_bytes())
            for room in ("new", "cur")
            if (box / room).is_dir()
            for path in sorted((box / room).iterdir())
        ]

    def left(self) -> list[str]:
        """Names that are still in the spool."""
        rooms = ("drafts", "queue", "dead")
        return [
            f"{room}/{path.name}"
            for room in rooms
            if (self.state / "spool" / room).is_dir()
            for path in (self.state / "spool" / room).iterdir()
        ]


class DiskCase(SynchronousTestCase):
    """Stories on fresh disks."""

    def setUp(self) -> None:
        place = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self.disk = Path(tempfile.mkdtemp(prefix="um-disk-", dir=place))
        self.addCleanup(shutil.rmtree, self.disk, True)

    def story(self, files: Files, name: str) -> Story:
        """One on a folder of its own, which is on the disk since long."""
        (self.disk / name).mkdir()
        return Story(self.disk / name, files)

    def steps(self) -> int:
        """How many steps an undisturbed run takes."""
        files = CountingFiles()
        story = self.story(files, "undisturbed")
        story.live()
        story.die()
        self.assertEqual((len(story.mails()), story.left()), (1, []))
        return files.steps

    def check(self, story: Story, what: str) -> None:
        """Every promise is kept."""
        mails = story.mails()
        self.assertEqual(story.left(), [], what)
        self.assertLessEqual(len(mails), 1, what)
        if story.begun:
            self.assertEqual(len(mails), 1, what)
        if story.heard:
            self.assertEqual(mails[0]["Content-Class"], "voice-ca", what)
            sound = mails[0].get_payload()[-1].get_payload(decode=True)  # type: ignore[union-attr, index]
            self.assertIn(SECOND * (story.heard // len(SECOND)), sound, what)
        if story.committed and story.heard:
            self.assertEqual(mails[0]["Importance"], "high", what)


class DeathTests(DiskCase):
    """kill -9, or no more power, between any two steps."""

    def lives_on(self, last: int, halfway: bool, forgetful: bool) -> Story:
        """A story that ends at this step."""
        files = DyingFiles(last=last, halfway=halfway, forgetful=forgetful)
        story = self.story(files, f"{last}-{halfway:d}{forgetful:d}")
        self.assertRaises(PowerCut, story.live)
        story.die()
        return story

    def test_death_at_every_step(self) -> None:
        """Whenever it dies, after a restart there is one mail with all that was said by then."""
        steps = self.steps()
        self.assertGreater(steps, 30)
        for forgetful in (False, True):
            for halfway in (False, True):
                for last in range(1, steps + 1):
                    what = f"died at step {last}, {halfway=}, {forgetful=}"
                    files = DyingFiles(last=last, halfway=halfway, forgetful=forgetful)
                    story = self.story(files, f"{last}-{halfway:d}{forgetful:d}")
                    with contextlib.suppress(PowerCut):
                        story.live()
                    story.die()
                    story.restart()
                    self.check(story, what)

    def test_death_while_recovering(self) -> None:
        """Dying again while it recovers changes nothing, and neither does a third start."""
        chance = Random(8)
        for number in range(150):
            story = self.lives_on(chance.randrange(8, 30), chance.random() < 0.5, True)
            what = f"death {number}"
            again = DyingFiles(
                last=chance.randrange(1, 40), halfway=chance.random() < 0.5, forgetful=True
            )
            with contextlib.suppress(PowerCut):
                story.restart(again)
            story.restart()
            story.restart()
            self.check(story, what)
            shutil.rmtree(story.state)


class FaultTests(DiskCase):
    """A disk that says no, once or for a while, in a server that lives on."""

    def survive(self, first: int, times: int, number: int, halfway: bool) -> None:
        """A story with these faults; afterwards the disk is well again."""
        what = f"step {first}, {times} times, errno {number}, {halfway=}"
        files = FailingFiles(times=times, number=number, halfway=halfway)
        story = self.story(files, f"{first}-{times}-{number}-{halfway:d}")
        story.open()
        result(story.spool.recover())  # type: ignore[arg-type]
        files.first = files.steps + first
        with contextlib.suppress(Unavailable):
            story.call()
        story.deliver(tries=times + 2)
        self.flushLoggedErrors()
        story.die()
        if story.begun:
            self.check(story, what)
        story.restart()
        self.check(story, what + ", after a restart")
        shutil.rmtree(story.state)

    def test_fault_at_every_step(self) -> None:
        """Whichever step fails, the message goes its way once the disk is well, and only once."""
        steps = self.steps()
        for number in (errno.EIO, errno.ENOSPC):
            for times in (1, 3):
                for first in range(1, steps + 1):
                    self.survive(first, times, number, halfway=first % 2 == 0)
