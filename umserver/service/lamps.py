"""The lamps of a process put together: its store, its mailboxes, its port towards gateways.

Knows: which part of the process each of them is. Must never know: how any of them works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from twisted.internet.defer import Deferred, succeed

from umserver.edges.net.lamp_notice import tell_gateway
from umserver.edges.store.lamp_store import StoreLamps
from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import IMailboxes, IPeople
from umserver.org.lamps import Waiting
from umserver.org.settings import IPGateway, Mailbox
from umserver.roles.lamps import Lamps
from umserver.service import company

if TYPE_CHECKING:
    from umserver.service.desk import Desk
    from umserver.service.server import UnifiedMessaging


def lamps_of(um: UnifiedMessaging, desk: Desk, store: SettingsStore) -> Lamps:
    """The lamps that this server keeps."""
    poller = desk.poller
    is_local = um.bootstrap.server.mailbox_storage == "local"

    def holds(mailbox: Mailbox) -> bool:
        name = mailbox.server_name.casefold()
        return not is_local or name in ("", um.name.casefold())

    def tell(
        gateway: IPGateway, address: str, extension: str, waiting: Waiting
    ) -> Deferred[int | None]:
        return told_from(um, gateway, address, extension, waiting)

    return Lamps(
        um.machine.reactor,
        um.machine.wall,
        lambda: poller.settings,
        cast(IPeople, store),
        cast(IMailboxes, desk.mailboxes),
        StoreLamps(store, um.name),
        tell,
        holds,
        company.has_company(um.bootstrap, um.roles) and not is_local,
    )


def told_from(
    um: UnifiedMessaging, gateway: IPGateway, address: str, extension: str, waiting: Waiting
) -> Deferred[int | None]:
    """NOTIFY from the port that peers know us by; a gateway that is this very server hears none."""
    transport = um.gateways.transport_to(gateway.name)
    parts = [part for part in um.parts if part.door.is_plain or transport == "tls"]
    if not parts:
        return succeed(None)
    station = parts[0].server.station
    flow = station.flow_to(transport, (address, gateway.port))
    ours = [p for part in parts for p in (part.server.bound_port, part.server.bound_tls_port)]
    if flow is not None and flow.local[0] == address and gateway.port in ours:
        return succeed(None)
    return tell_gateway(station, address, gateway.port, transport, extension, waiting)
