"""A server among others: its name, how it describes itself, where its states are kept.

Knows: which part of the process tells what. Must never know: how servers find each other
(`umserver.roles.fleet`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred

from umserver.edges.net.sockets import is_wildcard, primary_address
from umserver.edges.store.component_file import keep_state, read_states
from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import FleetServer, Unavailable
from umserver.org.bootstrap import USUAL_SIP_PORT, Bootstrap
from umserver.org.peers import hosts_at
from umserver.org.settings import Mailbox, Organisation
from umserver.org.states import Wish
from umserver.roles.fleet import Fleet
from umserver.roles.ranking import PLAIN, TLS, TLS_BY_NAME
from umserver.roles.states import ComponentStates, RemotePlace
from umserver.service.desk import Desk
from umserver.service.options import ROLES
from umserver.service.process import Process
from umserver.wire.sip.uri import host_text

LOOPBACK = ("127.0.0.1", "::1")
OWN_STORE = "sqlite:"
"""The store in the state folder."""


def name_of(bootstrap: Bootstrap, roles: Sequence[str], machine: str) -> str:
    """By which administrators and other servers know a server.

    Without a name in its settings it is its machine's; several on one machine add their place.
    """
    if bootstrap.server.host_name or len(roles) > 1:
        return bootstrap.server.host_name or machine
    host = _own_host(bootstrap) or machine
    listen = bootstrap.listen
    sip = USUAL_SIP_PORT if listen.sip is None else listen.sip
    return f"{host}:{sip if 'cas' in roles else listen.mbx}"


def has_company(bootstrap: Bootstrap, roles: Sequence[str]) -> bool:
    """Whether other servers may use the store: one that does everything keeps it to itself."""
    return len(roles) < len(ROLES) or bootstrap.server.store != OWN_STORE


def described(um: Process) -> FleetServer:
    """How a server describes itself to the others."""
    desk, router = um.desk, um.router
    ports = _desk_ports(desk, um) if desk else {}
    if router is not None:
        ports["sip"] = router.server.bound_port
    host = um.bootstrap.server.external_address or _own_host(um.bootstrap) or primary_address()
    return FleetServer(
        um.name,
        host,
        tuple(um.roles),
        ports,
        um.most_calls,
        desk.role.active if desk else 0,
        um.standing.state("mbx" if "mbx" in um.roles else "cas"),
    )


def _desk_ports(desk: Desk, um: Process) -> dict[str, int]:
    """Those that are open."""
    ports = {PLAIN: desk.server.bound_port} if desk.door.is_plain else {}
    if desk.server.bound_tls_port:
        is_named = um.trust.identity.announced == um.name
        ports[TLS_BY_NAME if is_named else TLS] = desk.server.bound_tls_port
    return ports


def names_at(
    um: Process, org: Organisation | None, own: Sequence[str], address: str
) -> Sequence[str]:
    """The host names that a peer at this address may prove, when we call it.

    Those of gateways there; of servers of ours their names, their addresses, and the names in our
    certificate, since servers may share one (spec 9.4).
    """
    servers = um.fleet.known if um.standing.states is not None else ()
    ours = [n for server in servers if server.host == address for n in (server.name, address)]
    if ours or address in LOOPBACK or address in um.bootstrap.listen.hosts:
        ours += own
    theirs = hosts_at(org, address) if org is not None else ()
    return list(dict.fromkeys([*theirs, *ours]))


def home_of(um: Process, mailbox: Mailbox) -> str:
    """Where the server listens that holds this mailbox, `host:port`; empty when it is here.

    Raises Unavailable when that server does not live (spec 4.10).
    """
    name = mailbox.server_name
    is_local = um.bootstrap.server.mailbox_storage == "local"
    if not is_local or name.casefold() in ("", um.name.casefold()):
        return ""
    for server in um.fleet.named(name):
        if (port := server.ports.get(PLAIN)) is not None:
            return host_text(server.host, port)
        for host, door in ((server.name, TLS_BY_NAME), (server.host, TLS)):
            if (port := server.ports.get(door)) is not None:
                return f"{host_text(host, port)};transport=tls"
    raise Unavailable(f"the server {name}, which holds {mailbox.address}, does not live")


def _own_host(bootstrap: Bootstrap) -> str:
    """The address that we listen on, when it is one in particular."""
    return next((host for host in bootstrap.listen.hosts if not is_wildcard(host)), "")


async def states_of(um: Process, store: SettingsStore) -> ComponentStates:
    """What is wanted of this server, here and in the store."""
    states = ComponentStates(
        um.name,
        um.roles,
        um.machine.wall,
        LocalPlace(um.state, um.machine.in_thread),
        RemotePlace(store, um.name),
        um.obey,
    )
    await states.refresh()
    return states


def fleet_of(um: Process, store: SettingsStore) -> Fleet:
    """This server's view of all servers."""

    return Fleet(
        um.machine.reactor,
        store,
        lambda: described(um),
        um.ask if "cas" in um.roles else None,
        lambda: Deferred.fromCoroutine(um.states.look_away()),
    )


@frozen
class LocalPlace:
    """The state folder as a place for wishes (`umserver.roles.states.WishPlace`)."""

    state: Path
    in_thread: Callable[[Callable[[], Any]], Deferred[Any]]

    def read(self) -> Deferred[Sequence[Wish]]:
        """See `WishPlace`."""
        return self.in_thread(lambda: read_states(self.state))

    def keep(self, wish: Wish) -> Deferred[None]:
        """See `WishPlace`."""
        return self.in_thread(lambda: keep_state(self.state, wish))
