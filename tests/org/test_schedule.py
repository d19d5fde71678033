"""Weekly times as administrators write them (spec 3.1 ScheduleInterval)."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.schedule import (
    QUARTER,
    WEEK,
    Interval,
    Schedule,
    interval,
    intervals,
    read_interval,
    read_time,
    tidy_interval,
    time_text,
)


class IntervalTests(SynchronousTestCase):
    """One interval (feature 175)."""

    def test_forms(self) -> None:
        """Days are names, short names or numbers, times of 24 or 12 hours, mixed (feature 175)."""
        for text, plain in (
            ("Mon.8:00-Mon.17:30", "Mon.8:00-Mon.17:30"),
            ("Sun.11:30 PM-Mon.1:30 AM", "Sun.23:30-Mon.1:30"),
            ("6.22:00-6.22:15", "Sat.22:00-Sat.22:15"),
            ("Monday.08:00-5.5:00 pm", "Mon.8:00-Fri.17:00"),
            ("wed.12:00 AM-wed.12:00 PM", "Wed.0:00-Wed.12:00"),
            ("Sat.23:00-Sun.1:00", "Sat.23:00-Sun.1:00"),
            (" Tue.9:00 - Tue.10:00 ", "Tue.9:00-Tue.10:00"),
            ("Sun.0:00-Sun.0:00", "Sun.0:00-Sun.0:00"),
        ):
            self.assertIsNone(interval(text), text)
            self.assertEqual(tidy_interval(text), plain)

    def test_minutes_are_rounded_down(self) -> None:
        """Minutes go down to the quarter before them (feature 175)."""
        for text, plain in (
            ("Mon.8:14-Mon.17:59", "Mon.8:00-Mon.17:45"),
            ("Mon.8:29-Mon.8:31", "Mon.8:15-Mon.8:30"),
            ("Mon.23:50-Tue.0:05", "Mon.23:45-Tue.0:00"),
        ):
            self.assertEqual(tidy_interval(text), plain)

    def test_refused(self) -> None:
        """What is too short, or no day or time, is refused with the reason (feature 175)."""
        for text, said in (
            ("Mon.9:05-Mon.9:10", "at least 15 minutes"),
            ("Mon.9:00-Mon.9:00", "at least 15 minutes"),
            ("Foo.9:00-Mon.9:30", "no day 'Foo'"),
            ("Mon.24:00-Tue.9:30", "no hour 24; hours are 0 to 23"),
            ("Mon.13:00 PM-Tue.9:30", "no hour 13 before or after noon"),
            ("Mon.0:00 AM-Tue.9:30", "no hour 0 before or after noon"),
            ("7.9:00-1.10:00", "must be Day.Time-Day.Time"),
            ("Mon.9:60-Mon.10:00", "must be Day.Time-Day.Time"),
            ("Mon 9:00-Mon 10:00", "must be Day.Time-Day.Time"),
            ("M" * 100, "must be Day.Time-Day.Time"),
            ("", "must be Day.Time-Day.Time"),
        ):
            self.assertIn(said, str(interval(text)), text)

    @given(
        st.integers(0, WEEK // QUARTER - 1),
        st.integers(1, WEEK // QUARTER - 1),
        st.integers(0, WEEK - 1),
    )
    def test_every_interval(self, start: int, length: int, minute: int) -> None:
        """Every interval reads as it prints, and holds exactly its minutes."""
        made = Interval(start * QUARTER, length * QUARTER)
        self.assertEqual(read_interval(str(made)), made)
        end = made.start + made.length
        inside = made.start <= minute < end or minute + WEEK < end
        self.assertEqual(made.contains(minute), inside)


class ScheduleTests(SynchronousTestCase):
    """Several intervals."""

    def test_contains(self) -> None:
        """A moment is open or closed, also across midnight and the week's end; an end is closed."""
        hours = Schedule.of(["Sat.23:00-Sun.1:00", "Mon.8:00-Mon.17:30"])
        for moment, open_ in (
            (datetime(2026, 11, 30, 8, 0), True),
            (datetime(2026, 11, 30, 7, 59, 59), False),
            (datetime(2026, 11, 30, 17, 29, 59), True),
            (datetime(2026, 11, 30, 17, 30), False),
            (datetime(2026, 11, 28, 23, 30), True),
            (datetime(2026, 11, 29, 0, 59), True),
            (datetime(2026, 11, 29, 1, 0), False),
        ):
            self.assertEqual(hours.contains(moment), open_, moment)
        self.assertFalse(Schedule().contains(datetime(2026, 11, 30)))
        self.assertTrue(Schedule.of(["Sun.0:00-Sun.0:00"]).contains(datetime(2026, 11, 28, 23, 59)))

    def test_gaps(self) -> None:
        """At least 15 minutes lie between two intervals, also over the week's end (feature 175)."""
        self.assertIsNone(intervals(()))
        self.assertIsNone(intervals(["Sun.0:00-Sun.0:00"]))
        self.assertIsNone(intervals(["Mon.8:00-Mon.12:00", "Mon.12:15-Mon.17:00"]))
        said = "must leave at least 15 minutes between"
        for texts in (
            ["Mon.8:00-Mon.12:00", "Mon.12:00-Mon.17:00"],
            ["Mon.8:00-Mon.12:00", "Mon.11:00-Mon.17:00"],
            ["Sun.0:00-Sun.8:00", "Sat.20:00-Sun.0:00"],
            ["Sun.0:00-Sun.0:00", "Mon.8:00-Mon.9:00"],
            ["Mon.8:00-Mon.9:00", "Mon.8:00-Mon.9:00"],
        ):
            self.assertIn(said, str(intervals(texts)), texts)


class TimeTests(SynchronousTestCase):
    """Times of day."""

    def test_times(self) -> None:
        """Times are read with 24 or 12 hours and printed with 24."""
        for text, minutes in (("8:00", 480), ("5:30 PM", 1050), (" 0:05 ", 5)):
            self.assertEqual(read_time(text), minutes)
        self.assertEqual(time_text(1050), "17:30")
        for text in ("", "8", "25:00", "8:00 XM"):
            with self.assertRaises(ValueError):
                read_time(text)
