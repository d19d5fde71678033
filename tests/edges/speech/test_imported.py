"""Prompts that administrators imported."""

from __future__ import annotations

import os
import shutil
import tempfile
import wave
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.speech.imported import ImportedPrompts
from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name


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
