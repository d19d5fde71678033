"""What an attendant says and offers at a moment."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name
from umserver.org.reception import Reception, reception
from umserver.org.settings import AutoAttendant, DialPlan, Holiday, KeyMapping

PLAN = DialPlan(
    name="Demo",
    number_of_digits_in_extension=4,
    country_or_region_code="1",
    operator_extension="1003",
)
DAY, NIGHT = KeyMapping(key="1", description="Day"), KeyMapping(key="-", description="Night")
DESK = AutoAttendant(
    name="Reception",
    dial_plan="Demo",
    operator_extension="1002",
    business_hours_schedule=("Tue.8:00-Tue.17:00",),
    holiday_schedule=(Holiday(name="Feast", file="feast.wav", start="12/1/2026"),),
    business_hours_welcome_greeting_enabled=True,
    business_hours_welcome_greeting_filename="day.wav",
    after_hours_welcome_greeting_filename="night.wav",
    after_hours_main_menu_custom_prompt_enabled=True,
    after_hours_main_menu_custom_prompt_filename="menu.wav",
    business_hours_key_mapping_enabled=True,
    business_hours_key_mapping=(DAY,),
    after_hours_key_mapping_enabled=True,
    after_hours_key_mapping=(NIGHT,),
    business_hours_transfer_to_operator_enabled=True,
)
OPEN, CLOSED, FEAST = (
    datetime(2026, 11, 24, 10),
    datetime(2026, 11, 25, 10),
    datetime(2026, 12, 1, 10),
)


def at(moment: datetime, **changes: object) -> Reception:
    """The reception with these settings."""
    return reception(evolve(DESK, **changes), PLAN, moment)  # type: ignore[arg-type]


class ReceptionTests(SynchronousTestCase):
    """Settings at a moment."""

    def test_business_hours(self) -> None:
        """The day's greeting, keys and operators."""
        now = at(OPEN)
        self.assertTrue(now.is_open)
        self.assertEqual((now.greeting, now.menu, now.keys), ("day.wav", "", (DAY,)))
        self.assertEqual(now.operators, ("1002", "1003"))

    def test_after_hours(self) -> None:
        """The night's greeting (only if it is switched on), menu and keys; no operator."""
        now = at(CLOSED)
        self.assertFalse(now.is_open)
        self.assertEqual((now.greeting, now.menu), ("", "menu.wav"))
        self.assertEqual((now.keys, now.silence, now.operators), ((), NIGHT, ()))
        self.assertEqual(at(CLOSED, after_hours_key_mapping_enabled=False).silence, None)

    def test_holidays(self) -> None:
        """A holiday has its own greeting and the night's menu, also in business hours."""
        now = at(FEAST)
        self.assertFalse(now.is_open)
        self.assertEqual((now.greeting, now.menu), ("feast.wav", "menu.wav"))

    def test_always_open(self) -> None:
        """Without hours it is always open."""
        now = at(CLOSED, business_hours_schedule=())
        self.assertEqual((now.is_open, now.has_hours), (True, False))

    def test_news(self) -> None:
        """News are told when they are switched on, and may have to be heard."""
        file = {"info_announcement_filename": "news.wav"}
        found = [
            at(OPEN, info_announcement_enabled=how, **file)
            for how in ("False", "True", "Uninterruptible")
        ]
        self.assertEqual([now.announcement for now in found], ["", "news.wav", "news.wav"])
        self.assertEqual([now.must_be_heard for now in found], [False, False, True])

    def test_switches(self) -> None:
        """What callers may do follows the switches (feature 128)."""
        now = at(OPEN)
        self.assertEqual((now.can_dial, now.can_search, now.can_sign_in), (True, True, False))
        nobody = {"allow_dial_plan_subscribers": False}
        self.assertFalse(at(OPEN, **nobody).can_dial)
        self.assertTrue(at(OPEN, allow_extensions=True, **nobody).can_dial)
        self.assertFalse(at(OPEN, call_someone_enabled=False).can_dial)
        self.assertTrue(at(OPEN, call_someone_enabled=False).can_search)
        neither = {"call_someone_enabled": False, "send_voice_msg_enabled": False}
        self.assertFalse(at(OPEN, **neither).can_search)
        self.assertFalse(at(OPEN, name_lookup_enabled=False).can_search)
        self.assertTrue(at(OPEN, star_out_to_dial_plan_enabled=True).can_sign_in)

    def test_folders_of_prompts(self) -> None:
        """No name of an attendant leads out of the folder of its prompts."""
        parts = folder_name(AUTO_ATTENDANT, "../Front Desk").parts
        self.assertEqual(parts, ("custom-prompts", "umautoattendant", "%2E%2E%2FFront Desk"))
