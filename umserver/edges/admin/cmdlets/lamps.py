"""Message lamps as a running server sees them (spec 4.8).

Knows: the server's answers as rows. Must never know: how the server comes to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.cmdlets.running import record_of
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.outcome import Outcome
from umserver.edges.admin.parameter import Parameter

LAMP = {
    "mailbox": "Identity",
    "extension": "Extension",
    "dial_plan": "UMDialPlan",
    "lit": "MessagesWaiting",
    "new": "NewMessages",
    "saved": "SavedMessages",
    "urgent_new": "UrgentNewMessages",
    "urgent_saved": "UrgentSavedMessages",
    "told": "WhenTold",
    "problem": "Problem",
}
COLUMNS = ("Identity", "Extension", "MessagesWaiting", "NewMessages", "SavedMessages", "WhenTold")


def lamps(given: Given, desk: Desk) -> Outcome:
    """The lamp of a user, or those that burn or cannot be set."""
    mailbox = given.identity()
    rows: Sequence[Mapping[str, Any]] = desk.ask("lamps", mailbox=mailbox)
    columns = (*COLUMNS, "Problem") if any(row.get("problem") for row in rows) else COLUMNS
    records = tuple(record_of(LAMP, {**row, "told": _moment(row.get("told"))}) for row in rows)
    return Outcome(records, columns)


def _moment(value: Any) -> str:
    if not value:
        return ""
    return datetime.fromtimestamp(float(value), UTC).strftime("%Y-%m-%d %H:%M:%SZ")


CMDLETS = (
    Cmdlet(
        "Get",
        "UMMessageWaiting",
        "Shows message lamps: what telephones were told, and which cannot be told",
        lamps,
        (Parameter("Identity", "Mail address of one user; those that burn when it is left out"),),
        unix="lamp get",
        ours=True,
        examples=("Get-UMMessageWaiting", "Get-UMMessageWaiting ada@example.com --json"),
    ),
)
