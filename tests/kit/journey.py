"""A test case on a stage: every time, socket and thread of a story is the stage's.

Knows: the stage, the trace of SIP messages. Must never know: what the story is. When a story fails
it prints the SIP ladder and leaves a capture file in its temporary folder. Anything logged as an
error fails the story (trial sees to that; garbage is collected at the end, so that a Deferred whose
failure nobody took is blamed on the right story).
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.stage import START, WALL, Stage
from umserver.wire.trace import TraceMemory, ladder, write_capture


class JourneyCase(SynchronousTestCase):
    """Give `self.stage` to everything as reactor, `self.trace` to the end whose view counts."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.trace = TraceMemory(most_calls=400, most_messages=1000, most_octets=65535)
        self.addCleanup(gc.collect)
        self.addCleanup(self.stage.close)
        gc.freeze()  # what was there before is not looked through after every story

    def run(self, result: Any = None) -> Any:
        """Run the story; when it fails, show what went over the wire."""
        before = _faults(result)
        outcome = super().run(result)
        if _faults(result) > before and hasattr(self, "trace"):
            self.show()
        return outcome

    def show(self) -> None:
        """Print the ladder, write the capture file."""
        messages = self.trace.everything()
        capture = Path(self.mktemp()).with_suffix(".pcap").resolve()
        capture.write_bytes(write_capture(messages, WALL - START))
        drawing = ladder(messages) or "(no SIP message was seen)\n"
        print(f"\n{self.id()}\n{drawing}{capture}", file=sys.stderr)

    def folder(self) -> Path:
        """A fresh folder."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir(parents=True)
        return folder

    def titles(self) -> list[str]:
        """What the trace saw, a line a message as in the ladder."""
        return [message.title for message in self.trace.everything()]


def _faults(result: Any) -> int:
    """Errors and failures so far, wherever the runner's decorators keep them."""
    while hasattr(result, "_originalReporter"):
        result = result._originalReporter
    return len(getattr(result, "errors", ())) + len(getattr(result, "failures", ()))
