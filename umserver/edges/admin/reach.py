"""How gateways are, as the running server sees them: for Get-UMIPGateway (spec 9.1).

Knows: the server's answer as rows. Must never know: how gateways are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from umserver.edges.admin.ask import NotRunning, Refused
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.outcome import Property, Record

COLUMN = "Reachable"


def reach_of(desk: Desk) -> Mapping[str, Record]:
    """What is known of each gateway, by its name; nothing when no server runs here."""
    try:
        rows = desk.ask("gateways")
    except (NotRunning, Refused):
        return {}
    return {str(row["name"]): _record(row) for row in rows}


def _record(row: Mapping[str, Any]) -> Record:
    return (
        Property(COLUMN, _word(row.get("reachable")), "reachable"),
        Property("ReachableSince", _moment(row.get("since")), "since"),
        Property("RoundTripTime", row.get("round_trip_ms"), "round_trip_ms", "ms"),
        Property("ReachableReason", row.get("why", ""), "why"),
    )


def _word(reachable: bool | None) -> str:
    return "unknown" if reachable is None else "yes" if reachable else "no"


def _moment(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
