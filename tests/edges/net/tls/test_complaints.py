"""Trouble with peers is told, and fills no log."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.log import said_in
from umserver.edges.net.tls.complaints import (
    A_MINUTE,
    MOST_REMEMBERED,
    MOST_SHOWN,
    SILENCE,
    Complaints,
)


class ComplaintsTests(SynchronousTestCase):
    """One server's complaints."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.said = said_in(self, "umserver.edges.net.tls")
        self.complaints = Complaints(self.clock.seconds, lambda: 1.79e9)

    def test_once(self) -> None:
        """The same of the same peer is said once in ten minutes."""
        for _ in range(5):
            self.complaints.note("192.0.2.1", "it expired")
            self.clock.advance(SILENCE / 5 - 1)
        self.assertEqual(self.said(), ["TLS with 192.0.2.1 failed: it expired"])
        self.clock.advance(10)
        self.complaints.note("192.0.2.1", "it expired")
        self.assertEqual((len(self.said()), self.complaints.count), (2, 6))

    def test_another(self) -> None:
        """Another peer or another reason is something new."""
        self.complaints.note("192.0.2.1", "a")
        self.complaints.note("192.0.2.2", "a")
        self.complaints.note("192.0.2.2", "b")
        self.assertEqual(len(self.said()), 3)
        self.assertEqual([one["why"] for one in self.complaints.latest()], ["a", "a", "b"])

    def test_about_one(self) -> None:
        """What went wrong last with one peer is known, also where it is not told again."""
        self.complaints = Complaints(self.clock.seconds, self.clock.seconds)
        for host, why in (("192.0.2.1", "a"), ("192.0.2.2", "b"), ("192.0.2.1", "a")):
            self.clock.advance(1)
            self.complaints.note(host, why)
        self.assertEqual([self.complaints.about("192.0.2.1", since) for since in (3, 4)], ["a", ""])
        self.assertEqual(self.complaints.about("192.0.2.9", 0), "")
        for number in range(MOST_REMEMBERED):
            self.complaints.note(f"198.51.100.{number}", "c")
        self.assertEqual(self.complaints.about("192.0.2.1", 0), "")

    def test_a_flood(self) -> None:
        """Thousands of peers make a few lines a minute, and only the last ones are kept."""
        for number in range(3000):
            self.complaints.note(f"192.0.2.{number}", "x")
        self.assertEqual(len(self.said()), A_MINUTE)
        self.assertEqual(len(self.complaints.latest()), MOST_SHOWN)
        self.clock.advance(60)
        self.complaints.note("198.51.100.1", "x")
        self.assertEqual(len(self.said()), A_MINUTE + 1)
