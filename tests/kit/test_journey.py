"""A story that fails shows what went over the wire."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.reporter import TestResult, UncleanWarningsReporterWrapper
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.journey import JourneyCase
from umserver.wire.trace import TracedMessage, read_capture

ASKED = TracedMessage(
    5_001.0,
    ("127.0.0.1", 5),
    ("127.0.0.1", 6),
    "udp",
    b"OPTIONS sip:x SIP/2.0\r\nCall-ID: c\r\n\r\n",
)


class _Story(JourneyCase):
    """Two stories that see one message; one of them ends badly."""

    def good(self) -> None:
        """A story."""
        self.trace.note(ASKED)

    def bad(self) -> None:
        """A story that fails."""
        self.good()
        self.fail("as it should")

    def unhandled(self) -> None:
        """A story in which nobody takes a failure."""
        Deferred[None]().errback(ValueError("nobody takes this"))


class JourneyTests(SynchronousTestCase):
    """The case class itself."""

    def tell(self, name: str) -> tuple[TestResult, str]:
        """Run a story; its result and what was printed."""
        result, printed = TestResult(), io.StringIO()
        with redirect_stderr(printed):
            _Story(name).run(UncleanWarningsReporterWrapper(result))
        return result, printed.getvalue()

    def test_a_failure_draws_the_ladder(self) -> None:
        """The ladder is printed and a capture file written, which says the same."""
        result, printed = self.tell("bad")
        self.assertEqual(len(result.failures), 1)
        self.assertIn("OPTIONS", printed)
        capture = Path(printed.strip().splitlines()[-1])
        self.assertEqual([m.title for m in read_capture(capture.read_bytes())], ["OPTIONS"])

    def test_a_success_is_silent(self) -> None:
        """Nothing is printed for a story that ends well."""
        result, printed = self.tell("good")
        self.assertEqual((result.successes, printed), (1, ""))

    def test_nobody_takes_a_failure(self) -> None:
        """A Deferred whose failure nobody took fails the story in which it happened."""
        result, _ = self.tell("unhandled")
        self.assertEqual(len(result.errors), 1)
