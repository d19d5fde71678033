"""Which ports a role opens: what the settings said when the process started (spec 1.3, 3.10).

Knows: startup modes, and that TLS is not built yet. Must never know: sockets, calls. The ports of a
process stay as they are until it is started again, whatever happens to the settings meanwhile.
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

    @property
    def is_plain(self) -> bool:
        """Whether the plain port opens at all."""
        return self.mode != "TLS"

    @property
    def complaint(self) -> str:
        """What the mode asks for that cannot be had, in words; else empty."""
        if self.mode == "TCP":
            return ""
        what = "only its plain port is open" if self.is_plain else "its plain port stays closed"
        return (
            f"the startup mode of the {NAMES[self.role]} is {self.mode}, "
            f"and TLS is not available yet: {what}"
        )

    def waits(self, bootstrap: Bootstrap, org: Organisation) -> str:
        """What has been set since, and acts after a restart, in words; else empty."""
        if door_of(self.role, bootstrap, org) == self:
            return ""
        return f"the {NAMES[self.role]} has another port or startup mode after a restart"


def door_of(role: str, bootstrap: Bootstrap, org: Organisation) -> Door:
    """The door of this role; a port in the bootstrap file outranks the organisation's."""
    listen = bootstrap.listen
    if role == "mbx":
        return Door(role, org.service.um_startup_mode, listen.mbx)
    settings = org.call_router
    port = settings.sip_tcp_listening_port if listen.sip is None else listen.sip
    return Door(role, settings.um_startup_mode, port)
