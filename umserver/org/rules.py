"""What has to hold between the objects of an organisation (spec 2.1–2.4, 3.2–3.7).

Knows: references, uniqueness, numbers. Must never know: how settings are written or stored. What
one value may be by itself stands in its declaration (`umserver.org.settings`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from umserver.org.declare import declared
from umserver.org.faults import Fault, unknown
from umserver.org.forms import is_host_name, plain_address
from umserver.org.numbers import key
from umserver.org.sections import NOUNS, SECTIONS, identity_field, identity_of
from umserver.org.settings import AutoAttendant, Mailbox, Organisation

Names = Mapping[str, Collection[str]]

MOST_GATEWAYS = 200
"""Gateways of one dial plan (spec 2.1)."""


def faults_between(
    org: Organisation, mailboxes: Iterable[Mailbox] = (), also: Names | None = None
) -> list[Fault]:
    """Everything that is wrong between these objects, the mailboxes being all there are.

    `also`: identities by section of objects that exist but could not be built.
    """
    known = _names(org, also or {})
    return [
        *_doubles(org),
        *(fault for path, thing in _everything(org) for fault in _references(thing, path, known)),
        *_dial_plans(org),
        *_gateways(org),
        *_hunt_groups(org),
        *_attendants(org),
        *_service_numbers(org),
        *mailbox_faults(org, mailboxes, also),
    ]


def mailbox_faults(
    org: Organisation, mailboxes: Iterable[Mailbox], also: Names | None = None
) -> Iterator[Fault]:
    """What is wrong with these mailboxes: in the organisation, and among each other."""
    known = _names(org, also or {})
    owners: dict[tuple[str, str], str] = {}
    addresses: set[str] = set()
    for mailbox in mailboxes:
        path = f"mailboxes.{mailbox.address}"
        yield from _references(mailbox, path, known)
        if mailbox.dial_plan in org.plan_named:
            yield from _numbers(org, mailbox, path)
        yield from _pin(org, mailbox, path)
        if mailbox.address.casefold() in addresses:
            yield Fault(path, "there is another mailbox of this address")
        addresses.add(mailbox.address.casefold())
        for number in mailbox.numbers:
            owner = owners.setdefault((mailbox.dial_plan, number), mailbox.address)
            if owner != mailbox.address:
                yield Fault(path, f"{number} belongs to {owner} already")


# names and references


def _everything(org: Organisation) -> Iterator[tuple[str, Any]]:
    """All objects but the mailboxes, each with its path."""
    for section in SECTIONS:
        for thing in getattr(org, section, ()):
            yield f"{section}.{identity_of(thing)}", thing


def _names(org: Organisation, also: Names) -> dict[str, set[str]]:
    return {
        section: {
            *also.get(section, ()),
            *(str(getattr(t, identity_field(type(t)))) for t in getattr(org, section, ())),
        }
        for section in SECTIONS
    }


def _doubles(org: Organisation) -> Iterator[Fault]:
    """Two objects of one kind may not have one name, whatever the capitals (spec 2.1)."""
    seen: set[str] = set()
    for path, _ in _everything(org):
        if path.casefold() in seen:
            section = path.partition(".")[0]
            yield Fault(path, f"there is another {NOUNS[section]} of this name")
        seen.add(path.casefold())


def _references(thing: Any, path: str, known: Names) -> Iterator[Fault]:
    """Every object that is named must exist."""
    for setting in declared(type(thing)):
        value = getattr(thing, setting.name)
        if setting.item is not None:
            for number, entry in enumerate(value, start=1):
                yield from _references(entry, f"{path}.{setting.name}[{number}]", known)
        section = setting.setting.refers_to
        if section:
            for word in (value,) if isinstance(value, str) else value:
                if word and word not in known[section]:
                    yield unknown(f"{path}.{setting.name}", word, known[section], NOUNS[section])


# dial plans, gateways, hunt groups, attendants


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


def _attendants(org: Organisation) -> Iterator[Fault]:
    """The keys of a menu (spec 3.5)."""
    for attendant in org.auto_attendants:
        seen: set[str] = set()
        entries = attendant.business_hours_key_mapping
        for number, entry in enumerate(entries, start=1):
            path = f"auto_attendants.{attendant.name}.business_hours_key_mapping[{number}]"
            if entry.key not in "123456789-":
                yield Fault(f"{path}.key", f"must be 1 to 9, or - for nothing pressed: {entry.key}")
            if entry.key in seen:
                yield Fault(f"{path}.key", f"the key {entry.key} has two meanings")
            seen.add(entry.key)
            actions = (entry.extension, entry.auto_attendant, entry.leave_voice_mail_for)
            if sum(map(bool, actions)) > 1:
                yield Fault(path, "must do one thing: an extension, an attendant or a message")


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


def _numbers(org: Organisation, mailbox: Mailbox, path: str) -> Iterator[Fault]:
    """The user's numbers fit the dial plan (spec 2.3, 2.6)."""
    plan = org.plan_named[mailbox.dial_plan]
    length = plan.number_of_digits_in_extension
    if len(mailbox.extension) != length:
        yield Fault(
            f"{path}.extension", f"must have {length} digits in {plan.name}: {mailbox.extension}"
        )
    missing = _WANTED[plan.uri_type]
    if missing and not any(missing[0] in number for number in mailbox.numbers):
        yield Fault(f"{path}.secondary_numbers", f"must hold {missing[1]} in {plan.name}")
    for number in mailbox.numbers:
        service = org.service_at.get((plan.name, number))
        if service is not None:
            noun = "auto attendant" if isinstance(service, AutoAttendant) else "test number"
            yield Fault(path, f"{number} belongs to the {noun} {identity_of(service)} already")
        elif (plan.name, number) in org.access_numbers:
            yield Fault(path, f"{number} is a number of voice access")
    policy = org.policy_named.get(mailbox.policy)
    if policy is not None and policy.dial_plan != plan.name:
        yield Fault(f"{path}.policy", f"{policy.name} belongs to the dial plan {policy.dial_plan}")


_WANTED: dict[str, tuple[str, str] | None] = {
    "TelExtn": None,
    "SipName": ("@", "a SIP address"),
    "E164": ("+", "a number with + and country code"),
}


def _pin(org: Organisation, mailbox: Mailbox, path: str) -> Iterator[Fault]:
    """A PIN that is given is long enough (spec 3.6); the fault never shows it."""
    policy = org.policy_named.get(mailbox.policy)
    if mailbox.pin and policy is not None and len(mailbox.pin) < policy.min_pin_length:
        least = policy.min_pin_length
        yield Fault(f"{path}.pin", f"must have at least {least} digits, says {policy.name}")
