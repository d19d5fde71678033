"""A call that this server places through a gateway.

Knows: its INVITE, how it was answered, redirects within the gateway. Must never know: why it is
placed, whether it may be. Sources: RFC 3261 §8.1.3.4, §13.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from umserver.edges.net.conversation import Conversation
from umserver.edges.net.media import NoPorts
from umserver.org.outcalls import Exit
from umserver.wire.media import NotAcceptable
from umserver.wire.sip.effects import (
    CallEffect,
    Established,
    Flow,
    Progressed,
    Redirected,
    Refused,
)
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.uri import Uri

log = Logger()

MOST_REDIRECTS = 3

NO_WAY = 0
"""The status of a call that could not be sent at all."""


@frozen
class Wanted:
    """A call to be placed."""

    number: str
    """Whom to call, at the gateway."""
    exit: Exit
    caller: str = ""
    """The number it shows; empty: anonymous (RFC 3323 §4.1.1.3)."""
    caller_name: str = ""
    codecs: tuple[str, ...] = ("PCMU", "PCMA")
    """The preferred one first."""
    hops: int = 70
    """Max-Forwards: a call that comes back to us again and again must end."""


class Exchange(Protocol):
    """Where calls are placed, and told what becomes of them."""

    def invite(self, call: PlacedPhone, uri: Uri, sender: NameAddr, sdp: bytes) -> None:
        """Send its INVITE; effects are told to it from now on."""

    def forget(self, call: PlacedPhone) -> None:
        """Tell it nothing more under its present name."""


@define(eq=False, kw_only=True)
class PlacedPhone(Conversation):
    """One placed call. `begin` it once its listeners are set."""

    exchange: Exchange
    wanted: Wanted
    on_answer: Callable[[], None] = field(init=False, default=lambda: None)
    """It stands; sound may flow."""
    on_failure: Callable[[int], None] = field(init=False, default=lambda status: None)
    """No call came about: the SIP status, or NO_WAY. After it nothing is told any more."""
    _redirects: int = field(init=False, default=0)
    _is_out: bool = field(init=False, default=False)
    """An INVITE is on its way or the call stands: the endpoint has to let go of it."""

    @property
    def is_silent(self) -> bool:
        """Whether the gateway has not said anything at all yet."""
        return self._is_out and not self.line.endpoint.was_heard(self.call)

    def begin(self) -> None:
        """Call."""
        if self.line.engine is None or not self.flow.local[0]:
            self._fail(NO_WAY)
            return
        try:
            self._open(self.wanted.codecs)
        except NoPorts:
            self._fail(503)
            return
        exit = self.wanted.exit
        params = () if exit.transport == "udp" else (("transport", exit.transport),)
        self._invite(Uri("sip", self.wanted.number, exit.host, exit.port, params))

    def told(self, effect: CallEffect) -> None:
        """One effect about this call."""
        match effect:
            case Progressed():
                pass  # our own ringing is heard meanwhile
            case Redirected():
                self._redirected(effect.contacts)
            case Refused():
                self._out_no_more()
                self._fail(effect.status)
            case _:
                super().told(effect)

    def _invite(self, uri: Uri) -> None:
        assert self.session is not None
        self._is_out = True
        self.exchange.invite(self, uri, self._sender(), self.session.offer())

    def _sender(self) -> NameAddr:
        wanted = self.wanted
        if not wanted.caller:
            return NameAddr("Anonymous", Uri("sip", "anonymous", "anonymous.invalid"), ())
        uri = Uri("sip", wanted.caller, self.line.announced_host(self.flow))
        return NameAddr(wanted.caller_name, uri, ())

    def _established(self, effect: Established) -> None:
        assert self.session is not None
        try:
            if effect.sdp is not None:
                self.session.accept(effect.sdp)
            elif not self.established:
                raise NotAcceptable(488, None, "no answer to our offer")
        except NotAcceptable as fault:
            log.warn("the answer cannot be used: {why}", why=fault, call=self.call)
            self._hang_up("error", "no usable session description")
            return
        self._connect()
        if not self.established:
            self.established = True
            self.on_answer()

    def _redirected(self, contacts: Sequence[NameAddr]) -> None:
        """Follow only where the gateway itself is asked again: it decides whom it calls."""
        self._out_no_more()
        self._redirects += 1
        here = self.flow.remote[0]
        uris = [each.uri for each in contacts if each.uri.scheme == "sip"]
        target = next((uri for uri in uris if uri.host == here), None)
        if target is None or self._redirects > MOST_REDIRECTS or self.over is not None:
            self._fail(302)
            return
        self.flow = evolve(self.flow, remote=(here, target.port or 5060))
        self._invite(target)

    def _out_no_more(self) -> None:
        self._is_out = False
        self.exchange.forget(self)

    def _fail(self, status: int) -> None:
        was_over = self.over is not None
        self._gone = True
        self.on_over = None
        self._be_over("refused")
        waiting, self._hanging_up = self._hanging_up, []
        for one in waiting:
            one.callback(None)
        if not was_over:
            self.on_failure(status)

    def _hang_up(self, by: str, reason: str = "") -> Deferred[None]:
        if self._gone or self._is_out:
            return super()._hang_up(by, reason)
        self._gone = True  # no INVITE is out: nobody else has to let go
        self._be_over(by)
        return succeed(None)


def way_out(exit: Exit, flow: Flow | None) -> Flow:
    """The way to a gateway; one that begins nowhere when none of our ports leads there."""
    if flow is not None:
        return flow
    return Flow(exit.transport, (exit.host, exit.port), ("", 0))
