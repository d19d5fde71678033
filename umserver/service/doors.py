"""Which ports a role opens: what the settings said when the process started (spec 1.3, 3.10).

Knows: startup modes. Must never know: sockets, calls, certificates. The ports of a process stay as
they are until it is started again, whatever happens to the settings meanwhile; a TLS port waits for
a certificate and opens once there is one.
"""

from __future__ import annotations

from attrs import frozen

from umserver.org.bootstrap import Bootstrap
from umserver.org.settings import Organisation
from umserver.org.settings.words import StartupMode

NAMES = {"cas": "call router", "mbx": "answering desk"}


@frozen
class Door:
    """Where one role lets calls in."""

    role: str
    mode: StartupMode
    port: int
    """The plain port, UDP and TCP; 0 takes a free one."""
    tls_port: int = 0
    """The port for TLS; 0 takes a free one."""

    @property
    def is_plain(self) -> bool:
        """Whether the plain port opens at all."""
        return self.mode != "TLS"

    @property
    def is_tls(self) -> bool:
        """Whether the port for TLS opens, given a certificate."""
        return self.mode != "TCP"

    def complaint(self, problem: str) -> str:
        """What the mode asks for that cannot be had because of this problem; else empty."""
        if not self.is_tls or not problem:
            return ""
        return (
            f"the startup mode of the {NAMES[self.role]} is {self.mode}, "
            f"and its TLS port stays closed: {problem}"
        )

    def waits(self, bootstrap: Bootstrap, org: Organisation) -> str:
        """What has been set since, and acts after a restart, in words; else empty."""
        if door_of(self.role, bootstrap, org) == self:
            return ""
        return f"the {NAMES[self.role]} has another port or startup mode after a restart"

    def misses(self, org: Organisation) -> str:
        """Which dial plans nobody can call here, since they want TLS, in words; else empty."""
        linked = {group.dial_plan for group in org.hunt_groups}
        secured = [
            plan.name
            for plan in org.dial_plans
            if plan.voip_security != "Unsecured" and plan.name in linked
        ]
        if self.is_tls or not secured:
            return ""
        return (
            f"nobody can call {', '.join(secured)}, since the startup mode of the "
            f"{NAMES[self.role]} is TCP and secured dial plans want TLS"
        )


def door_of(role: str, bootstrap: Bootstrap, org: Organisation) -> Door:
    """The door of this role; a port in the bootstrap file outranks the organisation's."""
    listen = bootstrap.listen
    if role == "mbx":
        return Door(role, org.service.um_startup_mode, listen.mbx, listen.mbx_tls)
    settings = org.call_router
    plain = settings.sip_tcp_listening_port if listen.sip is None else listen.sip
    tls = settings.sip_tls_listening_port if listen.sip_tls is None else listen.sip_tls
    return Door(role, settings.um_startup_mode, plain, tls)
