"""Set-User: names, what tells namesakes apart, and the numbers a user calls from (spec 3.13).

Knows: DTMF maps (spec 2.6). Must never know: how the map is used.
"""

from __future__ import annotations

from typing import Any

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.keeping import changed, rebuilt
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import MAILBOX
from umserver.edges.admin.outcome import Outcome
from umserver.edges.admin.parameter import Parameter
from umserver.edges.admin.parameters import identity, settings_of
from umserver.org.consequences import with_dtmf_map
from umserver.org.settings import Mailbox

FIELDS = (
    *("um_dtmf_map", "um_calling_line_ids", "first_name", "last_name", "display_name"),
    *("title", "department", "location"),
)


def set_user(given: Given, desk: Desk) -> Outcome:
    """Change names, calling line ids and the map; -CreateDtmfMap makes the map anew."""
    name = given.needed("Identity", "mailbox")
    if given.flag("CreateDtmfMap") and given.has("UMDtmfMap"):
        raise Mistyped("-CreateDtmfMap and -UMDtmfMap exclude each other")

    def changes(mailbox: Mailbox) -> dict[str, Any]:
        found = given.settings(mailbox)
        if given.flag("CreateDtmfMap"):
            named = rebuilt(MAILBOX, mailbox, found)
            found["um_dtmf_map"] = list(with_dtmf_map(named, again=True).um_dtmf_map)
        if not found:
            raise Mistyped("say what to set: -CreateDtmfMap, -UMDtmfMap, -Title, -Office …")
        return found

    thing = changed(MAILBOX, desk.archive, name, changes)
    return Outcome(done=f"user {thing.address} is changed", changed=True)


CMDLETS = (
    Cmdlet(
        "Set",
        "User",
        "Changes names, what tells namesakes apart, and the numbers by which a caller is known",
        set_user,
        (
            identity(MAILBOX),
            Parameter("CreateDtmfMap", "Make the map anew from the names", switch=True),
            *settings_of(MAILBOX, lambda setting: setting.name in FIELDS),
        ),
        unix="mailbox set-user",
        examples=(
            "Set-User 1001 -Title Engineer -Office 'Room 12' -CreateDtmfMap",
            "Set-User ada@example.com -UMCallingLineIds +12125550123,+12125550124",
        ),
    ),
)
