"""What has to hold between users, their numbers and their organisation (spec 2.3, 2.6, 2.7, 3.8).

Knows: numbers, dial plans, policies, call answering rules. Must never know: how mailboxes are kept;
that no other mailbox of a store has one of the numbers is the store's own check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from umserver.org.faults import Fault
from umserver.org.numbers import key
from umserver.org.pin_rules import why_not
from umserver.org.references import Names, names_of, reference_faults
from umserver.org.sections import identity_of
from umserver.org.settings import (
    AutoAttendant,
    CallAnsweringRule,
    DialPlan,
    Mailbox,
    Organisation,
    RuleKeyMapping,
)

PATH = "mailboxes."


def mailbox_faults(
    org: Organisation, mailboxes: Iterable[Mailbox], also: Names | None = None
) -> Iterator[Fault]:
    """What is wrong with these mailboxes: in the organisation, and among each other.

    `also`: identities by section of objects that exist but could not be built.
    """
    known = names_of(org, also or {})
    owners: dict[tuple[str, str], str] = {}
    addresses: set[str] = set()
    for mailbox in mailboxes:
        path = PATH + mailbox.address
        yield from reference_faults(mailbox, path, known)
        yield from _numbers(org, mailbox, path, known)
        yield from _policy(org, mailbox, path)
        yield from rule_faults(mailbox, path)
        if mailbox.address.casefold() in addresses:
            yield Fault(path, "there is another mailbox of this address")
        addresses.add(mailbox.address.casefold())
        for place in mailbox.index:
            owner = owners.setdefault(place, mailbox.address)
            if owner != mailbox.address:
                yield Fault(path, f"{place[1]} belongs to {owner} already")


# numbers


def _numbers(org: Organisation, mailbox: Mailbox, path: str, known: Names) -> Iterator[Fault]:
    """The user's numbers fit the dial plans, and nothing else has them."""
    plan = org.plan_named.get(mailbox.dial_plan)
    if plan is not None:
        yield from _wanted(plan, mailbox, path)
    for place, number in mailbox.places:
        plan = org.plan_named.get(place)
        if plan is None:
            if place not in known["dial_plans"] and place != mailbox.dial_plan:
                yield Fault(f"{path}.secondary_addresses", f"there is no dial plan {place!r}")
            continue
        length = plan.number_of_digits_in_extension
        if number.isdigit() and len(number) != length:
            where = _where(mailbox, place, number)
            yield Fault(f"{path}.{where}", f"must have {length} digits in {plan.name}: {number}")
        service = org.service_at.get((place, number))
        if service is not None:
            noun = "auto attendant" if isinstance(service, AutoAttendant) else "test number"
            yield Fault(path, f"{number} belongs to the {noun} {identity_of(service)} already")
        elif (place, number) in org.access_numbers:
            yield Fault(path, f"{number} is a number of voice access")


def _where(mailbox: Mailbox, plan: str, number: str) -> str:
    """The setting in which this number stands."""
    if plan != mailbox.dial_plan:
        return "secondary_addresses"
    return "extension" if number == key(mailbox.extension) else "secondary_numbers"


def _wanted(plan: DialPlan, mailbox: Mailbox, path: str) -> Iterator[Fault]:
    """What the type of the plan needs beside an extension (spec 2.3)."""
    mark, what = _WANTED[plan.uri_type]
    given = mailbox.sip_resource_identifier
    if given and plan.uri_type == "E164" and plan.sip_resource_identifier_required:
        mark, what = "+@", f"{what}, or a SIP address"
    if mark and given and not any(letter in key(given) for letter in mark):
        yield Fault(f"{path}.sip_resource_identifier", f"must be {what} in {plan.name}")
    elif mark and not any(letter in number for letter in mark for number in mailbox.numbers):
        yield Fault(
            f"{path}.sip_resource_identifier", f"is missing: users of {plan.name} need {what}"
        )


_WANTED = {
    "TelExtn": ("", ""),
    "SipName": ("@", "a SIP address"),
    "E164": ("+", "a number with + and country code"),
}


# policy and PIN


def _policy(org: Organisation, mailbox: Mailbox, path: str) -> Iterator[Fault]:
    """The policy is one of the plan (spec 2.1), and a PIN that is given is good (spec 3.6)."""
    policy = org.policy_named.get(mailbox.policy)
    if policy is None:
        return
    if policy.dial_plan != mailbox.dial_plan and mailbox.dial_plan in org.plan_named:
        yield Fault(f"{path}.policy", f"{policy.name} belongs to the dial plan {policy.dial_plan}")
    if mailbox.pin:
        wrong = why_not(mailbox.pin, policy, filter(str.isdigit, mailbox.numbers))
        if wrong:
            yield Fault(f"{path}.pin", wrong)


# call answering rules


def rule_faults(mailbox: Mailbox, path: str) -> Iterator[Fault]:
    """What is wrong with a user's rules, by themselves and among each other."""
    names: set[str] = set()
    priorities: dict[int, str] = {}
    for rule in mailbox.call_answering_rules:
        where = f"{path}.call_answering_rules.{rule.name}"
        if rule.name.casefold() in names:
            yield Fault(where, "there is another rule of this name")
        names.add(rule.name.casefold())
        owner = priorities.setdefault(rule.priority, rule.name)
        if owner != rule.name:
            yield Fault(f"{where}.priority", f"{rule.priority} is that of the rule {owner} already")
        yield from _callers(rule, where)
        yield from _keys(rule, where)
        yield from _twice(map(key, rule.extensions_dialed), f"{where}.extensions_dialed")


def _callers(rule: CallAnsweringRule, path: str) -> Iterator[Fault]:
    for place, caller in enumerate(rule.caller_ids, start=1):
        where = f"{path}.caller_ids[{place}]"
        needed = _OF_CALLER[caller.type]
        given = [name for name in _OF_CALLER.values() if name and getattr(caller, name)]
        if given != [needed] and not (given == [] and not needed):
            yield Fault(where, f"must have {needed or 'nothing'} and no more, being {caller.type}")
    if sum(not _OF_CALLER[caller.type] for caller in rule.caller_ids) > 1:
        yield Fault(f"{path}.caller_ids", "must name all personal contacts only once")


_OF_CALLER = {1: "number", 2: "directory_contact", 3: "personal_contact", 4: ""}
"""What each type of caller needs."""


def _keys(rule: CallAnsweringRule, path: str) -> Iterator[Fault]:
    yield from _twice(
        (str(entry.key) for entry in rule.key_mappings), f"{path}.key_mappings", "the key "
    )
    for place, entry in enumerate(rule.key_mappings, start=1):
        missing = _missing(entry)
        if missing:
            yield Fault(f"{path}.key_mappings[{place}]", f"must have {missing}, being {entry.type}")


def _missing(entry: RuleKeyMapping) -> str:
    """What a key lacks to do what its type says."""
    if entry.find_me2 and not entry.find_me1:
        return "find_me1"
    for name in _OF_KEY[entry.type]:
        if not getattr(entry, name):
            return name
    return "timeout2" if entry.find_me2 and not entry.timeout2 else ""


_OF_KEY: dict[int, tuple[str, ...]] = {
    1: ("transfer_number",),
    2: ("transfer_contact",),
    3: ("transfer_contact",),
    4: (),
    5: ("find_me1", "timeout1"),
}
"""What each type of key needs."""


def _twice(values: Iterable[Any], path: str, what: str = "") -> Iterator[Fault]:
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            yield Fault(path, f"{what}{value} stands there twice")
        seen.add(value)
