"""Component states and maintenance (spec 3.11, 9.2).

Knows: components, requesters, the documented steps of a maintenance. Must never know: where states
are kept, or what a server does about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from umserver.edges.admin.ask import NotRunning
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.outcome import Outcome, Property, Record
from umserver.edges.admin.parameter import Parameter
from umserver.org.states import COMPONENTS, REQUESTERS, STATES

SERVER = Parameter("Identity", "Name of the server; this one when it is not given")
COMPONENT = Parameter(
    "Component", "Part of the server", form=" | ".join(COMPONENTS), choices=COMPONENTS
)
COLUMNS = ("Server", "Component", "State")
DOWN = (
    ("HubTransport", "Draining"),
    ("UMCallRouter", "Draining"),
    ("UnifiedMessaging", "Draining"),
)
"""Before the wait for calls and messages that are on their way."""
UP = (
    ("ServerWideOffline", "Active"),
    ("UnifiedMessaging", "Active"),
    ("UMCallRouter", "Active"),
    ("HubTransport", "Active"),
)
PATIENCE = 3600
"""Seconds that a maintenance waits for calls and queue unless told otherwise."""
STEP_SECONDS = 1.0


def get(given: Given, desk: Desk) -> Outcome:
    """The components of a server, or one of them with everybody's wishes."""
    component = given.choice("Component")
    rows = desk.states(given.identity(), component)
    return Outcome(tuple(map(_record, rows)), COLUMNS, in_full=bool(component))


def _record(row: Mapping[str, Any]) -> Record:
    return (
        Property("Server", row["server"], "server"),
        Property("Component", row["component"], "component"),
        Property("State", row["state"], "state"),
        Property("LocalStates", _wishes(row.get("local", ())), "local"),
        Property("RemoteStates", _wishes(row.get("remote", ())), "remote"),
    )


def _wishes(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Every requester's state with its time: `Maintenance:Inactive:2026-11-25T10:00:00Z`."""
    return tuple(f"{row['requester']}:{row['state']}:{_moment(row['at'])}" for row in rows)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def set_(given: Given, desk: Desk) -> Outcome:
    """Want a state of one component."""
    words = tuple(_needed(given, name) for name in ("Component", "Requester", "State"))
    local_only, remote_only = given.flag("LocalOnly"), given.flag("RemoteOnly")
    if local_only and remote_only:
        raise Mistyped("-LocalOnly and -RemoteOnly exclude each other")
    server = given.identity()
    if local_only and not desk.is_here(server):
        raise Mistyped(f"-LocalOnly works on {server} itself")
    component, requester, state = words
    desk.set_state(
        server, (component, requester, state), local=not remote_only, remote=not local_only
    )
    return Outcome(done=f"{requester} wants {component} of {server or desk.server} to be {state}")


def _needed(given: Given, name: str) -> str:
    found = given.choice(name)
    if not found:
        raise Mistyped(f"say -{name}: {', '.join(given.cmdlet.parameter(name).choices)}")
    return found


# maintenance


def start(given: Given, desk: Desk) -> Outcome:
    """Take a server out of service without losing a call or a message."""
    server, limit = given.identity(), given.number("TimeoutInSeconds", PATIENCE)
    for component, state in DOWN:
        _want(desk, server, component, state)
    left = "" if given.what_if else _waited(desk, server, limit)
    if left and not given.flag("Force"):
        words = f"{left}; the server goes on draining: try again, or -Force"
        return Outcome(done=f"after {limit} seconds {words}", failed=True)
    _want(desk, server, "ServerWideOffline", "Inactive")
    return Outcome(done=f"server {server or desk.server} is in maintenance")


def stop(given: Given, desk: Desk) -> Outcome:
    """Put a server back into service; what other requesters want stays as it is."""
    server = given.identity()
    for component, state in UP:
        _want(desk, server, component, state)
    rows = [] if given.what_if else desk.states(server, "")
    stuck = [f"{row['component']} is {row['state']}" for row in rows if row["state"] != "Active"]
    hint = "Get-ServerComponentState -Component … -Format List shows who wants that"
    warnings = (f"{', '.join(stuck)}; {hint}",) if stuck else ()
    done = f"server {server or desk.server} is back from maintenance"
    return Outcome(done=done, warnings=warnings)


def _want(desk: Desk, server: str, component: str, state: str) -> None:
    desk.set_state(server, (component, "Maintenance", state), local=True, remote=True)


def _waited(desk: Desk, server: str, limit: int) -> str:
    """Wait until no call and no message is left; what is left after that, in words."""
    if not desk.is_here(server):
        return ""
    end = desk.now() + limit
    while True:
        try:
            standing: Mapping[str, Any] = desk.ask("states")
        except NotRunning:
            return ""
        left = in_words(standing)
        if not left or desk.now() >= end:
            desk.progress("")
            return left
        desk.progress(f"waiting: {left}")
        desk.wait(STEP_SECONDS)


def in_words(standing: Mapping[str, Any]) -> str:
    """What a draining server still has to do; empty when that is nothing."""
    parts = []
    calls, queue = int(standing.get("calls") or 0), int(standing.get("queue") or 0)
    if calls:
        oldest = float(standing.get("oldest_seconds") or 0)
        parts.append(f"{calls} call{'s' if calls > 1 else ''} left, the oldest for {oldest:.0f} s")
    if queue:
        parts.append(f"{queue} message{'s' if queue > 1 else ''} to be delivered")
    return ", ".join(parts)


_REQUESTER = Parameter(
    "Requester", "Who wants it", form=" | ".join(REQUESTERS), choices=REQUESTERS, required=True
)
_STATE = Parameter("State", "What it should be", form=" | ".join(STATES), choices=STATES)
CMDLETS = (
    Cmdlet(
        "Get",
        "ServerComponentState",
        "Shows which parts of a server are in service, and who wants what",
        get,
        (SERVER, COMPONENT),
        unix="state get",
        examples=(
            "Get-ServerComponentState",
            "Get-ServerComponentState -Component UMCallRouter",
        ),
    ),
    Cmdlet(
        "Set",
        "ServerComponentState",
        "Takes a part of a server out of service, or back into it",
        set_,
        (
            SERVER,
            COMPONENT,
            _REQUESTER,
            _STATE,
            Parameter("LocalOnly", "Only beside the server", switch=True),
            Parameter("RemoteOnly", "Only in the organisation's store", switch=True),
            Parameter(
                "TimeoutInSeconds", "Reserved", form="number", without_effect="it is reserved"
            ),
        ),
        unix="state set",
        examples=(
            "Set-ServerComponentState -Component UMCallRouter -Requester Maintenance "
            "-State Draining",
            "Set-ServerComponentState -Component UMCallRouter -Requester Maintenance -State Active",
        ),
    ),
    Cmdlet(
        "Start",
        "MaintenanceMode",
        "Takes a server out of service: drains calls and messages, then goes offline",
        start,
        (
            SERVER,
            Parameter(
                "TimeoutInSeconds",
                "How long calls and messages are waited for",
                form="number",
                default=str(PATIENCE),
            ),
            Parameter("Force", "Go offline though something is left", switch=True),
        ),
        unix="maintenance start",
        examples=("Start-MaintenanceMode", "Start-MaintenanceMode -TimeoutInSeconds 60 -Force"),
        ours=True,
    ),
    Cmdlet(
        "Stop",
        "MaintenanceMode",
        "Puts a server back into service",
        stop,
        (SERVER,),
        unix="maintenance stop",
        examples=("Stop-MaintenanceMode", "Stop-MaintenanceMode -WhatIf"),
        ours=True,
    ),
)
