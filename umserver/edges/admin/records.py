"""Objects of the organisation as records: every setting, and what is known about it besides.

Knows: settings, and what follows from the rest of the organisation (spec 3.2–3.7, output columns).
Must never know: how records are printed. Secrets never become a property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from umserver.edges.admin.nouns import Noun
from umserver.edges.admin.outcome import Property, Record
from umserver.org.eum_list import eum_addresses
from umserver.org.sections import identity_of
from umserver.org.settings import AutoAttendant, DialPlan, IPGateway, Mailbox, Organisation


def record_of(noun: Noun, thing: Any, organisation: Organisation | None = None) -> Record:
    """Every setting of an object; with the organisation also what hangs on it."""
    settings = [
        Property(
            setting.parameter, getattr(thing, setting.name), setting.name, setting.setting.unit
        )
        for setting in noun.settings
        if not setting.setting.secret
    ]
    names = {found.name for found in settings}
    more = _more(noun, thing, organisation) if organisation is not None else ()
    return (*settings, *(found for found in more if found.name not in names))


def _more(noun: Noun, thing: Any, organisation: Organisation) -> Iterator[Property]:
    if type(thing) in _HANGS:
        yield from _HANGS[type(thing)](thing, organisation)
    if not noun.single:
        yield Property("Identity", identity_of(thing), "identity")


def _plan(plan: DialPlan, org: Organisation) -> Iterator[Property]:
    groups = [group for group in org.hunt_groups if group.dial_plan == plan.name]
    names = dict.fromkeys(group.gateway for group in groups)
    policies = (policy.name for policy in org.mailbox_policies if policy.dial_plan == plan.name)
    attendants = (one.name for one in org.auto_attendants if one.dial_plan == plan.name)
    yield Property("UMIPGateway", tuple(names), "gateways")
    yield Property("UMHuntGroups", tuple(map(identity_of, groups)), "hunt_groups")
    yield Property("UMMailboxPolicies", tuple(policies), "mailbox_policies")
    yield Property("UMAutoAttendants", tuple(attendants), "auto_attendants")
    yield Property("PhoneContext", plan.name, "phone_context")


def _gateway(gateway: IPGateway, org: Organisation) -> Iterator[Property]:
    groups = [group for group in org.hunt_groups if group.gateway == gateway.name]
    yield Property("HuntGroups", tuple(group.name for group in groups), "hunt_groups")
    plans = dict.fromkeys(group.dial_plan for group in groups)
    yield Property("UMDialPlans", tuple(plans), "dial_plans")


def _attendant(attendant: AutoAttendant, org: Organisation) -> Iterator[Property]:
    plan = org.plan_named.get(attendant.dial_plan)
    if plan is not None and not attendant.language:
        yield Property("LanguageInForce", plan.default_language, "language_in_force")


def _mailbox(mailbox: Mailbox, org: Organisation) -> Iterator[Property]:
    yield Property("Extensions", extensions_of(mailbox), "extensions")
    yield Property("EmailAddresses", eum_addresses(mailbox), "email_addresses")


_HANGS: dict[type, Callable[[Any, Organisation], Iterator[Property]]] = {
    DialPlan: _plan,
    IPGateway: _gateway,
    AutoAttendant: _attendant,
    Mailbox: _mailbox,
}


def extensions_of(mailbox: Mailbox) -> tuple[str, ...]:
    """The extensions of a user, the primary one first."""
    more = (number for number in mailbox.secondary_numbers if number.isdigit())
    return (mailbox.extension, *more)
