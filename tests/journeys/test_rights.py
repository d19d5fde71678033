"""Who may run commands: the operating system user that owns the state folder, and root."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from tests.kit.house import HouseCase
from umserver.command import DONE, Umctl

STRANGER = 65_534
"""User id of `nobody`."""
PATIENCE = 20
"""Seconds after which the kernel ends a child that hangs."""


def as_stranger(work: Callable[[], object]) -> tuple[int, int]:
    """Do this in a child process of another user: its process id, and where the answer comes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        signal.alarm(PATIENCE)
        os.setgroups([])
        os.setgid(STRANGER)
        os.setuid(STRANGER)
        answer = work()
    except BaseException as fault:
        answer = repr(fault)
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


class Rights(HouseCase):
    """Another user of the machine, who is not root, tries."""

    if os.getuid() != 0:
        skip = "only root can become another user"

    def open(self) -> Path:
        """A running house; the folder above its state can be entered by everybody."""
        self.start()
        os.chmod(self.state.parent, 0o755)
        return self.state

    def umctl(self, *words: str) -> tuple[int, str]:
        """A command of whoever runs this: exit code, and everything that was printed."""
        out, err = io.StringIO(), io.StringIO()
        code = Umctl(out, err, io.StringIO()).run(["--state", str(self.state), *words])
        return code, out.getvalue() + err.getvalue()

    def stranger(self, work: Callable[[], object]) -> object:
        """What comes of this when a stranger does it, while the house goes on."""
        child, reading = as_stranger(work)
        while os.waitpid(child, os.WNOHANG)[0] != child:  # the child's alarm bounds this
            self.stage.settle()
        with os.fdopen(reading, "rb") as answer:
            return json.loads(answer.read())

    def plans(self) -> str:
        """The dial plans as the owner sees them."""
        code, text = self.umctl("--json", "Get-UMDialPlan")
        self.assertEqual(code, DONE, text)
        return text

    def test_closed_folder(self) -> None:
        """A stranger can neither read nor change the organisation (feature 182)."""
        self.open()
        before = self.plans()
        self.assertEqual(self.state.stat().st_mode & 0o077, 0)
        for words in (
            ("Get-UMDialPlan",),
            ("Set-UMDialPlan", "Demo", "-MaxCallDuration", "11"),
            ("Set-UMService", "-MaxCallsAllowed", "7"),
            ("Set-UMMailboxPIN", "ada@example.com", "-Pin", "975310"),
            ("status",),
        ):
            code, text = self.stranger(lambda words=words: self.umctl(*words))
            self.assertNotEqual(code, DONE, text)
            self.assertIn("umctl: ", text)
            self.assertNotIn("Demo", text)
            self.assertNotIn("Traceback", text)
        self.assertEqual(self.plans(), before)

    def test_open_folder(self) -> None:
        """Nor when somebody has opened the folder: every file in it is private (feature 182)."""
        self.open()
        before = self.plans()
        os.chmod(self.state, 0o755)
        code, text = self.stranger(
            lambda: self.umctl("Set-UMDialPlan", "Demo", "-MaxCallDuration", "11")
        )
        self.assertNotEqual(code, DONE, text)
        self.assertEqual(self.plans(), before)
        private = [path for path in self.state.iterdir() if path.is_file()]
        self.assertIn("umserver.db", [path.name for path in private])
        for path in private:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path.name)

    def test_open_socket(self) -> None:
        """A stranger who reaches the control socket is told to go away (feature 182)."""
        self.open()
        os.chmod(self.state, 0o755)
        path = self.state / "control.sock"
        os.chmod(path, 0o666)

        def ask() -> str:
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(10.0)
                control.connect(str(path))
                with contextlib.suppress(BrokenPipeError):
                    control.sendall(b'{"ask": "status"}\n')
                return control.recv(4096).decode()

        answer = self.stranger(ask)
        assert isinstance(answer, str)
        self.assertIn("only the server's own user", answer)
        self.assertNotIn("calls", answer)
