"""Moments at which the machine stood still: a guest of a busy host loses its core now and then.

A packet that came late only because there was no processor is told apart by them.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from benches.compiler import build


class Stops:
    """A watch on one core; a context manager. Needs root: it goes before every other program."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._folder = tempfile.TemporaryDirectory(prefix="um-stops-")
        self.spans: list[tuple[float, float]] = []
        """Begin and end, in seconds of the wall clock; as of the last `read`."""

    def __enter__(self) -> Stops:
        folder = Path(self._folder.name)
        self._told = folder / "told"
        with self._told.open("wb") as told:
            self._process = subprocess.Popen(
                [str(build("stops", folder)), str(self._core)], stdin=subprocess.PIPE, stdout=told
            )
        return self

    def __exit__(self, *about: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def read(self) -> None:
        """Learn of those until now."""
        whole = self._told.read_text().rpartition("\n")[0]
        self.spans = [
            (float(begin), float(end)) for begin, end in map(str.split, whole.splitlines())
        ]

    def within(self, begin: float, end: float) -> float:
        """Seconds that the machine stood still between two moments."""
        shares = (min(end, until) - max(begin, since) for since, until in self.spans)
        return sum(share for share in shares if share > 0)

    def told(self) -> dict[str, float]:
        """Figures of them all."""
        lengths = [1e3 * (end - begin) for begin, end in self.spans]
        return {"count": len(lengths), "longest_ms": max(lengths, default=0.0), "ms": sum(lengths)}
