"""The settings of servers: UMService, UMCallRouterSettings, and the old UMServer for both.

Knows: the two single sections, and what became of -Status (spec 3.10). Must never know: component
states themselves; they stand beside this module.
"""

from __future__ import annotations

from typing import Any

from umserver.edges.admin.cmdlet import Cmdlet, Desk, Outcome, Parameter
from umserver.edges.admin.cmdlets.objects import changed
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import NAMED, Noun
from umserver.edges.admin.parameters import settings_of
from umserver.edges.admin.records import record_of

SERVICE, ROUTER = NAMED["UMService"], NAMED["UMCallRouterSettings"]


def get(noun: Noun) -> Any:
    """Show the settings of one role."""

    def run(given: Given, desk: Desk) -> Outcome:
        thing = desk.archive.get(noun.section).thing
        return Outcome((record_of(noun, thing, desk.archive.load()),), in_full=True)

    return run


def set_(noun: Noun) -> Any:
    """Change settings of one role."""

    def run(given: Given, desk: Desk) -> Outcome:
        if given.has("Status"):
            component = "UMCallRouter" if noun is ROUTER else "UnifiedMessaging"
            raise Mistyped(
                "-Status is no setting any more; use Set-ServerComponentState "
                f"-Component {component} -Requester Maintenance -State Active | Inactive | Draining"
            )

        def changes(thing: Any) -> dict[str, Any]:
            found = given.settings(thing)
            if not found:
                some = ", ".join(f"-{setting.parameter}" for setting in noun.settings)
                raise Mistyped(f"say what to set: {some}")
            return found

        changed(noun, desk.archive, "", changes)
        return Outcome(done=f"{noun.cmdlet} is changed", changed=True)

    return run


WHICH = Parameter("Identity", "Name of the server; the settings hold for every one")
SERVER = Parameter("Server", "Name of the server; the settings hold for every one")
STATUS = Parameter(
    "Status", "Refused with a word about component states", choices=("Enabled", "Disabled")
)
CMDLETS = (
    Cmdlet(
        "Get",
        "UMService",
        "Shows the settings of the answering desks (mbx)",
        get(SERVICE),
        (WHICH,),
        unix="service get",
    ),
    Cmdlet(
        "Set",
        "UMService",
        "Changes the settings of the answering desks (mbx)",
        set_(SERVICE),
        (WHICH, *settings_of(SERVICE), STATUS),
        unix="service set",
    ),
    Cmdlet(
        "Get",
        "UMCallRouterSettings",
        "Shows the settings of the call routers (cas)",
        get(ROUTER),
        (SERVER,),
        unix="router get",
        first="Server",
    ),
    Cmdlet(
        "Set",
        "UMCallRouterSettings",
        "Changes the settings of the call routers (cas)",
        set_(ROUTER),
        (SERVER, *settings_of(ROUTER), STATUS),
        unix="router set",
        first="Server",
    ),
)
