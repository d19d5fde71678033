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

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from umserver.edges.net.conversation import Conversation
from umserver.edges.net.media import MediaEngine
from umserver.edges.net.sockets import is_address
from umserver.edges.net.station import Station
from umserver.edges.net.tls.complaints import Complaints
from umserver.edges.net.tls.connections import Identity
from umserver.edges.net.tls.credentials import Credentials
from umserver.org.peers import proves
from umserver.wire.media import NotAcceptable, Offering
from umserver.wire.sip.effects import (
    CallEffect,
    Ended,
    Established,
    Flow,
    OfferRefused,
    Progressed,
    Redirected,
    Refused,
)
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.message import Response
from umserver.wire.sip.paths import default_port
from umserver.wire.sip.uri import Uri
from umserver.wire.trace import TraceMemory

log = Logger()

MOST_REDIRECTS = 5
_OUR_NAME = "softphone"
_FORWARDING_HEADERS = ("diversion", "history-info")


class CallFailed(Exception):
    """No call came about; `status` is the SIP status, 0 when nothing could be sent at all."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}" if status else reason)
        self.status = status
        self.reason = reason


@frozen
class Order:
    """A call to be placed."""

    uri: Uri
    """Whom to call; its `transport` parameter counts, UDP without one."""
    from_: NameAddr | None = None
    """Our From; `sip:softphone@<our address>` without one."""
    headers: tuple[tuple[str, str], ...] = ()
    """Extra headers: Diversion, P-Asserted-Identity …"""
    forgetful: bool = False
    """Drop Diversion and History-Info when following a redirect, as some PBXs do."""
    follow: int = MOST_REDIRECTS
    """How many redirects to follow."""
    codecs: tuple[str, ...] = ("PCMU", "PCMA")
    offering: Offering = "plain"
    """How sound is to be protected."""


def _quiet(text: str) -> None:
    return None


@define(eq=False, kw_only=True)
class OutgoingCall(Conversation):
    """One call that we placed."""

    phone: Softphone
    order: Order
    say: Callable[[str], None] = _quiet
    """Told in words what happens."""
    ended: Deferred[str] = field(init=False, factory=Deferred)
    """Fires with how the call ended, also when it never came about."""
    status: int = field(init=False, default=0)
    """The final SIP status."""
    placed_at: float = field(init=False, default=0.0)
    answered_at: float = field(init=False, default=0.0)
    """Seconds of the station's time."""
    failure: CallFailed | None = field(init=False, default=None)
    """Why no call came about; None while that is open, and once it was answered."""
    _awaiting_answer: list[Deferred[None]] = field(init=False, factory=list)
    _followed: int = field(init=False, default=0)
    _holds: bool = field(init=False, default=False)
    """Whether the peer was on hold before the change that we asked for last."""
    _targets: list[Uri] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.on_over = self._fell

    @property
    def answered(self) -> Deferred[None]:
        """Fires when the call is answered, or fails with CallFailed; a fresh one each time."""
        if self.established:
            return succeed(None)
        if self.failure is not None:
            return fail(self.failure)
        waiting: Deferred[None] = Deferred()
        self._awaiting_answer.append(waiting)
        return waiting

    def told(self, effect: CallEffect) -> None:
        """One effect about this call."""
        match effect:
            case Progressed():
                self.say(f"{effect.status} {'(early sound)' if effect.sdp else ''}".rstrip())
            case Redirected():
                self._redirected(effect)
            case Refused():
                self._refused(effect.status, effect.reason)
            case OfferRefused() if self.session is not None:
                self.session.held = self._holds
                self.say(f"{effect.status}: nothing is changed")
            case _:
                super().told(effect)

    def hold(self, on: bool) -> None:
        """Put the peer on hold, or take it back (re-INVITE, RFC 3264 §8.4)."""
        if self.session is not None and self.over is None and self.established:
            self._holds, self.session.held = self.session.held, on
            sdp = self.session.offer()
            self._do(lambda: self.line.endpoint.offer(self.call, sdp, self.line.now()))

    def rekey(self) -> None:
        """Go on with other keys of encrypted sound (RFC 4568 §7.1.4)."""
        if self.session is not None and self.over is None and self.established:
            self._holds = self.session.held
            sdp = self.session.offer(fresh_keys=True)
            self._do(lambda: self.line.endpoint.offer(self.call, sdp, self.line.now()))

    def fail(self, status: int, reason: str) -> None:
        """Give up: no call came about."""
        self.status = status
        self.say(f"{status} {reason}" if status else reason)
        self._gone = True
        self._no_answer(CallFailed(status, reason))
        self._be_over("refused" if status else "error")
        waiting, self._hanging_up = self._hanging_up, []
        for one in waiting:
            one.callback(None)

    def _established(self, effect: Established) -> None:
        assert self.session is not None
        try:
            if effect.sdp is not None:
                self.session.accept(effect.sdp)
        except NotAcceptable as fault:
            self.say(f"the answer cannot be used: {fault}")
            self._hang_up("error")
            return
        self._connect()
        if self.established:
            return
        self.established = True
        self.status, self.answered_at = 200, self.line.now()
        waiting, self._awaiting_answer = self._awaiting_answer, []
        for one in waiting:
            one.callback(None)

    def _redirected(self, effect: Redirected) -> None:
        self.phone.forget(self)
        self._followed += 1
        status = effect.response.status if effect.response is not None else 302
        if self._followed > self.order.follow:
            self.fail(status, "too many redirects")
            return
        self._targets = [contact.uri for contact in effect.contacts]
        shown = ", ".join(_short(uri) for uri in self._targets)
        self.say(f"{status} to {shown}")
        self._next_target(status, "nowhere to go")

    def _refused(self, status: int, reason: str) -> None:
        self.phone.forget(self)
        if self.over is None and self._targets and (status >= 500 or status == 408):
            self.say(f"{status} {reason}, trying the next")
            self._next_target(status, reason)
        else:
            self.fail(status, reason)

    def _next_target(self, status: int, reason: str) -> None:
        while self._targets:
            uri = self._targets.pop(0)
            if uri.scheme in ("sip", "sips") and self.over is None:
                self.phone.invite(self, uri)
                return
        self.fail(status, reason)

    def headers_now(self) -> tuple[tuple[str, str], ...]:
        """The extra headers of the next INVITE."""
        if self._followed and self.order.forgetful:
            return tuple(h for h in self.order.headers if h[0].lower() not in _FORWARDING_HEADERS)
        return self.order.headers

    def begin(self, flow: Flow) -> bytes:
        """Take a leg for this way and make the offer. Raises NoPorts."""
        self.flow = flow
        if self.leg is None:
            self.offering = self.order.offering
            self.secured = self.offering in ("sdes", "dtls")
            self._open(self.order.codecs)
        assert self.session is not None
        return self.session.offer()

    def _hang_up(self, by: str, reason: str = "") -> Deferred[None]:
        if self._gone or self.phone.knows(self):
            return super()._hang_up(by, reason)
        self._gone = True  # no INVITE is out: nobody else has to let go
        self._be_over(by)
        return succeed(None)

    def _no_answer(self, failure: CallFailed) -> None:
        if self.established or self.failure is not None:
            return
        self.failure = failure
        waiting, self._awaiting_answer = self._awaiting_answer, []
        for one in waiting:
            one.errback(failure)

    def _fell(self, by: str) -> None:
        self._no_answer(CallFailed(487, f"ended before it was answered ({by})"))
        self.ended.callback(by)


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

    def place(self, order: Order, say: Callable[[str], None] = _quiet) -> OutgoingCall:
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
            call.say(f"INVITE {_short(uri)} over {flow.transport}")
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


def _short(uri: Uri) -> str:
    """The URI for a person's eyes: a long parameter is cut."""
    text = str(uri)
    return text if len(text) <= 72 else text[:71] + "…"
