"""Where a station's own calls begin: they leave by its port and are told to by its endpoint.

Knows: the station, names of calls. Must never know: who wants a call, or why.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

from attrs import define

from umserver.edges.net.conversation import Conversation
from umserver.edges.net.placed import PlacedPhone, Wanted, way_out
from umserver.edges.net.sockets import is_address
from umserver.edges.net.station import Station
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.uri import Uri


@define(eq=False)
class Outgoing:
    """Places calls (Exchange)."""

    station: Station
    calls: MutableMapping[str, Conversation]
    """Every call of the station by the endpoint's names."""
    let_go: Callable[[str], None]
    """Told of a name that nothing is told to any more."""

    def place(self, wanted: Wanted) -> PlacedPhone:
        """A call by this gateway, to be begun by whoever wants it."""
        exit, flow = wanted.exit, None
        if is_address(exit.host):
            flow = self.station.flow_to(exit.transport, (exit.host, exit.port))
        return PlacedPhone(
            line=self.station, call="", flow=way_out(exit, flow), exchange=self, wanted=wanted
        )

    def invite(self, call: PlacedPhone, uri: Uri, sender: NameAddr, sdp: bytes) -> None:
        """Send its INVITE; effects are told to it from now on."""
        station, headers = self.station, [("Max-Forwards", str(call.wanted.hops))]
        name, effects = station.endpoint.call(uri, call.flow, sender, headers, sdp, station.now())
        call.call = name
        call.id = call.id or f"placed-{name}"
        self.calls[name] = call
        station.perform(effects)

    def forget(self, call: PlacedPhone) -> None:
        """Tell it nothing more under its present name."""
        self.let_go(call.call)
