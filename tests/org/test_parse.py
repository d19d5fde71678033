"""The organisation as a TOML document: read, refused with all reasons, written again."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ADA, BEN, LOBBY, ORG, PLAN, POLICY
from umserver.discover import shipped
from umserver.org.dump import dump_lines
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse, parse_object, parse_toml
from umserver.org.sections import SECTIONS, SINGLES
from umserver.org.settings import (
    CallRouterSettings,
    DialPlan,
    IPGateway,
    KeyMapping,
    Mailbox,
    Organisation,
    UMService,
)

SMALL = """
[[dial_plans]]
name = "Boston"
number_of_digits_in_extension = 4
country_or_region_code = "1"

[[mailbox_policies]]
name = "Standard"
dial_plan = "Boston"

[[mailboxes]]
address = "ada@example.com"
display_name = "Ada Example"
extension = "1001"
dial_plan = "Boston"
policy = "Standard"
pin = "246813"
"""


class ParseTests(SynchronousTestCase):
    """Documents of administrators."""

    def faults(self, text: str) -> list[str]:
        with self.assertRaises(SettingsFaults) as raised:
            parse_toml(text)
        return str(raised.exception).splitlines()

    def test_small_organisation(self) -> None:
        """What is not written has its default."""
        organisation, mailboxes = parse_toml(SMALL)
        self.assertEqual(
            organisation.dial_plans,
            (DialPlan(name="Boston", number_of_digits_in_extension=4, country_or_region_code="1"),),
        )
        self.assertEqual(organisation.service, UMService(max_calls_allowed=100))
        self.assertEqual([box.pin for box in mailboxes], ["246813"])

    def test_nothing(self) -> None:
        """An empty document is an empty organisation."""
        self.assertEqual(parse_toml(""), (Organisation(), ()))

    def test_single_sections(self) -> None:
        """Settings of the servers stand in sections of their own."""
        organisation, _ = parse_toml("[service]\nmax_calls_allowed = 7\n[call_router]\n")
        self.assertEqual(organisation.service.max_calls_allowed, 7)
        self.assertEqual(organisation.call_router, CallRouterSettings())

    def test_all_faults_at_once(self) -> None:
        """Everything that is wrong is said in one go, with its place and the way out."""
        text = SMALL.replace("country_or", "contry_or").replace('"Standard"', '"Standrd"', 1)
        text = text.replace('extension = "1001"', "extension = 1001").replace(
            "[[mailboxes]]", "[[mailboxs]]"
        )
        text += '[[gateways]]\naddress = "300.1.1.1"\n[service]\nmax_calls_allowed = "many"\n'
        self.assertEqual(
            self.faults(text),
            [
                "dial_plans.Boston.contry_or_region_code: there is no setting "
                "'contry_or_region_code'; did you mean 'country_or_region_code'?",
                "dial_plans.Boston.country_or_region_code: is missing",
                "mailboxs: there is no section 'mailboxs'; did you mean 'mailboxes'?",
                "gateways[1].address: must be an IPv4 or IPv6 address or a host name",
                "gateways[1].name: is missing",
                "service.max_calls_allowed: must be a whole number",
            ],
        )

    def test_faults_of_values_and_references_together(self) -> None:
        """A bad value does not hide a bad reference, and makes no false one."""
        text = SMALL.replace('"1"', '"0"').replace('policy = "Standard"', 'policy = "Standart"')
        self.assertEqual(
            self.faults(text),
            [
                "dial_plans.Boston.country_or_region_code: must not begin with 0",
                "mailboxes.ada@example.com.policy: there is no mailbox policy 'Standart'; "
                "did you mean 'Standard'?",
            ],
        )

    def test_bad_value_with_default(self) -> None:
        """A bad value with a default costs only itself."""
        text = SMALL.replace('"1"\n', '"1"\nmax_call_duration = 500\naudio_codec = "Wma"\n', 1)
        self.assertEqual(
            self.faults(text),
            [
                "dial_plans.Boston.max_call_duration: must be from 10 to 120 minutes, not 500",
                "dial_plans.Boston.audio_codec: Wma is refused: Windows Media sound is not "
                "written here; take Mp3, G711, Gsm or Pcm",
            ],
        )

    def test_wrong_shapes(self) -> None:
        """A list where a table belongs, or the other way round, is said so."""
        self.assertEqual(
            self.faults(
                'dial_plans = "Boston"\nservice = 1\n'
                'gateways = ["PBX", {name = 5, address = "::1"}]\n'
            ),
            [
                "dial_plans: must be written as [[dial_plans]]",
                "service: must be a table, not 1",
                "gateways[1]: must be a table, not 'PBX'",
                'gateways[2].name: must be a text: write "5" in quotes',
            ],
        )

    def test_no_toml(self) -> None:
        """A document that is no TOML says where it breaks; nesting without end is no way in."""
        self.assertIn("this is not TOML", self.faults("[[dial_plans]\n")[0])
        self.assertIn("line 1", self.faults("[[dial_plans]\n")[0])
        self.assertIn("this is not TOML", self.faults("a = " + "[" * 50_000)[0])

    def test_list_as_text(self) -> None:
        """A single number, or several with commas, may stand where a list belongs."""
        text = SMALL.replace('"1"\n', '"1"\naccess_telephone_numbers = "5000, 5001"\n', 1)
        self.assertEqual(
            parse_toml(text)[0].dial_plans[0].access_telephone_numbers, ("5000", "5001")
        )
        text = text.replace("5000, 5001", "")
        self.assertEqual(parse_toml(text)[0].dial_plans[0].access_telephone_numbers, ())

    def test_objects_in_objects(self) -> None:
        """The keys of a menu are objects with settings of their own."""
        text = SMALL + (
            '[[auto_attendants]]\nname = "Lobby"\ndial_plan = "Boston"\n'
            'business_hours_key_mapping = [{key = "1", description = "Sales"}, {ky = "2"}, 3]\n'
        )
        path = "auto_attendants.Lobby.business_hours_key_mapping"
        self.assertEqual(
            self.faults(text),
            [
                f"{path}[2].ky: there is no setting 'ky'; did you mean 'key'?",
                f"{path}[2].key: is missing",
                f"{path}[2].description: is missing",
                f"{path}[3]: must be a table, not 3",
            ],
        )

    def test_one_object(self) -> None:
        """One object can be read by itself, as a command makes it."""
        values = {"name": "PBX", "address": "192.0.2.10"}
        self.assertEqual(
            parse_object(IPGateway, values, "PBX"), IPGateway(name="PBX", address="192.0.2.10")
        )
        with self.assertRaises(SettingsFaults) as raised:
            parse_object(IPGateway, {"name": "a/b"}, "PBX")
        self.assertEqual(
            [str(fault) for fault in raised.exception.faults],
            ["PBX.name: must not contain /", "PBX.address: is missing"],
        )

    def test_pin_is_not_printed(self) -> None:
        """A PIN shows neither in a printed mailbox nor in a fault."""
        self.assertNotIn("246813", repr(parse_toml(SMALL)))
        for bad in ('"24681"', '"24681x"', f'"{"2" * 25}"', "246813"):
            faults = self.faults(SMALL.replace('"246813"', bad))
            self.assertIn("mailboxes.ada@example.com.pin", faults[0])
            self.assertNotIn(bad.strip('"'), faults[0])

    @given(
        st.recursive(
            st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.floats()),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            *SECTIONS,
                            *SINGLES,
                            "name",
                            "address",
                            "extension",
                            "pilot_identifier",
                            "x",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    @settings(max_examples=150, deadline=None)
    def test_whatever_stands_there(self, tree: Any) -> None:
        """No document, however odd, is anything but an organisation or a list of faults."""
        if isinstance(tree, dict):
            try:
                parse(tree)
            except SettingsFaults as fault:
                self.assertTrue(fault.faults)


def dumped(organisation: Organisation, mailboxes: Iterable[Mailbox] = ()) -> str:
    """The export as one text."""
    return "".join(dump_lines(organisation, mailboxes))


class DumpTests(SynchronousTestCase):
    """Export, and back again."""

    def assertComesBack(self, organisation: Organisation, *mailboxes: Mailbox) -> str:
        text = dumped(organisation, mailboxes)
        self.assertEqual(parse_toml(text), (organisation, mailboxes))
        self.assertEqual(dumped(*parse_toml(text)), text)
        return text

    def test_round_trip(self) -> None:
        """What is exported can be imported without a change."""
        menu = (
            KeyMapping(key="1", description="Sales", extension="1001"),
            KeyMapping(key="-", description="Wait", auto_attendant="Lobby"),
        )
        lobby = evolve(
            LOBBY, business_hours_key_mapping_enabled=True, business_hours_key_mapping=menu
        )
        policy = evolve(POLICY, voice_mail_text='Line "one"\n\tand \\ two: é 😀')
        organisation = evolve(
            ORG,
            auto_attendants=(lobby,),
            mailbox_policies=(policy,),
            service=UMService(max_calls_allowed=250),
            call_router=CallRouterSettings(max_calls_allowed=0),
        )
        self.assertComesBack(organisation, ADA, evolve(BEN, um_enabled=False))

    def test_nothing(self) -> None:
        """Nothing is nothing."""
        self.assertEqual(self.assertComesBack(Organisation()), "")

    def test_defaults_are_not_written(self) -> None:
        """Only what somebody decided stands in the export."""
        self.assertEqual(
            dumped(Organisation(dial_plans=(PLAN,))),
            '[[dial_plans]]\nname = "Boston"\nnumber_of_digits_in_extension = 4\n'
            'country_or_region_code = "1"\naccess_telephone_numbers = ["5000"]\n\n',
        )

    def test_pins_are_not_written(self) -> None:
        """No PIN leaves with an export."""
        self.assertNotIn("246813", dumped(ORG, [evolve(ADA, pin="246813")]))

    @given(st.text(max_size=64))
    def test_every_name(self, name: str) -> None:
        """Whatever characters a display name has, it comes back, or is refused as a whole."""
        text = dumped(ORG, [evolve(ADA, display_name=name)])
        try:
            mailboxes = parse_toml(text)[1]
        except SettingsFaults:
            self.assertTrue(
                not name or any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
            )
        else:
            self.assertEqual(mailboxes[0].display_name, name)


class DemoTests(SynchronousTestCase):
    """The organisation that the first start imports."""

    def test_demo(self) -> None:
        """The demo organisation has its users, its numbers and callers from this machine only."""
        organisation, mailboxes = parse_toml(shipped("demo.toml").read_text(encoding="utf-8"))
        self.assertEqual(
            [(box.extension, box.display_name, box.pin, box.language) for box in mailboxes],
            [
                ("1001", "Ada Example", "246813", ""),
                ("1002", "Ben Sample", "135792", ""),
                ("1003", "Chloé Démo", "864209", "fr-FR"),
            ],
        )
        self.assertEqual(set(organisation.gateway_at), {"127.0.0.1", "::1"})
        self.assertEqual(
            {test.number: test.script for test in organisation.test_numbers},
            {"5008": "echo", "5009": "announcement"},
        )
        self.assertEqual(dumped(organisation), dumped(parse_toml(dumped(organisation))[0]))

    def test_demo_is_plain_toml(self) -> None:
        """Sections of the demo are those that the documentation names."""
        tree = tomllib.loads(shipped("demo.toml").read_text(encoding="utf-8"))
        self.assertEqual(tree["dial_plans"][0]["name"], "Demo")
        self.assertEqual(
            {group["gateway"] for group in tree["hunt_groups"]}, {"loopback", "loopback6"}
        )
