"""What else happens when an object is made or removed, and what is refused (spec 2.1, 2.2, 2.6).

Pure: the answers are objects to be kept together with the first one, names to be removed with it,
or words that say why not. Knows: how objects hang together. Must never know: commands, stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from umserver.org.dtmf import dtmf_map, names_of
from umserver.org.numbers import key
from umserver.org.references import everything, named_by
from umserver.org.sections import NOUNS, identity_of
from umserver.org.settings import (
    AutoAttendant,
    CallAnsweringRule,
    DialPlan,
    HuntGroup,
    IPGateway,
    Mailbox,
    MailboxPolicy,
    Organisation,
)

MOST_RULES = 9
"""Call answering rules of one mailbox (spec 2.1)."""
NAME_LENGTH = 64
DEFAULT_GROUP = "Default Hunt Group"
_POLICY_OF = " Default Policy"
SHORT_NAME_LENGTH = NAME_LENGTH - len(_POLICY_OF)
"""49 characters: the longest name of a dial plan whose policy is made with it."""


# made together


def policy_made_with(plan: DialPlan) -> MailboxPolicy:
    """The default policy of a new dial plan. Raises ValueError when the plan's name is too long."""
    if len(plan.name) > SHORT_NAME_LENGTH:
        raise ValueError(
            f"must have at most {SHORT_NAME_LENGTH} characters, not {len(plan.name)}, since the "
            f"default policy's name is made of it"
        )
    return MailboxPolicy(name=plan.name + _POLICY_OF, dial_plan=plan.name)


def group_made_with(gateway: IPGateway, dial_plan: str) -> HuntGroup:
    """The hunt group without a pilot that links a new gateway and a dial plan."""
    return HuntGroup(name=DEFAULT_GROUP, dial_plan=dial_plan, gateway=gateway.name)


def with_dtmf_map(mailbox: Mailbox, *, again: bool = False) -> Mailbox:
    """The mailbox with the map of its names, made once when the user is enabled.

    A new name does not change it; `again` makes it anew (Set-User -CreateDtmfMap).
    """
    if mailbox.um_dtmf_map and not again:
        return mailbox
    first, last = names_of(mailbox.display_name, mailbox.first_name, mailbox.last_name)
    return evolve(mailbox, um_dtmf_map=dtmf_map(mailbox.address, first, last))


# removed together


def removed_with(org: Organisation, section: str, name: str) -> tuple[tuple[str, str], ...]:
    """Section and identity of what goes with this object: a gateway takes its hunt groups along."""
    if section != "gateways":
        return ()
    groups = (group for group in org.hunt_groups if group.gateway.casefold() == name.casefold())
    return tuple(("hunt_groups", identity_of(group)) for group in groups)


def changed_with(org: Organisation, section: str, name: str) -> tuple[tuple[str, Any], ...]:
    """Section and new value of dial plans that named a removed auto attendant (spec 2.1)."""
    if section != "auto_attendants":
        return ()
    return tuple(
        ("dial_plans", evolve(plan, um_auto_attendant=""))
        for plan in org.dial_plans
        if plan.um_auto_attendant.casefold() == name.casefold()
    )


# refused


def why_not_removed(org: Organisation, section: str, name: str, users: int = 0) -> str | None:
    """Why this object may not be removed, in a sentence without a full stop, or None.

    `users`: how many mailboxes have this dial plan or policy.
    """
    noun = NOUNS[section]
    if users:
        return f"the {noun} {name} is used by {users} mailbox{'es' if users > 1 else ''}"
    gone = {*removed_with(org, section, name), (section, name)}
    owners = [*_naming(org, section, name, gone)]
    if not owners:
        return None
    shown = ", ".join(owners[:3]) + (f" and {len(owners) - 3} more" if len(owners) > 3 else "")
    return f"the {noun} {name} is used by {shown}"


def _naming(
    org: Organisation, section: str, name: str, gone: set[tuple[str, str]]
) -> Iterator[str]:
    """What names this object and stays, in words; each object once."""
    for path, thing in everything(org):
        owner = path.partition(".")[0]
        if (owner, identity_of(thing)) in gone:
            continue
        fields = [f for f, kind, word in named_by(thing) if (kind, word) == (section, name)]
        if any((owner, field) != ("dial_plans", "um_auto_attendant") for field in fields):
            yield f"the {NOUNS[owner]} {identity_of(thing)}"
    for title, servers in (("service", org.service), ("call_router", org.call_router)):
        if (section, name) in {(kind, word) for _, kind, word in named_by(servers)}:
            yield f"the settings of the servers ({title})"


def why_not_disabled(org: Organisation, attendant: AutoAttendant) -> str | None:
    """Why this auto attendant may not be disabled: a hunt group of its dial plan leads to it."""
    pilots = {key(text) for text in attendant.pilot_identifier_list}
    for group in org.hunt_groups:
        for pilot in group.pilot_identifier:
            if group.dial_plan == attendant.dial_plan and key(pilot) in pilots:
                return (
                    f"the auto attendant {attendant.name} answers at {pilot}, the pilot of the "
                    f"hunt group {identity_of(group)}: remove this first"
                )
    return None


# call answering rules


def with_rule(mailbox: Mailbox, rule: CallAnsweringRule) -> Mailbox:
    """The mailbox with one rule more; those at its priority and behind make room.

    Where nothing is left behind it, those before it move forward. Raises ValueError for the tenth.
    """
    rules = list(mailbox.call_answering_rules)
    if len(rules) >= MOST_RULES:
        raise ValueError(f"{mailbox.address} has {MOST_RULES} rules, and may have no more")
    taken = {old.priority: old for old in rules}
    end = next((p for p in range(rule.priority, MOST_RULES + 1) if p not in taken), None)
    if end is not None:
        moved = {p + 1: taken[p] for p in range(rule.priority, end)}
    else:
        start = next(p for p in range(rule.priority, 0, -1) if p not in taken)
        moved = {p - 1: taken[p] for p in range(start + 1, rule.priority + 1)}
    new = {old.name: evolve(old, priority=priority) for priority, old in moved.items()}
    kept = (new.get(old.name, old) for old in rules)
    ordered = sorted((*kept, rule), key=lambda one: one.priority)
    return evolve(mailbox, call_answering_rules=tuple(ordered))
