"""What can be named on the command line: the nouns of Exchange, and one short Unix word for each.

Knows: sections, verbs, the columns of tables. Must never know: settings; those are read from their
declarations. To add a noun, add a line here.
"""

from __future__ import annotations

from attrs import field, frozen

from umserver.org.declare import Declared, declared
from umserver.org.sections import NOUNS as WORDS
from umserver.org.sections import SECTIONS, SINGLES, identity_field

ALL = ("Get", "Set", "New", "Remove")
SWITCHED = (*ALL, "Enable", "Disable")


@frozen
class Noun:
    """One kind of object as administrators name it."""

    cmdlet: str
    """UMDialPlan, behind the verb and a dash."""
    unix: str
    """dialplan, before the verb."""
    section: str
    verbs: tuple[str, ...]
    """What can be done with it in the way of every noun; the rest are cmdlets of their own."""
    columns: tuple[str, ...]
    """Parameters of the short table (spec 3.2–3.7)."""
    switch: tuple[str, object, object] | None = None
    """The field that Enable and Disable set, with both values."""
    ours: bool = False
    owner: type = field(init=False)

    @owner.default
    def _owner(self) -> type:
        return SECTIONS.get(self.section) or SINGLES[self.section]

    @property
    def single(self) -> bool:
        """Whether there is one only, without a name."""
        return self.section in SINGLES

    @property
    def settings(self) -> tuple[Declared, ...]:
        """What can be given, in the order of declaration."""
        return declared(self.owner)

    @property
    def identity(self) -> str:
        """The field by which objects are named; empty when there is one only."""
        return "" if self.single else identity_field(self.owner)

    @property
    def word(self) -> str:
        """What one of them is called: dial plan."""
        return WORDS.get(self.section, self.cmdlet)


STATUS = ("status", "Enabled", "Disabled")
NOUNS = (
    Noun(
        "UMDialPlan",
        "dialplan",
        "dial_plans",
        ALL,
        ("Name", "URIType", "NumberOfDigitsInExtension", "VoIPSecurity", "UMIPGateway"),
    ),
    Noun(
        "UMIPGateway",
        "gateway",
        "gateways",
        SWITCHED,
        ("Name", "Address", "Port", "Status", "HuntGroups"),
        STATUS,
    ),
    Noun(
        "UMHuntGroup",
        "huntgroup",
        "hunt_groups",
        ("Get", "New", "Remove"),
        ("Name", "UMIPGateway", "UMDialPlan", "PilotIdentifier"),
    ),
    Noun(
        "UMAutoAttendant",
        "attendant",
        "auto_attendants",
        SWITCHED,
        ("Name", "SpeechEnabled", "PilotIdentifierList", "UMDialPlan", "Status"),
        STATUS,
    ),
    Noun(
        "UMMailboxPolicy",
        "policy",
        "mailbox_policies",
        ALL,
        ("Name", "UMDialPlan", "MinPINLength"),
    ),
    Noun(
        "UMMailbox",
        "mailbox",
        "mailboxes",
        ("New", "Remove"),
        ("Address", "DisplayName", "Extension", "UMDialPlan", "UMEnabled"),
    ),
    Noun(
        "UMTestNumber",
        "testnumber",
        "test_numbers",
        ALL,
        ("Number", "UMDialPlan", "Script"),
        ours=True,
    ),
    Noun(
        "DistributionGroup",
        "group",
        "distribution_groups",
        ALL,
        ("Name", "PrimarySmtpAddress", "Members"),
    ),
    Noun("UMService", "service", "service", (), ()),
    Noun("UMCallRouterSettings", "router", "call_router", (), ()),
)
NAMED = {noun.cmdlet: noun for noun in NOUNS}
OF_SECTION = {noun.section: noun for noun in NOUNS}
MAILBOX = NAMED["UMMailbox"]
