"""What can be named on the command line: the nouns of Exchange, and one short Unix word for each.

Knows: sections, verbs, the columns of tables. Must never know: settings; those are read from their
declarations. To add a noun, add a line here.
"""

from __future__ import annotations

from attrs import field, frozen

from umserver.org.declare import Declared, declared
from umserver.org.sections import SECTIONS, SINGLES, identity_field

ALL = ("Get", "Set", "New", "Remove")


@frozen
class Noun:
    """One kind of object as administrators name it."""

    cmdlet: str
    """UMDialPlan, behind the verb and a dash."""
    unix: str
    """dialplan, before the verb."""
    section: str
    verbs: tuple[str, ...]
    columns: tuple[str, ...]
    """Fields of the short table."""
    switch: tuple[str, object, object] | None = None
    """The field that Enable and Disable set, with both values."""
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

    def words(self, verb: str) -> tuple[str, str]:
        """Both spellings of a command."""
        return f"{verb}-{self.cmdlet}", f"{self.unix} {verb.lower()}"


STATUS = ("status", "Enabled", "Disabled")
NOUNS = (
    Noun(
        "UMDialPlan",
        "dialplan",
        "dial_plans",
        ALL,
        ("name", "uri_type", "number_of_digits_in_extension", "voip_security", "default_language"),
    ),
    Noun(
        "UMIPGateway",
        "gateway",
        "gateways",
        (*ALL, "Enable", "Disable"),
        ("name", "address", "port", "status"),
        STATUS,
    ),
    Noun(
        "UMHuntGroup",
        "huntgroup",
        "hunt_groups",
        ("Get", "New", "Remove"),
        ("name", "gateway", "dial_plan", "pilot_identifier"),
    ),
    Noun(
        "UMAutoAttendant",
        "attendant",
        "auto_attendants",
        (*ALL, "Enable", "Disable"),
        ("name", "dial_plan", "pilot_identifier_list", "status"),
        STATUS,
    ),
    Noun(
        "UMMailboxPolicy",
        "policy",
        "mailbox_policies",
        ALL,
        ("name", "dial_plan", "min_pin_length"),
    ),
    Noun(
        "UMMailbox",
        "mailbox",
        "mailboxes",
        (*ALL, "Enable", "Disable"),
        ("address", "display_name", "extension", "dial_plan", "um_enabled"),
        ("um_enabled", True, False),
    ),
    Noun(
        "UMTestNumber",
        "testnumber",
        "test_numbers",
        ALL,
        ("number", "dial_plan", "script"),
    ),
    Noun("UMService", "service", "service", ("Get", "Set"), ("max_calls_allowed",)),
    Noun("UMCallRouterSettings", "router", "call_router", ("Get", "Set"), ("max_calls_allowed",)),
)
