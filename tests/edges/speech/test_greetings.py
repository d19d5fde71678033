"""What users recorded of themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.edges.speech.voices import at_once
from umserver.edges.speech import greetings as module
from umserver.edges.speech.greetings import FolderGreetings
from umserver.interfaces import Clip, IGreetings
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
