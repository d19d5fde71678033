"""What has to hold between the objects of an organisation (spec 2.1–2.4, 3.2–3.7).

Knows: references, uniqueness, numbers. Must never know: how settings are written or stored. What
one value may be by itself stands in its declaration (`umserver.org.settings`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from umserver.org.attendant_rules import attendant_faults
from umserver.org.dialing import rule_fault
from umserver.org.faults import Fault, unknown
from umserver.org.forms import is_host_name, plain_address
from umserver.org.mailbox_rules import mailbox_faults
from umserver.org.numbers import key
from umserver.org.references import Names, everything, names_of, reference_faults
from umserver.org.sections import NOUNS, SINGLES, identity_of
from umserver.org.settings import AutoAttendant, DialPlan, Mailbox, MailboxPolicy, Organisation

__all__ = ["MOST_GATEWAYS", "faults_between", "mailbox_faults"]

MOST_GATEWAYS = 200
"""Gateways of one dial plan (spec 2.1)."""


def faults_between(
    org: Organisation, mailboxes: Iterable[Mailbox] = (), also: Names | None = None
) -> list[Fault]:
    """Everything that is wrong between these objects, the mailboxes being all there are.

    `also`: identities by section of objects that exist but could not be built.
    """
    known = names_of(org, also or {})
    singles = ((section, getattr(org, section)) for section in SINGLES)
    things = chain(everything(org), singles)
    return [
        *_doubles(org),
        *(fault for path, thing in things for fault in reference_faults(thing, path, known)),
        *_dial_plans(org),
        *_gateways(org),
        *_hunt_groups(org),
        *attendant_faults(org),
        *_groups(org),
        *_policies(org),
        *_servers(org),
        *_service_numbers(org),
        *mailbox_faults(org, mailboxes, also),
    ]


# names


def _doubles(org: Organisation) -> Iterator[Fault]:
    """Two objects of one kind may not have one name, whatever the capitals (spec 2.1)."""
    seen: set[str] = set()
    for path, _ in everything(org):
        if path.casefold() in seen:
            section = path.partition(".")[0]
            yield Fault(path, f"there is another {NOUNS[section]} of this name")
        seen.add(path.casefold())


# dial plans, gateways, hunt groups


def _dial_plans(org: Organisation) -> Iterator[Fault]:
    for plan in org.dial_plans:
        path = f"dial_plans.{plan.name}"
        if plan.max_recording_duration >= plan.max_call_duration:
            yield Fault(
                f"{path}.max_recording_duration",
                f"must be shorter than max_call_duration, {plan.max_call_duration} minutes",
            )
        length = plan.number_of_digits_in_extension
        for mask in plan.numbering_plan_formats:
            if len(mask) < length:
                yield Fault(
                    f"{path}.numbering_plan_formats",
                    f"{mask!r} is shorter than an extension, {length} digits",
                )
        if plan.extension and len(plan.extension) != length:
            yield Fault(f"{path}.extension", f"must have {length} digits: {plan.extension}")
        if plan.sip_resource_identifier_required and plan.uri_type != "E164":
            what = f"is only for dial plans of the type E164, not {plan.uri_type}"
            yield Fault(f"{path}.sip_resource_identifier_required", what)
        for field in ("configured_in_country_or_region_groups", "configured_international_groups"):
            for number, rule in enumerate(getattr(plan, field), start=1):
                wrong = rule_fault(rule)
                if wrong:
                    yield Fault(f"{path}.{field}[{number}].dialed_number", wrong)
        if plan.name in plan.equivalent_dial_plan_phone_contexts:
            yield Fault(f"{path}.equivalent_dial_plan_phone_contexts", "names the plan itself")


def _gateways(org: Organisation) -> Iterator[Fault]:
    """Spec 2.1: one address, one gateway. Spec 2.4: host names where certificates are checked."""
    owners: dict[str, str] = {}
    secured = {plan.name for plan in org.dial_plans if plan.voip_security != "Unsecured"}
    for gateway in org.gateways:
        path = f"gateways.{gateway.name}.address"
        owner = owners.setdefault(plain_address(gateway.address), gateway.name)
        if owner != gateway.name:
            yield Fault(path, f"{gateway.address} is the address of the gateway {owner} already")
        plans = {group.dial_plan for group in org.hunt_groups if group.gateway == gateway.name}
        for plan in sorted(secured & plans):
            if not is_host_name(gateway.address):
                yield Fault(path, f"must be a host name, since the dial plan {plan} is secured")
    pairs = {(group.dial_plan, group.gateway) for group in org.hunt_groups}
    for plan, count in Counter(plan for plan, _ in pairs).items():
        if count > MOST_GATEWAYS:
            yield Fault(f"dial_plans.{plan}", f"has {count} gateways, at most {MOST_GATEWAYS}")


def _hunt_groups(org: Organisation) -> Iterator[Fault]:
    """A call may not fit two hunt groups of its gateway."""
    owners: dict[tuple[str, str], str] = {}
    for group in org.hunt_groups:
        path = f"hunt_groups.{identity_of(group)}.pilot_identifier"
        for pilot in group.pilot_identifier or ("",):
            owner = owners.setdefault((group.gateway, key(pilot)), group.name)
            if owner != group.name:
                what = f"{pilot} is a pilot" if pilot else "none given: all other calls are"
                yield Fault(path, f"{what} of the hunt group {owner} on this gateway already")


# what callers and users may


def _groups(org: Organisation) -> Iterator[Fault]:
    """Rules that are allowed stand in the dial plan (spec 3.2, 3.5, 3.6)."""
    owners: list[tuple[str, str, DialPlan | AutoAttendant | MailboxPolicy]] = [
        *(("dial_plans", plan.name, plan) for plan in org.dial_plans),
        *(("auto_attendants", one.dial_plan, one) for one in org.auto_attendants),
        *(("mailbox_policies", policy.dial_plan, policy) for policy in org.mailbox_policies),
    ]
    for section, plan_name, owner in owners:
        plan = org.plan_named.get(plan_name)
        for kind in _KINDS if plan is not None else ():
            known = {rule.name for rule in getattr(plan, f"configured_{kind}_groups")}
            folded = {word.casefold() for word in known}
            for name in getattr(owner, f"allowed_{kind}_groups"):
                if name.casefold() not in folded:
                    path = f"{section}.{owner.name}.allowed_{kind}_groups"
                    yield unknown(path, name, known, "group of dialing rules")


_KINDS = ("in_country_or_region", "international")


def _policies(org: Organisation) -> Iterator[Fault]:
    """Spec 3.6: a PIN is reset before its mailbox is locked; protected mail is not analysed."""
    for policy in org.mailbox_policies:
        path = f"mailbox_policies.{policy.name}"
        reset, locked = policy.logon_failures_before_pin_reset, policy.max_logon_attempts
        if isinstance(reset, int) and isinstance(locked, int) and reset >= locked:
            what = f"must be less than max_logon_attempts, {locked}, or Unlimited"
            yield Fault(f"{path}.logon_failures_before_pin_reset", what)
        if policy.allow_voice_mail_analysis and policy.protect_unauthenticated_voice_mail == "All":
            what = "must be false where protect_unauthenticated_voice_mail is All"
            yield Fault(f"{path}.allow_voice_mail_analysis", what)


def _servers(org: Organisation) -> Iterator[Fault]:
    """Spec 1.1: only SIP dial plans have servers of their own; spec 3.10."""
    for section, servers in (("service", org.service), ("call_router", org.call_router)):
        for name in servers.dial_plans:
            plan = org.plan_named.get(name)
            if plan is not None and plan.uri_type != "SipName":
                what = f"{name} is of the type {plan.uri_type}: servers answer it without a link"
                yield Fault(f"{section}.dial_plans", what)
        family = servers.ip_address_family
        if family == "IPv6Only" and not servers.ip_address_family_configurable:
            what = "must not be IPv6Only where ip_address_family_configurable is false"
            yield Fault(f"{section}.ip_address_family", what)
    router = org.call_router
    port = router.sip_tls_listening_port
    if router.um_startup_mode == "Dual" and 0 < port == router.sip_tcp_listening_port:
        what = f"must differ from sip_tcp_listening_port, both are {port}"
        yield Fault("call_router.sip_tls_listening_port", what)
    size, most = org.service.irm_log_max_file_size, org.service.irm_log_max_directory_size
    if isinstance(most, int) and size > most:
        yield Fault("service.irm_log_max_file_size", f"must be at most {most} MB, as its folder")


# numbers


def _service_numbers(org: Organisation) -> Iterator[Fault]:
    """A number of a dial plan means one thing; an access number belongs to one plan (spec 3.2)."""
    owners: dict[tuple[str, str], str] = {}
    for plan, number, owner, path in chain(_answering(org), _access(org)):
        before = owners.setdefault((plan, number), owner)
        if before != owner:
            yield Fault(path, f"{number} belongs to {before} already")


def _answering(org: Organisation) -> Iterator[tuple[str, str, str, str]]:
    """Dial plan, key, owner and path of every number that an attendant or a script answers."""
    for test in org.test_numbers:
        what = f"the test number {test.number}"
        yield test.dial_plan, key(test.number), what, f"test_numbers.{test.number}"
    for attendant in org.auto_attendants:
        for pilot in attendant.pilot_identifier_list:
            path = f"auto_attendants.{attendant.name}.pilot_identifier_list"
            owner = f"the auto attendant {attendant.name}"
            yield attendant.dial_plan, key(pilot), owner, path


def _access(org: Organisation) -> Iterator[tuple[str, str, str, str]]:
    """The same of access numbers: in their plan, and in the room that all plans share."""
    for plan in org.dial_plans:
        path = f"dial_plans.{plan.name}.access_telephone_numbers"
        for number in plan.access_telephone_numbers:
            for room in (plan.name, ""):
                yield room, key(number), f"voice access of the dial plan {plan.name}", path
