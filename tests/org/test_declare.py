"""One declaration a setting, and everything that is read from it."""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import fields, frozen
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.declare import (
    Kind,
    Setting,
    ThreeState,
    Unlimited,
    declared,
    settings_of,
    shown,
)
from umserver.org.forms import digits
from umserver.org.schedule import FORM, interval, intervals, tidy_interval
from umserver.org.sections import SECTIONS, SINGLES
from umserver.org.settings import DialPlan, HuntGroup, IPGateway, KeyMapping, Mailbox


@frozen(kw_only=True)
class Lamp:
    """Something with a setting of every kind."""

    name: Annotated[str, Setting("Name", low=2, high=5)]
    room: Annotated[str, Setting("Room", check=digits)] = ""
    note: Annotated[str, Setting("Note", low=1)] = "-"
    power: Annotated[int, Setting("Power", unit="watts", low=1, high=60)] = 10
    count: Annotated[int, Setting("Count")] = 0
    lit: Annotated[bool, Setting("Lit")] = False
    colour: Annotated[Literal["", "Red"], Setting("Colour", refused={"Blue": "too cold"})] = ""
    tags: Annotated[tuple[str, ...], Setting("Tags", high=2, check=digits)] = ()
    keys: Annotated[tuple[KeyMapping, ...], Setting("Keys", high=1)] = ()
    age: Annotated[Unlimited, Setting("Age", unit="days", low=1, spellings={"0": "Unlimited"})] = 7
    mode: Annotated[ThreeState, Setting("Mode", spellings={"$true": "True", "on": "True"})] = (
        "False"
    )
    times: Annotated[
        tuple[str, ...],
        Setting("Times", check=interval, check_all=intervals, tidy=tidy_interval, form=FORM),
    ] = ()
    key: Annotated[str, Setting("Key", secret=True)] = ""
    internal: int = 0


def complaint(name: str, value: object) -> str | None:
    """What the declaration of a lamp says about a value."""
    return next(s for s in declared(Lamp) if s.name == name).complaint(value)


class DeclaredTests(SynchronousTestCase):
    """What commands, help and checks read."""

    def test_only_settings(self) -> None:
        """What is not declared a setting is none."""
        self.assertEqual([setting.name for setting in declared(Lamp)][-1], "key")
        self.assertIs(declared(Lamp), declared(Lamp))

    def test_kinds(self) -> None:
        """The type says what kind of value belongs there."""
        self.assertEqual(
            [setting.kind for setting in declared(Lamp)][2:9],
            [
                Kind.TEXT,
                Kind.NUMBER,
                Kind.NUMBER,
                Kind.FLAG,
                Kind.CHOICE,
                Kind.TEXTS,
                Kind.OBJECTS,
            ],
        )

    def test_required(self) -> None:
        """A setting without default has to be given."""
        required = [setting.name for setting in declared(Lamp) if setting.required]
        self.assertEqual(required, ["name"])

    def test_parameters_have_their_known_names(self) -> None:
        """Commands call settings what administrators of Exchange call them."""
        names = {
            s.name: s.parameter for owner in (DialPlan, HuntGroup, Mailbox) for s in declared(owner)
        }
        self.assertEqual(
            [names[word] for word in ("max_call_duration", "uri_type", "voip_security", "gateway")],
            ["MaxCallDuration", "URIType", "VoIPSecurity", "UMIPGateway"],
        )
        self.assertEqual(names["policy"], "UMMailboxPolicy")

    def test_every_setting_explains_itself(self) -> None:
        """Each setting has a help sentence and a source, and its default is a value it accepts."""
        for owner in (*SECTIONS.values(), *SINGLES.values(), KeyMapping):
            self.assertEqual(len(declared(owner)), len(fields(owner)), owner)
            for setting in declared(owner):
                said = setting.setting
                self.assertTrue(said.help and said.source and not said.help.endswith("."), setting)
                if not setting.required:
                    self.assertIsNone(setting.complaint(setting.default), setting)

    def test_ranges_of_the_specification(self) -> None:
        """The ranges are those of the specification (3.2)."""
        ranges = {s.name: (s.setting.low, s.setting.high, s.default) for s in declared(DialPlan)}
        self.assertEqual(ranges["max_call_duration"], (10, 120, 30))
        self.assertEqual(ranges["max_recording_duration"], (1, 100, 20))
        self.assertEqual(ranges["recording_idle_timeout"], (2, 10, 5))
        self.assertEqual(ranges["input_failures_before_disconnect"], (1, 20, 3))
        ports = {s.name: (s.setting.low, s.setting.high, s.default) for s in declared(IPGateway)}
        self.assertEqual(ports["port"], (0, 65535, 5060))


class ReadTests(SynchronousTestCase):
    """Other spellings of a value."""

    def read(self, name: str, value: object) -> object:
        return settings_of(Lamp)[name].read(value)

    def test_unlimited(self) -> None:
        """A number may be unlimited, also written small, as 0 where that is said, as a span."""
        for value, meant in (
            (30, 30),
            ("30", 30),
            ("unlimited", "Unlimited"),
            (0, "Unlimited"),
            ("0", "Unlimited"),
            ("30.00:00:00", 30),
            ("9" * 11, "9" * 11),
            ("many", "many"),
            (True, True),
        ):
            self.assertEqual(self.read("age", value), meant, value)
        for value, said in (
            (0, "must be at least 1 days or Unlimited, not 0"),
            ("many", "must be a whole number or Unlimited"),
            (True, "must be a whole number or Unlimited"),
            ("Unlimited", None),
            (10**6, None),
        ):
            self.assertEqual(complaint("age", value), said)

    def test_three_states(self) -> None:
        """True and false are words of three where there is a third."""
        for value, meant in (
            (True, "True"),
            ("$true", "True"),
            ("on", "True"),
            (False, "False"),
            ("Uninterruptible", "Uninterruptible"),
            ("perhaps", "perhaps"),
        ):
            self.assertEqual(self.read("mode", value), meant, value)

    def test_tidy(self) -> None:
        """Right texts get their one spelling, wrong ones stay for the complaint."""
        self.assertEqual(
            self.read("times", ["Monday.8:05-1.5:30 PM", "noon"]), ("Mon.8:00-Mon.17:30", "noon")
        )
        self.assertEqual(self.read("times", "Mon.8:00-Mon.9:00, 7"), ("Mon.8:00-Mon.9:00", "7"))
        self.assertEqual(self.read("tags", ""), ())
        self.assertEqual(self.read("room", ""), "")
        both = ("Mon.8:00-Mon.9:00", "Mon.8:30-Mon.9:30")
        self.assertIn("at least 15 minutes between", str(complaint("times", both)))

    def test_forms(self) -> None:
        """Help can say what a value looks like."""
        forms = {name: setting.form for name, setting in settings_of(Lamp).items()}
        self.assertEqual(forms["times"], "Day.Time-Day.Time")
        self.assertEqual(forms["age"], "number or Unlimited")
        self.assertTrue(forms["keys"].startswith("Key,Description,Extension,AutoAttendant,"))


class ComplaintTests(SynchronousTestCase):
    """What an administrator reads about a wrong value."""

    def test_texts(self) -> None:
        """Texts have lengths, forms and no control characters."""
        for name, value, said in (
            ("name", "Desk", None),
            ("name", "", "must not be empty"),
            ("name", "D", "must have at least 2 characters, not 1"),
            ("name", "Bedroom", "must have at most 5 characters, not 7"),
            ("name", "a\x00", "must not contain control characters"),
            ("name", 17, 'must be a text: write "17" in quotes'),
            ("name", 1.5, "must be a text, in quotes"),
            ("key", 246813, "must be a text, in quotes"),
            ("room", "", None),
            ("room", "12", None),
            ("room", "x", "must be digits only"),
            ("note", "", "must not be empty"),
        ):
            self.assertEqual(complaint(name, value), said, (name, value))

    def test_numbers(self) -> None:
        """Numbers are whole and within their range."""
        for name, value, said in (
            ("power", 60, None),
            ("power", 0, "must be from 1 to 60 watts, not 0"),
            ("power", 61, "must be from 1 to 60 watts, not 61"),
            ("power", True, "must be a whole number"),
            ("power", 5.0, "must be a whole number"),
            ("count", -(10**30), None),
        ):
            self.assertEqual(complaint(name, value), said, (name, value))

    def test_flags_and_choices(self) -> None:
        """Flags are true or false; choices name what there is."""
        for name, value, said in (
            ("lit", True, None),
            ("lit", 1, "must be true or false"),
            ("colour", "Red", None),
            ("colour", "red", "must be one of Red, not 'red'"),
            ("colour", "Blue", "Blue is refused: too cold"),
            ("colour", 1, "must be a text"),
        ):
            self.assertEqual(complaint(name, value), said, (name, value))

    def test_lists(self) -> None:
        """Lists have a length, and each entry its form."""
        for name, value, said in (
            ("tags", ("1", "2"), None),
            ("tags", ("1", "2", "3"), "must have at most 2 entries, not 3"),
            ("tags", ("1", "x"), "'x' must be digits only"),
            ("tags", ("",), "must be a list of texts, none of them empty"),
            ("tags", (1,), "must be a list of texts, none of them empty"),
            ("tags", 1, "must be a list of texts"),
            ("keys", ({}, {}), "must have at most 1 entries, not 2"),
            ("keys", {}, "must be a list"),
        ):
            self.assertEqual(complaint(name, value), said, (name, value))

    def test_lists_without_limits(self) -> None:
        """A list without limits takes what comes."""
        plan = {setting.name: setting for setting in declared(DialPlan)}
        contexts = plan["equivalent_dial_plan_phone_contexts"]
        self.assertIsNone(contexts.complaint(tuple("abc" * 50)))

    def test_novels(self) -> None:
        """A message does not repeat a novel."""
        self.assertEqual(len(shown("x" * 1000)), 60)
        self.assertEqual(shown("x"), "'x'")
