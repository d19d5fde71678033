"""A SIP endpoint on real ports: what a server and a softphone have in common.

Knows: the reactor it is given, our addresses, questions outside of calls. Must never know: what
calls are about.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred

from umserver.edges.net.driver import Driver
from umserver.edges.net.media import MediaEngine
from umserver.edges.net.sockets import family_of, is_address
from umserver.edges.net.tcp import Limits, TcpConnections
from umserver.edges.net.tls.connections import Identity, TlsConnections
from umserver.edges.net.udp import UdpPorts
from umserver.wire.media import Protection
from umserver.wire.rtp.learning import Origins
from umserver.wire.sip.effects import Answered, CallEffect, Effect, Flow, Subscribed, Unsubscribed
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.message import Pairs, Response
from umserver.wire.sip.uri import Uri
from umserver.wire.trace import TraceMemory

_TRIES_FOR_A_COMMON_PORT = 20

Translated = Callable[[str, Sequence[str]], "Sequence[str] | None"]
"""For an IP address and the names proved from there: networks that the sound of this peer may come
from besides; None where it stands behind no address translator."""


@define(eq=False)
class Station:
    """Endpoint, driver and transports on one port number (Line)."""

    reactor: Any
    """IReactorTime, IReactorSocket and IReactorTCP in one."""
    product: str
    random: Random
    tell: Callable[[CallEffect], None]
    """Told what the endpoint says of calls."""
    engine: MediaEngine | None = None
    external_address: str | None = None
    """What peers are told instead of our own IPv4 address (a router with address translation)."""
    seconds: Callable[[], float] = time.monotonic
    limits: Limits = field(factory=Limits)
    trace: TraceMemory | None = None
    subscribers: Callable[[Subscribed | Unsubscribed], None] | None = None
    """Told what the endpoint says of subscriptions."""
    identity: Identity | None = None
    """Who we are to peers that speak TLS; None speaks none."""
    keys_over_plain_sip: bool = False
    """Whether keys of sound may be told where everybody on the way can read them."""
    translated: Translated = lambda source, names: None
    """Which peers stand behind address translators."""
    port: int = field(init=False, default=0)
    tls_port: int = field(init=False, default=0)
    """0 while it is closed."""
    endpoint: Endpoint = field(init=False)
    driver: Driver = field(init=False)
    udp: UdpPorts = field(init=False)
    tcp: TcpConnections = field(init=False)
    tls: TlsConnections | None = field(init=False, default=None)
    _asked: dict[str, Deferred[Response | None]] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.endpoint = Endpoint(product=self.product, random=self.random, contact=self.contact)
        self.endpoint.post.translated = lambda flow: self.origins(flow) is not None
        self.driver = Driver(
            clock=self.reactor,
            seconds=self.seconds,
            endpoint=self.endpoint,
            tell=self._tell,
            trace=self.trace.note if self.trace is not None else None,
        )
        self.udp = UdpPorts(self.reactor, self.driver.received, self.driver.lost)
        self.tcp = TcpConnections(self.reactor, self.driver.received, self.driver.lost, self.limits)
        self.driver.transports = {"udp": self.udp, "tcp": self.tcp}
        if self.identity is not None:
            self.tls = TlsConnections(
                self.reactor,
                self.driver.received,
                self.driver.lost,
                self.limits,
                identity=self.identity,
                complaints=self.identity.complaints,
            )
            self.driver.transports = {**self.driver.transports, "tls": self.tls}

    @property
    def clock(self) -> Any:
        """The reactor as IReactorTime."""
        return self.reactor

    def listen(self, hosts: Sequence[str], port: int) -> int:
        """Open UDP and TCP on these addresses with one port number; 0 takes a free one.

        Returns the port number. Raises OSError; then nothing stays open.
        """
        for attempt in range(_TRIES_FOR_A_COMMON_PORT):
            try:
                return self._listen(hosts, port)
            except OSError:
                self._close_plain()
                if port != 0 or attempt == _TRIES_FOR_A_COMMON_PORT - 1:
                    raise
        raise AssertionError("unreachable")

    def listen_tls(self, hosts: Sequence[str], port: int) -> int:
        """Open TLS on these addresses with one port number; 0 takes a free one.

        Returns the port number. Raises OSError; then no TLS port is open.
        """
        assert self.tls is not None
        try:
            for host in hosts:
                port = self.tls.listen(host, port)
        except OSError:
            self.tls.close()
            raise
        self.tls_port = port
        return port

    def stop(self) -> Deferred[None]:
        """Close every port and connection; fires when they are closed.

        What was asked and not answered until then fires with None.
        """
        self.driver.stop()
        done: Deferred[None] = Deferred()
        DeferredList(self._close(), consumeErrors=True).addCallback(lambda _: done.callback(None))
        for token in list(self._asked):
            self._tell(Answered(token, None))
        return done

    def now(self) -> float:
        """The endpoint's time, monotonic seconds."""
        return self.seconds()

    def perform(self, effects: Sequence[Effect]) -> None:
        """Make what the endpoint answered happen."""
        self.driver.perform(effects)

    def options(self, uri: Uri, flow: Flow, user: str) -> Deferred[Response | None]:
        """Ask a peer whether it is there (RFC 3261 §11); `user` names us in From.

        Fires with its final answer, None when none came within 32 seconds (RFC 3261 §17.1.2.2);
        never fails.
        """
        return self.ask("OPTIONS", uri, flow, user)

    def ask(
        self, method: str, uri: Uri, flow: Flow, user: str, headers: Pairs = (), body: bytes = b""
    ) -> Deferred[Response | None]:
        """Send a request outside of any call; see `options`.

        Cancelling it ends its repetitions: what was said later is not overtaken by it.
        """
        token, effects = self.endpoint.request(
            method, uri, flow, self.sender(user, flow), headers, body, self.now()
        )
        answer = self._asked[token] = Deferred(lambda _: self._abandon(token))
        self.perform(effects)
        return answer

    def _abandon(self, token: str) -> None:
        self._asked.pop(token, None)
        self.perform(self.endpoint.abandon(token))

    def sender(self, user: str, flow: Flow) -> NameAddr:
        """Us as a From that this peer can read."""
        return NameAddr("", Uri("sip", user, self.contact_host(flow)), ())

    def flow_to(self, transport: str, remote: tuple[str, int]) -> Flow | None:
        """A way to this peer; None when none of our ports reaches it."""
        streams = self.tls if transport == "tls" else self.tcp
        ports = self.udp if transport == "udp" else streams
        local = ports.local_for(remote) if ports is not None else None
        return None if local is None else Flow(transport, remote, local)

    def contact(self, flow: Flow) -> Uri:
        """Where this peer reaches us."""
        params = () if flow.transport == "udp" else (("transport", flow.transport),)
        port = (self.tls_port if flow.transport == "tls" else self.port) or flow.local[1]
        return Uri(scheme="sip", host=self.contact_host(flow), port=port, params=params)

    def bind_host(self, flow: Flow) -> str:
        """The address of ours that this peer's packets reach."""
        return flow.local[0]

    def contact_host(self, flow: Flow) -> str:
        """The host that this peer calls: our name where it has to be proved, else our address."""
        name = self.identity.announced if self.identity and flow.transport == "tls" else ""
        return name or self.announced_host(flow)

    def announced_host(self, flow: Flow) -> str:
        """The address that we tell this peer."""
        if self.external_address is not None and self._is_outside(flow.remote[0]):
            return self.external_address
        return flow.local[0]

    def session_id(self) -> int:
        """A fresh number for an SDP origin."""
        return self.random.getrandbits(31)

    def protection(self, flow: Flow) -> Protection:
        """What may protect the sound of a call whose signalling goes this way."""
        fingerprint = None if self.engine is None else self.engine.identity().fingerprint
        return Protection(flow.transport == "tls" or self.keys_over_plain_sip, fingerprint)

    def origins(self, flow: Flow) -> Origins | None:
        """Where this peer's sound may come from; None: from the agreed address alone."""
        names = self.tls.names(flow) if self.tls is not None and flow.transport == "tls" else ()
        host = flow.remote[0].partition("%")[0]
        networks = self.translated(host, names)
        if networks is None:
            return None
        return Origins.of((host, *networks) if is_address(host) else networks)

    def _tell(self, effect: Effect) -> None:
        if isinstance(effect, Answered):
            asked = self._asked.pop(effect.token, None)
            if asked is not None:
                asked.callback(effect.response)
        elif isinstance(effect, CallEffect):
            self.tell(effect)
        elif isinstance(effect, Subscribed | Unsubscribed) and self.subscribers is not None:
            self.subscribers(effect)

    def _is_outside(self, host: str) -> bool:
        assert self.external_address is not None
        local = host.startswith("127.") or host == "::1"
        return family_of(host) == family_of(self.external_address) and not local

    def _listen(self, hosts: Sequence[str], port: int) -> int:
        for host in hosts:
            port = self.udp.listen(host, port)
            self.tcp.listen(host, port)
        self.port = port
        return port

    def _close(self) -> list[Deferred[Any]]:
        tls = self.tls.close() if self.tls is not None else ()
        return [*self._close_plain(), *(maybeDeferred(partial(_same, port)) for port in tls)]

    def _close_plain(self) -> list[Deferred[Any]]:
        ports = [*self.udp.close(), *self.tcp.close()]
        return [maybeDeferred(partial(_same, port)) for port in ports]


def _same(value: Any) -> Any:
    return value


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback address to listen on."""
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
