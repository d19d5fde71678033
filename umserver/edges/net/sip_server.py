"""The station that offers us calls, and asks peers whether they are there.

Knows: which phone an effect is for, how many calls there are. Must never know: routes, scripts.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from umserver.edges.net.conversation import Conversation
from umserver.edges.net.doorkeepers import Doorkeepers
from umserver.edges.net.facts import facts_from
from umserver.edges.net.media import MediaEngine
from umserver.edges.net.outgoing import Outgoing
from umserver.edges.net.phone import Phone
from umserver.edges.net.sockets import is_address, is_wildcard
from umserver.edges.net.station import Station, Translated, has_ipv6
from umserver.edges.net.tcp import Limits
from umserver.edges.net.tls.connections import Identity
from umserver.org.facts import CallFacts
from umserver.wire.sip.effects import CallEffect, Ended, Flow, Offered, Redirected, Refused
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.uri import Uri
from umserver.wire.trace import TraceMemory

log = Logger()

SESSION_INTERVAL = 1800
"""Seconds of the session timer that calls which we place ask for (RFC 4028 §4)."""


@define(eq=False, kw_only=True)
class SipServer:
    """One role's SIP port: UDP and TCP, IPv4 and IPv6."""

    reactor: Any
    """IReactorTime, IReactorSocket and IReactorTCP in one."""
    offered: Callable[[Phone], object]
    """Told of every new call; what it returns does not matter."""
    random: Random
    product: str = "umserver"
    port: int = 5060
    """0 takes a free one; the real one stands in `bound_port` after start."""
    listen: Sequence[str] = ("0.0.0.0", "::")
    engine: MediaEngine | None = None
    """None for a role that carries no sound."""
    external_address: str | None = None
    host: str = field(factory=socket.gethostname)
    """Our name in ms-diagnostics."""
    seconds: Callable[[], float] = time.monotonic
    limits: Limits = field(factory=Limits)
    identity: Identity | None = None
    """Who we are to peers that speak TLS; None speaks none."""
    plain: bool = True
    """Whether `start` opens the port for UDP and TCP."""
    tls_port: int | None = None
    """Where `start` and `open_tls` listen; 0 takes a free one, None is nowhere."""
    trace: TraceMemory | None = None
    keys_over_plain_sip: bool = False
    """Whether keys of sound may be told where everybody on the way can read them."""
    doorkeepers: Doorkeepers | None = None
    """Who answers what needs no thought, and keeps floods out; None leaves all to `offered`."""
    translated: Translated = lambda source, names: None
    """Which peers stand behind address translators."""
    total: int = field(init=False, default=0)
    """Calls offered since the start."""
    station: Station = field(init=False)
    outgoing: Outgoing = field(init=False)
    _phones: dict[str, Conversation] = field(init=False, factory=dict)
    """By the endpoint's names: calls offered to us, and those that we placed."""
    _quiet: list[Deferred[None]] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.station = Station(
            reactor=self.reactor,
            product=self.product,
            random=self.random,
            tell=self._tell,
            engine=self.engine,
            external_address=self.external_address,
            seconds=self.seconds,
            limits=self.limits,
            trace=self.trace,
            identity=self.identity,
            keys_over_plain_sip=self.keys_over_plain_sip,
            translated=self.translated,
        )
        self.station.endpoint.session_interval = SESSION_INTERVAL
        self.outgoing = Outgoing(self.station, self._phones, self._let_go)
        if self.doorkeepers is not None:
            self.doorkeepers.post(self.station, self.facts, self.host)

    @property
    def available(self) -> bool:
        """Whether OPTIONS is answered with 200; else 503."""
        return self.station.endpoint.available

    @available.setter
    def available(self, value: bool) -> None:
        self.station.endpoint.available = value

    @property
    def active(self) -> int:
        """Calls that the endpoint still holds."""
        return len(self._phones)

    @property
    def bound_port(self) -> int:
        """The port number we listen on."""
        return self.station.port

    @property
    def bound_tls_port(self) -> int:
        """The port number we speak TLS on; 0 while it is closed."""
        return self.station.tls_port

    @property
    def counters(self) -> dict[str, int]:
        """Numbers for a status page."""
        driver = self.station.driver
        return {
            "active": self.active,
            "offered": self.total,
            "messages_received": driver.received_count,
            "messages_sent": driver.sent_count,
            "messages_dropped": driver.dropped_count,
            "tcp_connections": len(self.station.tcp),
            "tcp_refused": self.station.tcp.refused,
            **self._tls_counters(),
            **(self.doorkeepers.counters() if self.doorkeepers is not None else {}),
        }

    def _tls_counters(self) -> dict[str, int]:
        tls = self.station.tls
        if tls is None:
            return {}
        return {"tls_connections": len(tls), "tls_refused": tls.refused}

    def start(self) -> int:
        """Listen; returns the port number, 0 without a plain one. Raises OSError."""
        if self.plain:
            self.station.listen(self._hosts, self.port)
        try:
            self.open_tls()
        except OSError:
            self.station.stop()
            raise
        return self.bound_port

    def open_tls(self) -> bool:
        """Speak TLS, when there is a port and a certificate for it; whether it is so now.

        Raises OSError.
        """
        ready = self.identity is not None and self.identity.server is not None
        if ready and self.tls_port is not None and not self.bound_tls_port:
            self.station.listen_tls(self._hosts, self.tls_port)
        return bool(self.bound_tls_port)

    def end_revoked(self) -> None:
        """Connections end whose peers' certificates have been revoked."""
        if self.station.tls is not None:
            self.station.tls.end_revoked()

    @property
    def _hosts(self) -> list[str]:
        return [host for host in self.listen if host != "::" or has_ipv6()]

    def stop(self) -> Deferred[None]:
        """Hang up what is left, then close every port; fires when they are closed."""
        for phone in list(self._phones.values()):
            phone.hang_up()
        closed = self.station.stop()
        for name in list(self._phones):
            self._tell(Ended(name, "us", "the server stops"))
        return closed

    def quiet(self, seconds: float) -> Deferred[None]:
        """Fires when no call is left to be ended, or after so many seconds."""
        if not self._phones:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._quiet.append(waiting)
        return waiting.addTimeout(seconds, self.reactor, lambda *late: None)

    def ask(
        self, host: str, port: int, transport: str = "udp", patience: float = 4.0
    ) -> Deferred[int | None]:
        """Ask a peer whether it is there: OPTIONS (RFC 3261 §11); never fails.

        The status of its answer, 0 when none came within `patience` seconds, None when no port of
        ours reaches this IP address.
        """
        flow = self.station.flow_to(transport, (host, port)) if is_address(host) else None
        if flow is None:
            return succeed(None)
        params = () if transport == "udp" else (("transport", transport),)
        asked = self.station.options(Uri("sip", "", host, port, params), flow, "umserver")
        return asked.addCallback(_status).addTimeout(patience, self.reactor, lambda *late: 0)

    async def ask_self(self) -> int | None:
        """What peers hear from us: see `ask`; None while our port is closed.

        Asks from a port of its own, or it were a loop.
        """
        if not self.bound_port and not self.bound_tls_port:
            return None
        host = next(iter(self.listen), "")
        if is_wildcard(host):
            host = "127.0.0.1" if "0.0.0.0" in self.listen else "::1"
        peer = SipServer(
            reactor=self.reactor,
            offered=lambda phone: phone.hang_up(),
            random=self.random,
            port=0,
            listen=(host,),
            host=self.host,
            seconds=self.seconds,
            identity=self.identity,
        )
        try:
            peer.start()
        except OSError as fault:
            log.error("no port to ask ourselves from: {why}", why=fault.strerror)
            return None
        plain = (self.bound_port, "udp")
        port, transport = plain if self.bound_port else (self.bound_tls_port, "tls")
        status = await peer.ask(host, port, transport)
        await peer.stop()
        return status

    def _tell(self, effect: CallEffect) -> None:
        if isinstance(effect, Offered):
            self._offered(effect)
            return
        phone = self._phones.get(effect.call)
        if phone is None:
            return
        if isinstance(effect, Ended | Refused | Redirected):
            self._let_go(effect.call)
        phone.told(effect)

    def _let_go(self, name: str) -> None:
        self._phones.pop(name, None)
        if not self._phones:
            waiting, self._quiet = self._quiet, []
            for one in waiting:
                if not one.called:
                    one.callback(None)

    def _offered(self, effect: Offered) -> None:
        self.total += 1
        phone = Phone(
            line=self.station,
            call=effect.call,
            flow=effect.flow,
            id=effect.request.call_id,
            request=effect.request,
            offer=effect.sdp,
            facts=self.facts(effect.request, effect.flow),
            host=self.host,
            here=self.station.contact_host(effect.flow),
            place=self.outgoing.place,
        )
        self._phones[effect.call] = phone
        self.offered(phone)

    def facts(self, request: Request, flow: Flow) -> CallFacts:
        """What a request outside of calls says, and what its sender has proved."""
        facts, tls = facts_from(request, flow), self.station.tls
        if tls is None or flow.transport != "tls":
            return facts
        return evolve(facts, peer_names=tls.names(flow))


def _status(answer: Response | None) -> int | None:
    return 0 if answer is None else answer.status
