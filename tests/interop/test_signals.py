"""SIGTERM to a real process while somebody speaks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.interop.peers import CHECKOUT, Server, missing, voice, wait_until

LOAD = Path(__file__).with_name("redirect_load.py")


class SignalTests(TestCase):
    """One process, one caller."""

    skip = missing()
    timeout = 240.0

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        config = folder / "umserver.toml"
        config.write_text("[server]\ndrain_seconds = 40\n")
        self.server = Server(folder / "state", options=(f"--config={config}",))
        self.server.start()
        self.addCleanup(self.server.stop)
        sound = folder / "voice.raw"
        voice(sound, 6.0, seed=3)
        command = [sys.executable, str(LOAD), "127.0.0.1", str(self.server.sip), "1", "0"]
        self.caller = subprocess.Popen(
            [*command, str(sound)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(self.caller.kill)
        self.assertTrue(wait_until(lambda: self.calls() == 1, 20), self.server.tail())

    def calls(self) -> int:
        part = self.server.status()["mbx"]
        assert isinstance(part, dict)
        return int(part["calls"])

    def test_the_caller_may_finish(self) -> None:
        """A server that is told to end lets a caller speak to the end, and ends then."""
        process = self.server.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        out, _ = self.caller.communicate(timeout=60)
        self.assertTrue(json.loads(out)["spoken"], out)
        self.assertEqual(process.wait(30), 0)
        self.assertIn("1 call may finish", self.server.tail())

    def test_twice(self) -> None:
        """A second signal ends it at once; what was said so far is not lost."""
        process = self.server.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        self.assertTrue(wait_until(lambda: "may finish" in self.server.tail(), 5))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertLess(time.monotonic() - began, 5.0)
        self.assertNotIn("Traceback", self.server.tail())
