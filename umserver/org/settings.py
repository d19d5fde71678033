"""The settings of an organisation as values; each is declared here and nowhere else.

Knows: names, types, defaults, ranges, help (spec 2, 3.2–3.7, 3.10). Must never know: where settings
are stored, files, calls. The values check nothing by themselves: `umserver.org.parse` builds whole
organisations and names every fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from attrs import field, frozen

from umserver.org.declare import Setting
from umserver.org.forms import (
    address_of_peer,
    country_code,
    digits,
    language,
    mail_address,
    mask,
    name,
    number,
    plain_address,
    time_zone,
)
from umserver.org.numbers import key

AudioCodec: TypeAlias = Literal["Mp3", "G711", "Gsm", "Pcm"]
Status: TypeAlias = Literal["Enabled", "Disabled"]

NO_WMA = {"Wma": "Windows Media sound is not written here; take Mp3, G711, Gsm or Pcm"}


@frozen(kw_only=True)
class DialPlan:
    """Numbers of one length and the rules that hold for their owners and callers (spec 3.2)."""

    name: Annotated[str, Setting("Name of the dial plan", "3.2", high=64, check=name)]
    number_of_digits_in_extension: Annotated[
        int, Setting("Length of every extension", "3.2", "digits", low=1, high=20, fixed=True)
    ]
    country_or_region_code: Annotated[
        str, Setting("Own country code, without +", "3.2", high=4, check=country_code)
    ]
    uri_type: Annotated[
        Literal["TelExtn", "E164", "SipName"],
        Setting("What called numbers look like", "2.3", parameter="URIType", fixed=True),
    ] = "TelExtn"
    voip_security: Annotated[
        Literal["Unsecured", "SIPSecured", "Secured"],
        Setting("Whether SIP and sound are encrypted", "2.4", parameter="VoIPSecurity"),
    ] = "Unsecured"
    default_language: Annotated[
        str, Setting("Language that callers hear", "3.2", check=language)
    ] = "en-US"
    access_telephone_numbers: Annotated[
        tuple[str, ...], Setting("Numbers of Outlook Voice Access", "3.2", check=number)
    ] = ()
    pilot_identifier_list: Annotated[
        tuple[str, ...], Setting("Pilot numbers of the plan", "3.2", check=number)
    ] = ()
    audio_codec: Annotated[
        AudioCodec, Setting("Coding of recorded messages", "3.2, 8.3", refused=NO_WMA)
    ] = "Mp3"
    max_call_duration: Annotated[
        int, Setting("Longest call", "3.2", "minutes", low=10, high=120)
    ] = 30
    max_recording_duration: Annotated[
        int,
        Setting("Longest recording, less than the call", "3.2", "minutes", low=1, high=100),
    ] = 20
    recording_idle_timeout: Annotated[
        int, Setting("Silence that ends a recording", "3.2", "seconds", low=2, high=10)
    ] = 5
    input_failures_before_disconnect: Annotated[
        int, Setting("Wrong inputs in a row that end a call", "3.2", low=1, high=20)
    ] = 3
    operator_extension: Annotated[
        str, Setting("Number of the operator; none when empty", "3.2", check=number)
    ] = ""
    numbering_plan_formats: Annotated[
        tuple[str, ...],
        Setting(
            "Forms of numbers whose last digits are an extension, as 142570xxxxx", "3.2", check=mask
        ),
    ] = ()
    equivalent_dial_plan_phone_contexts: Annotated[
        tuple[str, ...],
        Setting("Dial plans whose users are looked for too", "3.2", refers_to="dial_plans"),
    ] = ()
    international_access_code: Annotated[
        str, Setting("Digits dialled before a country code", "3.2", high=4, check=digits)
    ] = ""
    national_number_prefix: Annotated[
        str, Setting("Digits dialled before an area code", "3.2", high=4, check=digits)
    ] = ""


@frozen(kw_only=True)
class IPGateway:
    """A SIP peer that may bring calls (spec 3.3)."""

    name: Annotated[str, Setting("Name of the gateway", "3.3", high=64, check=name)]
    address: Annotated[
        str, Setting("IPv4 or IPv6 address or host name of the peer", "3.3", check=address_of_peer)
    ]
    port: Annotated[
        int, Setting("Port of the peer; its calls may come from any", "3.3", low=0, high=65535)
    ] = 5060
    status: Annotated[
        Literal["Enabled", "Disabled", "NoNewCalls"], Setting("Whether it may bring calls", "2.5")
    ] = "Enabled"
    diversion_preference: Annotated[
        Literal["LastForwarding", "FirstCalled", "AutoAttendant"],
        Setting(
            "Who counts when a call was forwarded more than once: the one who forwarded it last, "
            "the one who was called first, or an auto attendant wherever it stands",
            "4.3, our own setting",
        ),
    ] = "LastForwarding"


@frozen(kw_only=True)
class HuntGroup:
    """Leads calls of one gateway to one dial plan (spec 3.4)."""

    name: Annotated[str, Setting("Name, unique on its gateway", "3.4", high=64, check=name)]
    dial_plan: Annotated[
        str,
        Setting("The dial plan it leads to", "3.4", refers_to="dial_plans", parameter="UMDialPlan"),
    ]
    gateway: Annotated[
        str,
        Setting("The gateway it belongs to", "3.4", refers_to="gateways", parameter="UMIPGateway"),
    ]
    pilot_identifier: Annotated[
        tuple[str, ...],
        Setting("Called numbers it takes; without any it takes all others", "3.4", check=number),
    ] = ()


@frozen(kw_only=True)
class KeyMapping:
    """What one key of an auto attendant's menu does (spec 3.5)."""

    key: Annotated[str, Setting("The key, 1 to 9, or - for nothing pressed", "3.5", high=1)]
    description: Annotated[str, Setting("What is said about it", "3.5", high=64)]
    extension: Annotated[str, Setting("Number to transfer to", "3.5", check=number)] = ""
    auto_attendant: Annotated[
        str,
        Setting("Auto attendant that goes on", "3.5", refers_to="auto_attendants"),
    ] = ""
    leave_voice_mail_for: Annotated[
        str, Setting("Extension to leave a message for", "3.5", check=number)
    ] = ""


@frozen(kw_only=True)
class AutoAttendant:
    """Answers a number with a menu (spec 3.5)."""

    name: Annotated[str, Setting("Name of the auto attendant", "3.5", high=64, check=name)]
    dial_plan: Annotated[
        str,
        Setting(
            "The dial plan it belongs to",
            "3.5",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            fixed=True,
        ),
    ]
    pilot_identifier_list: Annotated[
        tuple[str, ...], Setting("Its numbers", "3.5", check=number)
    ] = ()
    status: Annotated[Status, Setting("Whether it answers", "3.5")] = "Disabled"
    language: Annotated[
        str, Setting("Language of its prompts; the plan's when empty", "3.5", check=language)
    ] = ""
    operator_extension: Annotated[
        str, Setting("Its operator; the plan's when empty", "3.5", check=number)
    ] = ""
    business_hours_key_mapping_enabled: Annotated[
        bool, Setting("Whether keys do something", "3.5")
    ] = False
    business_hours_key_mapping: Annotated[
        tuple[KeyMapping, ...], Setting("What the keys do", "3.5", high=10)
    ] = ()


@frozen(kw_only=True)
class MailboxPolicy:
    """What the users of a dial plan may and must (spec 3.6)."""

    name: Annotated[str, Setting("Name of the policy", "3.6", high=64, check=name)]
    dial_plan: Annotated[
        str,
        Setting(
            "The dial plan of its users",
            "3.6",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            fixed=True,
        ),
    ]
    min_pin_length: Annotated[
        int,
        Setting("Shortest PIN", "3.6", "digits", low=4, high=24, parameter="MinPINLength"),
    ] = 6
    allow_missed_call_notifications: Annotated[
        bool, Setting("Whether calls without a message become a mail", "3.6")
    ] = True
    protect_unauthenticated_voice_mail: Annotated[
        Literal["None", "Private", "All"],
        Setting("Which messages of callers are protected; Private lets callers mark them", "3.6"),
    ] = "None"
    voice_mail_text: Annotated[
        str, Setting("Text below every voice mail, simple HTML allowed", "3.6", high=512)
    ] = ""


@frozen(kw_only=True)
class Mailbox:
    """A user whose calls are answered (spec 3.7). Not in the snapshot: found by number."""

    address: Annotated[str, Setting("Mail address, the user's identity", "3.7", check=mail_address)]
    display_name: Annotated[str, Setting("Name that callers hear and mails show", "3.7", high=64)]
    extension: Annotated[str, Setting("Primary extension", "2.6", check=digits)]
    dial_plan: Annotated[
        str,
        Setting(
            "The primary dial plan",
            "3.7",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            fixed=True,
        ),
    ]
    policy: Annotated[
        str,
        Setting(
            "The mailbox policy",
            "3.7",
            refers_to="mailbox_policies",
            parameter="UMMailboxPolicy",
        ),
    ]
    um_enabled: Annotated[
        bool, Setting("Whether calls are answered for this user", "3.7", parameter="UMEnabled")
    ] = True
    secondary_numbers: Annotated[
        tuple[str, ...],
        Setting("Further extensions, E.164 numbers and SIP addresses", "2.6", check=number),
    ] = ()
    language: Annotated[
        str, Setting("Language of the mails; the plan's when empty", "5.10", check=language)
    ] = ""
    time_zone: Annotated[
        str, Setting("IANA name of the zone in which mails show times", "8.4", check=time_zone)
    ] = "UTC"
    operator_number: Annotated[
        str, Setting("Personal operator; the plan's when empty", "3.7", high=20, check=number)
    ] = ""
    anonymous_callers_can_leave_messages: Annotated[
        bool, Setting("Whether callers without a number can leave messages", "3.7")
    ] = True
    missed_call_notification_enabled: Annotated[
        bool, Setting("Whether calls without a message become a mail", "3.7")
    ] = True
    call_answering_audio_codec: Annotated[
        Literal["", "Mp3", "G711", "Gsm", "Pcm"],
        Setting("Coding of messages; the plan's when empty", "3.7", refused=NO_WMA),
    ] = ""
    pin: Annotated[
        str,
        Setting(
            "PIN, at least as long as the policy wants", "3.7", high=24, check=digits, secret=True
        ),
    ] = field(default="", repr=False)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every key under which the dial plan knows this user (see `umserver.org.numbers.key`)."""
        return tuple(dict.fromkeys(key(text) for text in (self.extension, *self.secondary_numbers)))


@frozen(kw_only=True)
class TestNumber:
    """A number that a call script answers: for installers, probes and measurements."""

    number: Annotated[str, Setting("The number", "our own setting", check=number)]
    dial_plan: Annotated[
        str,
        Setting(
            "The dial plan it belongs to",
            "our own setting",
            refers_to="dial_plans",
            parameter="UMDialPlan",
        ),
    ]
    script: Annotated[
        Literal["echo", "announcement"], Setting("The call script that answers", "our own setting")
    ]


@frozen(kw_only=True)
class UMService:
    """The answering desks (spec 3.10)."""

    max_calls_allowed: Annotated[
        int,
        Setting("Most calls at the same time", "3.10, 9.3", "calls", low=0, high=2000),
    ] = 100


@frozen(kw_only=True)
class CallRouterSettings:
    """The call routers (spec 3.10)."""

    max_calls_allowed: Annotated[
        int, Setting("Calls being routed at the same time", "3.10, 9.3", "calls", low=0, high=2000)
    ] = 2000


@frozen(kw_only=True)
class Organisation:
    """A snapshot of everything but the mailboxes; its look-ups are made once."""

    dial_plans: tuple[DialPlan, ...] = ()
    gateways: tuple[IPGateway, ...] = ()
    hunt_groups: tuple[HuntGroup, ...] = ()
    auto_attendants: tuple[AutoAttendant, ...] = ()
    mailbox_policies: tuple[MailboxPolicy, ...] = ()
    test_numbers: tuple[TestNumber, ...] = ()
    service: UMService = UMService()
    call_router: CallRouterSettings = CallRouterSettings()
    host_addresses: Mapping[str, tuple[str, ...]] = field(factory=dict, eq=False)
    """What host names of gateways stood for when the settings came (spec 2.5); never stored."""

    @cached_property
    def plan_named(self) -> Mapping[str, DialPlan]:
        """Dial plans by name."""
        return {plan.name: plan for plan in self.dial_plans}

    @cached_property
    def policy_named(self) -> Mapping[str, MailboxPolicy]:
        """Mailbox policies by name."""
        return {policy.name: policy for policy in self.mailbox_policies}

    @cached_property
    def gateway_at(self) -> Mapping[str, IPGateway]:
        """Gateways by the IP address their calls come from."""
        return {
            plain_address(address): gateway
            for gateway in self.gateways
            for address in self.host_addresses.get(gateway.address, (gateway.address,))
        }

    @cached_property
    def group_for(self) -> Mapping[tuple[str, str], HuntGroup]:
        """Hunt groups by gateway and pilot key; the pilot of a catch-all is empty."""
        return {
            (group.gateway, key(pilot)): group
            for group in self.hunt_groups
            for pilot in group.pilot_identifier or ("",)
        }

    @cached_property
    def plans_of(self) -> Mapping[str, tuple[DialPlan, ...]]:
        """The dial plans to which the hunt groups of a gateway lead, by gateway name."""
        plans: dict[str, dict[str, DialPlan]] = {gateway.name: {} for gateway in self.gateways}
        for group in self.hunt_groups:
            plans[group.gateway][group.dial_plan] = self.plan_named[group.dial_plan]
        return {name: tuple(found.values()) for name, found in plans.items()}

    @cached_property
    def service_at(self) -> Mapping[tuple[str, str], AutoAttendant | TestNumber]:
        """What answers at a dial plan's numbers beside users and voice access, by plan and key."""
        services: dict[tuple[str, str], AutoAttendant | TestNumber] = {
            (test.dial_plan, key(test.number)): test for test in self.test_numbers
        }
        for attendant in self.auto_attendants:
            for pilot in attendant.pilot_identifier_list:
                services[attendant.dial_plan, key(pilot)] = attendant
        return services

    @cached_property
    def access_numbers(self) -> frozenset[tuple[str, str]]:
        """The numbers of voice access, by plan and key (spec 4.3: access number or pilot)."""
        return frozenset(
            [
                (plan.name, key(text))
                for plan in self.dial_plans
                for text in (*plan.access_telephone_numbers, *plan.pilot_identifier_list)
            ]
            + [
                (group.dial_plan, key(text))
                for group in self.hunt_groups
                for text in group.pilot_identifier
            ]
        )

    @cached_property
    def family_of(self) -> Mapping[str, tuple[DialPlan, ...]]:
        """Every dial plan with those whose users are looked for too, itself first."""
        return {
            plan.name: (
                plan,
                *(self.plan_named[name] for name in plan.equivalent_dial_plan_phone_contexts),
            )
            for plan in self.dial_plans
        }
