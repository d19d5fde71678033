"""The lamps of a process put together: its store, its mailboxes, its port towards gateways.

Knows: which part of the process each of them is. Must never know: how any of them works.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from twisted.internet.defer import Deferred, succeed

from umserver.edges.net.lamp_notice import tell_gateway
from umserver.edges.net.station import Station
from umserver.edges.net.subscribers import Subscribers, Verdict
from umserver.edges.store.lamp_store import StoreLamps
from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import IDirectory, IMailboxes, IPeople
from umserver.org.facts import CallFacts
from umserver.org.lamps import Waiting
from umserver.org.settings import IPGateway, Mailbox
from umserver.roles import lamp_guests
from umserver.roles.lamps import Lamps
from umserver.roles.poller import Poller
from umserver.service import company
from umserver.service.desk import Desk
from umserver.service.process import Process


def lamps_of(um: Process, desk: Desk, store: SettingsStore) -> Lamps:
    """The lamps that this server keeps."""
    poller = desk.poller
    is_local = um.bootstrap.server.mailbox_storage == "local"

    def holds(mailbox: Mailbox) -> bool:
        name = mailbox.server_name.casefold()
        return not is_local or name in ("", um.name.casefold())

    def tell(
        gateway: IPGateway, address: str, extension: str, waiting: Waiting
    ) -> Deferred[int | None]:
        way = way_to(um, gateway, address)
        if way is None:
            return succeed(None)
        return tell_gateway(way[0], address, gateway.port, way[1], extension, waiting)

    return Lamps(
        um.machine.reactor,
        um.machine.wall,
        lambda: poller.settings,
        cast(IPeople, store),
        cast(IMailboxes, desk.mailboxes),
        StoreLamps(store, um.name),
        tell,
        lambda gateway, address: way_to(um, gateway, address) is not None,
        holds,
        company.has_company(um.bootstrap, um.roles) and not is_local,
    )


def take_subscriptions(um: Process, poller: Poller, store: SettingsStore) -> None:
    """Let gateways subscribe to lamps at every port of this process.

    The router sends on those who ask for a lamp that nobody here sees, as it does with calls.
    """
    directory = cast(IDirectory, store)

    async def admitted(facts: CallFacts) -> Verdict:
        found = await lamp_guests.admitted(lambda: poller.settings, directory, facts)
        return _verdict(um, found, facts.transport) if isinstance(found, Mailbox) else found

    for part in um.parts:
        Subscribers(
            part.server.station,
            part.server.facts,
            lambda facts: Deferred.fromCoroutine(admitted(facts)),
            lambda facts: lamp_guests.is_welcome(poller.settings, facts),
        ).open()


def _verdict(um: Process, mailbox: Mailbox, transport: str) -> Verdict:
    """Whether this mailbox is looked at here, or where else."""
    lamps = um.desk.lamps if um.desk is not None else None
    if lamps is not None and (lamps.holds(mailbox) or um.router is None):
        return partial(lamps.listen, mailbox.address)
    assert um.router is not None
    if (refusal := um.standing.closed("cas")) is not None:
        return refusal.status
    return um.router.watchers(mailbox, transport) or lamp_guests.UNAVAILABLE


def way_to(um: Process, gateway: IPGateway, address: str) -> tuple[Station, str] | None:
    """The port that peers know us by, and the transport that this gateway answers by.

    None where no port of ours leads to the gateway, or it is this very server.
    """
    transport = um.gateways.transport_to(gateway.name)
    parts = [part for part in um.parts if part.door.is_plain or transport == "tls"]
    if not parts:
        return None
    station = parts[0].server.station
    flow = station.flow_to(transport, (address, gateway.port))
    ours = [p for part in parts for p in (part.server.bound_port, part.server.bound_tls_port)]
    if flow is None or (flow.local[0] == address and gateway.port in ours):
        return None
    return station, transport
