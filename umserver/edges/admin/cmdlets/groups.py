"""Members of distribution groups: Add- and Remove-DistributionGroupMember, Get- to see them.

Knows: members are users of ours, named in any way a mailbox is, or mail addresses of others. Must
never know: what is sent to a group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.keeping import changed
from umserver.edges.admin.nouns import MAILBOX, OF_SECTION
from umserver.edges.admin.outcome import Outcome, Property
from umserver.edges.admin.parameter import Parameter
from umserver.edges.admin.parameters import identity
from umserver.org.settings import DistributionGroup

GROUP = OF_SECTION["distribution_groups"]
MEMBER = Parameter(
    "Member",
    "A user: address, extension, name; or any mail address",
    section="mailboxes",
    required=True,
)
Members = tuple[str, ...]


def members(given: Given, desk: Desk) -> Outcome:
    """Who is in a group."""
    group = _group(given, desk)
    known = {one.address.casefold(): one for one in desk.archive.mailboxes()}
    records = []
    for address in group.members:
        user = known.get(address.casefold())
        records.append(
            (
                Property("PrimarySmtpAddress", address, "primary_smtp_address"),
                Property("Name", user.display_name if user else "", "name"),
                Property("Extension", user.extension if user else "", "extension"),
            )
        )
    return Outcome(tuple(records), ("Name", "PrimarySmtpAddress", "Extension"))


def add(given: Given, desk: Desk) -> Outcome:
    """One more member."""
    address = _address(given, desk)

    def more(before: Members) -> Members:
        if address.casefold() in map(str.casefold, before):
            raise LookupError(f"{address} is a member already")
        return (*before, address)

    name = _change(given, desk, more)
    return Outcome(done=f"{address} is in the group {name}", changed=True)


def remove(given: Given, desk: Desk) -> Outcome:
    """One member less."""
    address = _address(given, desk)

    def fewer(before: Members) -> Members:
        left = tuple(one for one in before if one.casefold() != address.casefold())
        if left == before:
            raise LookupError(f"{address} is no member")
        return left

    if not desk.sure(f"Remove {address} from the group?"):
        return Outcome()
    name = _change(given, desk, fewer)
    return Outcome(done=f"{address} is no longer in the group {name}", changed=True)


def _group(given: Given, desk: Desk) -> DistributionGroup:
    found: DistributionGroup = find(
        desk.archive, GROUP, given.needed("Identity", "distribution group")
    ).thing
    return found


def _change(given: Given, desk: Desk, change: Callable[[Members], Members]) -> str:
    def changes(group: Any) -> dict[str, Any]:
        return {"members": list(change(group.members))}

    name = given.needed("Identity", "distribution group")
    return str(changed(GROUP, desk.archive, name, changes).name)


def _address(given: Given, desk: Desk) -> str:
    """That of a user named in any way, or the address itself."""
    text = given.needed("Member", "member")
    try:
        return str(find(desk.archive, MAILBOX, text).thing.address)
    except LookupError:
        if "@" in text:
            return text
        raise


CMDLETS = (
    Cmdlet(
        "Get",
        "DistributionGroupMember",
        "Shows who is in a distribution group",
        members,
        (identity(GROUP),),
        unix="group members",
        first="Identity",
        examples=(
            "Get-DistributionGroupMember Sales",
            "Get-DistributionGroupMember 'Sales' -Format Csv",
        ),
    ),
    Cmdlet(
        "Add",
        "DistributionGroupMember",
        "Puts somebody into a distribution group",
        add,
        (identity(GROUP), MEMBER),
        unix="group add-member",
        first="Identity",
        examples=(
            "Add-DistributionGroupMember Sales -Member 1003",
            "Add-DistributionGroupMember Sales -Member partner@example.com",
        ),
    ),
    Cmdlet(
        "Remove",
        "DistributionGroupMember",
        "Takes somebody out of a distribution group",
        remove,
        (identity(GROUP), MEMBER),
        unix="group remove-member",
        first="Identity",
        asks=True,
        examples=(
            "Remove-DistributionGroupMember Sales -Member 1002 -Confirm:$false",
            "Remove-DistributionGroupMember Sales -Member ada@example.com -Confirm:$false",
        ),
    ),
)
