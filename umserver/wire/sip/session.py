"""A dialog of ours with its call in it, from the first sign of life to the last BYE.

Knows: the requests that belong to a dialog, both ways, and how it ends. Must never know: how the
first INVITE was answered, what media are. Sources: RFC 3261 §12.2, §13.3.1.4, §15; RFC 6086.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from weakref import ref

from attrs import define, field

from umserver.wire.sip.acceptance import Acceptance
from umserver.wire.sip.dialog import Dialog
from umserver.wire.sip.effects import Ended, Flow, Informed, Told
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.multipart import SDP
from umserver.wire.sip.offers import Offers
from umserver.wire.sip.post import Post
from umserver.wire.sip.screening import ABILITIES, ACCEPT, ALLOW
from umserver.wire.sip.session_timer import SessionTimer, agreed_as_server
from umserver.wire.sip.transaction import Transaction
from umserver.wire.sip.transfer import Transfer

_MOST_ACCEPTANCES = 4
"""2xx that may wait for their ACKs at once."""
_INFORMING = ("INFO", "INVITE", "UPDATE")
"""Requests by which a gateway may name the caller before the answer (RFC 3311 §5.2, RFC 3325)."""
_MOST_TRIES = 4
"""Times that an INFO is sent which later requests overtake."""


@define(eq=False)
class Session:
    """One dialog's call; a forked INVITE of ours has several until one of them wins."""

    post: Post
    call: str
    dialog: Dialog
    on_over: Callable[[], None]
    """Nothing of it is left."""
    on_early_bye: Callable[[float], None]
    """The peer hung up before its INVITE, or ours, had its final answer."""
    on_prack: Callable[[Transaction, Request, float], None] | None = None
    is_early: bool = True
    is_leaving: bool = field(init=False, default=False)
    offers: Offers = field(init=False)
    timer: SessionTimer = field(init=False)
    transfer: Transfer = field(init=False)
    _ended: bool = field(init=False, default=False)
    _acceptances: dict[int, Acceptance] = field(init=False, factory=dict)
    _leave_after_ack: str | None = field(init=False, default=None)
    _infos: deque[tuple[str, bytes]] = field(init=False, factory=deque)
    """Content types and bodies; the first one is on its way."""

    def __attrs_post_init__(self) -> None:
        self.offers = Offers(ref(self))
        self.timer = SessionTimer(self.post, self._refresh, self._expired)
        self.transfer = Transfer(ref(self))
        self.post.dialogs[self.dialog.key] = self

    # the peer asks

    def take(self, to: Transaction, request: Request, now: float) -> None:
        """Answer a request within the dialog."""
        if self.dialog.is_late(request):
            self.post.reply(to, 500, now, reason="Request out of order")
            return
        self.dialog.heard(request, to.flow)
        method = request.method
        if method in _INFORMING and self._awaits_our_answer():
            self.post.emit(Informed(self.call, request))
        if method == "BYE":
            self._left(to, request, now)
        elif method == "OPTIONS":
            self.post.reply(to, 200, now, headers=[*ABILITIES, ACCEPT])
        elif self.is_leaving:
            self.post.reply(to, 481, now)
        elif method == "INVITE":
            self._invited(to, request, now)
        elif method == "UPDATE":
            self.offers.updated(to, request, now)
        elif method == "INFO":
            self._told(to, request, now)
        elif method == "NOTIFY":
            self.transfer.notified(to, request, now)
        elif method == "PRACK" and self.on_prack is not None:
            self.on_prack(to, request, now)
        else:
            self.post.reply(to, 481, now, headers=[ALLOW])

    def _awaits_our_answer(self) -> bool:
        """Whether we were called and have not decided yet."""
        undecided = self.is_early and not self._acceptances and not self.is_leaving
        return undecided and not self.dialog.started_by_us

    def acknowledged(self, request: Request, now: float) -> None:
        """The ACK for a 2xx of ours."""
        acceptance = self._acceptances.get(request.cseq.number)
        if acceptance is not None:
            acceptance.acknowledged(request, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone; the call stays."""
        self.dialog.lost(flow)

    def _invited(self, to: Transaction, request: Request, now: float) -> None:
        if len(self._acceptances) >= _MOST_ACCEPTANCES:
            self.post.reply(to, 500, now, headers=[self.post.retry_after()])
            return
        self.offers.invited(to, request, now)

    def _told(self, to: Transaction, request: Request, now: float) -> None:
        if (request.headers.get("info-package") or "").strip():
            self.post.reply(to, 469, now, reason="Bad Info Package", headers=[("Recv-Info", "")])
            return
        self.post.reply(to, 200, now)
        self.post.emit(Told(self.call, request))

    def _left(self, to: Transaction, request: Request, now: float) -> None:
        self.post.reply(to, 200, now)
        was_early, by = self.is_early, "us" if self.is_leaving else "peer"
        self._stop(now)
        if was_early:
            self.on_early_bye(now)
        self.end(by, _reason_text(request) or "BYE")

    # we answer

    def accept(self, to: Transaction, sdp: bytes, now: float) -> None:
        """Answer an INVITE or UPDATE of the peer with 200 and see its ACK in."""
        request = to.request
        is_opening = request is self.dialog.opening
        if not is_opening:
            self.dialog.moved(request)
        pairs = [self.post.contact_pair(to.flow), *ABILITIES]
        if is_opening or not self.is_early:
            terms, timer_pairs = agreed_as_server(request, self.timer.terms)
            self.timer.set(terms, now)
            pairs += timer_pairs
        if sdp:
            pairs.append(("Content-Type", SDP))
        if request.method != "INVITE":
            self.post.reply(to, 200, now, headers=pairs, body=sdp)
            return
        if request.to.tag is None:
            pairs += [("Record-Route", line) for line in request.headers.raw("record-route")]
        acceptance = Acceptance(self.post, to, self._acked, self._unacknowledged)
        self._acceptances[acceptance.number] = acceptance
        acceptance.begin(now, pairs, sdp, self.dialog.local_tag)

    def acknowledge(self, number: int) -> Callable[[], None]:
        """Send the ACK for a 2xx to our INVITE; the result sends it again (RFC 3261 §13.2.2.4)."""
        post = self.post
        ack, way = self.dialog.request(post, "ACK", number=number)

        def again() -> None:
            post.send(ack, way)

        again()
        return again

    def awaits_ack(self) -> bool:
        """Whether a 2xx of ours has not been acknowledged."""
        return bool(self._acceptances)

    def _acked(self, acceptance: Acceptance, ack: Request, now: float) -> None:
        self._acceptances.pop(acceptance.number, None)
        first, self.is_early = self.is_early, False
        if self._leave_after_ack is not None:
            self._send_bye(self._leave_after_ack, now)
            return
        self.offers.acknowledged(ack, acceptance.to.request, first)
        self.offers.proceed(now)

    def _unacknowledged(self, acceptance: Acceptance, now: float) -> None:
        self._acceptances.pop(acceptance.number, None)
        self.is_early = False
        if self._leave_after_ack is not None:
            self._send_bye(self._leave_after_ack, now)
        else:
            self.give_up("timeout", "no ACK", now)

    # we ask

    def info(self, kind: str, body: bytes, now: float) -> None:
        """Send an INFO, one after the other: keys must arrive in their order.

        Only a peer that has lost the call answers it with consequences.
        """
        self._infos.append((kind, body))
        if len(self._infos) == 1:
            self._send_info(now)

    def _send_info(self, now: float, tries: int = 1) -> None:
        if not self._infos or self.is_leaving:
            return
        kind, body = self._infos[0]
        request, way = self.dialog.request(self.post, "INFO", [("Content-Type", kind)], body)

        def passed(response: Request | Response, at: float) -> None:
            assert isinstance(response, Response)
            if response.status < 200:
                return
            if self.dialog.was_overtaken(request, response) and tries < _MOST_TRIES:
                self._send_info(at, tries + 1)
                return
            if response.status == 481:
                self.give_up("error", "the peer does not know the call", at)
            self._next_info(at)

        self.post.ask(request, way, now, passed, lambda status, at: self._next_info(at))

    def _next_info(self, now: float) -> None:
        self._infos.popleft()
        self._send_info(now)

    def _refresh(self, now: float) -> None:
        self.offers.refresh(now)

    def _expired(self, now: float) -> None:
        self.give_up("timeout", "the session expired", now)

    # the end

    def hang_up(self, now: float, reason: str) -> None:
        """End the call: BYE, as soon as it is allowed (RFC 3261 §15)."""
        if self.is_leaving:
            return
        if self.is_early and self._acceptances:
            self.is_leaving = True
            self._leave_after_ack = reason
            self.timer.set(None, now)
            self.offers.stop(now)
            return
        self._stop(now)
        self._send_bye(reason, now)

    def give_up(self, by: str, reason: str, now: float) -> None:
        """End the call at once, and tell the peer if it still listens."""
        if self.is_leaving:
            return
        self._tell_end(by, reason)
        self._stop(now)
        self._send_bye(reason, now)

    def end(self, by: str, reason: str) -> None:
        """Nothing more is to be sent."""
        self._tell_end(by, reason)
        self.close()

    def close(self) -> None:
        """Forget the dialog without a word, and let go of whoever held it."""
        if self.post.dialogs.get(self.dialog.key) is self:
            del self.post.dialogs[self.dialog.key]
            self.timer.close()
            on_over, self.on_over = self.on_over, _nothing
            self.on_early_bye, self.on_prack = _nothing, None
            on_over()

    def _tell_end(self, by: str, reason: str) -> None:
        if not self._ended:
            self._ended = True
            self.post.emit(Ended(self.call, by, reason))

    def _stop(self, now: float) -> None:
        self.is_leaving = True
        self.timer.set(None, now)
        self.offers.stop(now)
        for acceptance in self._acceptances.values():
            acceptance.stop()
        self._acceptances.clear()

    def _send_bye(self, reason: str, now: float) -> None:
        pairs = [("Reason", f'SIP;text="{_quotable(reason)}"')] if reason else []
        request, way = self.dialog.request(self.post, "BYE", pairs)

        def passed(response: Request | Response, at: float) -> None:
            if isinstance(response, Response) and response.status >= 200:
                self.end("us", reason)

        self.post.ask(request, way, now, passed, lambda status, at: self.end("us", reason))


def _nothing(*now: float) -> None:
    """Whoever waited has been told."""


def _quotable(text: str) -> str:
    return "".join(c if c.isprintable() and c not in '"\\' else "'" for c in text)[:100]


def _reason_text(request: Request) -> str:
    """What the Reason header says in words (RFC 3326)."""
    for param in (request.headers.get("reason") or "").split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "text":
            return value.strip().strip('"')[:100]
    return ""
