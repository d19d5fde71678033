"""People found by spelling their names on the telephone: questions, scopes, and who is who.

Knows: spelled names (spec 2.6, 6.2), what tells people of one name apart, who may be found from
where (3.2, 3.5 ContactScope). Must never know: calls, stores. A name is spelled in three ways, each
under the name of its entry in the DTMF map.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from umserver.org.dtmf import MAPS, dtmf_map, names_of
from umserver.org.settings import AutoAttendant, DialPlan, Mailbox, Organisation

WAYS = {
    "LastFirst": "lastNameFirstName",
    "FirstLast": "firstNameLastName",
    "SMTPAddress": "emailAddress",
}
"""Entries of the DTMF map by the words of DialByNamePrimary and DialByNameSecondary."""
ADDRESS = "SMTPAddress"
LEAST_KEYS = 2
"""Keys that must be pressed before anybody is looked for."""
MOST_KEYS = 40


@frozen(kw_only=True)
class Scope:
    """Who may be found."""

    plans: tuple[str, ...]
    """Names of dial plans."""
    extension: str = ""
    """Only the user with this extension; empty for all."""
    addresses: tuple[str, ...] | None = None
    """Only users with these mail addresses, in lower case; None for all."""
    outside: bool = True
    """The caller did not sign in: users who are not to be found by outsiders are left out."""


@frozen(kw_only=True)
class NameQuery:
    """Whose name begins with these keys."""

    way: str
    """One of `umserver.org.dtmf.MAPS`."""
    keys: str
    """Digits, at least one."""
    scope: Scope


def spelled_names(mailbox: Mailbox) -> Iterator[tuple[str, str]]:
    """Every way of spelling this user with its digits; the DTMF map, or what it would be."""
    entries = mailbox.um_dtmf_map
    if not entries:
        first, last = names_of(mailbox.display_name, mailbox.first_name, mailbox.last_name)
        entries = dtmf_map(mailbox.address, first, last)
    for entry in entries:
        way, _, digits = entry.partition(":")
        if way in MAPS and digits:
            yield way, digits


def is_open_to_callers(mailbox: Mailbox) -> bool:
    """Whether callers from outside find this user (spec 3.7 AllowUMCallsFromNonUsers)."""
    return mailbox.allow_um_calls_from_non_users == "SearchEnabled"


def matches(query: NameQuery, mailbox: Mailbox) -> bool:
    """Whether this user is an answer; the store answers the same by an index."""
    return is_in(query.scope, mailbox) and any(
        way == query.way and digits.startswith(query.keys) for way, digits in spelled_names(mailbox)
    )


def is_in(scope: Scope, mailbox: Mailbox) -> bool:
    """Whether this user may be found."""
    return (
        mailbox.dial_plan.casefold() in {plan.casefold() for plan in scope.plans}
        and (not scope.extension or mailbox.extension == scope.extension)
        and (scope.addresses is None or mailbox.address.lower() in scope.addresses)
        and (not scope.outside or is_open_to_callers(mailbox))
    )


def scope_of_attendant(org: Organisation, attendant: AutoAttendant) -> Scope:
    """Whom callers of an attendant find (spec 3.5)."""
    if attendant.contact_scope == "DialPlan":
        return Scope(plans=(attendant.dial_plan,))
    addresses = _listed(org, attendant) if attendant.contact_scope == "AddressList" else None
    return Scope(plans=_everywhere(org), addresses=addresses)


def scope_of_plan(org: Organisation, plan: DialPlan) -> Scope:
    """Whom callers of voice access find who did not sign in (spec 3.2)."""
    if plan.contact_scope == "GlobalAddressList":
        return Scope(plans=_everywhere(org))
    if plan.contact_scope == "AddressList":
        return Scope(plans=_everywhere(org), addresses=_listed(org, plan))
    extension = plan.extension if plan.contact_scope == "Extension" else ""
    return Scope(plans=(plan.name,), extension=extension)


def _everywhere(org: Organisation) -> tuple[str, ...]:
    return tuple(plan.name for plan in org.dial_plans)


def _listed(org: Organisation, owner: AutoAttendant | DialPlan) -> tuple[str, ...]:
    """The address list of an attendant or a plan: the members of the group of that name."""
    name = owner.contact_address_list.casefold()
    groups = (group for group in org.distribution_groups if group.name.casefold() == name)
    return tuple(member.lower() for group in groups for member in group.members)


def scope_of_owner(org: Organisation) -> Scope:
    """Whom a user finds who signed in: everybody."""
    return Scope(plans=tuple(plan.name for plan in org.dial_plans), outside=False)


def ways_of(plan: DialPlan) -> tuple[str, ...]:
    """How names are spelled: the primary way and, where there is one, the secondary one."""
    ways = dict.fromkeys((plan.dial_by_name_primary, plan.dial_by_name_secondary))
    return tuple(way for way in ways if way in WAYS)


def last_and_first(mailbox: Mailbox) -> tuple[str, str]:
    """For lists of names: the last name before the first one."""
    first, last = names_of(mailbox.display_name, mailbox.first_name, mailbox.last_name)
    return last.casefold(), first.casefold()


def detail_of(mailbox: Mailbox, method: str) -> str:
    """What is said beside a name that several have; empty where nothing is (spec 3.2, 3.5).

    `method`: Title, Department, Location, None or PromptForAlias.
    """
    if method == "PromptForAlias":
        return mailbox.address.partition("@")[0]
    if method in ("Title", "Department", "Location"):
        detail: str = getattr(mailbox, method.lower())
        return detail
    return ""


def method_of(plan: DialPlan, attendant: AutoAttendant | None = None) -> str:
    """What tells people of one name apart: the attendant's way, or the plan's."""
    own = attendant.matched_name_selection_method if attendant else "InheritFromDialPlan"
    return plan.matched_name_selection_method if own == "InheritFromDialPlan" else own


def told_apart(people: Sequence[Mailbox], method: str) -> list[tuple[Mailbox, str]]:
    """People in order of their names, each with the detail that a namesake makes necessary."""
    ordered = sorted(people, key=lambda one: (*last_and_first(one), one.extension))
    names = [one.display_name.casefold() for one in ordered]
    return [
        (one, detail_of(one, method) if names.count(one.display_name.casefold()) > 1 else "")
        for one in ordered
    ]
