"""How the server is: for the status page, `umctl status` and `/readyz`.

Knows: which figures exist where. Must never know: HTTP, who asks. No personal data: numbers of
calls and messages, never of callers.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

from twisted import __version__ as twisted_version
from umserver import __version__
from umserver.org.settings import Organisation
from umserver.org.states import COMPONENTS
from umserver.roles.lamp_view import lamp_counts
from umserver.roles.poller import Poller
from umserver.service.desk import Desk
from umserver.service.process import Process
from umserver.service.router import Router


def whole(um: Process) -> Mapping[str, object]:
    """Everything that is shown of a server."""
    reasons = list(um.not_ready())
    shown: dict[str, object] = {
        "ready": not reasons,
        "reasons": reasons,
        "server": um.name,
        "roles": ", ".join(um.roles),
        "host": um.host,
        "process": os.getpid(),
        "uptime_seconds": round(um.machine.seconds() - um.started_at, 1),
        "versions": versions(),
    }
    if um.standing.states is not None:
        shown["components"] = {name: um.states.state(name) for name in COMPONENTS}
    if um.poller is not None:
        shown["settings"] = settings_part(um.poller)
        shown["gateways"] = list(um.gateways.shown())
    if any(door.is_tls for door in um.doors):
        shown["certificate"] = dict(um.trust.shown())
    if um.router is not None:
        shown["cas"] = router_part(um.router)
        shown["servers"] = list(um.fleet.shown())
    if um.desk is not None:
        shown["mbx"] = desk_part(um.desk)
        shown["counters"] = um.desk.role.tally.shown()
        shown["queue"] = queue_part(um.desk)
        shown["media"] = media_part(um.desk)
        if um.desk.lamps is not None:
            shown["lamps"] = lamp_counts(um.desk.lamps)
    return shown


def settings_part(poller: Poller) -> Mapping[str, object]:
    """The settings in force and what is wrong with newer ones."""
    current = poller.current or Organisation()
    return {
        "revision": poller.revision,
        "problem": poller.problem,
        "dial_plans": len(current.dial_plans),
        "hunt_groups": len(current.hunt_groups),
    }


def router_part(router: Router) -> Mapping[str, object]:
    """The role cas."""
    return {
        "port": router.server.bound_port,
        "tls_port": router.server.bound_tls_port,
        "startup_mode": router.door.mode,
        "redirected": router.role.redirected,
        "refused": router.role.refused,
        **router.server.counters,
    }


def desk_part(desk: Desk) -> Mapping[str, object]:
    """The role mbx."""
    return {
        "port": desk.server.bound_port,
        "tls_port": desk.server.bound_tls_port,
        "startup_mode": desk.door.mode,
        "calls": desk.role.active,
        "oldest_call_seconds": round(desk.role.oldest, 1),
        "answered": desk.role.answered,
        "refused": desk.role.refused,
        "prompts_missing": desk.voiceless,
        "missing_prompts": list(desk.missing_prompts),
        **desk.server.counters,
    }


def queue_part(desk: Desk) -> Mapping[str, object]:
    """Messages on their way."""
    delivery = desk.delivery
    return {
        "state": desk.queue_state,
        "waiting": desk.spool.waiting(),
        "in_flight": delivery.in_flight,
        "delivered": delivery.delivered,
        "deferred": delivery.deferred,
        "buried": delivery.buried,
    }


def media_part(desk: Desk) -> Mapping[str, object]:
    """The media engine and how well its clock keeps time."""
    metrics = desk.engine.metrics
    mean = metrics.late / metrics.wakes if metrics.wakes else 0.0
    return {
        "legs": desk.engine.legs,
        "opened": metrics.opened,
        "wakes": metrics.wakes,
        "mean_lateness_ms": round(mean * 1000, 3),
        "worst_lateness_ms": round(metrics.latest * 1000, 3),
        "skipped_slots": metrics.skipped,
        "encrypted": metrics.secured,
        "forged_packets": metrics.forged,
        "replayed_packets": metrics.replayed,
        "faults": metrics.faults,
    }


def versions() -> Mapping[str, object]:
    """What is running."""
    return {
        "umserver": __version__,
        "python": platform.python_version(),
        "twisted": twisted_version,
    }
