"""What is kept of calls that are refused."""

from __future__ import annotations

from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tests.roles.parts import CallLog
from umserver.org.refusals import NOBODY_CALLED, UNKNOWN_GATEWAY
from umserver.roles.health import LastHour
from umserver.roles.refusing import Refusing
from umserver.roles.sparing import MOST


class RefusingTests(SynchronousTestCase):
    """Of one role."""

    def setUp(self) -> None:
        self.now, self.log = 1000.0, CallLog()
        self.hour = LastHour(lambda: self.now)
        self.refusing = Refusing("cas", self.log, lambda: self.now, self.hour)
        self.events: list[LogEvent] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def test_on_record(self) -> None:
        """An administrator finds who was refused, when and why."""
        self.refusing.note("a@192.0.2.9", "192.0.2.9", NOBODY_CALLED)
        [entry] = self.log.entries
        self.assertEqual(
            (entry["at"], entry["call"], entry["role"], entry["outcome"], entry["why"]),
            (1000.0, "a@192.0.2.9", "cas", "Rejected", NOBODY_CALLED.reason),
        )
        self.assertEqual(self.refusing.count, 1)

    def test_strangers_do_not_make_a_server_ill(self) -> None:
        """Calls of strangers are counted, and are no sign that the server is not well."""
        self.refusing.note("a", "203.0.113.9", UNKNOWN_GATEWAY)
        self.assertEqual((self.refusing.count, self.hour.counts()), (1, (0, 0)))
        self.refusing.note("b", "192.0.2.9", NOBODY_CALLED)
        self.assertEqual((self.refusing.count, self.hour.counts()), (2, (1, 1)))

    def test_the_log_stays_readable(self) -> None:
        """Of a flood of refused calls the log shows some, and later how many it left out."""
        for n in range(MOST + 5):
            self.refusing.note(f"{n}", "203.0.113.9", UNKNOWN_GATEWAY)
        self.assertEqual(len(self.events), MOST)
        self.now += 1.0
        self.refusing.note("last", "203.0.113.9", UNKNOWN_GATEWAY)
        self.assertIn("5 calls more", formatEvent(self.events[-1]))
