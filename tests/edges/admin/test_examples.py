"""Every example of the help, typed."""

from __future__ import annotations

import shlex
import shutil
import struct
from pathlib import Path

from tests.edges.admin.desk import DeskCase, Typed
from umserver.command import DONE, FAILED
from umserver.edges.admin.catalogue import cmdlets
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.examples import examples_of

ASK_THE_SERVER = {
    "Get-UMActiveCalls",
    "Get-ServerHealth",
    "Invoke-MonitoringProbe",
    "Get-UMServerFleet",
    "Get-UMMessageWaiting",
    "Get-UMCertificate",
    "Update-UMCertificate",
}


def makes(cmdlet: Cmdlet) -> bool:
    """Whether the examples of other cmdlets build upon those of this one."""
    return cmdlet.verb in ("New", "Import") or cmdlet.name == "Enable-UMMailbox"


def telephone_wav(seconds: float = 0.5) -> bytes:
    """Silence, as a WAV file of 16 bit, 8000 Hz, mono."""
    data = bytes(int(seconds * 8000) * 2)
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    body = head + struct.pack("<4sI", b"data", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


class ExampleTests(DeskCase):
    """What the help says can be typed."""

    sound: Path
    copy: Path

    def test_every_example_works(self) -> None:
        """Whoever copies an example out of the help gets what it says."""
        self.sound, self.copy = Path(self.mktemp()), Path(self.mktemp())
        self.sound.write_bytes(telephone_wav())
        fresh = self.state
        rich = self.twin(fresh)
        self.state = rich
        for cmdlet in cmdlets():
            if makes(cmdlet) and cmdlet.name != "New-UMMailbox":
                self.typed(examples_of(cmdlet)[0])
        for cmdlet in cmdlets():
            examples = examples_of(cmdlet)
            self.assertEqual(len(examples), 2, cmdlet.name)
            for example in examples:
                self.state = self.twin(fresh if makes(cmdlet) else rich)
                typed = self.typed(example)
                if cmdlet.name in ASK_THE_SERVER:
                    self.assertIn("no server is running", typed.err, example)
                    self.assertEqual(typed.code, FAILED)
                else:
                    self.assertEqual((typed.code, typed.err), (DONE, ""), example)
        self.assertEqual(self.copy.read_bytes(), telephone_wav())

    def twin(self, state: Path) -> Path:
        """A copy of a state folder."""
        copy = Path(self.mktemp())
        shutil.copytree(state, copy)
        return copy

    def typed(self, example: str) -> Typed:
        """Type it, with the test's own sound files."""
        files = {"hello.wav": str(self.sound), "copy.wav": str(self.copy)}
        return self.type(*(files.get(word, word) for word in shlex.split(example)))

    def test_every_cmdlet_has_help(self) -> None:
        """Each cmdlet says what it does, what it takes, and shows two examples."""
        for cmdlet in cmdlets():
            told = self.good("help", cmdlet.name)
            self.assertTrue(cmdlet.synopsis, cmdlet.name)
            self.assertIn(cmdlet.synopsis, told)
            self.assertIn(cmdlet.unix, told)
            self.assertEqual(told.count(f"  umctl {cmdlet.name}"), 2, cmdlet.name)
            for parameter in cmdlet.parameters:
                self.assertIn(f"-{parameter.name} ", told)
                self.assertTrue(parameter.help, f"{cmdlet.name} -{parameter.name}")
