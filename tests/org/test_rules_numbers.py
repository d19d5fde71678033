"""Which numbers a dial plan allows, and who may have which."""

from __future__ import annotations

from attrs import evolve

from tests.org.examples import ADA, BEN, CLOSED, LOBBY, ORG, PLAN, POLICY
from tests.org.ruling import PARIS, RulesTestCase
from umserver.org.settings import (
    CallAnsweringRule,
    CallerCondition,
    CallRouterSettings,
    DialingRule,
    Holiday,
    KeyMapping,
    Mailbox,
    MailboxPolicy,
    RuleKeyMapping,
    UMService,
)


class PlanRuleTests(RulesTestCase):
    """Dialing rules, policies and servers."""

    def test_dialing_rules(self) -> None:
        """A rule has its x on both sides, and groups that are allowed exist in the plan."""
        rule = DialingRule(name="Local", number_mask="xxx", dialed_number="9xx")
        plan = evolve(
            PLAN,
            configured_international_groups=(rule,),
            allowed_in_country_or_region_groups=("Local",),
        )
        policy = evolve(POLICY, allowed_international_groups=("local", "Locl"))
        lobby = evolve(LOBBY, allowed_international_groups=("World",))
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,), mailbox_policies=(policy,), auto_attendants=(lobby,)),
            "dial_plans.Boston.configured_international_groups[1].dialed_number: must have as "
            "many x in 9xx as in xxx",
            "dial_plans.Boston.allowed_in_country_or_region_groups: there is no group of dialing "
            "rules 'Local'; there are: none",
            "auto_attendants.Lobby.allowed_international_groups: there is no group of dialing "
            "rules 'World'; there are: Local",
            "mailbox_policies.Boston Default Policy.allowed_international_groups: there is no "
            "group of dialing rules 'Locl'; did you mean 'Local'?",
        )

    def test_plan_settings_that_need_another(self) -> None:
        """The one extension has the plan's length; only E164 plans can want more than a number."""
        plan = evolve(PLAN, extension="101", sip_resource_identifier_required=True)
        self.assertFaults(
            evolve(ORG, dial_plans=(plan,)),
            "dial_plans.Boston.extension: must have 4 digits: 101",
            "dial_plans.Boston.sip_resource_identifier_required: is only for dial plans of the "
            "type E164, not TelExtn",
        )

    def test_policies(self) -> None:
        """A PIN is reset before the mailbox is locked; protected mail is not analysed."""
        path = "mailbox_policies.Boston Default Policy"
        policy = evolve(
            POLICY,
            logon_failures_before_pin_reset=15,
            protect_unauthenticated_voice_mail="All",
            allow_voice_mail_analysis=True,
        )
        self.assertFaults(
            evolve(ORG, mailbox_policies=(policy,)),
            f"{path}.logon_failures_before_pin_reset: must be less than max_logon_attempts, 15, "
            "or Unlimited",
            f"{path}.allow_voice_mail_analysis: must be false where "
            "protect_unauthenticated_voice_mail is All",
        )
        free = evolve(POLICY, logon_failures_before_pin_reset="Unlimited", max_logon_attempts=1)
        self.assertFaults(evolve(ORG, mailbox_policies=(free,)))

    def test_servers(self) -> None:
        """Servers are linked to SIP dial plans only (feature 171); files fit into their folder."""
        service = UMService(
            dial_plans=("Boston", "Bostn"),
            ip_address_family="IPv6Only",
            ip_address_family_configurable=False,
            irm_log_max_file_size=300,
        )
        router = CallRouterSettings(dial_plans=("Boston",))
        self.assertFaults(
            evolve(ORG, service=service, call_router=router),
            "service.dial_plans: there is no dial plan 'Bostn'; did you mean 'Boston'?",
            "service.dial_plans: Boston is of the type TelExtn: servers answer it without a link",
            "service.ip_address_family: must not be IPv6Only where ip_address_family_configurable "
            "is false",
            "call_router.dial_plans: Boston is of the type TelExtn: servers answer it without a "
            "link",
            "service.irm_log_max_file_size: must be at most 250 MB, as its folder",
        )
        sip = evolve(PLAN, uri_type="SipName")
        service = UMService(dial_plans=("Boston",), irm_log_max_directory_size="Unlimited")
        self.assertFaults(evolve(ORG, dial_plans=(sip,), service=service))

    def test_ports_of_the_router(self) -> None:
        """A router that shall listen for TCP and TLS at once needs two ports (features 18, 20)."""
        one = CallRouterSettings(sip_tcp_listening_port=5077, sip_tls_listening_port=5077)
        self.assertFaults(evolve(ORG, call_router=one))
        free = evolve(one, sip_tcp_listening_port=0, sip_tls_listening_port=0)
        self.assertFaults(evolve(ORG, call_router=evolve(free, um_startup_mode="Dual")))
        self.assertFaults(
            evolve(ORG, call_router=evolve(one, um_startup_mode="Dual")),
            "call_router.sip_tls_listening_port: must differ from sip_tcp_listening_port, both "
            "are 5077",
        )

    def test_attendants(self) -> None:
        """Holidays end after they begin, fallbacks need speech, forwarding needs a mailbox."""
        path = "auto_attendants.Lobby"
        lobby = evolve(
            LOBBY,
            holiday_schedule=(
                Holiday(name="A", file="a.wav", start="1/1/2027"),
                Holiday(name="B", file="b.wav", start="1/2/2027", end="1/1/2027"),
            ),
            dtmf_fallback_auto_attendant="Lobby",
            forward_calls_to_default_mailbox=True,
            after_hours_key_mapping=(KeyMapping(key="0", description="Operator"),),
        )
        self.assertFaults(
            evolve(ORG, auto_attendants=(lobby,)),
            f"{path}.after_hours_key_mapping[1].key: must be 1 to 9, or - for nothing pressed, 0 "
            "being the operator's: 0",
            f"{path}.holiday_schedule[2].end: must not end on 1/1/2027, before it begins on "
            "1/2/2027",
            f"{path}.dtmf_fallback_auto_attendant: is only for an auto attendant with "
            "speech_enabled",
            f"{path}.dtmf_fallback_auto_attendant: names the auto attendant itself",
            f"{path}.default_mailbox: must be given, since calls are forwarded to it",
        )
        speaking = evolve(LOBBY, speech_enabled=True, dtmf_fallback_auto_attendant="Night")
        self.assertFaults(evolve(ORG, auto_attendants=(speaking, CLOSED)))


class NumbersOfUsersTests(RulesTestCase):
    """Numbers of users in several plans, of three types."""

    path = "mailboxes.ada@example.com"

    def test_digit_count(self) -> None:
        """Every extension has the digits of its plan (feature 169)."""
        ada = evolve(
            ADA,
            extension="101",
            secondary_numbers=("10011", "+1212555010199"),
            secondary_addresses=(
                "eum:5100;phone-context=Paris",
                "eum:51001;phone-context=Paris",
                "eum:1001;phone-context=Rome",
            ),
        )
        self.assertMailboxFaults(
            ada,
            lines=[
                f"{self.path}.extension: must have 4 digits in Boston: 101",
                f"{self.path}.secondary_numbers: must have 4 digits in Boston: 10011",
                f"{self.path}.secondary_addresses: must have 5 digits in Paris: 5100",
                f"{self.path}.secondary_addresses: there is no dial plan 'Rome'",
            ],
            org=evolve(ORG, dial_plans=(PLAN, PARIS)),
        )

    def test_numbers_in_other_plans_are_unique_too(self) -> None:
        """A number in a further plan, and a line from which one calls, belong to one user
        (feature 169)."""
        zoe = Mailbox(
            address="zoe@example.com",
            display_name="Zoé Exemple",
            extension="51001",
            dial_plan="Paris",
            policy="French",
            um_calling_line_ids=("+33 1 55 50 01 42",),
        )
        ada = evolve(
            ADA,
            secondary_addresses=("eum:51001;phone-context=Paris",),
            um_calling_line_ids=("+33155500142",),
        )
        policy = MailboxPolicy(name="French", dial_plan="Paris")
        org = evolve(ORG, dial_plans=(PLAN, PARIS), mailbox_policies=(POLICY, policy))
        self.assertMailboxFaults(
            zoe,
            ada,
            lines=[
                f"{self.path}: 51001 belongs to zoe@example.com already",
                f"{self.path}: +33155500142 belongs to zoe@example.com already",
            ],
            org=org,
        )

    def test_identifier_of_the_right_kind(self) -> None:
        """A SIP address on SIP plans, a whole number on E.164 plans, either where that is said."""
        for uri_type, required, given, wrong in (
            ("SipName", False, "sip:ada@example.com", ""),
            ("SipName", False, "+12125550101", "must be a SIP address in Boston"),
            ("E164", False, "+12125550101", ""),
            ("E164", False, "a@b.example", "must be a number with + and country code in Boston"),
            ("E164", True, "a@b.example", ""),
            ("TelExtn", False, "a@b.example", ""),
        ):
            plan = evolve(
                PLAN,
                uri_type=uri_type,  # type: ignore[arg-type]
                sip_resource_identifier_required=required,
            )
            ada = evolve(ADA, secondary_numbers=(), sip_resource_identifier=given)
            lines = [f"{self.path}.sip_resource_identifier: {wrong}"] if wrong else []
            self.assertMailboxFaults(ada, lines=lines, org=evolve(ORG, dial_plans=(plan,)))

    def test_rules_of_a_user(self) -> None:
        """Rules have names and priorities of their own, keys one meaning, and what it needs."""
        busy = CallAnsweringRule(
            name="Busy",
            priority=1,
            caller_ids=(
                CallerCondition(type=1, number="4255550100"),
                CallerCondition(type=1),
                CallerCondition(type=4),
                CallerCondition(type=4, number="1001"),
            ),
            extensions_dialed=("1001", "1001"),
            key_mappings=(
                RuleKeyMapping(type=1, key=1),
                RuleKeyMapping(type=5, key=1, find_me1="1002", timeout1=20, find_me2="1003"),
                RuleKeyMapping(type=5, key=2, find_me2="1003"),
                RuleKeyMapping(type=5, key=3, find_me1="1002"),
                RuleKeyMapping(type=4, key=4),
                RuleKeyMapping(type=3, key=5, transfer_contact="ben@example.com"),
            ),
        )
        ada = evolve(ADA, call_answering_rules=(busy, CallAnsweringRule(name="BUSY", priority=1)))
        rule = f"{self.path}.call_answering_rules.Busy"
        self.assertMailboxFaults(
            ada,
            lines=[
                f"{rule}.caller_ids[2]: must have number and no more, being 1",
                f"{rule}.caller_ids[4]: must have nothing and no more, being 4",
                f"{rule}.caller_ids: must name all personal contacts only once",
                f"{rule}.key_mappings: the key 1 stands there twice",
                f"{rule}.key_mappings[1]: must have transfer_number, being 1",
                f"{rule}.key_mappings[2]: must have timeout2, being 5",
                f"{rule}.key_mappings[3]: must have find_me1, being 5",
                f"{rule}.key_mappings[4]: must have timeout1, being 5",
                f"{rule}.extensions_dialed: 1001 stands there twice",
                f"{self.path}.call_answering_rules.BUSY: there is another rule of this name",
                f"{self.path}.call_answering_rules.BUSY.priority: 1 is that of the rule Busy "
                "already",
            ],
        )

    def test_common_pins(self) -> None:
        """A PIN that everybody would guess is refused, and not repeated."""
        self.assertMailboxFaults(
            evolve(ADA, pin="123456"),
            evolve(BEN, pin="991002"),
            lines=[
                f"{self.path}.pin: must not be a pattern such as 123456 or 111111, says Boston "
                "Default Policy",
                "mailboxes.ben@example.com.pin: must not be the extension, nor end as it does",
            ],
        )
