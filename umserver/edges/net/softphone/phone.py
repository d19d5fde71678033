"""The softphone: places calls and keeps them apart.

Knows: requests it sends and the answers it gets, through the station. Must never know: command
lines, files. Sources: RFC 3261 §8.1.3.4 (redirects), RFC 5806, RFC 3264.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from umserver.edges.net.media import MediaEngine
from umserver.edges.net.sockets import is_address
from umserver.edges.net.softphone.outgoing import Order, OutgoingCall, quiet, short
from umserver.edges.net.station import Station
from umserver.edges.net.tls.complaints import Complaints
from umserver.edges.net.tls.connections import Identity
from umserver.edges.net.tls.credentials import Credentials
from umserver.org.peers import proves
from umserver.wire.sip.effects import (
    CallEffect,
    Ended,
    Flow,
)
from umserver.wire.sip.message import Response
from umserver.wire.sip.paths import default_port
from umserver.wire.sip.uri import Uri
from umserver.wire.trace import TraceMemory

log = Logger()

_OUR_NAME = "softphone"


@define(eq=False, kw_only=True)
class Softphone:
    """A telephone without a number."""

    reactor: Any
    """IReactorTime, IReactorSocket, IReactorTCP and IReactorThreads in one."""
    engine: MediaEngine | None
    random: Random
    product: str = "umserver softphone"
    trace: TraceMemory | None = None
    seconds: Callable[[], float] = time.monotonic
    credentials: Credentials | None = None
    """What is shown to peers that speak TLS, and whom we believe; None speaks no TLS."""
    check_names: bool = True
    """Whether a peer that speaks TLS must be whom we wanted to call."""
    tls_name: str = ""
    """The name that every such peer proves; empty: the host of the URI that was called."""
    station: Station = field(init=False)
    _calls: dict[str, OutgoingCall] = field(init=False, factory=dict)
    _names: dict[str, tuple[str, ...]] = field(init=False, factory=dict)
    """The host that was called, by its address."""

    def __attrs_post_init__(self) -> None:
        self.station = Station(
            reactor=self.reactor,
            product=self.product,
            random=self.random,
            tell=self._tell,
            engine=self.engine,
            seconds=self.seconds,
            trace=self.trace,
            keys_over_plain_sip=True,  # who orders such a call knows
            identity=self._identity(),
        )

    def _identity(self) -> Identity | None:
        if self.credentials is None:
            return None
        identity = Identity(
            expected=lambda address: self._names.get(address, ()),
            proves=proves,
            complaints=Complaints(self.seconds, time.time),
            check=self.check_names,
        )
        identity.take(self.credentials)
        return identity

    def start(self, hosts: Sequence[str] = ("0.0.0.0", "::"), port: int = 0) -> int:
        """Open a UDP port on these addresses (those this machine has) and be ready for sound.

        Returns the port's number. Raises OSError when none could be opened.
        """
        opened = 0
        fault: OSError | None = None
        for host in hosts:
            try:
                opened = self.station.udp.listen(host, port or opened)
            except OSError as error:
                fault = error
        if not opened and fault is not None:
            raise fault
        self.station.port = opened
        if self.engine is not None:
            self.engine.start()
        return opened

    def stop(self) -> Deferred[None]:
        """Hang up what is left, then close every port; fires when they are closed."""
        for call in list(self._calls.values()):
            call.hang_up()
        closed = self.station.stop()
        for call in list(self._calls.values()):
            self._tell(Ended(call.call, "us", "the softphone stops"))
        if self.engine is not None:
            self.engine.stop()
        return closed

    def place(self, order: Order, say: Callable[[str], None] = quiet) -> OutgoingCall:
        """Call; the result tells by its Deferreds how it goes."""
        call = OutgoingCall(
            line=self.station,
            call="",
            flow=Flow("udp", ("", 0), ("", 0)),
            phone=self,
            order=order,
            say=say,
        )
        call.placed_at = self.station.now()
        self.invite(call, order.uri)
        return call

    def invite(self, call: OutgoingCall, uri: Uri) -> None:
        """Send this call's INVITE to that URI, once its address is known."""

        def send(flow: Flow) -> None:
            if call.over is not None:
                return
            sdp = call.begin(flow)
            sender = call.order.from_ or self.station.sender(_OUR_NAME, flow)
            name, effects = self.station.endpoint.call(
                uri, flow, sender, call.headers_now(), sdp, self.station.now()
            )
            call.call = name
            self._calls[name] = call
            call.say(f"INVITE {short(uri)} over {flow.transport}")
            self.station.perform(effects)

        def failed(failure: Any) -> None:
            call.fail(0, failure.getErrorMessage())

        Deferred.fromCoroutine(self._way_to(uri)).addCallback(send).addErrback(failed)

    def options(self, uri: Uri) -> Deferred[Response | None]:
        """Ask whether a server is alive; None when nothing came back. Fails with OSError."""

        return Deferred.fromCoroutine(self._way_to(uri)).addCallback(
            lambda flow: self.station.options(uri, flow, _OUR_NAME)
        )

    @property
    def trouble(self) -> str:
        """What went wrong with TLS last, in words; empty when nothing did."""
        identity = self.station.identity
        latest = identity.complaints.latest() if identity is not None else ()
        return str(latest[-1]["why"]) if latest else ""

    def knows(self, call: OutgoingCall) -> bool:
        """Whether something may still be told to this call."""
        return self._calls.get(call.call) is call

    def forget(self, call: OutgoingCall) -> None:
        """Nothing more is to be told to this call under its present name."""
        self._calls.pop(call.call, None)

    async def _way_to(self, uri: Uri) -> Flow:
        """Where a URI leads (RFC 3263 without NAPTR and SRV). Raises OSError."""
        transport = (uri.param("transport") or "udp").lower()
        transport = "tls" if uri.scheme == "sips" else transport
        if transport not in self.station.driver.transports:
            raise OSError(f"transport {transport} is not spoken")
        host = uri.host if is_address(uri.host) else await self._resolve(uri.host)
        self._names[host] = (self.tls_name or uri.host,)
        flow = self.station.flow_to(transport, (host, uri.port or default_port(transport)))
        if flow is None:
            raise OSError(f"no way to {host}")
        return flow

    async def _resolve(self, name: str) -> str:
        if not name:
            raise OSError("the URI has no host")
        found: Any = await deferToThreadPool(
            self.reactor,
            self.reactor.getThreadPool(),
            socket.getaddrinfo,
            name,
            None,
            0,
            socket.SOCK_DGRAM,
        )
        return str(sorted(found, key=lambda entry: entry[0] != socket.AF_INET)[0][4][0])

    def _tell(self, effect: CallEffect) -> None:
        call = self._calls.get(effect.call)
        if call is not None:
            if isinstance(effect, Ended):
                del self._calls[effect.call]
            call.told(effect)
