"""What an administrator is told about a moment of an auto attendant."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.foretold import Foretold, foretell
from umserver.org.settings import AutoAttendant, DialPlan, Holiday, KeyMapping

PLAN = DialPlan(
    name="Demo",
    number_of_digits_in_extension=4,
    country_or_region_code="1",
    operator_extension="1009",
)
ATTENDANT = AutoAttendant(
    name="Reception",
    dial_plan="Demo",
    status="Enabled",
    business_name="Example",
    operator_extension="1002",
    business_hours_schedule=("Mon.8:00-Mon.17:30", "Fri.8:00-Fri.17:30"),
    business_hours_transfer_to_operator_enabled=True,
    business_hours_key_mapping_enabled=True,
    business_hours_key_mapping=(
        KeyMapping(key="1", description="Sales", extension="1001"),
        KeyMapping(key="2", description="The way", prompt_file="way.wav"),
        KeyMapping(key="3", description="The way", announce_business_location=True),
        KeyMapping(key="4", description="Hours", announce_business_hours=True),
        KeyMapping(key="5", description="French", auto_attendant="Accueil"),
        KeyMapping(key="6", description="Ada", leave_voice_mail_for="1001"),
        KeyMapping(key="7", description="Ben", transfer_to_mailbox="1002"),
        KeyMapping(key="-", description="Nobody", extension="1002"),
    ),
    holiday_schedule=(
        Holiday(name="Winter", file="winter.wav", start="12/20/2026", end="12/31/2026"),
        Holiday(name="Christmas", file="christmas.wav", start="12/25/2026"),
    ),
)


def told(moment: str, attendant: AutoAttendant = ATTENDANT, *files: str) -> Foretold:
    """What is told of this moment, where these prompts were imported."""
    return foretell(attendant, PLAN, datetime.fromisoformat(moment), set(files).__contains__)


class ForetoldTests(SynchronousTestCase):
    """Before callers hear it."""

    def test_holidays(self) -> None:
        """Feature 123: a holiday is named as the reason, and which longer one it beats."""
        found = told("2026-12-25T10:00", ATTENDANT, "christmas.wav")
        self.assertEqual(found.hours, "holiday")
        self.assertEqual(
            found.because,
            "it is the holiday Christmas (12/25/2026), which is shorter than Winter or named first",
        )
        self.assertEqual(found.greeting, "the recording christmas.wav")
        found = told("2026-12-28T10:00")
        self.assertEqual(found.because, "it is the holiday Winter (12/20/2026 to 12/31/2026)")
        self.assertEqual(
            found.greeting, "generated, welcomes to Example, and tells that it is closed for Winter"
        )
        self.assertEqual(found.missing, ("winter.wav",))

    def test_hours(self) -> None:
        """Feature 122: the interval that holds is named, and that none does."""
        found = told("2026-11-27T17:29")
        self.assertEqual((found.moment, found.hours), ("Friday 2026-11-27 17:29", "business hours"))
        self.assertEqual(found.because, "the schedule has Fri.8:00-Fri.17:30")
        found = told("2026-11-27T17:30")
        self.assertEqual(found.hours, "after hours")
        self.assertEqual(found.because, "no interval of the schedule holds Friday 17:30")
        always = evolve(ATTENDANT, business_hours_schedule=())
        self.assertEqual(
            told("2026-11-27T17:30", always).because, "without a schedule it is always open"
        )

    def test_keys(self) -> None:
        """Feature 124: every key is told with what it does, as are silence and the operators."""
        found = told("2026-11-27T10:00", evolve(ATTENDANT, star_out_to_dial_plan_enabled=True))
        self.assertEqual(
            found.keys,
            (
                "1 Sales: transfers to 1001",
                "2 The way: plays way.wav",
                "3 The way: tells the location",
                "4 Hours: tells the hours",
                "5 French: goes on with Accueil",
                "6 Ada: takes a message for 1001",
                "7 Ben: rings 1002",
                "0: the operator at 1002 then 1009",
                "#: people are found by name",
                "*: voice access",
                "digits: extensions of users can be dialled",
                "nothing: transfers to 1002",
            ),
        )
        self.assertEqual(found.missing, ("way.wav",))
        evening = told("2026-11-27T20:00")
        self.assertEqual(evening.keys[0], "#: people are found by name")

    def test_who_goes_on_in_the_end(self) -> None:
        """Feature 131: the attendant with keys, else an apology; without speech the operator."""
        quiet = evolve(
            ATTENDANT, business_hours_key_mapping=ATTENDANT.business_hours_key_mapping[:1]
        )
        for attendant, last in (
            (quiet, "the operator or goodbye"),
            (evolve(quiet, speech_enabled=True), "an apology"),
            (evolve(quiet, speech_enabled=True, dtmf_fallback_auto_attendant="Keys"), "Keys"),
        ):
            said = told("2026-11-27T10:00", attendant).keys[-1]
            self.assertEqual(said, f"nothing: the menu again and in the end {last}")

    def test_prompts(self) -> None:
        """Recordings are told by name where callers hear them, with what cannot be skipped."""
        attendant = evolve(
            ATTENDANT,
            info_announcement_enabled="Uninterruptible",
            info_announcement_filename="news.wav",
            business_hours_main_menu_custom_prompt_enabled=True,
            business_hours_main_menu_custom_prompt_filename="menu.wav",
        )
        found = told("2026-11-27T10:00", attendant, "news.wav", "menu.wav", "way.wav")
        self.assertEqual(found.announcement, "the recording news.wav, to its end")
        self.assertEqual(found.menu, "the recording menu.wav")
        self.assertEqual(found.missing, ())
        found = told("2026-11-27T10:00", attendant)
        self.assertEqual((found.announcement, found.menu[:9]), ("none", "generated"))
        self.assertEqual(found.missing, ("news.wav", "menu.wav", "way.wav"))

    def test_who_answers(self) -> None:
        """Features 121, 132: what is disabled or goes straight to a mailbox is told to be so."""
        off = evolve(ATTENDANT, status="Disabled")
        self.assertEqual(
            told("2026-11-27T10:00", off).answers, "not at all: its status is Disabled"
        )
        straight = evolve(
            ATTENDANT, forward_calls_to_default_mailbox=True, default_mailbox="ada@example.com"
        )
        self.assertEqual(
            told("2026-11-27T10:00", straight).answers,
            "with the mailbox ada@example.com, without a menu",
        )
