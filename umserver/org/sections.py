"""The sections of an organisation: which class of objects stands in each, and what identifies one.

Knows: names of sections. Must never know: how they are written or stored.
"""

from __future__ import annotations

from typing import Any

from umserver.org.settings import (
    AutoAttendant,
    CallRouterSettings,
    DialPlan,
    HuntGroup,
    IPGateway,
    Mailbox,
    MailboxPolicy,
    TestNumber,
    UMService,
)

SECTIONS: dict[str, type[Any]] = {
    "dial_plans": DialPlan,
    "gateways": IPGateway,
    "hunt_groups": HuntGroup,
    "auto_attendants": AutoAttendant,
    "mailbox_policies": MailboxPolicy,
    "test_numbers": TestNumber,
    "mailboxes": Mailbox,
}
"""Lists of objects; all but the mailboxes are fields of Organisation."""
SINGLES: dict[str, type[Any]] = {"service": UMService, "call_router": CallRouterSettings}
"""Sections that hold the settings of one thing; fields of Organisation too."""

NOUNS: dict[str, str] = {
    "dial_plans": "dial plan",
    "gateways": "gateway",
    "hunt_groups": "hunt group",
    "auto_attendants": "auto attendant",
    "mailbox_policies": "mailbox policy",
    "test_numbers": "test number",
    "mailboxes": "mailbox",
}
"""What one object of a section is called."""


def identity_field(owner: type[Any]) -> str:
    """The field by which people name an object of this class."""
    return {Mailbox: "address", TestNumber: "number"}.get(owner, "name")


def identity_of(thing: Any) -> str:
    """What people call this object; a hunt group is named with its gateway (spec 2.1)."""
    name = str(getattr(thing, identity_field(type(thing))))
    return f"{thing.gateway}\\{name}" if isinstance(thing, HuntGroup) else name
