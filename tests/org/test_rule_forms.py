"""Times of day in call answering rules (spec 3.8 TimeOfDay)."""

from __future__ import annotations

from datetime import datetime

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.rule_forms import read_time_of_day, tidy_time_of_day, time_of_day


class TimeOfDayTests(SynchronousTestCase):
    """Conditions on the time of a call."""

    def test_documented_forms(self) -> None:
        """Working hours, the others, and custom days and times."""
        tuesday, wednesday = datetime(2026, 11, 24, 8, 0), datetime(2026, 11, 25, 8, 0)
        working, others = read_time_of_day("1,0,,"), read_time_of_day("2")
        self.assertTrue(working.contains(tuesday, working=True))
        self.assertFalse(working.contains(tuesday, working=False))
        self.assertTrue(others.contains(tuesday, working=False))
        custom = read_time_of_day("3,4,8:00,12:00")
        self.assertTrue(custom.contains(tuesday, working=False))
        self.assertFalse(custom.contains(tuesday.replace(hour=12), working=True))
        self.assertFalse(custom.contains(wednesday, working=True))
        sunday = read_time_of_day("3,65,0:00,24:00")
        self.assertTrue(sunday.contains(datetime(2026, 11, 29, 23, 59), working=False))
        self.assertTrue(sunday.contains(datetime(2026, 11, 28, 0, 0), working=False))

    def test_one_spelling(self) -> None:
        """Times of 12 hours and blanks come out as one form."""
        for text, plain in (
            ("1", "1,0,,"),
            ("2,0,,", "2,0,,"),
            ("3, 4, 8:00 AM, 5:30 PM", "3,4,8:00,17:30"),
            ("3,127,0:00,24:00", "3,127,0:00,24:00"),
        ):
            self.assertEqual(tidy_time_of_day(text), plain)
            self.assertEqual(tidy_time_of_day(plain), plain)

    def test_refused(self) -> None:
        """What says nothing is refused with the way out."""
        for text, said in (
            ("", "must be mode,days,start,end"),
            ("4,0,,", "must be mode,days,start,end"),
            ("1,0,,,", "must be mode,days,start,end"),
            ("1,4,,", "must have neither days nor times"),
            ("2,0,8:00,", "must have neither days nor times"),
            ("3,0,8:00,9:00", "must have days from 1 to 127"),
            ("3,128,8:00,9:00", "must have days from 1 to 127"),
            ("3,x,8:00,9:00", "must have days from 1 to 127"),
            ("3,4,8:00,8:00", "must not end at 8:00"),
            ("3,4,,9:00", "is no time"),
        ):
            self.assertIn(said, str(time_of_day(text)), text)
        self.assertIsNone(time_of_day("3,4,8:00,12:00"))
