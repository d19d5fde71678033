"""Whose number is whose: the callers and the called among the users of a dial plan (spec 4.5).

Knows: mailboxes that the directory found, equivalent dial plans. Must never know: stores, routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TypeAlias

from attrs import frozen

from umserver.org.facts import Party
from umserver.org.messages import CallerId
from umserver.org.numbers import is_number, key
from umserver.org.settings import EVERYWHERE, DialPlan, Mailbox, Organisation
from umserver.org.spellings import spellings
from umserver.org.tokens import MAX_TEXT

Found: TypeAlias = Mapping[tuple[str, str], Mailbox]
"""Mailboxes by dial plan and key, as the directory gave them."""


@frozen
class Caller:
    """Who calls, as far as that is known."""

    id: CallerId
    mailbox: Mailbox | None
    """Whose number it is, when it is one of our users'."""
    reasons: tuple[str, ...]


def caller_of(plan: DialPlan, org: Organisation, party: Party | None, found: Found) -> Caller:
    """Who calls in this plan (spec 4.5 orders 2 to 4)."""
    if party is None:
        return Caller(CallerId(), None, ("the caller is anonymous",))
    number = key(party.user)
    if not is_number(number) and party.host:
        number = f"{party.user}@{party.host}"
    number = number[:MAX_TEXT]
    reasons: list[str] = []
    mailbox = user_of(plan, org, party, found, reasons, own=False) or _line_of(plan, party, found)
    if mailbox is None:
        name = "" if key(party.name) == number else party.name[:MAX_TEXT]
        return Caller(CallerId(number=number, name=name), None, tuple(reasons))
    reasons.append(f"the caller {number} is {mailbox.display_name}")
    return Caller(CallerId(number, mailbox.display_name, mailbox.address), mailbox, tuple(reasons))


def user_of(
    plan: DialPlan,
    org: Organisation,
    party: Party,
    found: Found,
    reasons: list[str],
    *,
    own: bool,
) -> Mailbox | None:
    """The user with this number in the plan or one of its equivalents.

    The number as it stands is tried in all of them before any other spelling.
    """
    family = org.family_of[plan.name]
    words = [(each.name, spellings(each, party, own=own)) for each in family]
    as_it_stands = ((name, spelling) for name, all in words for spelling in all[:1])
    otherwise = ((name, spelling) for name, all in words for spelling in all[1:])
    for name, spelling in chain(as_it_stands, otherwise):
        mailbox = enabled(name, spelling, found, reasons)
        if mailbox is not None:
            return mailbox
    return None


def enabled(plan: str, spelling: str, found: Found, reasons: list[str]) -> Mailbox | None:
    """The user of this key, unless the user is not UM-enabled: that is a reason."""
    mailbox = found.get((plan, spelling))
    if mailbox is None or mailbox.um_enabled:
        return mailbox
    reasons.append(f"{spelling} is {mailbox.display_name}, who is not UM-enabled")
    return None


def _line_of(plan: DialPlan, party: Party, found: Found) -> Mailbox | None:
    """The user among whose further numbers this one is (UMCallingLineIds)."""
    for spelling in spellings(plan, party, own=False):
        mailbox = found.get((EVERYWHERE, spelling))
        if mailbox is not None and mailbox.um_enabled:
            return mailbox
    return None
