"""The call router put together: its SIP port and the servers that it may redirect to.

Knows: the role `cas` and its edge. Must never know: how either works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred

from umserver.edges.net.phone import Phone
from umserver.edges.net.sip_server import SipServer
from umserver.interfaces import ICallLog, IDirectory, IPhone, RedirectTarget
from umserver.org.bootstrap import Bootstrap
from umserver.org.refusals import Refusal
from umserver.org.resolve import Route
from umserver.roles.cas import CallRouter
from umserver.roles.poller import Poller
from umserver.service.machine import Machine


@define(eq=False)
class Router:
    """The role cas of one process."""

    machine: Machine
    bootstrap: Bootstrap
    host: str
    poller: Poller
    directory: IDirectory
    call_log: ICallLog
    key: bytes = field(repr=False)
    desk_port: Callable[[], int]
    """The port of the answering desk on this machine."""
    closed: Callable[[], Refusal | None]
    """A refusal while the server takes no new calls."""
    role: CallRouter = field(init=False)
    server: SipServer = field(init=False)

    def __attrs_post_init__(self) -> None:
        machine, bootstrap = self.machine, self.bootstrap
        self.role = CallRouter(
            settings=lambda: self.poller.settings,
            directory=self.directory,
            call_log=self.call_log,
            wall=machine.wall,
            key=self.key,
            targets=self.targets,
            admission=self.closed,
        )
        self.server = SipServer(
            reactor=machine.reactor,
            offered=self.role.offered,
            random=machine.random,
            port=bootstrap.listen.sip,
            listen=bootstrap.listen.hosts or ("0.0.0.0", "::"),
            external_address=bootstrap.server.external_address or None,
            host=self.host,
            seconds=machine.seconds,
        )

    def targets(self, phone: IPhone, route: Route, token: str) -> Sequence[RedirectTarget]:
        """The answering desk beside us, at the address that this peer reached us by."""
        assert isinstance(phone, Phone)
        host = phone.line.announced_host(phone.flow)
        return (RedirectTarget(host, self.desk_port(), phone.flow.transport, token),)

    def start(self) -> None:
        """Open the port. Raises OSError."""
        self.server.start()

    def stop(self) -> Deferred[None]:
        """Close the port."""
        return self.server.stop()
