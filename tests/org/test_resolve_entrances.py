"""Which dial plan a call comes to, by gateway, number and type of plan; names known late."""

from __future__ import annotations

from attrs import evolve

from tests.org.examples import ADA, BEN, ORG, PBX, PLAN, USERS, forwarded, offer
from tests.org.resolving import ResolveTestCase, claim_of
from umserver.org import refusals
from umserver.org.facts import Diversion, Party
from umserver.org.messages import CallerId
from umserver.org.routes import LeaveMessage, VoiceAccess
from umserver.org.settings import DialPlan, HuntGroup, IPGateway, Mailbox
from umserver.org.tokens import Claim


class EntranceTests(ResolveTestCase):
    """Who may call at all (spec 4.1 step 1, 4.4)."""

    def test_stranger(self) -> None:
        """A peer that nobody configured is refused."""
        self.assertRejected(refusals.UNKNOWN_GATEWAY, offer("1001", source="203.0.113.9"))

    def test_disabled_gateway(self) -> None:
        """A disabled gateway is refused, one without new calls may try again later."""
        for status, refusal in (
            ("Disabled", refusals.GATEWAY_DISABLED),
            ("NoNewCalls", refusals.GATEWAY_NO_NEW_CALLS),
        ):
            gateway = evolve(PBX, status=status)  # type: ignore[arg-type]
            self.org = evolve(ORG, gateways=(gateway,))
            self.assertRejected(refusal, offer("1001"))
        self.assertEqual(refusals.GATEWAY_NO_NEW_CALLS.status, 503)
        self.assertIsNotNone(refusals.GATEWAY_NO_NEW_CALLS.retry_after)

    def test_no_hunt_group(self) -> None:
        """Without a catch-all only the pilots are answered, with one all (features 12, 13)."""
        self.assertAnsweredFor(ADA, "Direct", offer("1001"))
        pilots = HuntGroup(
            name="Pilot", dial_plan="Boston", gateway="PBX", pilot_identifier=("5000",)
        )
        self.org = evolve(ORG, hunt_groups=(pilots,))
        self.assertAnsweredFor(ADA, "DivertNoAnswer", offer("5000", forwarded("1001")))
        self.assertAnsweredFor(ADA, "DivertNoAnswer", offer("+12125555000", forwarded("1001")))
        self.assertRejected(refusals.NO_HUNT_GROUP, offer("1001", forwarded("1001")))
        self.assertRejected(refusals.NO_HUNT_GROUP, offer("", forwarded("1001")))
        self.org = evolve(ORG, hunt_groups=())
        resolution = self.assertRejected(refusals.NO_HUNT_GROUP, offer("5000"))
        self.assertEqual(resolution.reasons[-1], "none of its hunt groups takes 5000")
        resolution = self.assertRejected(refusals.NO_HUNT_GROUP, offer(""))
        self.assertEqual(resolution.reasons[-1], "none of its hunt groups takes a call to nobody")

    def test_two_plans_on_one_gateway(self) -> None:
        """The pilot decides between plans; a pilot is read as its own plan's numbers are."""
        paris = DialPlan(name="Paris", number_of_digits_in_extension=2, country_or_region_code="33")
        group = HuntGroup(name="P", dial_plan="Paris", gateway="PBX", pilot_identifier=("50",))
        self.org = evolve(ORG, dial_plans=(PLAN, paris), hunt_groups=(*ORG.hunt_groups, group))
        route = self.resolve(offer("50")).route
        assert isinstance(route, VoiceAccess)
        self.assertEqual(route.dial_plan, paris)
        self.assertAnsweredFor(ADA, "DivertNoAnswer", offer("5000", forwarded("1001")))

    def test_secured_plan(self) -> None:
        """A plan that wants TLS takes no call without it (feature 14)."""
        self.org = evolve(ORG, dial_plans=(evolve(PLAN, voip_security="Secured"),))
        self.assertRejected(refusals.SECURITY_MISMATCH, offer("1001", transport="tcp"))
        proved = evolve(offer("1001", transport="tls"), peer_names=("192.0.2.10",))
        self.assertAnsweredFor(ADA, "Direct", proved)

    def test_secured_plan_wants_a_certificate(self) -> None:
        """TLS alone does not say who calls (feature 17)."""
        self.org = evolve(ORG, dial_plans=(evolve(PLAN, voip_security="SIPSecured"),))
        self.assertRejected(refusals.NO_CERTIFICATE, offer("1001", transport="tls"))

    def test_spellings_of_an_address(self) -> None:
        """A gateway is the same however its IPv6 address is written, and behind IPv4 in IPv6."""
        self.org = evolve(ORG, gateways=(evolve(PBX, address="[2001:DB8:0:0::10]"),))
        self.assertAnsweredFor(ADA, "Direct", offer("1001", source="2001:db8::10"))
        self.org = ORG
        self.assertAnsweredFor(ADA, "Direct", offer("1001", source="::ffff:192.0.2.10"))

    def test_host_name(self) -> None:
        """A gateway named by host may call from every address of it."""
        self.org = evolve(
            ORG,
            gateways=(evolve(PBX, address="pbx.example.com"),),
            host_addresses={"pbx.example.com": ("192.0.2.10", "2001:db8::10")},
        )
        for source in ("192.0.2.10", "2001:db8::10"):
            self.assertAnsweredFor(ADA, "Direct", offer("1001", source=source))
        self.assertRejected(refusals.UNKNOWN_GATEWAY, offer("1001", source="192.0.2.11"))

    def test_claim_chooses_the_plan(self) -> None:
        """A result opens the door of its plan, on this gateway and only where there is one."""
        paris = DialPlan(name="Paris", number_of_digits_in_extension=2, country_or_region_code="33")
        other = IPGateway(name="SBC", address="192.0.2.11")
        doors = [
            HuntGroup(name="A", dial_plan="Boston", gateway="PBX", pilot_identifier=("5000",)),
            HuntGroup(name="B", dial_plan="Paris", gateway="PBX", pilot_identifier=("50",)),
            HuntGroup(name="C", dial_plan="Boston", gateway="SBC"),
        ]
        self.org = evolve(
            ORG, dial_plans=(PLAN, paris), gateways=(PBX, other), hunt_groups=tuple(doors)
        )
        claim = Claim(flow="voice-access", dial_plan="Paris", called="50")
        for source, plan in (("192.0.2.10", "Paris"), ("192.0.2.11", "Boston")):
            reasons = self.resolve(offer("5000", source=source), claim).reasons
            self.assertTrue(reasons[1].endswith(f"leads to the dial plan {plan}"), reasons)

    def test_claim_of_a_plan_without_group(self) -> None:
        """A result for a plan that this gateway does not lead to opens the called number's door."""
        claim = Claim(flow="leave-message", dial_plan="Elsewhere", mailbox="1001")
        self.assertEqual(
            self.resolve(offer("1002"), evolve(claim, called="1002")).route,
            evolve(self.resolve(offer("1002")).route, caller=CallerId()),
        )


class PlanTypeTests(ResolveTestCase):
    """How users are found on plans of the three types, and in plans besides their own."""

    def of_type(self, uri_type: str, **settings: str) -> Mailbox:
        """Let the plan have this type, and Ada these settings."""
        plan = evolve(PLAN, uri_type=uri_type, numbering_plan_formats=("121255501xx", "31255xxxx"))
        self.org = evolve(ORG, dial_plans=(plan,))
        ada = evolve(ADA, secondary_numbers=("1011",), **settings)
        self.users = (ada, BEN)
        return ada

    def test_sip_address(self) -> None:
        """A SIP address that was forwarded finds its user, whatever the capitals (feature 41)."""
        ada = self.of_type("SipName", sip_resource_identifier="sip:ada@example.com")
        party = Party("Ada", host="Example.com", uri="sip:Ada@Example.com")
        self.assertAnsweredFor(ada, "DivertBusy", offer("5000", Diversion(party, "user-busy")))
        self.assertAnsweredFor(ada, "DivertNoAnswer", offer("5000", forwarded("1001")))

    def test_whole_number(self) -> None:
        """A number with + that was forwarded finds its user (feature 42)."""
        ada = self.of_type("E164", sip_resource_identifier="+12125550101")
        for number in ("+12125550101", "12125550101", "1001"):
            self.assertAnsweredFor(ada, "DivertNoAnswer", offer("5000", forwarded(number)))

    def test_secondary_extension(self) -> None:
        """A second extension leads to the same mailbox (feature 43)."""
        ada = self.of_type("TelExtn")
        self.assertAnsweredFor(ada, "DivertNoAnswer", offer("5000", forwarded("1011")))
        self.assertAnsweredFor(ada, "Direct", offer("1011"))

    def test_secondary_dial_plan(self) -> None:
        """A number in another plan leads to the mailbox too, and its own policy holds."""
        paris = DialPlan(name="Paris", number_of_digits_in_extension=5, country_or_region_code="33")
        zoe = Mailbox(
            address="zoe@example.com",
            display_name="Zoé Exemple",
            extension="51001",
            secondary_addresses=("eum:1009;phone-context=Boston",),
            dial_plan="Paris",
            policy="Boston Default Policy",
        )
        self.org, self.users = evolve(ORG, dial_plans=(PLAN, paris)), (*USERS, zoe)
        facts = offer("5000", forwarded("1009"))
        route = self.assertAnsweredFor(zoe, "DivertNoAnswer", facts)
        self.assertEqual(self.resolve(offer("5000"), claim_of(route, facts)).route, route)

    def test_number_forms_name_the_caller(self) -> None:
        """A caller's whole number becomes an extension by its form, and a name (feature 72)."""
        ada = self.of_type("TelExtn")
        route = self.resolve(offer("5000", forwarded("1002"), caller="312551001")).route
        assert isinstance(route, LeaveMessage)
        self.assertEqual(route.caller, CallerId("312551001", ada.display_name, "ada@example.com"))
        route = self.resolve(offer("5000", forwarded("1002"), caller="412551001")).route
        assert isinstance(route, LeaveMessage)
        self.assertEqual(route.caller, CallerId("412551001"))

    def test_further_lines_name_the_caller(self) -> None:
        """A number among a user's UMCallingLineIds names the caller, in every plan."""
        ben = evolve(BEN, um_calling_line_ids=("+1 617 555 0142",))
        self.users = (ADA, ben)
        for number in ("6175550142", "+16175550142"):
            route = self.resolve(offer("5000", forwarded("1001"), caller=number)).route
            assert isinstance(route, LeaveMessage)
            self.assertEqual(route.caller, CallerId(number, "Ben Example", "ben@example.com"))
        self.users = (ADA, evolve(ben, um_enabled=False))
        route = self.resolve(offer("5000", forwarded("1001"), caller="6175550142")).route
        assert isinstance(route, LeaveMessage)
        self.assertEqual(route.caller.name, "")

    def test_such_a_line_is_no_number_of_a_mailbox(self) -> None:
        """Calls to a number from which a user calls are not answered for the user."""
        self.users = (ADA, evolve(BEN, um_calling_line_ids=("6175550142",)))
        self.assertRejected(refusals.NOBODY_CALLED, offer("6175550142"))


class LateNamesTests(ResolveTestCase):
    """Gateways that say late who calls, and numbers of the wrong length."""

    def test_waits(self) -> None:
        """A call that names nobody is incomplete where the gateway may name them late."""
        bare = offer("5000", caller=None)
        self.assertFalse(self.resolve(bare).incomplete)
        late = evolve(PBX, delayed_source_party_info_enabled=True)
        self.org = evolve(ORG, gateways=(late,))
        resolution = self.resolve(bare)
        self.assertTrue(resolution.incomplete)
        self.assertIsInstance(resolution.route, VoiceAccess)
        self.assertIn("the gateway may name them late", resolution.reasons[-1])
        for named in (offer("5000"), offer("5000", forwarded("1001"), caller=None)):
            self.assertFalse(self.resolve(named).incomplete)
        claim = claim_of(resolution.route, bare)
        self.assertFalse(self.resolve(bare, claim).incomplete)

    def test_wrong_length(self) -> None:
        """A forwarding by a number of the wrong length is event 1109, and refused (feature 35)."""
        resolution = self.assertRejected(refusals.NOT_UM_ENABLED, offer("5000", forwarded("101")))
        self.assertIn(
            "101 is no UM-enabled user: it has 3 digits, an extension of Boston has 4 (event 1109)",
            resolution.reasons,
        )
