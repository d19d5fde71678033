"""Prompts that administrators imported."""

from __future__ import annotations

import os
import shutil
import tempfile
import wave
from pathlib import Path

import numpy as np
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.admin.cmdlets.prompts import check_sound
from umserver.edges.speech.cache import SpokenCache
from umserver.edges.speech.catalogue import Catalogue
from umserver.edges.speech.imported import ImportedPrompts
from umserver.edges.speech.shelf import PromptShelf
from umserver.interfaces import Unavailable
from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import Pcm


class ImportedPromptTests(SynchronousTestCase):
    """Recordings of an attendant."""

    def setUp(self) -> None:
        self.state = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.state)
        self.folder = self.state / folder_name(AUTO_ATTENDANT, "Reception")
        self.folder.mkdir(parents=True)

    def write(self, name: str, seconds: float, level: int = 8000) -> Path:
        path = self.folder / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            tone = level * np.sin(np.arange(round(8000 * seconds)) * 0.7)
            file.writeframes(tone.astype("<i2").tobytes())
        return path

    def get(self, prompts: ImportedPrompts, file: str) -> float | None:
        clip = prompts.get(AUTO_ATTENDANT, "Reception", file)
        return None if clip is None else round(clip.seconds, 1)

    def test_a_recording(self) -> None:
        """A recording is played, and what replaces it from the next call on."""
        prompts = ImportedPrompts(self.state)
        path = self.write("welcome.wav", 1.0)
        self.assertEqual(self.get(prompts, "welcome.wav"), 1.1)
        self.assertIs(
            prompts.get(AUTO_ATTENDANT, "Reception", "welcome.wav"),
            prompts.get(AUTO_ATTENDANT, "Reception", "welcome.wav"),
        )
        self.write("welcome.wav", 2.0)
        os.utime(path, (2_000_000_000, 2_000_000_000))
        self.assertEqual(self.get(prompts, "welcome.wav"), 2.1)

    def test_what_cannot_be_played(self) -> None:
        """A file that is missing, broken or silent is no prompt; nor is one of another folder."""
        prompts = ImportedPrompts(self.state)
        self.write("silent.wav", 1.0, 0)
        (self.folder / "broken.wav").write_bytes(b"RIFF")
        (self.state / "secret.wav").write_bytes(self.write("good.wav", 1.0).read_bytes())
        for name in ("gone.wav", "silent.wav", "broken.wav", "../../secret.wav"):
            self.assertIsNone(self.get(prompts, name), name)

    def test_memory_is_bounded(self) -> None:
        """However many there are, only so many are held."""
        prompts = ImportedPrompts(self.state, most_bytes=40_000)
        for number in range(10):
            self.write(f"{number}.wav", 1.0)
            self.get(prompts, f"{number}.wav")
        self.assertLessEqual(len(prompts._held), 3)

    def test_recorded_by_telephone(self) -> None:
        """Feature 135: what was recorded by telephone is a prompt like an imported one."""
        shelf = shelf_with(ImportedPrompts(self.state))
        take = shelf.record(AUTO_ATTENDANT, "Évreux", "recorded-announcement.wav")
        self.successResultOf(take.append("PCMU", g711.encode("PCMU", speech(1.0))))
        self.assertIsNone(
            self.successResultOf(shelf.imported(AUTO_ATTENDANT, "Évreux", "recorded.wav"))
        )
        self.successResultOf(take.keep())
        path = self.state / folder_name(AUTO_ATTENDANT, "Évreux") / "recorded-announcement.wav"
        self.assertEqual(round(check_sound(path.read_bytes(), path.name), 2), 1.0)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        heard = self.successResultOf(shelf.imported(AUTO_ATTENDANT, "Évreux", path.name))
        assert heard is not None
        self.assertEqual(round(heard.seconds, 1), 1.1)

    def test_nothing_half_recorded(self) -> None:
        """Where the disk refuses, the old recording stays, and nothing else is left behind."""
        shelf = shelf_with(ImportedPrompts(self.state))
        take = shelf.record(AUTO_ATTENDANT, "Reception", "folder")
        (self.folder / "folder").mkdir()
        (self.folder / "folder" / "x").touch()
        self.failureResultOf(take.keep(), Unavailable)
        self.assertEqual([one.name for one in self.folder.iterdir()], ["folder"])


def speech(seconds: float) -> Pcm:
    """Something loud enough to be kept."""
    return (8000 * np.sin(np.arange(round(8000 * seconds)) * 0.7)).astype(np.int16)


def shelf_with(custom: ImportedPrompts | None) -> PromptShelf:
    """A shelf that has nothing but these, and works at once."""
    return PromptShelf(
        Clock(),
        SpokenCache(Path("/nowhere")),
        Catalogue({}),
        None,
        Silent(),
        custom=custom,
        in_thread=lambda work: execute(work),
    )


class Silent:
    """No voice."""

    engine = "silent"

    def manner(self, language: str) -> str:
        return ""

    def render(self, language: str, text: str) -> Deferred[Pcm]:
        raise AssertionError("nothing is spoken here")

    def stop(self) -> None:
        pass
