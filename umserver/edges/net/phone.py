"""A call that we were offered, as its script sees it (IPhone).

Knows: the offer, the refusals and redirects of RFC 3261 §13.3, §21. Must never know: scripts,
settings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.net.bridge import Bridge
from umserver.edges.net.conversation import Conversation
from umserver.edges.net.facts import with_late
from umserver.edges.net.finals import contact_of, diagnostics, refusal_headers
from umserver.edges.net.media import NoPorts
from umserver.edges.net.placed import PlacedPhone, Wanted
from umserver.interfaces import HungUp, IPhone, IPhoneEvents, RedirectTarget
from umserver.org.facts import CallFacts
from umserver.org.outcalls import Onward
from umserver.org.refusals import SOUND_NOT_SECURED, Refusal
from umserver.wire.media import NotAcceptable, offers_secret_sound
from umserver.wire.sip.effects import Established
from umserver.wire.sip.message import Request
from umserver.wire.sip.uri import Uri

log = Logger()

HOPS_OF_A_JOIN = 10
_RETRY_WHEN_FULL = "5"


@implementer(IPhone)
@define(eq=False, kw_only=True)
class Phone(Conversation):
    """One offered call."""

    request: Request
    offer: bytes | None
    """The caller's session description; None: they want ours."""
    facts: CallFacts
    host: str
    """Our name in ms-diagnostics."""
    here: str = ""
    """The host by which the peer reaches us."""
    place: Callable[[Wanted], PlacedPhone] | None = None
    """Prepares a call that is joined with this one."""
    _bridge: Bridge | None = field(init=False, default=None)
    _events: IPhoneEvents | None = field(init=False, default=None)
    _early: list[tuple[str, str]] = field(init=False, factory=list)
    _answer: Deferred[None] | None = field(init=False, default=None)
    _decided: bool = field(init=False, default=False)
    _late: Deferred[bool] | None = field(init=False, default=None)
    _late_alarm: IDelayedCall | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.on_key = partial(self._say, "key")
        self.on_over = self._fell

    @property
    def transport(self) -> str:
        """udp, tcp or tls."""
        return self.flow.transport

    def listen(self, events: IPhoneEvents) -> None:
        """Events go to this listener from now on; those that came before at once (IPhone)."""
        self._events = events
        early, self._early = self._early, []
        for kind, what in early:
            self._say(kind, what)

    def ring(self) -> None:
        """Tell the caller that it rings (IPhone)."""
        if self.over is None and not self._decided:
            self._do(lambda: self.line.endpoint.ring(self.call, self.line.now()))

    def late_facts(self, seconds: float) -> Deferred[bool]:
        """Wait for names that the offer lacks (IPhone)."""
        if self.over is not None or self._decided or self._late is not None:
            return succeed(False)
        self._late = Deferred()
        self._late_alarm = self.line.clock.callLater(seconds, self._no_longer_late, False)
        return self._late

    def secure(self) -> bool:
        """Refuse sound in the clear; False when nothing else is offered (IPhone)."""
        self.secured, self.offering = True, "sdes"
        return self.offer is None or offers_secret_sound(self.offer)

    def answer(self) -> Deferred[None]:
        """Negotiate and take the call; fires when the caller confirmed (IPhone)."""
        if self.over is not None:
            return fail(HungUp(self.over))
        if self._decided:
            return succeed(None) if self.established else fail(HungUp("refused"))
        self._decided = True
        sdp = self._negotiate()
        if sdp is None:
            return fail(HungUp("refused"))
        waiting = self._answer = Deferred()
        self._connect()
        self._do(lambda: self.line.endpoint.answer(self.call, sdp, self.line.now()))
        return waiting

    def refuse(self, refusal: Refusal) -> None:
        """Turn the unanswered call away (IPhone, spec 4.4)."""
        headers = refusal_headers(refusal, self.host)
        if not self._decided:
            self._refuse(refusal.status, refusal.phrase, headers)

    def redirect(self, targets: Sequence[RedirectTarget]) -> None:
        """Send the unanswered call to another server (IPhone, RFC 3261 §21.3.3)."""
        if self.over is not None or self._decided:
            return
        self._decided = True
        contacts = [contact_of(self.request.uri.user, target) for target in targets]
        self._do(lambda: self.line.endpoint.redirect(self.call, contacts, self.line.now()))
        self._be_over("us")

    def transfer(self, target: str) -> Deferred[bool]:
        """Blind transfer to a number (at the peer) or a URI (IPhone)."""
        return self.transfer_to(self._refer_to(target))

    def bridge(self, number: str, onward: Onward) -> Deferred[str]:
        """Call somebody and join the two calls (IPhone)."""
        if self.over is not None:
            return fail(HungUp(self.over))
        hops = self._hops_left()
        if not self.established or self.place is None or self._is_bridging() or hops <= 0:
            return succeed("")
        bridge = self._bridge = Bridge(self, onward, number, hops, self.place)
        bridge.begin()
        return bridge.done

    def hang_up(self) -> Deferred[None]:
        """End the call (IPhone): the script waits for no peer that may have vanished."""
        self._hang_up("us")
        return succeed(None)

    # inside

    def _negotiate(self) -> bytes | None:
        """Our session description; None when the call had to be refused."""
        try:
            self._open()
            assert self.session is not None
            if self.offer is None:
                return self.session.offer()
            return self.session.answer(self.offer)
        except NoPorts:
            self._refuse(503, "Service Unavailable", [("Retry-After", _RETRY_WHEN_FULL)])
        except NotAcceptable as fault:
            warning = [("Warning", fault.warning)] if fault.warning else []
            number = SOUND_NOT_SECURED.diagnostics if fault.insecure else 15008
            reason = diagnostics(number, str(fault), self.host)
            phrase = "Not Acceptable Here" if fault.status == 488 else ""
            self._refuse(fault.status, phrase, [*warning, ("ms-diagnostics", reason)])
        return None

    def _refuse(self, status: int, phrase: str, headers: Sequence[tuple[str, str]]) -> None:
        if self.over is not None:
            return
        self._decided = True
        self._do(
            lambda: self.line.endpoint.refuse(self.call, status, phrase, self.line.now(), headers)
        )
        self._be_over("us")

    def _informed(self, request: Request) -> None:
        if self.over is not None or self._decided:
            return
        known, self.facts = self.facts, with_late(self.facts, self.request, request)
        if _names(self.facts) != _names(known):
            self._no_longer_late(True)

    def _no_longer_late(self, came: bool) -> None:
        waiting, self._late = self._late, None
        if self._late_alarm is not None and self._late_alarm.active():
            self._late_alarm.cancel()
        if waiting is not None:
            waiting.callback(came)

    def _established(self, effect: Established) -> None:
        if self.established:
            self._answered_our_offer(effect.sdp)
            return
        if self.offer is None and not self._answered_our_offer(effect.sdp):
            return
        self.established = True
        waiting, self._answer = self._answer, None
        if waiting is not None:
            waiting.callback(None)

    def _answered_our_offer(self, sdp: bytes | None) -> bool:
        """Take the answer to a delayed offer; without a usable one the call cannot go on."""
        if self.session is None:
            return False
        try:
            if sdp is None:
                raise NotAcceptable(400, None, "no answer to our offer")
            self.session.accept(sdp)
        except NotAcceptable as fault:
            log.warn("the answer cannot be used: {why}", why=fault, call=self.id)
            self._hang_up("error", "no usable session description")
            return False
        self._connect()
        return True

    def _is_bridging(self) -> bool:
        bridge = self._bridge
        return bridge is not None and (bridge.is_joined or not bridge.done.called)

    def _hops_left(self) -> int:
        """What our own INVITE may still go through (RFC 3261 §16.3).

        Each join costs as much as a long way, so that calls which come back to us and are joined
        again and again end after a few.
        """
        text = (self.request.headers.get("max-forwards") or "").strip()
        left = int(text) if text.isdecimal() and len(text) <= 3 else 70
        return min(left, 70) - HOPS_OF_A_JOIN

    def _fell(self, by: str) -> None:
        self._say("over", by)
        self._no_longer_late(False)
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            bridge.near_is_over()
            if not bridge.done.called:
                bridge.done.errback(HungUp(by))
        waiting, self._answer = self._answer, None
        if waiting is not None:
            waiting.errback(HungUp(by))

    def _say(self, kind: str, what: str) -> None:
        if self._events is None:
            self._early.append((kind, what))
        elif kind == "key":
            self._events.digit(what)
        else:
            events, self._events = self._events, None
            events.hung_up(what)

    def _refer_to(self, target: str) -> str:
        if ":" in target:
            return f"<{target}>"
        contact = self.request.contact
        host, port = (
            (contact.uri.host, contact.uri.port)
            if contact is not None and contact.uri.host
            else (self.flow.remote[0], self.flow.remote[1])
        )
        return f"<{Uri(scheme='sip', user=target, host=host, port=port)}>"


def _names(facts: CallFacts) -> tuple[object, ...]:
    """Whom the facts name."""
    return facts.caller, facts.diversions, facts.history
