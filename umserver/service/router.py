"""The call router put together: its SIP port and the servers that it may redirect to.

Knows: the role `cas`, its edge and the fleet. Must never know: how any of them works.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.defer import Deferred

from umserver.edges.net.doorkeepers import Doorkeepers
from umserver.edges.net.sip_server import SipServer
from umserver.edges.net.tls.connections import Identity
from umserver.interfaces import FleetServer, ICallLog, IDirectory, RedirectTarget
from umserver.org.bootstrap import Bootstrap
from umserver.org.peers import translated_networks
from umserver.org.refusals import TOO_MANY_CALLS, Refusal
from umserver.org.routes import LeaveMessage, Route, VoiceAccess
from umserver.org.settings import Mailbox
from umserver.roles.cas import CallRouter, Offer
from umserver.roles.fleet import Fleet
from umserver.roles.poller import Poller
from umserver.roles.ranking import TLS_BY_NAME, redirects
from umserver.service.doors import Door, door_of
from umserver.service.expected import Expected
from umserver.service.machine import Machine
from umserver.service.standing import Standing

_FOR_SOMEBODY = (LeaveMessage, VoiceAccess)


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
    standing: Standing
    fleet: Fleet
    identity: Identity
    role: CallRouter = field(init=False)
    server: SipServer = field(init=False)
    door: Door = field(init=False)

    def __attrs_post_init__(self) -> None:
        machine, bootstrap = self.machine, self.bootstrap
        self.role = CallRouter(
            settings=lambda: self.poller.settings,
            directory=self.directory,
            call_log=self.call_log,
            wall=machine.wall,
            key=self.key,
            targets=self.targets,
            admission=self._admission,
            revision=lambda: self.poller.revision,
        )
        self.door = door_of("cas", bootstrap, self.poller.settings)
        expected = Expected(lambda: self.poller.settings)
        self.server = SipServer(
            reactor=machine.reactor,
            offered=self.role.offered,
            random=machine.random,
            port=self.door.port,
            listen=bootstrap.listen.hosts or ("0.0.0.0", "::"),
            external_address=bootstrap.server.external_address or None,
            host=self.host,
            seconds=machine.seconds,
            identity=self.identity,
            plain=self.door.is_plain,
            tls_port=self.door.tls_port if self.door.is_tls else None,
            doorkeepers=Doorkeepers(
                decide=self.role.decide, known=expected.knows, known_names=expected.knows_names
            ),
            translated=lambda source, names: translated_networks(
                self.poller.settings, source, names
            ),
        )

    def targets(self, offer: Offer, route: Route, token: str) -> Sequence[RedirectTarget]:
        """The desks that may take this call, best first (spec 4.1).

        The desk beside us is announced at the address that this peer reached us by.
        """
        mailbox = route.mailbox if isinstance(route, _FOR_SOMEBODY) else None
        desks = self._desks_of(mailbox) if mailbox is not None else self.fleet.desks(offer.id)
        if not desks:
            return ()
        self.fleet.sent(desks[0])
        return self._places(desks, offer.transport, offer.here, token)

    def watchers(self, mailbox: Mailbox, transport: str) -> Sequence[RedirectTarget]:
        """Other servers' desks that see into this mailbox, for who came by this transport."""
        own = self.fleet.own_name()
        others = [desk for desk in self._desks_of(mailbox) if desk.name != own]
        return self._places(others, transport, "", "")

    def _places(
        self, desks: Sequence[FleetServer], transport: str, here: str, token: str
    ) -> Sequence[RedirectTarget]:
        own, tls = self.fleet.own_name(), transport == "tls"

        def host_of(desk: FleetServer) -> str:
            if desk.name == own:
                return here
            return desk.name if tls and TLS_BY_NAME in desk.ports else desk.host

        return redirects(desks, transport, token, host_of)

    def _desks_of(self, mailbox: Mailbox) -> Sequence[FleetServer]:
        """One mailbox goes to one desk where that can be."""
        if self.bootstrap.server.mailbox_storage == "local" and mailbox.server_name:
            return self.fleet.named(mailbox.server_name)
        return self.fleet.desks(mailbox.address)

    def _admission(self, routing: int) -> Refusal | None:
        if (refusal := self.standing.closed("cas")) is not None:
            return refusal
        if routing >= self.poller.settings.call_router.max_calls_allowed:
            return TOO_MANY_CALLS
        return None

    def obey(self) -> None:
        """Show peers whether we take calls."""
        self.server.available = self.standing.answers("cas")

    def start(self) -> None:
        """Open the ports that the startup mode has. Raises OSError."""
        self.server.start()

    def stop(self) -> Deferred[None]:
        """Close the port."""
        return self.server.stop()
