"""An organisation and calls to it, for tests: two plans, two gateways, three users."""

from __future__ import annotations

from attrs import evolve

from umserver.org.facts import CallFacts, Diversion, Party
from umserver.org.settings import (
    AutoAttendant,
    DialPlan,
    HuntGroup,
    IPGateway,
    Mailbox,
    MailboxPolicy,
    Organisation,
    TestNumber,
)

PLAN = DialPlan(
    name="Boston",
    number_of_digits_in_extension=4,
    country_or_region_code="1",
    access_telephone_numbers=("5000",),
)
POLICY = MailboxPolicy(name="Boston Default Policy", dial_plan="Boston")
PBX = IPGateway(name="PBX", address="192.0.2.10")
LOBBY = AutoAttendant(
    name="Lobby", dial_plan="Boston", pilot_identifier_list=("5001",), status="Enabled"
)
CLOSED = AutoAttendant(name="Night", dial_plan="Boston", pilot_identifier_list=("5002",))
ECHO = TestNumber(number="5008", dial_plan="Boston", script="echo")
PILOT = HuntGroup(
    name="Pilot",
    dial_plan="Boston",
    gateway="PBX",
    pilot_identifier=("5000", "+12125550100"),
)
REST = HuntGroup(name="Rest", dial_plan="Boston", gateway="PBX")
ORG = Organisation(
    dial_plans=(PLAN,),
    gateways=(PBX,),
    hunt_groups=(PILOT, REST),
    auto_attendants=(LOBBY, CLOSED),
    mailbox_policies=(POLICY,),
    test_numbers=(ECHO,),
)


def user(name: str, extension: str, *numbers: str) -> Mailbox:
    """A user of Boston."""
    return Mailbox(
        address=f"{name.lower()}@example.com",
        display_name=f"{name} Example",
        extension=extension,
        secondary_numbers=numbers,
        dial_plan="Boston",
        policy="Boston Default Policy",
    )


ADA = user("Ada", "1001", "+12125550101")
BEN = user("Ben", "1002")
EVE = evolve(user("Eve", "1003"), um_enabled=False)
USERS = (ADA, BEN, EVE)


def forwarded(number: str, reason: str = "no-answer") -> Diversion:
    """One forwarding by this number."""
    return Diversion(Party(number), reason)


def offer(
    called: str = "5000",
    *diversions: Diversion,
    caller: str | None = "3125550142",
    name: str = "",
    source: str = "192.0.2.10",
    transport: str = "udp",
    history: tuple[Diversion, ...] = (),
) -> CallFacts:
    """A call from the PBX; numbers may be `user@host`."""
    user, _, host = (caller or "").partition("@")
    return CallFacts(
        call_id="call-1@pbx.example.com",
        source=source,
        source_port=5060,
        transport=transport,
        called=Party(called),
        to=Party(called),
        caller=Party(user, host=host, name=name) if caller else None,
        diversions=diversions,
        history=history,
    )
