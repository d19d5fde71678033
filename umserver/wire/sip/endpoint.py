"""The door of SIP: octets and verbs in, effects out.

Knows: which part of the house a message or verb is for. Must never know: sockets, clocks, why a
call is taken. Nothing a peer sends raises; ProtocolMisuse is our own code's fault alone. A verb for
a call that has ended meanwhile does nothing. Seconds throughout, on the caller's scale. Sources:
RFC 3261 §8.2, §9.2, §11, §12.2.2, §18.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from attrs import define, field

from umserver.wire.sip.dialog import request_key
from umserver.wire.sip.effects import (
    Answered,
    Dropped,
    Effect,
    Flow,
    Offered,
    ProtocolMisuse,
    Send,
)
from umserver.wire.sip.headers import CSeq, NameAddr
from umserver.wire.sip.invite_client import PlacedCall
from umserver.wire.sip.invite_server import OfferedCall
from umserver.wire.sip.message import Request, Response, answer
from umserver.wire.sip.parse import BadMessage, SipSyntaxError, parse
from umserver.wire.sip.paths import is_answerable, reply_flow
from umserver.wire.sip.post import Post
from umserver.wire.sip.screening import (
    ABILITIES,
    ACCEPT,
    Pairs,
    Refusal,
    screened,
)
from umserver.wire.sip.session import Session
from umserver.wire.sip.transaction import Transaction
from umserver.wire.sip.uri import Uri

MOST_CALLS = 4000
"""Calls held at once, offered ones included."""
_RETRY_WHEN_FULL = ("Retry-After", "5")
_UNAVAILABLE = Refusal(503, (("Retry-After", "30"),))
_FULL = Refusal(503, (_RETRY_WHEN_FULL,))
_UNKNOWN = Refusal(481)


@define(eq=False, kw_only=True)
class Endpoint:
    """One SIP user agent, server and client in one."""

    product: str
    """Our name in Server and User-Agent."""
    random: Random
    contact: Callable[[Flow], Uri]
    """Where the peer of a flow reaches us."""
    available: bool = True
    """Whether OPTIONS is answered with 200; else 503."""
    session_interval: int = 0
    """Seconds of the session timer that our own INVITEs ask for; 0: none."""
    most_calls: int = MOST_CALLS
    post: Post = field(init=False)
    _calls: dict[str, OfferedCall | PlacedCall] = field(init=False, factory=dict)
    _offered: dict[Transaction, OfferedCall] = field(init=False, factory=dict)
    _named: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.post = Post(random=self.random, product=self.product, contact=self.contact)

    @property
    def deadline(self) -> float | None:
        """When `wake` wants to be called; None while nothing waits."""
        return self.post.alarms.deadline

    @property
    def calls(self) -> int:
        """Calls held, from the INVITE to the last BYE."""
        return len(self._calls)

    # the world

    def receive(self, data: bytes, flow: Flow, now: float) -> list[Effect]:
        """A whole message came by this flow."""
        try:
            message = parse(data)
        except BadMessage as bad:
            self._bad(bad, flow)
        except SipSyntaxError as fault:
            self._drop(str(fault), flow)
        else:
            if isinstance(message, Response):
                self._response(message, flow, now)
            elif is_answerable(flow):
                self._request(message, flow, now)
            else:
                self._drop("nobody can be answered there", flow)
        return self.post.take()

    def wake(self, now: float) -> list[Effect]:
        """Time has passed."""
        self.post.alarms.run(now)
        return self.post.take()

    def lost(self, flow: Flow, now: float) -> list[Effect]:
        """A flow does not carry any more."""
        self.post.ledger.lost(flow, now)
        for usage in list(self.post.dialogs.values()):
            usage.lost(flow, now)
        return self.post.take()

    # verbs of a call that we were offered

    def ring(self, call: str, now: float) -> list[Effect]:
        """Tell the caller that it rings."""
        offered = self._offered_call(call)
        if offered is not None:
            offered.ring(now)
        return self.post.take()

    def answer(self, call: str, sdp: bytes, now: float) -> list[Effect]:
        """Take the call: `sdp` answers its offer, or is our offer when it made none."""
        offered = self._offered_call(call)
        if offered is not None:
            offered.answer(sdp, now)
        return self.post.take()

    def refuse(
        self, call: str, status: int, reason: str, now: float, headers: Pairs = ()
    ) -> list[Effect]:
        """Turn the call away; without a `reason` the usual phrase stands there."""
        offered = self._offered_call(call)
        if offered is not None:
            offered.refuse(status, reason, headers, now)
        return self.post.take()

    def redirect(self, call: str, contacts: Sequence[str], now: float) -> list[Effect]:
        """Send the call elsewhere: 302 with these Contact values."""
        offered = self._offered_call(call)
        if offered is not None:
            offered.redirect(contacts, now)
        return self.post.take()

    # verbs of a call that stands

    def hang_up(self, call: str, now: float, reason: str = "") -> list[Effect]:
        """End the call, whatever its state; Ended follows once that is done."""
        known = self._call(call)
        if known is not None:
            known.hang_up(now, reason)
        return self.post.take()

    def transfer(self, call: str, refer_to: str, now: float) -> list[Effect]:
        """Ask the peer to call `refer_to` (a Refer-To value) instead of us."""
        session = self._session(call)
        if session is not None:
            session.transfer.refer(refer_to, now)
        return self.post.take()

    def info(self, call: str, kind: str, body: bytes, now: float) -> list[Effect]:
        """Send an INFO with a body of this content type."""
        session = self._session(call)
        if session is not None:
            session.info(kind, body, now)
        return self.post.take()

    def offer(self, call: str, sdp: bytes, now: float, method: str = "INVITE") -> list[Effect]:
        """Change the session by re-INVITE or UPDATE; Established or OfferRefused follows."""
        if method not in ("INVITE", "UPDATE"):
            raise ProtocolMisuse(f"{method} makes no offer")
        session = self._session(call)
        if session is not None:
            session.offers.propose(method, sdp, now)
        return self.post.take()

    def accept_offer(self, call: str, sdp: bytes, now: float) -> list[Effect]:
        """Answer what Reoffered told; nothing when the peer took it back meanwhile."""
        session = self._session(call, early=True)
        if session is not None:
            session.offers.accept(sdp, now)
        return self.post.take()

    def refuse_offer(self, call: str, status: int, now: float) -> list[Effect]:
        """Leave the session as it is."""
        session = self._session(call, early=True)
        if session is not None:
            session.offers.refuse(status, now)
        return self.post.take()

    # requests of ours

    def call(
        self, uri: Uri, flow: Flow, sender: NameAddr, headers: Pairs, sdp: bytes, now: float
    ) -> tuple[str, list[Effect]]:
        """Place a call with this offer. Returns its name, and the effects."""
        name = self._new_name()
        placed = PlacedCall(
            self.post,
            name,
            uri,
            flow,
            sender,
            headers,
            sdp,
            self.session_interval,
            lambda: self._forget(name),
        )
        self._calls[name] = placed
        placed.begin(now)
        return name, self.post.take()

    def request(
        self,
        method: str,
        uri: Uri,
        flow: Flow,
        sender: NameAddr,
        headers: Pairs,
        body: bytes,
        now: float,
    ) -> tuple[str, list[Effect]]:
        """Send a request outside of any dialog. Returns its token for Answered, and the effects."""
        if method in ("INVITE", "ACK", "CANCEL"):
            raise ProtocolMisuse(f"{method} has a verb of its own")
        token = self._new_name()
        host = self.contact(flow).host or "localhost"
        pairs = [
            ("From", str(sender.with_param("tag", self.post.tag()))),
            ("To", f"<{uri}>"),
            ("Call-ID", f"{self.post.tag()}@{host}"),
            ("CSeq", str(CSeq(1, method))),
            self.post.contact_pair(flow),
            ACCEPT,
            *ABILITIES,
            ("User-Agent", self.product),
            *headers,
        ]

        def passed(message: Request | Response, at: float) -> None:
            if isinstance(message, Response) and message.status >= 200:
                self.post.emit(Answered(token, message))

        def failed(status: int, at: float) -> None:
            self.post.emit(Answered(token, None))

        request = self.post.request(method, uri, flow, pairs, body)
        self.post.ask(request, flow, now, passed, failed)
        return token, self.post.take()

    # what comes in

    def _bad(self, bad: BadMessage, flow: Flow) -> None:
        """Answer what can be answered, without remembering it (RFC 3261 §8.2.7)."""
        if not is_answerable(flow):
            self._drop(str(bad), flow)
            return
        response = bad.answer(
            to_tag=self.post.tag(), source=flow.remote, more=[("Server", self.product)]
        )
        self.post.emit(Send(response.to_bytes(), reply_flow(bad.via, flow)))

    def _response(self, response: Response, flow: Flow, now: float) -> None:
        if not self.post.ledger.answered(response, now):
            self._drop(f"{response.status} answers nothing of ours", flow)

    def _request(self, request: Request, flow: Flow, now: float) -> None:
        ledger = self.post.ledger
        known = ledger.server(request)
        if known is not None:
            event = "ACK" if request.method == "ACK" else "request"
            ledger.run(known, event, now, request)
        elif request.method == "ACK":
            self._acknowledged(request, flow, now)
        elif request.to.tag is None and ledger.is_full:
            self._without_state(request, flow)
        else:
            merged = ledger.is_merged(request) or ledger.is_ours(request)
            to = ledger.accept(request, flow)
            self._new(to, request, flow, merged, now)

    def _acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        usage = self.post.dialogs.get(request_key(request))
        if usage is None:
            self._drop("an ACK for nothing", flow)
        else:
            usage.acknowledged(request, now)

    def _new(self, to: Transaction, request: Request, flow: Flow, merged: bool, now: float) -> None:
        if request.method == "CANCEL":
            self._cancelled(to, request, now)
            return
        refusal = Refusal(482) if merged else screened(request)
        if refusal is not None:
            self._refuse(to, refusal, now)
        elif request.to.tag is not None:
            self._within(to, request, now)
        elif request.method == "INVITE":
            self._invited(to, request, flow, now)
        else:
            self._outside(to, request, now)

    def _within(self, to: Transaction, request: Request, now: float) -> None:
        key = request_key(request)
        usage = self.post.dialogs.get(key)
        if usage is not None:
            usage.take(to, request, now)
            return
        opening = self.post.openings.get((request.call_id, request.to.tag or ""))
        if opening is not None:
            opening.take(to, request, now)
        else:
            self._refuse(to, _UNKNOWN, now)

    def _outside(self, to: Transaction, request: Request, now: float) -> None:
        refusal = self._outside_refusal(request)
        if refusal is not None:
            self._refuse(to, refusal, now)
        else:
            self.post.reply(to, 200, now, headers=[ACCEPT, *ABILITIES])

    def _outside_refusal(self, request: Request) -> Refusal | None:
        if request.method != "OPTIONS":
            return _UNKNOWN
        return None if self.available else _UNAVAILABLE

    def _invited(self, to: Transaction, request: Request, flow: Flow, now: float) -> None:
        if len(self._calls) >= self.most_calls:
            self._refuse(to, _FULL, now)
            return
        name = self._new_name()

        def over() -> None:
            self._forget(name)
            self._offered.pop(to, None)

        offered = OfferedCall(self.post, name, to, over)
        self._calls[name] = self._offered[to] = offered
        offered.offer(Offered(name, request, flow), now)

    def _cancelled(self, to: Transaction, request: Request, now: float) -> None:
        """CANCEL (RFC 3261 §9.2)."""
        invite = self.post.ledger.server(request, "INVITE")
        if invite is None:
            self._refuse(to, _UNKNOWN, now)
            return
        self.post.reply(to, 200, now, tag=invite.to_tag)
        offered = self._offered.get(invite)
        usage = self.post.dialogs.get(request_key(invite.request))
        if offered is not None:
            offered.cancelled(now)
        elif isinstance(usage, Session):
            usage.offers.cancelled(invite, now)

    def _refuse(self, to: Transaction, refusal: Refusal, now: float) -> None:
        self.post.reply(to, refusal.status, now, reason=refusal.reason, headers=refusal.headers)

    def _without_state(self, request: Request, flow: Flow) -> None:
        """Too much is going on: answer, and remember nothing (RFC 3261 §8.2.7)."""
        refusal = screened(request)
        if refusal is None and request.method != "CANCEL":
            refusal = _FULL if request.method == "INVITE" else self._outside_refusal(request)
        elif request.method == "CANCEL":
            refusal = _UNKNOWN
        status = 200 if refusal is None else refusal.status
        more = [ACCEPT, *ABILITIES] if refusal is None else list(refusal.headers)
        response = answer(
            request.headers,
            status,
            to_tag=self.post.tag(),
            source=flow.remote,
            more=[*more, ("Server", self.product)],
        )
        self.post.emit(Send(response.to_bytes(), reply_flow(request.via, flow)))

    def _drop(self, why: str, flow: Flow) -> None:
        self.post.emit(Dropped(why, flow.remote))

    # names

    def _new_name(self) -> str:
        self._named += 1
        return str(self._named)

    def _call(self, name: str) -> OfferedCall | PlacedCall | None:
        """The call of this name, None once it has ended."""
        known = self._calls.get(name)
        if known is None and not (name.isdigit() and 0 < int(name) <= self._named):
            raise ProtocolMisuse(f"no call was ever named {name!r}")
        return known

    def _offered_call(self, name: str) -> OfferedCall | None:
        known = self._call(name)
        if isinstance(known, PlacedCall):
            raise ProtocolMisuse("that call is our own")
        return known

    def _session(self, name: str, early: bool = False) -> Session | None:
        known = self._call(name)
        if known is None or (known.session is not None and known.session.is_leaving):
            return None
        if known.session is None or (known.session.is_early and not early):
            raise ProtocolMisuse("the call does not stand yet")
        return known.session

    def _forget(self, name: str) -> None:
        self._calls.pop(name, None)
