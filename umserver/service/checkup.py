"""What is looked at to say that a server is well (spec 9.6).

Knows: which figure of which part a monitor reads. Must never know: how monitors are shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from umserver.interfaces import Unavailable
from umserver.org.settings import Organisation
from umserver.org.states import Component
from umserver.roles.health import (
    OVERALL_SET,
    PROBES,
    PROTOCOL_PROBE,
    PROTOCOL_SET,
    ROUTER_PROBE,
    ROUTER_SET,
    Alert,
    LastHour,
    Monitor,
    probed,
    rejections,
    worst,
)
from umserver.roles.lamp_view import lamp_alert
from umserver.service.desk import Desk
from umserver.service.process import Process
from umserver.service.standing import NOT_LINKED, is_linked

ROUTER: Component = "UMCallRouter"
DESK: Component = "UnifiedMessaging"
QUEUE: Component = "HubTransport"
NO_CALLS = "MaxCallsAllowed is 0: every call is refused"
NEARLY_FULL = 0.8
"""Share of the queue's bound."""


async def health(um: Process) -> Sequence[Mapping[str, object]]:
    """Every monitor, after asking ourselves as peers would."""
    monitors = [monitor async for monitor in _probes(um)]
    monitors += _counts(um)
    monitors += _everything(um)
    monitors.append(Monitor(OVERALL_SET, "UMMonitor", worst(monitors), ""))
    rows = []
    for monitor in monitors:
        state = um.states.state(monitor.component)
        rows.append(monitor.row(um.name, state))
    return rows


async def probe(um: Process, name: str) -> Mapping[str, object]:
    """One probe of `Invoke-MonitoringProbe`. Raises LookupError, Unavailable."""
    for known, role in PROBES.items():
        if known.casefold() == name.casefold():
            part = um.router if role == "cas" else um.desk
            if part is None:
                raise Unavailable(f"{known} asks the role {role}, which this server has not")
            began = um.machine.seconds()
            value, why = probed(await part.server.ask_self())
            return {
                "probe": known,
                "server": um.name,
                "result": "Succeeded" if value == "Healthy" else "Failed",
                "why": why,
                "milliseconds": round((um.machine.seconds() - began) * 1000, 1),
            }
    raise LookupError(f"there is no probe {name[:60]!r}; there are {', '.join(PROBES)}")


async def _probes(um: Process) -> AsyncIterator[Monitor]:
    if um.router is not None:
        status = await um.router.server.ask_self()
        name = ROUTER_PROBE.replace("Probe", "Monitor")
        yield Monitor(ROUTER_SET, name, *probed(status), ROUTER)
    if um.desk is not None:
        status = await um.desk.server.ask_self()
        name = PROTOCOL_PROBE.replace("Probe", "Monitor")
        yield Monitor(PROTOCOL_SET, name, *probed(status), DESK)


def _counts(um: Process) -> Iterator[Monitor]:
    org = um.poller.current if um.poller is not None else None
    org = org or Organisation()
    if um.router is not None:
        found = _rejections(org.call_router.max_calls_allowed, um.router.role.hour)
        yield Monitor(ROUTER_SET, "UMCallRouterRecentRejectedCallsMonitor", *found, ROUTER)
    if um.desk is not None:
        found = _rejections(org.service.max_calls_allowed, um.desk.role.hour)
        yield Monitor(PROTOCOL_SET, "UMServiceRecentRejectedCallsMonitor", *found, DESK)


def _rejections(most: int, hour: LastHour) -> tuple[Alert, str]:
    """How many calls a role turns away, this hour and by this limit."""
    return rejections(hour.counts()) if most else ("Unhealthy", NO_CALLS)


def _everything(um: Process) -> Iterator[Monitor]:
    poller = um.poller
    if poller is not None:
        org = poller.current or Organisation()
        linked = is_linked(org)
        yield _yes_or_no("UMDialPlanLinkedMonitor", linked, NOT_LINKED)
        yield from _doors(um, org)
        yield _yes_or_no("UMSettingsMonitor", not poller.problem, poller.problem)
    silent = um.gateways.silent()
    why = f"silent: {', '.join(silent)}" if silent else ""
    # not worse: there are peers that bring calls and answer no OPTIONS
    yield Monitor(OVERALL_SET, "UMIPGatewayMonitor", "Degraded" if silent else "Healthy", why)
    if um.desk is not None:
        yield from _desk(um.desk)


def _doors(um: Process, org: Organisation) -> Iterator[Monitor]:
    """Ports that the settings want, and this process has not (spec 1.3)."""
    why = "; ".join([*um.complaints(), *um.waits_for_restart(org)])
    value: Alert = "Unhealthy" if um.standing.shut else "Degraded" if why else "Healthy"
    yield Monitor(OVERALL_SET, "UMStartupModeMonitor", value, why)
    if any(door.is_tls for door in um.doors):
        value, why = um.trust.alert()
        unproved = um.trust.unproved(um.fleet.me().host)
        if unproved and value == "Healthy":
            value, why = "Degraded", unproved
        yield Monitor(OVERALL_SET, "UMCertificateMonitor", value, why)


def _desk(desk: Desk) -> Iterator[Monitor]:
    waiting, most = desk.spool.waiting(), desk.bootstrap.spool.max_waiting
    why = f"{waiting} of at most {most} messages wait"
    value = "Unhealthy" if waiting >= most else "Degraded" if waiting > most * NEARLY_FULL else ""
    name = "UMPipelineFullMonitor"
    yield Monitor(OVERALL_SET, name, value or "Healthy", why, QUEUE)  # type: ignore[arg-type]
    if desk.lamps is not None:
        yield Monitor(OVERALL_SET, "UMMessageWaitingMonitor", *lamp_alert(desk.lamps))
    missing = f"{desk.voiceless} prompts cannot be spoken" if desk.voiceless else ""
    missing += f": {', '.join(desk.missing_prompts[:3])} …" if missing else ""
    yield _yes_or_no("UMPromptsMonitor", not missing, missing)


def _yes_or_no(name: str, good: bool, why: str) -> Monitor:
    return Monitor(OVERALL_SET, name, "Healthy" if good else "Unhealthy", "" if good else why)
