"""Test-UMAutoAttendant: a moment tried before callers try it."""

from __future__ import annotations

from tests.edges.admin.desk import DeskCase
from tests.journeys.test_attendant import write_tone
from umserver.command import WRONG_USE
from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name


class AttendantTests(DeskCase):
    """The demo's Reception."""

    def setUp(self) -> None:
        super().setUp()
        self.good(
            "Set-UMAutoAttendant", "Reception", "-Timezone", "Europe/Paris",
            "-HolidaySchedule", "Christmas,christmas.wav,12/25/2026",
            "-BusinessHoursSchedule", "Mon.8:00-Mon.17:30,Fri.8:00-Fri.17:30",
        )  # fmt: skip

    def test_a_holiday(self) -> None:
        """Feature 123: on Christmas the holiday's greeting is heard, once it is imported."""
        typed = self.type(
            "Test-UMAutoAttendant", "Reception", "-At", "2026-12-25 10:00", "-Format", "List"
        )
        self.assertEqual(typed.code, 0)
        self.assertIn("Friday 2026-12-25 10:00, Europe/Paris", typed.out)
        self.assertIn("it is the holiday Christmas (12/25/2026)", typed.out)
        self.assertIn("tells that it is closed for Christmas", typed.out)
        self.assertIn("christmas.wav is not there", typed.err)
        path = self.state / folder_name(AUTO_ATTENDANT, "Reception") / "christmas.wav"
        path.parent.mkdir(parents=True)
        write_tone(path, 1000.0, 1.0)
        told = self.one("Test-UMAutoAttendant", "Reception", "-At", "2026-12-25 10:00")
        self.assertEqual(told["greeting"], "the recording christmas.wav")

    def test_moments(self) -> None:
        """Feature 122: moments are by the attendant's clock, written in one of several ways."""
        for written, hours in (
            ("2026-11-27 17:29", "business hours"),
            ("2026-11-27T17:30", "after hours"),
            ("11/27/2026 8:00", "business hours"),
            ("2026-11-27", "after hours"),
        ):
            told = self.one("Test-UMAutoAttendant", "Reception", "-At", written)
            self.assertEqual(told["hours"], hours, written)
        self.assertIn("Europe/Paris", self.one("attendant", "test", "Reception")["at"])

    def test_mistakes(self) -> None:
        """What is no moment, and who is no attendant, is told."""
        complaint = self.bad(WRONG_USE, "Test-UMAutoAttendant", "Reception", "-At", "at noon")
        self.assertIn("2026-12-25 10:00", complaint)
        self.assertIn("which auto attendant", self.bad(WRONG_USE, "Test-UMAutoAttendant"))
