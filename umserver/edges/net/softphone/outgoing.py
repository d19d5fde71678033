"""One call that a softphone places: its redirects, its answer, its end.

Knows: effects about the call, its session. Must never know: command lines, how ways are found.
Sources: RFC 3261 §8.1.3.4 (redirects), RFC 5806, RFC 3264.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, fail, succeed

from umserver.edges.net.conversation import Conversation
from umserver.edges.net.finals import words_of
from umserver.wire.media import NotAcceptable, Offering
from umserver.wire.sip.effects import (
    CallEffect,
    Established,
    Flow,
    OfferRefused,
    Progressed,
    Redirected,
    Refused,
)
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.uri import Uri

MOST_REDIRECTS = 5
_UNHEARD = {408: "nothing came back", 503: "there is no connection"}
"""What a refusal means that no peer has sent (see `Refused`)."""
_FORWARDING_HEADERS = ("diversion", "history-info")


class CallFailed(Exception):
    """No call came about; `status` is the SIP status, 0 when nothing could be sent at all.

    `why` is what the peer says about it, or what happened on the way.
    """

    def __init__(self, status: int, reason: str, why: str = "") -> None:
        told = f"{status} {reason}" if status else reason
        super().__init__(f"{told}: {why}" if why else told)
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


def quiet(text: str) -> None:
    """Tells nobody."""
    return None


class Placer(Protocol):
    """What a call asks of the telephone that placed it."""

    @property
    def trouble(self) -> str:
        """What went wrong with TLS last, in words; empty when nothing did."""

    def invite(self, call: OutgoingCall, uri: Uri) -> None:
        """Send this call's INVITE to that URI, once its address is known."""

    def knows(self, call: OutgoingCall) -> bool:
        """Whether something may still be told to this call."""

    def forget(self, call: OutgoingCall) -> None:
        """Nothing more is to be told to this call under its present name."""


@define(eq=False, kw_only=True)
class OutgoingCall(Conversation):
    """One call that we placed."""

    phone: Placer
    order: Order
    say: Callable[[str], None] = quiet
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
                self._refused(effect)
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

    def fail(self, status: int, reason: str, why: str = "") -> None:
        """Give up: no call came about."""
        self.status = status
        self._gone = True
        self._no_answer(CallFailed(status, reason, why))
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
        shown = ", ".join(short(uri) for uri in self._targets)
        self.say(f"{status} to {shown}")
        self._next_target(status, "nowhere to go")

    def _refused(self, effect: Refused) -> None:
        self.phone.forget(self)
        status, reason, response = effect.status, effect.reason, effect.response
        if self.over is None and self._targets and (status >= 500 or status == 408):
            self.say(f"{status} {reason}, trying the next")
            self._next_target(status, reason)
        elif response is None:
            self.fail(status, reason, _UNHEARD.get(status, ""))
        else:
            self.fail(status, reason, words_of(response))

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


def short(uri: Uri) -> str:
    """The URI for a person's eyes: a long parameter is cut."""
    text = str(uri)
    return text if len(text) <= 72 else text[:71] + "…"
