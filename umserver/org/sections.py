"""The sections of an organisation: which class of objects stands in each, and what identifies one.

Knows: names of sections, and what the commands call them. Must never know: how objects are written
or stored, what commands do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from umserver.org.declare import Declared, declared
from umserver.org.settings import (
    AutoAttendant,
    CallAnsweringRule,
    CallRouterSettings,
    DialPlan,
    DistributionGroup,
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
    "distribution_groups": DistributionGroup,
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
    "distribution_groups": "distribution group",
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


TITLES: dict[str, type[Any]] = {
    "UMDialPlan": DialPlan,
    "UMIPGateway": IPGateway,
    "UMHuntGroup": HuntGroup,
    "UMAutoAttendant": AutoAttendant,
    "UMMailboxPolicy": MailboxPolicy,
    "UMMailbox": Mailbox,
    "UMCallAnsweringRule": CallAnsweringRule,
    "UMService": UMService,
    "UMCallRouterSettings": CallRouterSettings,
    "UMTestNumber": TestNumber,
    "DistributionGroup": DistributionGroup,
}
"""Nouns of the commands, each with the class of its settings; rules stand in their mailbox."""


@frozen
class CommandParameter:
    """A setting as the commands of a noun take it."""

    noun: str
    """UMDialPlan."""
    name: str
    """MaxCallDuration."""
    verbs: tuple[str, ...]
    """New, Set: the columns N and S of spec 3.2–3.8; users are enabled where others are new."""
    setting: Declared


def command_parameters() -> Iterator[CommandParameter]:
    """Every parameter that is a setting; further names of one come as parameters of their own."""
    for noun, owner in TITLES.items():
        for setting in declared(owner):
            for name in (setting.parameter, *setting.setting.also):
                yield CommandParameter(noun, name, _verbs(noun, setting), setting)


def _verbs(noun: str, setting: Declared) -> tuple[str, ...]:
    """Set-UMHuntGroup does not exist, and there is one service and one router only."""
    about = setting.setting
    making = {"UMMailbox": "Enable", "UMService": "", "UMCallRouterSettings": ""}.get(noun, "New")
    made = (making,) if making and about.at_new else ()
    return made if about.fixed or noun == "UMHuntGroup" else (*made, "Set")
