"""The watch over gateways: who answers, since when, how fast (spec 9.1; events 1400 and 1175).

Knows: the gateways of the settings, when to ask them. Must never know: SIP. A gateway is asked at
once when it is new or changed, and every PROBE_SECONDS; what it answers never decides about its
calls. A gateway with the port 0, or one that is Disabled, is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.org.forms import plain_address
from umserver.org.settings import IPGateway, Organisation

log = Logger()

PROBE_SECONDS = 20.0
PATIENCE = 4.0
"""Seconds that an answer may take, by each transport."""
BETWEEN_FIRST = 0.02
"""Seconds between the first questions to several gateways."""
TRANSPORTS = ("udp", "tcp")
TLS_PORT = 5061
"""A gateway with this port may speak TLS also where no dial plan asks for it (spec 1.2)."""

_OURSELVES = "answered 482: a loop, it leads to this server itself"
"""Why a gateway is there that answers Loop Detected."""

Probe = Callable[[str, int, str, float], "Deferred[int | None]"]
"""Asks address, port and transport with OPTIONS, for so many seconds at most.

The status of the answer, 0 when none came, None when no port of ours leads there. Never fails.
"""


@frozen
class Asked:
    """Where a gateway is asked; it is asked afresh when any of this changes."""

    gateway: IPGateway
    address: str
    """IP address; empty when its name has none."""
    transports: tuple[str, ...] = TRANSPORTS
    """By which it is tried."""


@define(eq=False)
class Watched:
    """One gateway and how it is."""

    asked: Asked
    reachable: bool | None = None
    """None until it is known."""
    since: float = 0.0
    """Wall time of the last change of `reachable`."""
    round_trip: float | None = None
    """Seconds that its last answer took."""
    transport: str = ""
    """By which it answered last; empty while it never did."""
    why: str = "not asked yet"
    timer: IDelayedCall | None = None
    gone: bool = False


@define(eq=False)
class GatewayWatch:
    """Runs from the first `changed` to `stop`."""

    clock: IReactorTime
    wall: Callable[[], float]
    """Seconds since 1970."""
    probe: Probe
    explain: Callable[[str, float], str] = lambda address, since: ""
    """Why no connection with this IP address came about since then (wall time), where it is known;
    else empty.
    """
    seconds: float = PROBE_SECONDS
    _watched: dict[str, Watched] = field(init=False, factory=dict)
    _sharing: frozenset[tuple[str, ...]] = field(init=False, default=frozenset())
    _running: bool = field(init=False, default=True)

    def changed(self, old: Organisation | None, new: Organisation) -> None:
        """Settings are in force (a listener of the poller)."""
        if not self._running:
            return
        wanted = {asked.gateway.name: asked for asked in map(_asked_in(new), new.gateways)}
        for name, watched in list(self._watched.items()):
            if wanted.get(name) != watched.asked:
                self._forget(name)
        fresh = [asked for name, asked in wanted.items() if name not in self._watched]
        for number, asked in enumerate(fresh):
            self._begin(asked, number * BETWEEN_FIRST)
        self._complain_of_twins(new)

    def stop(self) -> None:
        """Ask nobody any more."""
        self._running = False
        for name in list(self._watched):
            self._forget(name)

    def shown(self) -> Sequence[Mapping[str, object]]:
        """Every gateway, for people."""
        return [_row(watched) for watched in self._watched.values()]

    def transport_to(self, name: str) -> str:
        """By which this gateway answered last: udp, or tcp."""
        watched = self._watched.get(name)
        return _transport(watched) if watched is not None else TRANSPORTS[0]

    def silent(self) -> Sequence[str]:
        """Names of those that do not answer."""
        return [name for name, one in self._watched.items() if one.reachable is False]

    def _forget(self, name: str) -> None:
        watched = self._watched.pop(name)
        watched.gone = True
        if watched.timer is not None and watched.timer.active():
            watched.timer.cancel()

    def _begin(self, asked: Asked, wait: float) -> None:
        watched = self._watched[asked.gateway.name] = Watched(asked, since=self.wall())
        if asked.gateway.status == "Disabled":
            watched.why = "it is disabled"
        elif asked.gateway.port == 0:
            watched.why = "it has no port to be asked at"
        else:
            watched.timer = self.clock.callLater(wait, self._ask, watched)

    # asking

    def _ask(self, watched: Watched) -> None:
        Deferred.fromCoroutine(self._asking(watched)).addErrback(
            lambda failure: log.failure("asking a gateway failed", failure=failure)
        )

    async def _asking(self, watched: Watched) -> None:
        try:
            await self._try(watched)
        finally:
            if not watched.gone:
                watched.timer = self.clock.callLater(self.seconds, self._ask, watched)

    async def _try(self, watched: Watched) -> None:
        """By the transport that worked last, then by the other."""
        address, port = watched.asked.address, watched.asked.gateway.port
        if not address:
            self._note(watched, False, "its name has no address")
            return
        first, transports, since = watched.transport, watched.asked.transports, self.wall()
        for transport in sorted(transports, key=lambda t: t != first):
            began = self.clock.seconds()
            status = await self.probe(address, port, transport, PATIENCE)
            if watched.gone:
                return
            if status is None:
                self._note(watched, None, "no port of this server leads there")
                return
            if status:
                watched.round_trip = self.clock.seconds() - began
                watched.transport = transport
                self._note(watched, True, _OURSELVES if status == 482 else f"answered {status}")
                return
        self._note(watched, False, self.explain(address, since) or "does not answer OPTIONS")

    def _note(self, watched: Watched, reachable: bool | None, why: str) -> None:
        name = watched.asked.gateway.name
        watched.why = why
        if watched.reachable == reachable:
            return
        before, watched.reachable, watched.since = watched.reachable, reachable, self.wall()
        if reachable is False:
            watched.round_trip = None
            log.warn("event 1400: gateway {name} is silent: {why}", name=name, why=why)
        elif before is False:
            log.info("gateway {name} answers again", name=name)

    # two names on one address

    def _complain_of_twins(self, org: Organisation) -> None:
        """Tell once of gateways that stand for one address: only one of them gets its calls, apart
        from those that prove a name.
        """
        names: dict[str, list[str]] = {}
        for gateway in org.gateways:
            if gateway.status != "Disabled":
                for address in _addresses(org, gateway):
                    names.setdefault(address, []).append(gateway.name)
        sharing = frozenset(
            (*found, org.gateway_at[address].name)
            for address, found in names.items()
            if len(found) > 1
        )
        for *twins, first in sorted(sharing - self._sharing):
            log.warn(
                "event 1175: gateways share an address: {names}; calls that prove no name are "
                "taken for those of {first}",
                names=", ".join(twins),
                first=first,
            )
        self._sharing = sharing


def _addresses(org: Organisation, gateway: IPGateway) -> Sequence[str]:
    found = org.host_addresses.get(gateway.address, (gateway.address,))
    return list(dict.fromkeys(map(plain_address, found)))


def _asked_in(org: Organisation) -> Callable[[IPGateway], Asked]:
    def asked(gateway: IPGateway) -> Asked:
        address = next(iter(_addresses(org, gateway)), "")
        return Asked(gateway, address, _transports(org, gateway))

    return asked


def _transports(org: Organisation, gateway: IPGateway) -> tuple[str, ...]:
    """TLS alone where a secured dial plan is behind it (spec 2.4)."""
    plans = org.plans_of.get(gateway.name, ())
    if any(plan.voip_security != "Unsecured" for plan in plans):
        return ("tls",)
    return (*TRANSPORTS, "tls") if gateway.port == TLS_PORT else TRANSPORTS


def _transport(watched: Watched) -> str:
    """By which it answered last, else by which it is tried first."""
    return watched.transport or watched.asked.transports[0]


def _row(watched: Watched) -> Mapping[str, object]:
    gateway, trip = watched.asked.gateway, watched.round_trip
    return {
        "name": gateway.name,
        "address": gateway.address,
        "port": gateway.port,
        "status": gateway.status,
        "reachable": watched.reachable,
        "since": watched.since,
        "round_trip_ms": None if trip is None else round(trip * 1000, 1),
        "transport": _transport(watched),
        "why": watched.why,
    }
