"""What a running server says: its calls, its health, its probes (spec 3.12, 9.6).

Knows: the server's answers as rows. Must never know: how the server comes to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.outcome import Outcome, Property, Record
from umserver.edges.admin.parameter import Parameter

PROBES = ("UM.CallRouter\\UMCallRouterTestProbe", "UM.Protocol\\UMSelfTestProbe")
HEALTH_SETS = ("UM.CallRouter", "UM.Protocol", "UM")
CALL = {
    "id": "CallId",
    "state": "CallState",
    "type": "CallType",
    "dialled": "DialedNumber",
    "calling": "CallingNumber",
    "diverted": "DivertedNumber",
    "gateway": "IPGateway",
    "dial_plan": "DialPlan",
    "server": "Server",
    "since": "CallStartTime",
    "seconds": "Duration",
}
CALL_COLUMNS = ("CallType", "CallState", "DialedNumber", "CallingNumber", "IPGateway", "Duration")
MONITOR = {
    "server": "Server",
    "state": "State",
    "name": "Name",
    "health_set": "HealthSetName",
    "value": "AlertValue",
    "component": "ServerComponent",
    "why": "Description",
}
MONITOR_COLUMNS = ("Server", "State", "Name", "HealthSetName", "AlertValue")
SERVER = {
    "name": "Name",
    "host": "Host",
    "roles": "Roles",
    "state": "State",
    "calls": "Calls",
    "capacity": "MaxCallsAllowed",
}


def record_of(names: Mapping[str, str], row: Mapping[str, Any]) -> Record:
    """A row of an answer as a record; keys without a name come last, as they are."""
    keys = [*(key for key in names if key in row), *(key for key in row if key not in names)]
    return tuple(Property(names.get(key, key), _shown(key, row[key]), key) for key in keys)


def _shown(key: str, value: Any) -> Any:
    if key == "since" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return value


def active_calls(given: Given, desk: Desk) -> Outcome:
    """The calls that are being served now."""
    server = given.text("Server") or given.text("InstanceServer")
    rows: Sequence[Mapping[str, Any]] = desk.ask("active-calls", server=_other(desk, server))
    for name, key in (("DialPlan", "dial_plan"), ("IPGateway", "gateway")):
        wanted = given.text(name).casefold()
        rows = [row for row in rows if not wanted or str(row.get(key)).casefold() == wanted]
    return Outcome(tuple(record_of(CALL, row) for row in rows), CALL_COLUMNS)


def _other(desk: Desk, server: str) -> str:
    """The server to ask for by name; empty when it is this one."""
    return "" if desk.is_here(server) else server


def health(given: Given, desk: Desk) -> Outcome:
    """Every monitor with its alert; why, where it is not well."""
    rows: Sequence[Mapping[str, Any]] = desk.ask("health", server=_other(desk, given.identity()))
    wanted = given.text("HealthSet").casefold()
    if wanted:
        rows = [row for row in rows if str(row.get("health_set")).casefold() == wanted]
        if not rows:
            raise Mistyped(f"-HealthSet: there are {', '.join(HEALTH_SETS)}")
    ill = any(row.get("value") == "Unhealthy" for row in rows)
    records = tuple(record_of(MONITOR, row) for row in rows)
    reasons = tuple(
        f"{row.get('name')}: {row['why']}"
        for row in rows
        if row.get("value") != "Healthy" and row.get("why")
    )
    return Outcome(records, MONITOR_COLUMNS, warnings=reasons, failed=ill)


def probe(given: Given, desk: Desk) -> Outcome:
    """Try the server out now."""
    name = given.choice("Identity")
    if not name:
        raise Mistyped(f"say which probe: {', '.join(PROBES)}")
    server = given.text("Server")
    told: Mapping[str, Any] = desk.ask("probe", probe=name, server=_other(desk, server))
    good = told.get("result") == "Succeeded"
    record = (
        Property("Server", server or desk.server, "server"),
        Property("MonitorIdentity", name, "probe"),
        Property("Result", told.get("result"), "result"),
        Property("Error", "" if good else told.get("why", ""), "why"),
        Property("ExecutionTime", told.get("milliseconds"), "milliseconds", "ms"),
    )
    return Outcome((record,), in_full=True, failed=not good)


def servers(given: Given, desk: Desk) -> Outcome:
    """The servers of the organisation, as the running one knows them."""
    rows: Sequence[Mapping[str, Any]] = desk.ask("servers")
    wanted = given.identity().casefold()
    rows = [row for row in rows if not wanted or str(row.get("name")).casefold() == wanted]
    columns = ("Name", "Host", "Roles", "State", "Calls", "MaxCallsAllowed")
    return Outcome(tuple(record_of(SERVER, row) for row in rows), columns)


_WHICH = Parameter("Identity", "Name of the server; this one when it is not given")
CMDLETS = (
    Cmdlet(
        "Get",
        "UMActiveCalls",
        "Shows the calls that are being served",
        active_calls,
        (
            Parameter("Server", "Calls of this server; this one when it is not given"),
            Parameter("DialPlan", "Calls of this dial plan", section="dial_plans"),
            Parameter("IPGateway", "Calls of this gateway", section="gateways"),
            Parameter("InstanceServer", "The same as -Server"),
        ),
        unix="calls get",
        first="Server",
        examples=("Get-UMActiveCalls", "Get-UMActiveCalls -IPGateway loopback -Format List"),
    ),
    Cmdlet(
        "Get",
        "ServerHealth",
        "Shows whether the server is well; exit code 1 when it is not",
        health,
        (_WHICH, Parameter("HealthSet", "Only this one", form=" | ".join(HEALTH_SETS))),
        unix="health get",
        examples=("Get-ServerHealth", "Get-ServerHealth -HealthSet UM.CallRouter"),
    ),
    Cmdlet(
        "Invoke",
        "MonitoringProbe",
        "Asks the server for a sign of life the way a peer does; exit code 1 without one",
        probe,
        (
            Parameter(
                "Identity", "The probe", form=" | ".join(PROBES), choices=PROBES, required=True
            ),
            Parameter("Server", "Name of the server; this one when it is not given"),
        ),
        unix="probe invoke",
        examples=(
            "Invoke-MonitoringProbe 'UM.CallRouter\\UMCallRouterTestProbe'",
            "Invoke-MonitoringProbe 'UM.Protocol\\UMSelfTestProbe' --json",
        ),
    ),
    Cmdlet(
        "Get",
        "UMServerFleet",
        "Shows the servers of the organisation and how they are",
        servers,
        (_WHICH,),
        unix="server list",
        ours=True,
        examples=("Get-UMServerFleet", "Get-UMServerFleet --json"),
    ),
)
