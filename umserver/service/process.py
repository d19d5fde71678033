"""What one process consists of while it runs, and what can be said of it as a whole.

Knows: the parts by name; which of them there are depends on the roles and on how far the start is.
Must never know: in which order parts start and stop (`server`), how any part works.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort

from umserver.edges.store.calls import CallLog
from umserver.org.bootstrap import Bootstrap
from umserver.org.settings import Organisation
from umserver.roles.fleet import Fleet
from umserver.roles.gateways import GatewayWatch
from umserver.roles.poller import Poller
from umserver.roles.states import ComponentStates
from umserver.service.desk import Desk
from umserver.service.doors import Door
from umserver.service.goodbye import Goodbye
from umserver.service.machine import Machine
from umserver.service.router import Router
from umserver.service.standing import NOT_LINKED, Standing, is_linked
from umserver.service.trust import Trust


@define(eq=False)
class Process:
    """The parts of one process."""

    machine: Machine
    bootstrap: Bootstrap
    roles: Sequence[str]
    state: Path = field(init=False)
    host: str = field(init=False)
    name: str = field(init=False)
    """By which administrators and other servers know this one."""
    call_log: CallLog = field(init=False)
    ready: Deferred[None] = field(init=False, factory=Deferred)
    """Fires when calls are taken; fails when they never will be."""
    standing: Standing = field(init=False)
    gateways: GatewayWatch = field(init=False)
    trust: Trust = field(init=False)
    """Our certificate and whom we believe."""
    desk: Desk | None = field(init=False, default=None)
    router: Router | None = field(init=False, default=None)
    poller: Poller | None = field(init=False, default=None)
    fleet: Fleet = field(init=False)
    """Made when the store is open, as are the states."""
    states: ComponentStates = field(init=False)
    started_at: float = field(init=False, default=0.0)
    goodbye: Goodbye = field(init=False)
    web: IListeningPort | None = field(init=False, default=None)

    @property
    def doors(self) -> Sequence[Door]:
        """Of the roles that run."""
        return [part.door for part in self.parts]

    @property
    def parts(self) -> Sequence[Router | Desk]:
        """The roles that run."""
        return [part for part in (self.router, self.desk) if part is not None]

    @property
    def http_port(self) -> int:
        """The port of the status pages; 0 while it is closed."""
        host: Any = self.web.getHost() if self.web is not None else None
        return int(host.port) if host is not None else 0

    @property
    def most_calls(self) -> int:
        """How many calls the desk takes at the same time."""
        return self.poller.settings.service.max_calls_allowed if self.poller else 0

    # how it is

    def not_ready(self) -> Sequence[str]:
        """Why no call can be taken just now, in words; empty when all is well."""
        reasons = list(self.standing.reasons())
        return reasons if self.standing.linked else [*reasons, NOT_LINKED]

    def complaints(self) -> Sequence[str]:
        """Ports that the settings want and cannot have, in words."""
        found = [door.complaint(self.trust.lacking) for door in self.doors]
        return [why for why in found if why]

    def waits_for_restart(self, org: Organisation) -> Sequence[str]:
        """What these settings want that this process will have after a restart, in words."""
        waiting = [door.waits(self.bootstrap, org) for door in self.doors]
        waiting += [door.misses(org) for door in self.doors]
        return [why for why in waiting if why]

    def obey(self) -> None:
        """Show what we are: to peers, to the other servers, to the queue."""
        if self.poller is not None and self.poller.current is not None:
            self.standing.linked = is_linked(self.poller.current)
        if self.router is not None:
            self.router.obey()
        if self.desk is not None:
            self.desk.obey(self.states.state("HubTransport"))
        if self.standing.states is not None:
            self.fleet.announce()

    def ask(self, host: str, port: int, transport: str, patience: float) -> Deferred[int | None]:
        """OPTIONS from the port that peers know us by; see `SipServer.ask`."""
        parts = (p for p in self.parts if p.door.is_plain or transport == "tls")
        part = next(parts, None)
        return part.server.ask(host, port, transport, patience) if part else succeed(None)
