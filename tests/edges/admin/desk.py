"""An administrator at a desk of their own: a state folder, and answers to what is asked."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from umserver.command import DONE, Umctl
from umserver.discover import shipped

DEMO = str(shipped("demo.toml"))


class Terminal(io.StringIO):
    """Somebody sits there and answers."""

    def isatty(self) -> bool:
        return True


class Typed:
    """What a command printed, and its exit code."""

    def __init__(self, state: Path, words: tuple[str, ...], input: io.StringIO) -> None:
        out, err = io.StringIO(), io.StringIO()
        umctl = Umctl(out, err, input)
        self.code = umctl.run(["--state", str(state), *words])
        self.out, self.err = out.getvalue(), err.getvalue()


class DeskCase(SynchronousTestCase):
    """A test that types commands about the demo organisation, with no server running."""

    state: Path

    def setUp(self) -> None:
        self.state = Path(self.mktemp()) / "state"
        self.good("import", DEMO)

    def type(self, *words: str, input: io.StringIO | None = None) -> Typed:
        """Run one command."""
        return Typed(self.state, words, input or io.StringIO())

    def good(self, *words: str, input: io.StringIO | None = None) -> str:
        """A command that works without a word beside; its output."""
        typed = self.type(*words, input=input)
        self.assertEqual((typed.code, typed.err), (DONE, ""), words)
        return typed.out

    def bad(self, code: int, *words: str, input: io.StringIO | None = None) -> str:
        """A command that does not; its complaint."""
        typed = self.type(*words, input=input)
        self.assertEqual((typed.code, typed.out), (code, ""), f"{words}: {typed.out}")
        self.assertTrue(typed.err.startswith("umctl: "), typed.err)
        return typed.err

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """What a command shows, as programs read it."""
        shown: list[dict[str, Any]] = json.loads(self.good("--json", *words))
        return shown

    def one(self, *words: str) -> dict[str, Any]:
        """The only thing that a command shows."""
        (row,) = self.rows(*words)
        return row
