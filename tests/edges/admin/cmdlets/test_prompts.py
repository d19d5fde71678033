"""Recorded prompts of dial plans and auto attendants."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

from tests.edges.admin.desk import DeskCase
from umserver.command import FAILED, WRONG_USE


def wav(rate: int = 8000, bits: int = 16, channels: int = 1, tag: int = 1) -> bytes:
    """Half a second of a rising tone's octets as a WAV file."""
    data = bytes(n % 251 for n in range(rate * bits // 8 * channels // 2))
    step = bits // 8 * channels
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * step, step, bits)
    body = head + struct.pack("<4sI", b"data", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


class PromptTests(DeskCase):
    """Import and export."""

    def file(self, data: bytes) -> str:
        """A file with these octets."""
        path = Path(self.mktemp())
        path.write_bytes(data)
        return str(path)

    def test_there_and_back(self) -> None:
        """What is exported is what was imported, octet for octet (feature 136)."""
        said = self.good(
            "Import-UMPrompt", "welcome.wav", "-PromptFileData", self.file(wav()),
            "-UMDialPlan", "demo",
        )  # fmt: skip
        self.assertEqual(said, "The prompt welcome.wav (0.5 s) belongs to dial plan Demo.\n")
        copy = Path(self.mktemp())
        self.good(
            "Export-UMPrompt", "-PromptFileName", "welcome.wav", "-UMDialPlan", "Demo",
            "-Path", str(copy),
        )  # fmt: skip
        self.assertEqual(copy.read_bytes(), wav())
        shown = self.one("Export-UMPrompt", "welcome.wav", "-UMDialPlan", "Demo")
        self.assertEqual(base64.b64decode(shown["audio"]), wav())
        (kept,) = (self.state / "custom-prompts").rglob("*.wav")
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)

    def test_other_formats(self) -> None:
        """Only WAV of 16 bit, 8 kHz, mono is taken; MP3 and all others are told (feature 134)."""
        for data, word in (
            (wav(rate=16000), "16000 Hz"),
            (wav(bits=8), "8 bit"),
            (wav(channels=2), "2 channels"),
            (wav(tag=7), "a WAV file of another coding"),
            (b"ID3\x04" + bytes(100), "this is MP3"),
            (b"\xff\xfb\x90\x00" + bytes(100), "this is MP3"),
            (bytes.fromhex("3026b2758e66cf11") + bytes(100), "this is Windows Media"),
            (b"hello", "this is no WAV file"),
            (b"", "this is no WAV file"),
            (wav()[:400], "ends in the middle"),
        ):
            told = self.bad(
                WRONG_USE, "Import-UMPrompt", "x.wav", "-PromptFileData", self.file(data),
                "-UMAutoAttendant", "Reception",
            )  # fmt: skip
            self.assertIn(word, told)
        self.assertFalse((self.state / "custom-prompts").exists())

    def test_one_owner(self) -> None:
        """A prompt belongs to exactly one dial plan or auto attendant, and has a plain name."""
        sound = ("-PromptFileData", self.file(wav()))
        plan = ("-UMDialPlan", "Demo")
        for words, word in (
            (("x.wav", *sound), "exactly one of"),
            (("x.wav", *sound, *plan, "-UMAutoAttendant", "Reception"), "exactly one of"),
            (("../x.wav", *sound, *plan), "without folders"),
            (("x.mp3", *sound, *plan), "ends in .wav"),
            (("x.wav", *plan), "say which file"),
            ((*sound, *plan), "say which prompt"),
        ):
            self.assertIn(word, self.bad(WRONG_USE, "Import-UMPrompt", *words))
        told = self.bad(FAILED, "Export-UMPrompt", "y.wav", *plan)
        self.assertIn("has no prompt y.wav", told)
        self.assertIn("No such file", self.bad(
            FAILED, "Import-UMPrompt", "x.wav", "-PromptFileData", "/missing.wav", *plan
        ))  # fmt: skip

    def test_what_if(self) -> None:
        """A rehearsal checks the sound and keeps nothing."""
        said = self.good(
            "Import-UMPrompt", "x.wav", "-PromptFileStream", self.file(wav()),
            "-UMDialPlan", "Demo", "-WhatIf",
        )  # fmt: skip
        self.assertTrue(said.startswith("What if: "))
        self.assertFalse((self.state / "custom-prompts").exists())
