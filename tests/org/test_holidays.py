"""Holidays of an auto attendant (spec 3.5 HolidaySchedule)."""

from __future__ import annotations

from datetime import date

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.holidays import day, holiday_on, read_date, span, tidy_date
from umserver.org.settings import Holiday


def holiday(name: str, start: str, end: str = "") -> Holiday:
    """A holiday with a greeting."""
    return Holiday(name=name, file=f"{name}.wav", start=start, end=end)


class HolidayTests(SynchronousTestCase):
    """Dates and days."""

    def test_dates(self) -> None:
        """Dates are month/day/year, or year-month-day, and exist."""
        self.assertEqual(read_date("12/25/2026"), date(2026, 12, 25))
        self.assertEqual(read_date("2026-12-25"), date(2026, 12, 25))
        self.assertEqual(tidy_date("2026-01-05"), "1/5/2026")
        self.assertIsNone(day("2/29/2028"))
        for text in ("25/12/2026", "2/29/2027", "2026-13-01", "12/25/26", ""):
            self.assertIn("must be a date", str(day(text)), text)

    def test_span(self) -> None:
        """A holiday has whole days, one at least, and does not end before it begins."""
        self.assertEqual(span(holiday("A", "1/1/2027")), (date(2027, 1, 1), date(2027, 1, 1)))
        with self.assertRaisesRegex(ValueError, "before it begins on 1/2/2027"):
            span(holiday("A", "1/2/2027", "1/1/2027"))

    def test_the_shorter_one_wins(self) -> None:
        """Of holidays that overlap the shorter one greets, else the first."""
        winter = holiday("Winter", "12/20/2026", "1/6/2027")
        xmas = holiday("Christmas", "12/25/2026", "12/26/2026")
        also = holiday("Also", "12/26/2026", "12/27/2026")
        for holidays in ((winter, xmas, also), (xmas, also, winter)):
            for today, found in (
                (date(2026, 12, 19), None),
                (date(2026, 12, 20), winter),
                (date(2026, 12, 25), xmas),
                (date(2026, 12, 26), xmas),
                (date(2026, 12, 27), also),
                (date(2027, 1, 6), winter),
                (date(2027, 1, 7), None),
            ):
                self.assertEqual(holiday_on(holidays, today), found, today)
