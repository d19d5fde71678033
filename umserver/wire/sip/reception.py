"""What comes in: each message finds the part of the house that it is for.

Knows: transactions, dialogs and calls by what a message says. Must never know: what our user makes
of it. Sources: RFC 3261 §8.2, §9.2, §11, §12.2.2, §17.2.3, §18.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from umserver.wire.sip.body import sdp_of
from umserver.wire.sip.callbook import CallBook
from umserver.wire.sip.dialog import request_key
from umserver.wire.sip.effects import Dropped, Flow, Offered, Send
from umserver.wire.sip.invite_server import OfferedCall
from umserver.wire.sip.message import Request, Response, answer
from umserver.wire.sip.notifier import Notifier
from umserver.wire.sip.parse import BadMessage, SipSyntaxError, parse
from umserver.wire.sip.paths import is_answerable, reply_flow
from umserver.wire.sip.post import Post
from umserver.wire.sip.screening import ABILITIES, ACCEPT, Refusal, screened
from umserver.wire.sip.session import Session
from umserver.wire.sip.transaction import Transaction

_UNAVAILABLE = Refusal(503, (("Retry-After", "30"),))
_FULL = Refusal(503, (("Retry-After", "5"),))
_UNKNOWN = Refusal(481)
_LOOP = Refusal(482)
FINE = Refusal(200, (ACCEPT, *ABILITIES))
"""What OPTIONS is told while we take calls."""

Judge = Callable[[Request, Flow], Refusal | None]


@define(eq=False)
class Reception:
    """Where every message of one endpoint arrives."""

    post: Post
    calls: CallBook
    available: bool = True
    """Whether OPTIONS is answered with 200; else 503."""
    judge: Judge | None = None
    """Decides at once about an INVITE that begins a call, or leaves it to our user (None)."""
    on_member: Callable[[Flow], object] | None = None
    """Told of the ways by which requests within our dialogs come."""
    notifier: Notifier | None = None
    """Who knows what peers can subscribe to."""
    _offered: dict[Transaction, OfferedCall] = field(init=False, factory=dict)

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take a whole message in."""
        try:
            message = parse(data)
        except BadMessage as bad:
            self._bad(bad, flow)
            return
        except SipSyntaxError as fault:
            self._drop(str(fault), flow)
            return
        if isinstance(message, Response):
            self._response(message, flow, now)
        elif is_answerable(flow):
            self._request(message, flow, len(data), now)
        else:
            self._drop("nobody can be answered there", flow)

    def _bad(self, bad: BadMessage, flow: Flow) -> None:
        """Answer what can be answered, without remembering it (RFC 3261 §8.2.7)."""
        if not is_answerable(flow):
            self._drop(str(bad), flow)
            return
        response = bad.answer(
            to_tag=self.post.same_tag(bad.headers),
            source=flow.remote,
            more=[("Server", self.post.product)],
        )
        self.post.emit(Send(response.to_bytes(), reply_flow(bad.via, flow)))

    def _response(self, response: Response, flow: Flow, now: float) -> None:
        if not self.post.ledger.answered(response, now):
            self._drop(f"{response.status} answers nothing of ours", flow)

    def _request(self, request: Request, flow: Flow, octets: int, now: float) -> None:
        ledger = self.post.ledger
        known = ledger.server(request)
        if known is not None:
            event = "ACK" if request.method == "ACK" else "request"
            ledger.run(known, event, now, request)
        elif request.method == "ACK":
            self._acknowledged(request, flow, now)
        elif ledger.is_full and not self._has_room(request):
            self._without_state(request, flow, self._crowded(request) or FINE)
        else:
            is_loop = ledger.is_merged(request) or ledger.is_ours(request)
            verdict = None if is_loop else self._verdict(request, flow)
            if verdict is not None:
                self._without_state(request, flow, verdict)
            else:
                to = ledger.accept(request, flow, octets)
                self._new(to, request, flow, is_loop, now)

    def _verdict(self, request: Request, flow: Flow) -> Refusal | None:
        """What can be said at once about a request outside of dialogs, and need not be kept."""
        if request.method == "CANCEL" or request.to.tag is not None:
            return None
        refusal = self._screened(request)
        if refusal is None and self._takes(request):
            return None
        if refusal is not None or request.method != "INVITE":
            return refusal or self.outside(request.method)
        return self.judge(request, flow) if self.judge is not None else None

    def _takes(self, request: Request) -> bool:
        """Whether it is a SUBSCRIBE, and there is something to subscribe to."""
        return request.method == "SUBSCRIBE" and self.notifier is not None

    def _screened(self, request: Request) -> Refusal | None:
        if request.method == "SUBSCRIBE" and self.notifier is not None:
            return self.notifier.screened(request)
        return screened(request)

    def outside(self, method: str) -> Refusal:
        """The answer to a request other than INVITE that belongs to no dialog."""
        if method != "OPTIONS":
            return _UNKNOWN
        return FINE if self.available else _UNAVAILABLE

    def _has_room(self, request: Request) -> bool:
        """What belongs to something that goes on is let in even when it is crowded."""
        ledger = self.post.ledger
        if request.method == "CANCEL":
            goes_on = ledger.server(request, "INVITE") is not None
        else:
            goes_on = request_key(request) in self.post.dialogs
        return goes_on and not ledger.is_choked

    def _acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        usage = self.post.dialogs.get(request_key(request))
        if usage is None:
            self._drop("an ACK for nothing", flow)
        else:
            self._is_member(flow)
            usage.acknowledged(request, now)

    def _is_member(self, flow: Flow) -> None:
        if self.on_member is not None:
            self.on_member(flow)

    def _new(
        self, to: Transaction, request: Request, flow: Flow, is_loop: bool, now: float
    ) -> None:
        if request.method == "CANCEL":
            self._cancelled(to, request, now)
            return
        refusal = _LOOP if is_loop else self._screened(request)
        if refusal is not None:
            self._refuse(to, refusal, now)
        elif request.to.tag is not None:
            self._within(to, request, flow, now)
        elif self.notifier is not None and self._takes(request):
            self.notifier.begin(to, request, to.flow, now)
        else:
            self._invited(to, request, flow, now)

    def _within(self, to: Transaction, request: Request, flow: Flow, now: float) -> None:
        key = request_key(request)
        usage = self.post.dialogs.get(key)
        if usage is not None:
            self._is_member(flow)
            usage.take(to, request, now)
            return
        opening = self.post.openings.get((request.call_id, request.to.tag or ""))
        if opening is not None:
            opening.take(to, request, now)
        else:
            self._refuse(to, _UNKNOWN, now)

    def _invited(self, to: Transaction, request: Request, flow: Flow, now: float) -> None:
        if self.calls.is_full:
            self._refuse(to, _FULL, now)
            return
        name = self.calls.new_name()

        def over() -> None:
            self.calls.forget(name)
            self._offered.pop(to, None)

        offered = OfferedCall(self.post, name, to, over)
        self.calls.add(name, offered)
        self._offered[to] = offered
        offered.offer(Offered(name, request, flow, sdp_of(request)), now)

    def _cancelled(self, to: Transaction, request: Request, now: float) -> None:
        """CANCEL (RFC 3261 §9.2)."""
        invite = self.post.ledger.server(request, "INVITE")
        if invite is None:
            self._refuse(to, _UNKNOWN, now)
            return
        invite.to_tag = invite.to_tag or self.post.tag()
        self.post.reply(to, 200, now, tag=invite.to_tag)
        offered = self._offered.get(invite)
        if offered is not None:
            offered.cancelled(now)
        elif not invite.is_refused:
            usage = self.post.dialogs.get(request_key(invite.request))
            if isinstance(usage, Session):
                usage.offers.cancelled(invite, now)

    def _refuse(self, to: Transaction, refusal: Refusal, now: float) -> None:
        self.post.reply(to, refusal.status, now, reason=refusal.reason, headers=refusal.headers)

    def _without_state(self, request: Request, flow: Flow, verdict: Refusal) -> None:
        """Answer, and remember nothing: every copy gets the same (RFC 3261 §8.2.7)."""
        response = answer(
            request.headers,
            verdict.status,
            verdict.reason,
            to_tag=self.post.same_tag(request.headers),
            source=flow.remote,
            more=[*verdict.headers, ("Server", self.post.product)],
        )
        self.post.emit(Send(response.to_bytes(), reply_flow(request.via, flow)))

    def _crowded(self, request: Request) -> Refusal | None:
        if request.method == "CANCEL":
            return _UNKNOWN
        refusal = self._screened(request)
        if refusal is not None:
            return refusal
        if request.to.tag is not None:
            return _FULL if request_key(request) in self.post.dialogs else _UNKNOWN
        if request.method == "INVITE" or self._takes(request):
            return _FULL
        return self.outside(request.method)

    def _drop(self, why: str, flow: Flow) -> None:
        self.post.emit(Dropped(why, flow.remote))
