"""Moments in a status."""

from __future__ import annotations

from datetime import datetime

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.moments import NAMES, moment

WHEN = datetime(2026, 11, 25, 16, 30, 5)


class MomentTests(SynchronousTestCase):
    """What is a moment, and how it is read."""

    def test_moments(self) -> None:
        """A value whose name promises a moment is read as a date and a time of day."""
        for name in (*NAMES, "told_at"):
            self.assertEqual(moment(name, WHEN.timestamp()), "2026-11-25 16:30:05")

    def test_others(self) -> None:
        """Other numbers stay numbers, and what is no moment is not made one."""
        self.assertEqual(moment("calls", WHEN.timestamp()), "")
        for strange in (None, 0, -5, 1e300, float("nan"), True, "soon"):
            self.assertEqual(moment("ends", strange), "", strange)
