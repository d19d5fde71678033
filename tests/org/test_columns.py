"""Objects as lines of columns, spans of time, and time zones by any name."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org import zones
from umserver.org.columns import from_columns, to_columns
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse_object
from umserver.org.settings import (
    AutoAttendant,
    CallAnsweringRule,
    DialPlan,
    Holiday,
    KeyMapping,
    RuleKeyMapping,
)
from umserver.org.spans import in_unit


class ColumnsTests(SynchronousTestCase):
    """Lines as the documentation writes them."""

    def test_menu_keys(self) -> None:
        """The documented lines of a menu mean what the documentation says."""
        lines = (
            "1,Sales,,SalesAutoAttendant",
            "2,Support,12345",
            "3,Directions,,,directions.wav",
            '4,"Tea, coffee",,,,tea;coffee',
            "5,Message,,,,,1001",
            "6,Where,,,,,,,1",
        )
        values = {"name": "A", "dial_plan": "B", "business_hours_key_mapping": list(lines)}
        made = parse_object(AutoAttendant, values, "it").business_hours_key_mapping
        self.assertEqual(
            made[0], KeyMapping(key="1", description="Sales", auto_attendant="SalesAutoAttendant")
        )
        self.assertEqual(made[2].prompt_file, "directions.wav")
        self.assertEqual((made[3].description, made[3].asr_phrases), ("Tea, coffee", "tea;coffee"))
        self.assertEqual(made[4].actions, ("leave_voice_mail_for",))
        self.assertTrue(made[5].announce_business_location)
        self.assertEqual(tuple(map(to_columns, made)), lines)

    def test_rule_keys(self) -> None:
        """The documented keys of a call answering rule mean what the documentation says."""
        lines = ("1,1,Receptionist,,,,,45678", '5,2,"Urgent Issues",23456,23,45671,50')
        values = {"name": "Busy", "key_mappings": [f"{lines[0]},", f"{lines[1]},,"]}
        made = parse_object(CallAnsweringRule, values, "it").key_mappings
        self.assertEqual(
            made[0], RuleKeyMapping(type=1, key=1, context="Receptionist", transfer_number="45678")
        )
        self.assertEqual((made[1].find_me1, made[1].timeout1, made[1].timeout2), ("23456", 23, 50))
        self.assertEqual(to_columns(made[0]), lines[0])

    def test_holidays(self) -> None:
        """A holiday is name, file, first and last day."""
        values = {"name": "A", "dial_plan": "B", "holiday_schedule": ["May,may.wav,2027-05-01"]}
        made = parse_object(AutoAttendant, values, "it").holiday_schedule
        self.assertEqual(made, (Holiday(name="May", file="may.wav", start="5/1/2027"),))

    def test_refused(self) -> None:
        """Too many columns, quotes that do not close and bad cells are told with their place."""
        for line, said in (
            (
                "1,A" + "," * 9 + "x",
                "it.business_hours_key_mapping[1]: has 11 columns; they are Key,",
            ),
            ('1,"A', "it.business_hours_key_mapping[1]: is no line of columns"),
            ("1,A,a b", "it.business_hours_key_mapping[1].extension: must be a telephone number"),
            ("", "it.business_hours_key_mapping[1].key: is missing"),
            ("1", "it.business_hours_key_mapping[1].description: is missing"),
        ):
            values = {"name": "A", "dial_plan": "B", "business_hours_key_mapping": [line]}
            with self.assertRaises(SettingsFaults) as raised:
                parse_object(AutoAttendant, values, "it")
            self.assertIn(said, str(raised.exception), line)

    def test_flags(self) -> None:
        """A column of a switch is 1, true or $true, and 0 when a default of true is off."""
        for word, meant in (
            ("1", True),
            ("$TRUE", True),
            ("yes", True),
            ("0", False),
            ("x", False),
        ):
            found = from_columns(KeyMapping, f"6,Where,,,,,,,{word}")
            self.assertEqual(found["announce_business_location"], meant, word)
        rule = CallAnsweringRule(name="Busy", enabled=False)
        self.assertEqual(to_columns(rule), "Busy,,0")


class SpanTests(SynchronousTestCase):
    """Durations and sizes."""

    def test_spans(self) -> None:
        """Days with hours, and hours alone, become the unit of the setting."""
        for text, unit, count in (
            ("30.00:00:00", "days", 30),
            ("1.12:00", "hours", 36),
            ("00:05:00", "minutes", 5),
            ("0:20", "seconds", 1200),
            ("12:00:00", "days", None),
            ("30", "days", None),
            ("1:99", "minutes", None),
            ("250MB", "MB", 250),
            ("1 GB", "MB", 1024),
            ("512kb", "MB", None),
            ("2:00", "digits", None),
        ):
            self.assertEqual(in_unit(text, unit), count, text)

    def test_in_settings(self) -> None:
        """A setting takes a span where its unit is one of time."""
        plan = {"name": "A", "number_of_digits_in_extension": 4, "country_or_region_code": "1"}
        made = parse_object(DialPlan, {**plan, "max_call_duration": "01:30:00"}, "it")
        self.assertEqual(made.max_call_duration, 90)
        with self.assertRaises(SettingsFaults):
            parse_object(DialPlan, {**plan, "max_call_duration": "5.00:00:00"}, "it")


class ZoneTests(SynchronousTestCase):
    """Time zones."""

    def test_names(self) -> None:
        """A zone is known by its IANA name, its Windows name, or a part that only it has."""
        for text, zone in (
            ("Europe/Paris", "Europe/Paris"),
            ("america/new york", "America/New_York"),
            ("Eastern Standard Time", "America/New_York"),
            ("utc", "UTC"),
            ("Paris", "Europe/Paris"),
            ("AUS East", "Australia/Sydney"),
        ):
            self.assertEqual(zones.tidy_zone(text), zone)
            self.assertIsNone(zones.time_zone(text))

    def test_refused(self) -> None:
        """A part that several zones have names some of them; an unknown one is refused."""
        said = str(zones.time_zone("america"))
        self.assertIn(", …: write more of it", said)
        for text in ("../UTC", "", " ", "CET+1", "x" * 101):
            self.assertIn("must be a time zone", str(zones.time_zone(text)), text)
