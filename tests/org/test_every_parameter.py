"""Every parameter of every noun, tried: its default, its ends, one beyond each, the wrong type.

The cases are made of the declarations; a setting that is added is tried at once. Forms that no
range describes have their samples here, by the function that checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from umserver.org import dialing, dtmf, eum, forms, holidays, rule_forms, schedule, zones
from umserver.org.declare import UNLIMITED, Declared, Kind, declared
from umserver.org.dump import dump_lines
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse_object, parse_toml
from umserver.org.sections import TITLES, command_parameters
from umserver.org.settings import (
    CallerCondition,
    DialingRule,
    DialPlan,
    Holiday,
    KeyMapping,
    MailboxPolicy,
    Organisation,
    RuleKeyMapping,
)

OWNERS: tuple[type[Any], ...] = (
    *TITLES.values(),
    KeyMapping,
    Holiday,
    DialingRule,
    CallerCondition,
    RuleKeyMapping,
)

SAMPLES: dict[Callable[[str], str | None], tuple[list[str], list[str]]] = {
    forms.name: (["Boston", "Head office 2"], ['a"b', "a/b", "a\\b", "[a", "a*", " a", "a?"]),
    forms.digits: (["1", "0123"], ["a", "+1", "1 2"]),
    forms.country_code: (["1", "998"], ["0", "+1", "x"]),
    forms.number: (["1001", "+12125550101", "sip:ada@example.com"], ["a b", "@", "9" * 33]),
    forms.language: (["en-US", "fr-FR"], ["english", "en"]),
    forms.mask: (["142570xxxxx", "x"], ["x1", "142570"]),
    forms.mail_address: (["ada@example.com"], ["ada", "@example.com", "a b@example.com"]),
    forms.address_of_peer: (["192.0.2.1", "2001:db8::1", "pbx.example.com"], ["300.1.1.1", "a b"]),
    forms.network: (
        ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "10.0.0.0/8"],
        ["192.0.2.1/24", "0.0.0.0/0", "::/0", "128.0.0.0/1", "pbx.example.com", "300.1.1.1"],
    ),
    forms.fax_uri: (
        ["sip:fax.example.com:5060;transport=tcp", "sip:192.0.2.7:5061;transport=TLS"],
        ["fax.example.com", "sip:fax.example.com", "sip:fax:5060;transport=smoke"],
    ),
    forms.host_and_port: (
        ["sip.example.com:5061", "[2001:db8::1]:5061"],
        ["sip", "a:b", "a:99999"],
    ),
    forms.file_name: (["welcome.wav"], ["../welcome.wav", "a/b.wav", "..", "C:\\a.wav"]),
    dialing.number_mask: (["1425xxxxxxx", "*", "91425*"], ["*1", "a", "+1"]),
    dialing.dialed_number: (["91xxx", "*", "+1xxx"], ["*1", "a"]),
    dialing.number_format: (["1425xxxxxxx", "+1xx"], ["1425", "x1"]),
    dtmf.entry: (["emailAddress:876484"], ["876484", "nickname:1", "emailAddress:a"]),
    eum.eum_address: (
        ["eum:2001;phone-context=Paris"],
        ["2001", "eum:2001", "smtp:ada@example.com", "eum:a b;phone-context=Paris"],
    ),
    holidays.day: (["12/25/2026", "2/29/2028"], ["25/12/2026", "2/29/2027", "tomorrow"]),
    rule_forms.time_of_day: (["1,0,,", "3,4,8:00,12:00"], ["4,0,,", "3,0,8:00,9:00", "noon"]),
    schedule.interval: (["Mon.8:00-Mon.17:30"], ["Mon.8:00", "Mon.8:00-Mon.8:10", "Foo.1:00-2"]),
    zones.time_zone: (["Europe/Paris", "UTC"], ["Mars/Olympus", "eastern"]),
}


def cases(setting: Declared) -> Iterator[tuple[object, bool]]:
    """Values of a setting, each with whether it is taken."""
    if not setting.required:
        yield setting.default, True
    yield from _CASES[setting.kind](setting)


def _number(setting: Declared) -> Iterator[tuple[object, bool]]:
    low, high = setting.setting.low, setting.setting.high
    assert low is not None
    yield low, True
    yield low - 1, f"{low - 1}" in setting.setting.spellings
    if high is not None:
        yield high, True
        yield high + 1, False
    for wrong in ("many", 1.5, True, [low], {}):
        yield wrong, False


def _unlimited(setting: Declared) -> Iterator[tuple[object, bool]]:
    yield from _number(setting)
    yield UNLIMITED, True
    yield "unlimited", True
    yield str(setting.setting.high), True


def _flag(setting: Declared) -> Iterator[tuple[object, bool]]:
    yield True, True
    yield False, True
    for wrong in ("yes", "True", 1, [True], {}):
        yield wrong, False


def _choice(setting: Declared) -> Iterator[tuple[object, bool]]:
    for choice in (*setting.choices, *setting.setting.spellings):
        yield choice, True
    yield True, "True" in setting.choices
    for wrong in ("Nonesuch", 7, ["x"], {}, *setting.setting.refused):
        yield wrong, False


def _texts_of(setting: Declared) -> tuple[Sequence[str], Sequence[str]]:
    """Good and bad texts of a setting."""
    about = setting.setting
    if about.check is not None:
        good, bad = SAMPLES[about.check]
        most = about.high if setting.kind is Kind.TEXT and about.high else 1000
        return [text for text in good if len(text) <= most], bad
    return ["x"], ["a\x00b"]


def _text(setting: Declared) -> Iterator[tuple[object, bool]]:
    good, bad = _texts_of(setting)
    assert good, setting
    for text in good:
        yield text, True
    for text in bad:
        yield text, False
    high = setting.setting.high
    if high is not None:
        filler = "1" if setting.setting.check is not None else "x"
        longest = filler * high
        if setting.setting.check is None or setting.setting.check(longest) is None:
            yield longest, True
        yield longest + filler, False
    yield "", not setting.required and not setting.setting.low
    for wrong in (7, 1.5, True, ["x"], {}):
        yield wrong, False


def _texts(setting: Declared) -> Iterator[tuple[object, bool]]:
    good, bad = _texts_of(setting)
    yield list(good[:1]), True
    yield [], True
    for text in bad:
        yield [text], False
    for wrong in (7, True, {}, [7], [""], ["x" * 513]):
        yield wrong, False
    if setting.setting.high is not None:
        yield [good[0]] * (setting.setting.high + 1), False


def _objects(setting: Declared) -> Iterator[tuple[object, bool]]:
    yield [], True
    for wrong in (7, True, "x", {}, [7], [{"nonesuch": 1}]):
        yield wrong, False
    assert setting.setting.high is not None
    line = LINES[setting.item]
    yield [line] * setting.setting.high, True
    yield [line] * (setting.setting.high + 1), False


LINES: dict[type[Any] | None, Any] = {
    KeyMapping: "1,Sales,,SalesAutoAttendant",
    Holiday: "Christmas,christmas.wav,12/24/2026,12/26/2026",
    DialingRule: "Local,xxxxxxx,1425xxxxxxx,",
    CallerCondition: "1,4255550100,,",
    RuleKeyMapping: "5,2,Urgent Issues,23456,23,45671,50,,",
    TITLES["UMCallAnsweringRule"]: {"name": "Busy"},
}
"""One object of each kind of list, written as commands take it."""

_CASES: dict[Kind, Callable[[Declared], Iterator[tuple[object, bool]]]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.UNLIMITED: _unlimited,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.OBJECTS: _objects,
}


def sample(setting: Declared) -> object:
    """A value for a setting that has to be given."""
    if setting.kind is Kind.NUMBER:
        return setting.setting.low
    if setting.kind is Kind.CHOICE:
        return setting.choices[0]
    return _texts_of(setting)[0][0]


class EveryParameterTests(SynchronousTestCase):
    """The table of feature 174, wider than it: all nouns."""

    def test_values(self) -> None:
        """Every parameter takes its default and the ends of its range, nothing beyond, nothing of
        the wrong type, and says which parameter is wrong (feature 174)."""
        tried = 0
        for owner in OWNERS:
            needed = {s.name: sample(s) for s in declared(owner) if s.required}
            for setting in declared(owner):
                for value, good in cases(setting):
                    tried += 1
                    try:
                        parse_object(owner, {**needed, setting.name: value}, "it")
                    except SettingsFaults as faults:
                        self.assertFalse(good, (owner.__name__, setting.name, value, str(faults)))
                        self.assertIn(f"it.{setting.name}", faults.faults[0].path)
                        self.assertLess(len(faults.faults[0].what), 400)
                    else:
                        self.assertTrue(good, (owner.__name__, setting.name, value))
        self.assertGreater(tried, 2000)

    def test_what_is_taken_is_kept(self) -> None:
        """A value that was taken has one spelling, which is taken again and stays what it is."""
        for owner in OWNERS:
            needed = {s.name: sample(s) for s in declared(owner) if s.required}
            for setting in declared(owner):
                for value, good in cases(setting):
                    if good:
                        made = parse_object(owner, {**needed, setting.name: value}, "it")
                        kept = getattr(made, setting.name)
                        self.assertIsNone(setting.complaint(kept), (setting.name, kept))
                        self.assertEqual(setting.read(kept), kept)

    def test_defaults_of_section_12(self) -> None:
        """Where the sources disagree the defaults are those that were decided; a new attendant is
        disabled and not speech-enabled (feature 121)."""
        plan, policy, attendant = (
            {setting.parameter: setting.default for setting in declared(TITLES[noun])}
            for noun in ("UMDialPlan", "UMMailboxPolicy", "UMAutoAttendant")
        )
        self.assertEqual((plan["OutsideLineAccessCode"], plan["AllowExtensions"]), ("", False))
        self.assertEqual((policy["AllowExtensions"], attendant["AllowExtensions"]), (True, False))
        self.assertEqual(attendant["InfoAnnouncementEnabled"], "False")
        self.assertEqual((attendant["SpeechEnabled"], attendant["Status"]), (False, "Disabled"))
        self.assertEqual((policy["AllowFax"], policy["RequireProtectedPlayOnPhone"]), (True, False))
        self.assertEqual(plan["DialByNameSecondary"], "SMTPAddress")

    def test_texts_of_512_characters(self) -> None:
        """The texts for mails have at most 512 characters; 513 are refused."""
        for name in ("VoiceMailText", "FaxMessageText", "UMEnabledText", "ResetPINText"):
            setting = next(s for s in declared(MailboxPolicy) if s.parameter == name)
            self.assertIsNone(setting.complaint("x" * 512))
            self.assertEqual(
                setting.complaint("x" * 513), "must have at most 512 characters, not 513"
            )


class CommandParameterTests(SynchronousTestCase):
    """What commands derive from the declarations."""

    def test_verbs(self) -> None:
        """Parameters belong to the commands that the specification names for them."""
        verbs = {(one.noun, one.name): one.verbs for one in command_parameters()}
        for noun, name, expected in (
            ("UMDialPlan", "URIType", ("New",)),
            ("UMDialPlan", "VoIPSecurity", ("New", "Set")),
            ("UMDialPlan", "MaxCallDuration", ("Set",)),
            ("UMHuntGroup", "PilotIdentifier", ("New",)),
            ("UMMailbox", "UMMailboxPolicy", ("Enable", "Set")),
            ("UMMailbox", "FaxEnabled", ("Set",)),
            ("UMService", "MaxCallsAllowed", ("Set",)),
            ("UMAutoAttendant", "Timezone", ("Set",)),
            ("UMAutoAttendant", "TimeZoneName", ("Set",)),
        ):
            self.assertEqual(verbs[noun, name], expected, (noun, name))

    def test_names_differ(self) -> None:
        """No noun has two parameters of one name, whatever the capitals."""
        pairs = [(one.noun, one.name.casefold()) for one in command_parameters()]
        self.assertEqual(len(pairs), len(set(pairs)))

    def test_without_effect(self) -> None:
        """What only hosters and older servers used is taken, and says that it does nothing."""
        idle = {one.name for one in command_parameters() if one.setting.setting.without_effect}
        self.assertLessEqual(
            {"GlobalCallRoutingScheme", "SubscriberType", "AirSyncNumbers", "ExternalHostFqdn"},
            idle,
        )
        self.assertNotIn("MaxCallsAllowed", idle)


class LinesTests(SynchronousTestCase):
    """Lists of objects, written one line each as in spreadsheets."""

    def test_export_of_everything(self) -> None:
        """Rules in a mailbox and groups in a plan come out as they went in."""
        rules = ["Local,91425xxxxxxx,91425xxxxxxx,", 'World,9011*,9011*,"far, far away"']
        values = {
            "name": "Boston",
            "number_of_digits_in_extension": 4,
            "country_or_region_code": "1",
            "configured_international_groups": rules,
        }
        plan = parse_object(DialPlan, values, "it")
        self.assertEqual(plan.configured_international_groups[1].comment, "far, far away")
        organisation = Organisation(dial_plans=(plan,))
        self.assertEqual(parse_toml("".join(dump_lines(organisation)))[0], organisation)
