"""What users recorded of themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.edges.speech.voices import at_once
from umserver.edges.speech import greetings as module
from umserver.edges.speech.greetings import FolderGreetings
from umserver.interfaces import (
    Clip,
    IGreetingDesk,
    IGreetings,
    IGreetingTake,
    NoSpace,
    Unavailable,
)
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import frame_levels
from umserver.wire.audio.wav import g711_wav, pcm_wav

ADA = "ada@example.com"


def sound(seconds: float, peak: float = 6000.0) -> object:
    """What a person might have said: 0.2 s of sound, 0.1 s of pause, and so on."""
    time = np.arange(round(8000 * seconds))
    return (peak * (time % 2400 < 1600) * np.sin(time / 2)).astype(np.int16)


class GreetingsTests(SynchronousTestCase):
    """One folder with one user."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()) / "greetings"
        self.own = self.folder / ADA
        self.own.mkdir(parents=True)
        self.greetings = FolderGreetings(self.folder, at_once)

    def write(self, kind: str, data: bytes) -> Path:
        path = self.own / f"{kind}.wav"
        path.write_bytes(data)
        return path

    def get(self, mailbox: str = ADA, kind: str = "personal") -> Clip | None:
        return self.successResultOf(self.greetings.recorded(mailbox, kind))

    def test_interface(self) -> None:
        """It is what scripts expect."""
        verifyObject(IGreetings, self.greetings)
        verifyObject(IGreetingDesk, self.greetings)
        verifyObject(IGreetingTake, self.greetings.begin(ADA, "name"))

    def test_each_kind(self) -> None:
        """Away, personal and name are found by the user's address, in any case of letters."""
        for number, kind in enumerate(("away", "personal", "name")):
            self.write(kind, pcm_wav(sound(1.0 + number)))
            clip = self.get("Ada@Example.com", kind)
            assert clip is not None
            self.assertApproximates(clip.seconds, 1.1 + number, 0.11)

    def test_any_telephone_format(self) -> None:
        """A greeting recorded by telephone is as good as one from a studio."""
        self.write("personal", g711_wav("PCMA", g711.encode("PCMA", sound(1.0))))
        self.assertIsNotNone(self.get())

    def test_as_loud_as_the_rest(self) -> None:
        """A greeting that was spoken softly is heard as loud as the prompts around it."""
        self.write("personal", pcm_wav(sound(1.0, peak=700.0)))
        clip = self.get()
        assert clip is not None
        levels = frame_levels(g711.decode("PCMU", clip.encoded["PCMU"]))
        self.assertApproximates(float(np.median(levels[levels > -45])), -20.0, 1.5)

    def test_none(self) -> None:
        """Nobody has a greeting who recorded none; there are no other kinds."""
        self.assertIsNone(self.get())
        self.assertIsNone(self.get("ben@example.com"))
        self.write("secret", pcm_wav(sound(1.0)))
        self.assertIsNone(self.get(kind="secret"))

    def test_unusable(self) -> None:
        """A file that is no sound, silent or far too long counts as none."""
        for data in (b"", b"no sound", pcm_wav(np.zeros(8000, np.int16)), b"\0" * (21 << 20)):
            self.write("personal", data)
            self.assertIsNone(self.get())

    def test_addresses_cannot_leave_the_folder(self) -> None:
        """No address reaches a file outside the user's own folder."""
        (self.folder.parent / "personal.wav").write_bytes(pcm_wav(sound(1.0)))
        (self.folder / "personal.wav").write_bytes(pcm_wav(sound(1.0)))
        for address in ("..", ".", "", "../greetings", "a/b", "a\0b", f"../greetings/{ADA}"):
            self.assertIsNone(self.get(address))
            self.assertFalse(self.successResultOf(self.greetings.is_away(address)))

    def test_away(self) -> None:
        """The away greeting is on while its mark is there."""
        self.assertFalse(self.successResultOf(self.greetings.is_away(ADA)))
        (self.own / "away.on").touch()
        self.assertTrue(self.successResultOf(self.greetings.is_away(ADA)))

    def test_read_once_until_changed(self) -> None:
        """The same clip is handed out until the user records another."""
        path = self.write("personal", pcm_wav(sound(1.0)))
        first = self.get()
        self.assertIs(first, self.get())
        path.write_bytes(pcm_wav(sound(2.0)))
        second = self.get()
        assert second is not None
        self.assertApproximates(second.seconds, 2.1, 0.05)
        path.unlink()
        self.assertIsNone(self.get())

    def test_memory_is_bounded(self) -> None:
        """Memory holds the greetings heard last, whatever their number."""
        self.greetings = FolderGreetings(self.folder, at_once, most_cached_bytes=100_000)
        for number in range(20):
            own = self.folder / f"user{number}@example.com"
            own.mkdir()
            (own / "personal.wav").write_bytes(pcm_wav(sound(2.0)))
            self.assertIsNotNone(self.get(own.name))
        memory = self.greetings._memory
        self.assertLessEqual(memory._size, 100_000)
        self.assertEqual(memory._size, sum(module._octets(c) for _, c in memory._kept.values()))
        self.assertIs(self.get("user19@example.com"), self.get("user19@example.com"))


class RecordedByTelephoneTests(SynchronousTestCase):
    """Owners change their greetings."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()) / "greetings"
        self.own = self.folder / ADA
        self.greetings = FolderGreetings(self.folder, at_once)

    def get(self) -> Clip | None:
        """What callers hear."""
        return self.successResultOf(self.greetings.recorded(ADA, "personal"))

    def take(self, seconds: float = 1.0, kind: str = "personal") -> IGreetingTake:
        """A recording that is not kept yet, made of both laws."""
        take = self.greetings.begin("Ada@example.com", kind)
        for law in ("PCMU", "PCMA"):
            self.successResultOf(take.append(law, g711.encode(law, sound(seconds / 2))))
        return take

    def test_kept(self) -> None:
        """Nothing is heard of a recording before it is kept, and all of it afterwards."""
        take = self.take(2.0)
        self.assertIsNone(self.get())
        self.assertEqual(self.successResultOf(take.clip()).seconds, 2.0)
        self.successResultOf(take.keep())
        clip = self.get()
        assert clip is not None
        self.assertApproximates(clip.seconds, 2.0, 0.15)
        self.assertEqual([path.name for path in self.own.iterdir()], ["personal.wav"])
        self.assertEqual((self.own / "personal.wav").stat().st_mode & 0o777, 0o600)

    def test_again(self) -> None:
        """A recording that was erased is not in the greeting; the old one is replaced."""
        self.successResultOf(self.take(1.0).keep())
        take = self.take(3.0)
        self.successResultOf(take.erase())
        self.successResultOf(take.append("PCMU", g711.encode("PCMU", sound(2.0))))
        self.successResultOf(take.keep())
        clip = self.get()
        assert clip is not None
        self.assertApproximates(clip.seconds, 2.0, 0.15)

    def test_removed(self) -> None:
        """Without the recording callers hear the generated greeting; twice is no fault."""
        self.successResultOf(self.take().keep())
        for _ in range(2):
            self.successResultOf(self.greetings.remove(ADA, "personal"))
            self.assertIsNone(self.get())

    def test_away(self) -> None:
        """The away greeting is switched on and off, also for who never recorded anything."""
        for mailbox in (ADA, "new@example.com"):
            for on in (True, True, False, False):
                self.successResultOf(self.greetings.set_away(mailbox, on))
                self.assertEqual(self.successResultOf(self.greetings.is_away(mailbox)), on)

    def test_too_long(self) -> None:
        """Memory is bounded: a recording longer than any policy allows is refused."""
        take = self.take()
        minute = bytes(60 * 8000)
        fired = [take.append("PCMU", minute) for _ in range(11)]
        self.failureResultOf(fired[-1], NoSpace)

    def test_no_such_thing(self) -> None:
        """Kinds that there are not, and addresses that lead elsewhere, change nothing."""
        with self.assertRaises(ValueError):
            self.greetings.begin(ADA, "../escape")
        self.failureResultOf(self.greetings.begin("../ada", "name").keep(), Unavailable)
        self.failureResultOf(self.greetings.set_away("../ada", True), Unavailable)

    def test_a_disk_that_refuses(self) -> None:
        """A greeting that cannot be written is told, and the old one stays."""
        self.folder.mkdir(parents=True)
        (self.folder / "file@example.com").write_bytes(b"")
        take = self.greetings.begin("file@example.com", "name")
        self.failureResultOf(take.keep(), Unavailable)
