"""What must hold between settings (spec 2.1–2.4, 3): each rule broken once, and said clearly."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ADA, BEN, CLOSED, ECHO, LOBBY, ORG, PBX, PILOT, PLAN, POLICY, REST
from tests.org.ruling import PARIS, RulesTestCase
from umserver.org.rules import MOST_GATEWAYS, faults_between
from umserver.org.sections import identity_of
from umserver.org.settings import (
    HuntGroup,
    IPGateway,
    KeyMapping,
    MailboxPolicy,
    Organisation,
)


class OrganisationTests(RulesTestCase):
    """Rules of everything but mailboxes."""

    def test_sound(self) -> None:
        """The example organisation has no fault."""
        self.assertEqual(faults_between(ORG, (ADA, BEN)), [])
        self.assertEqual(faults_between(Organisation()), [])

    def test_names_are_unique(self) -> None:
        """Objects of a kind differ in name, capitals aside; hunt groups only on one gateway."""
        self.assertFaults(
            evolve(ORG, gateways=(PBX, IPGateway(name="pbx", address="192.0.2.11"))),
            "gateways.pbx: there is another gateway of this name",
        )
        twin = evolve(PILOT, pilot_identifier=("5003",))
        self.assertFaults(
            evolve(ORG, hunt_groups=(*ORG.hunt_groups, twin)),
            "hunt_groups.PBX\\Pilot: there is another hunt group of this name",
        )
        other = IPGateway(name="SBC", address="192.0.2.11")
        self.assertFaults(
            evolve(
                ORG,
                gateways=(PBX, other),
                hunt_groups=(*ORG.hunt_groups, evolve(twin, gateway="SBC")),
            )
        )

    def test_references(self) -> None:
        """What is named must exist."""
        self.assertFaults(
            evolve(
                ORG,
                hunt_groups=(evolve(PILOT, gateway="PBY", dial_plan="Chicago"),),
                dial_plans=(evolve(PLAN, equivalent_dial_plan_phone_contexts=("Boston", "Rome")),),
                auto_attendants=(
                    evolve(
                        LOBBY,
                        business_hours_key_mapping=(
                            KeyMapping(key="1", description="Night", auto_attendant="Nigth"),
                        ),
                    ),
                    CLOSED,
                ),
            ),
            "dial_plans.Boston.equivalent_dial_plan_phone_contexts: there is no dial plan 'Rome'; "
            "there are: Boston",
            "hunt_groups.PBY\\Pilot.dial_plan: there is no dial plan 'Chicago'; there are: Boston",
            "hunt_groups.PBY\\Pilot.gateway: there is no gateway 'PBY'; did you mean 'PBX'?",
            "auto_attendants.Lobby.business_hours_key_mapping[1].auto_attendant: there is no auto "
            "attendant 'Nigth'; did you mean 'Night'?",
            "dial_plans.Boston.equivalent_dial_plan_phone_contexts: names the plan itself",
        )

    def test_objects_that_could_not_be_built(self) -> None:
        """An object with faults of its own exists all the same."""
        organisation = evolve(ORG, dial_plans=())
        self.assertNotEqual(faults_between(organisation), [])
        self.assertEqual(faults_between(organisation, (ADA,), {"dial_plans": ["Boston"]}), [])

    def test_recording_shorter_than_the_call(self) -> None:
        """A recording may not last as long as the call."""
        plan = evolve(PLAN, max_call_duration=20, max_recording_duration=20)
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,)),
            "dial_plans.Boston.max_recording_duration: must be shorter than max_call_duration, "
            "20 minutes",
        )

    def test_masks(self) -> None:
        """A number's form has at least the digits of an extension."""
        plan = evolve(PLAN, numbering_plan_formats=("142570xxxxx", "xxx"))
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,)),
            "dial_plans.Boston.numbering_plan_formats: 'xxx' is shorter than an extension, "
            "4 digits",
        )

    def test_one_address_one_gateway(self) -> None:
        """Two gateways cannot share an address, however it is written (feature 170)."""
        for one, other in (
            ("192.0.2.10", "::ffff:192.0.2.10"),
            ("2001:db8::1", "[2001:DB8:0::1]"),
            ("pbx.example.com", "PBX.example.com"),
        ):
            first = evolve(PBX, address=one)
            second = IPGateway(name="SBC", address=other)
            self.assertFaults(
                evolve(ORG, gateways=(first, second)),
                f"gateways.SBC.address: {other} is the address of the gateway PBX already",
            )

    def test_host_names_where_certificates_count(self) -> None:
        """A secured plan needs gateways with host names; others do not care."""
        plan = evolve(PLAN, voip_security="SIPSecured")
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,)),
            "gateways.PBX.address: must be a host name, since the dial plan Boston is secured",
        )
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,), gateways=(evolve(PBX, address="pbx.example.com"),))
        )

    def test_gateways_of_a_plan(self) -> None:
        """A dial plan has at most 200 gateways."""
        count = MOST_GATEWAYS + 1
        organisation = evolve(
            ORG,
            gateways=tuple(IPGateway(name=f"G{n}", address=f"192.0.{n}.1") for n in range(count)),
            hunt_groups=tuple(
                HuntGroup(name="Any", gateway=f"G{n}", dial_plan="Boston") for n in range(count)
            ),
        )
        self.assertFaults(organisation, "dial_plans.Boston: has 201 gateways, at most 200")
        self.assertFaults(evolve(organisation, hunt_groups=organisation.hunt_groups[1:]))

    def test_hunt_groups_do_not_overlap(self) -> None:
        """A call fits one hunt group: no pilot twice, no second catch-all on a gateway."""
        again = evolve(PILOT, name="Again", pilot_identifier=("+1 (212) 555-0100", "5003"))
        more = evolve(REST, name="More")
        self.assertFaults(
            evolve(ORG, hunt_groups=(*ORG.hunt_groups, again, more)),
            "hunt_groups.PBX\\Again.pilot_identifier: +1 (212) 555-0100 is a pilot of the hunt "
            "group Pilot on this gateway already",
            "hunt_groups.PBX\\More.pilot_identifier: none given: all other calls are of the hunt "
            "group Rest on this gateway already",
        )

    def test_menu_keys(self) -> None:
        """A menu's key is one of 1 to 9 and does one thing."""
        menu = (
            KeyMapping(key="1", description="A", extension="1001", leave_voice_mail_for="1002"),
            KeyMapping(key="1", description="B"),
            KeyMapping(key="0", description="C"),
            KeyMapping(key="-", description="D"),
        )
        lobby = evolve(LOBBY, business_hours_key_mapping=menu)
        path = "auto_attendants.Lobby.business_hours_key_mapping"
        self.assertFaults(
            evolve(ORG, auto_attendants=(lobby,)),
            f"{path}[1]: must do one thing beside playing a file, not extension and "
            "leave_voice_mail_for",
            f"{path}[2].key: the key 1 has two meanings",
            f"{path}[3].key: must be 1 to 9, or - for nothing pressed, 0 being the operator's: 0",
        )

    def test_a_number_means_one_thing(self) -> None:
        """Test numbers, attendants and voice access do not share a number in a plan."""
        plan = evolve(PLAN, access_telephone_numbers=("5000", "5002"))
        second = evolve(LOBBY, name="Second", pilot_identifier_list=("5008", "5001"))
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,), auto_attendants=(LOBBY, CLOSED, second)),
            "auto_attendants.Second.pilot_identifier_list: 5008 belongs to the test number 5008 "
            "already",
            "auto_attendants.Second.pilot_identifier_list: 5001 belongs to the auto attendant "
            "Lobby already",
            "dial_plans.Boston.access_telephone_numbers: 5002 belongs to the auto attendant Night "
            "already",
        )
        self.assertFaults(
            evolve(
                ORG, dial_plans=(PLAN, PARIS), test_numbers=(ECHO, evolve(ECHO, dial_plan="Paris"))
            ),
            "test_numbers.5008: there is another test number of this name",
        )

    def test_access_number_of_one_plan(self) -> None:
        """An access number cannot belong to two plans."""
        paris = evolve(PARIS, access_telephone_numbers=("5000",))
        self.assertFaults(
            evolve(ORG, dial_plans=(PLAN, paris)),
            "dial_plans.Paris.access_telephone_numbers: 5000 belongs to voice access of the dial "
            "plan Boston already",
        )


class MailboxTests(RulesTestCase):
    """Rules of mailboxes."""

    def test_extension_length(self) -> None:
        """An extension has the length that its plan says."""
        self.assertMailboxFaults(
            evolve(ADA, extension="101"),
            lines=["mailboxes.ada@example.com.extension: must have 4 digits in Boston: 101"],
        )

    def test_numbers_are_unique(self) -> None:
        """A number of a plan belongs to one user, however it is written (feature 169)."""
        eve = evolve(BEN, address="eve@example.com", secondary_numbers=("+1-212-555-0101", "1001"))
        self.assertMailboxFaults(
            ADA,
            eve,
            lines=[
                "mailboxes.eve@example.com: +12125550101 belongs to ada@example.com already",
                "mailboxes.eve@example.com: 1001 belongs to ada@example.com already",
            ],
        )

    def test_addresses_are_unique(self) -> None:
        """A mail address belongs to one mailbox."""
        self.assertMailboxFaults(
            ADA,
            evolve(BEN, address="ADA@example.com"),
            lines=["mailboxes.ADA@example.com: there is another mailbox of this address"],
        )

    def test_numbers_of_services(self) -> None:
        """A user cannot have the number of an attendant, a test or voice access."""
        mailbox = evolve(ADA, secondary_numbers=("5001", "5008", "5000", "+12125550100"))
        path = "mailboxes.ada@example.com"
        self.assertMailboxFaults(
            mailbox,
            lines=[
                f"{path}: 5001 belongs to the auto attendant Lobby already",
                f"{path}: 5008 belongs to the test number 5008 already",
                f"{path}: 5000 is a number of voice access",
                f"{path}: +12125550100 is a number of voice access",
            ],
        )

    def test_what_the_uri_type_wants(self) -> None:
        """Users of SIP plans need a SIP address, those of E.164 plans a whole number."""
        bare = evolve(ADA, secondary_numbers=())
        for uri_type, number, wanted in (
            ("SipName", "sip:ada@example.com", "a SIP address"),
            ("E164", "+12125550101", "a number with + and country code"),
        ):
            plan = evolve(PLAN, uri_type=uri_type)  # type: ignore[arg-type]
            org = evolve(ORG, dial_plans=(plan,))
            path = "mailboxes.ada@example.com.sip_resource_identifier"
            line = f"{path}: is missing: users of Boston need {wanted}"
            self.assertMailboxFaults(bare, lines=[line], org=org)
            self.assertMailboxFaults(evolve(bare, secondary_numbers=(number,)), lines=[], org=org)

    def test_policy_of_another_plan(self) -> None:
        """A user's policy belongs to the user's plan, and both must exist."""
        policy = MailboxPolicy(name="French", dial_plan="Paris")
        org = evolve(ORG, dial_plans=(PLAN, PARIS), mailbox_policies=(POLICY, policy))
        self.assertMailboxFaults(
            evolve(ADA, policy="French"),
            evolve(BEN, policy="Frensh", dial_plan="Bostn"),
            lines=[
                "mailboxes.ada@example.com.policy: French belongs to the dial plan Paris",
                "mailboxes.ben@example.com.dial_plan: there is no dial plan 'Bostn'; did you mean "
                "'Boston'?",
                "mailboxes.ben@example.com.policy: there is no mailbox policy 'Frensh'; did you "
                "mean 'French'?",
            ],
            org=org,
        )

    def test_pin_length(self) -> None:
        """A PIN is as long as the policy wants; without a PIN there is nothing to check."""
        self.assertMailboxFaults(
            evolve(ADA, pin="12345"),
            lines=[
                "mailboxes.ada@example.com.pin: must have at least 6 digits, says Boston Default "
                "Policy"
            ],
        )
        self.assertMailboxFaults(evolve(ADA, pin="246813"), BEN, lines=[])


class IdentityTests(SynchronousTestCase):
    """What people call an object."""

    def test_identities(self) -> None:
        """Names, a user's address, a test's number, and a hunt group with its gateway."""
        self.assertEqual(
            [identity_of(thing) for thing in (PLAN, ADA, ECHO, PILOT)],
            ["Boston", "ada@example.com", "5008", "PBX\\Pilot"],
        )
