"""A call that we place, until it stands.

Knows: our first INVITE, its answers from however many places it was forked to, its CANCEL. Must
never know: why the call is placed, where redirects lead. Sources: RFC 3261 §8.1.3, §9.1, §13.2;
RFC 3262 §4; RFC 4028 §7.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from umserver.wire.sip.body import sdp_of
from umserver.wire.sip.dialog import Dialog, dialog_of_client
from umserver.wire.sip.effects import (
    Effect,
    Ended,
    Established,
    Flow,
    Progressed,
    Redirected,
    Refused,
)
from umserver.wire.sip.headers import CSeq, NameAddr
from umserver.wire.sip.message import REASONS, Pairs, Request, Response
from umserver.wire.sip.multipart import SDP
from umserver.wire.sip.post import Post
from umserver.wire.sip.reliable import rseq_of
from umserver.wire.sip.requests import cancellation
from umserver.wire.sip.screening import ABILITIES, LEAST_SESSION, seconds_in
from umserver.wire.sip.session import Session
from umserver.wire.sip.session_timer import agreed_as_client
from umserver.wire.sip.transaction import LIFETIME, Transaction
from umserver.wire.sip.uri import Uri

LONGEST_RINGING = 300.0
"""Seconds without a final answer after which we give up; each provisional answer starts it anew."""
_MOST_FORKS = 16
_MOST_TRIES = 3
"""INVITEs that one call may take to find a session interval."""


@define(eq=False)
class Fork:
    """One of the places that rang."""

    session: Session
    rseq: int | None = None
    """The latest reliable provisional answer (RFC 3262 §4)."""
    answer: bytes | None = None
    """The session description that came reliably before the 2xx."""


class Stage(Enum):
    """How far a placed call is."""

    CALLING = "calling"
    LEAVING = "leaving"
    """We gave up and wait for the INVITE's end."""
    STANDING = "standing"
    OVER = "over"


@define(eq=False)
class PlacedCall:
    """One placed call."""

    post: Post
    name: str
    uri: Uri
    flow: Flow
    sender: NameAddr
    headers: Pairs
    sdp: bytes
    interval: int
    """Seconds of the session timer that we ask for; 0: none."""
    on_over: Callable[[], None]
    session: Session | None = field(init=False, default=None)
    """The one that stands."""
    stage: Stage = field(init=False, default=Stage.CALLING)
    _call_id: str = field(init=False, default="")
    _tag: str = field(init=False, default="")
    _number: int = field(init=False, default=0)
    _least: int = field(init=False, default=LEAST_SESSION)
    _invite: Transaction = field(init=False)
    _forks: dict[str, Fork] = field(init=False, factory=dict)
    _heard: bool = field(init=False, default=False)
    """Whether a provisional answer came, so that a CANCEL may go (RFC 3261 §9.1)."""
    _end: Effect | None = field(init=False, default=None)
    """What our user hears once a call that we gave up has ended."""
    _acks: dict[str, Callable[[], None]] = field(init=False, factory=dict)
    """Sends the ACK again to each place that answered."""

    def begin(self, now: float) -> None:
        """Send the INVITE."""
        host = self.post.contact(self.flow).host or "localhost"
        self._call_id, self._tag = f"{self.post.tag()}@{host}", self.post.tag()
        self.post.openings[self._call_id, self._tag] = self
        self._send(now)

    @property
    def was_heard(self) -> bool:
        """Whether anything came back, be it a 100."""
        return self._heard or self.session is not None

    def hang_up(self, now: float, reason: str) -> None:
        """Let go of it, whatever its state."""
        if self.session is not None:
            self.session.hang_up(now, reason)
        elif self.stage is Stage.CALLING:
            self._leave(now, Ended(self.name, "us", reason))

    # what the peer asks before it answers

    def take(self, to: Transaction, request: Request, now: float) -> None:
        """A request of a dialog unknown to us: its 2xx was lost, only its BYE came through."""
        if request.method != "BYE" or self._forks or self.session is not None:
            self.post.reply(to, 481, now)
            return
        self.post.reply(to, 200, now)
        self.post.emit(self._end or Ended(self.name, "peer", "BYE"))
        self._left_early(now)

    def _left_early(self, now: float) -> None:
        self.post.ledger.run(self._invite, "abandon", now)
        self._finish()

    # the INVITE

    def _send(self, now: float) -> None:
        self._number += 1
        self._heard = False
        pairs = [
            ("From", str(self.sender.with_param("tag", self._tag))),
            ("To", f"<{self.uri}>"),
            ("Call-ID", self._call_id),
            ("CSeq", str(CSeq(self._number, "INVITE"))),
            self.post.contact_pair(self.flow),
            *ABILITIES,
            ("User-Agent", self.post.product),
            *self.headers,
        ]
        if self.interval:
            interval = max(self.interval, self._least)
            pairs += [("Session-Expires", str(interval)), ("Min-SE", str(self._least))]
        if self.sdp:
            pairs.append(("Content-Type", SDP))
        request = self.post.request("INVITE", self.uri, self.flow, pairs, self.sdp)
        self._be_patient(now)
        self._invite = self.post.ask(request, self.flow, now, self._passed, self._failed)

    def _be_patient(self, now: float) -> None:
        self.post.alarms.set((self, "patience"), now + LONGEST_RINGING, self._lose_patience)

    def _lose_patience(self, now: float) -> None:
        self._leave(now, Refused(self.name, 408, REASONS[408], None))

    def _leave(self, now: float, end: Effect) -> None:
        self.stage, self._end = Stage.LEAVING, end
        if self._heard:
            self._cancel(now)

    def _cancel(self, now: float) -> None:
        """CANCEL, and no more than 64*T1 for its effect (RFC 3261 §9.1)."""
        request = cancellation(self._invite.request)
        self.post.alarms.set((self, "patience"), now + LIFETIME, self._abandon)
        self.post.ask(request, self._invite.flow, now, _no_matter, _no_matter)

    def _abandon(self, now: float) -> None:
        self.post.ledger.run(self._invite, "abandon", now)
        self._conclude()

    # what comes back

    def _passed(self, message: Request | Response, now: float) -> None:
        assert isinstance(message, Response)
        if message.status < 200:
            self._progressed(message, now)
        elif message.status < 300:
            self._accepted(message, now)
        else:
            self._declined(message, now)

    def _failed(self, status: int, now: float) -> None:
        self._conclude(Refused(self.name, status, REASONS[status], None))

    def _progressed(self, response: Response, now: float) -> None:
        first, self._heard = not self._heard, True
        if self.stage is Stage.LEAVING and first:
            self._cancel(now)
        if self.stage is not Stage.CALLING:
            return
        self._be_patient(now)
        if response.status == 100:
            return
        fork = self._fork(response)
        if fork is None or self._is_news(fork, response, now):
            self.post.emit(Progressed(self.name, response.status, sdp_of(response)))

    def _fork(self, response: Response) -> Fork | None:
        """The early dialog of this answer; None when it opens none."""
        tag = response.to.tag
        if tag is None:
            return None
        fork = self._forks.get(tag)
        if fork is None and len(self._forks) < _MOST_FORKS:
            fork = self._forks[tag] = Fork(self._new_session(response))
        return fork

    def _new_session(self, response: Response) -> Session:
        dialog = self._dialog_by(response)
        session = Session(self.post, self.name, dialog, _nothing, self._left_early)
        session.offers.invite_of_ours_is_open = True
        session.offers.offer_of_ours_is_open = bool(self.sdp)
        session.offers.latest = self.sdp
        return session

    def _is_news(self, fork: Fork, response: Response, now: float) -> bool:
        """Acknowledge a reliable answer; False when it is one we had, or comes before its time."""
        rseq = rseq_of(response)
        if rseq is None:
            return True
        if fork.rseq is not None and rseq != fork.rseq + 1:
            return False
        fork.rseq = rseq
        session = fork.session
        session.dialog.moved(response)
        sdp = sdp_of(response)
        if sdp is not None and fork.answer is None:
            fork.answer = sdp
        rack = f"{rseq} {response.cseq.number} INVITE"
        request, way = session.dialog.request(self.post, "PRACK", [("RAck", rack)])
        self.post.ask(request, way, now, _no_matter, _no_matter)
        return True

    def _accepted(self, response: Response, now: float) -> None:
        tag = response.to.tag or ""
        known = self._acks.get(tag)
        if known is not None:
            known()
        elif self.stage is Stage.CALLING:
            self._win(tag, response, now)
        elif len(self._acks) < _MOST_FORKS:
            self._send_away(tag, response, now)

    def _win(self, tag: str, response: Response, now: float) -> None:
        """The first 2xx: the call stands (RFC 3261 §13.2.2.4)."""
        self.post.alarms.cancel((self, "patience"))
        fork = self._forks.pop(tag, None) or Fork(self._new_session(response))
        self._drop_forks()
        session = self.session = fork.session
        self.stage, session.is_early, session.on_over = Stage.STANDING, False, self._finish
        session.dialog.moved(response)
        session.dialog.routes = tuple(reversed(response.record_routes))
        session.offers.invite_of_ours_is_open = False
        session.offers.offer_of_ours_is_open = False
        self._acks[tag] = session.acknowledge(self._invite.request.cseq.number)
        session.timer.set(agreed_as_client(response), now)
        self.post.emit(Established(self.name, sdp_of(response) or fork.answer))

    def _dialog_by(self, response: Response) -> Dialog:
        flow = self._invite.flow
        translated = self.post.translated(flow)
        return dialog_of_client(self._invite.request, response, flow, translated)

    def _send_away(self, tag: str, response: Response, now: float) -> None:
        """Another place answered too, or one answered too late: ACK, then BYE (§13.2.2.4)."""
        dialog = self._dialog_by(response)
        ack, way = dialog.request(self.post, "ACK", number=self._invite.request.cseq.number)
        bye, _ = dialog.request(self.post, "BYE")

        def again() -> None:
            self.post.send(ack, way)

        self._acks[tag] = again
        again()
        self.post.ask(bye, way, now, _no_matter, _no_matter)
        if self.stage is Stage.LEAVING:
            self._conclude()

    def _declined(self, response: Response, now: float) -> None:
        status = response.status
        if self.stage is Stage.CALLING and status == 422 and self._asks_for_more(response):
            self._drop_forks()
            self._send(now)
        elif 300 <= status < 400:
            best = sorted(response.contacts, key=_quality, reverse=True)
            self._conclude(Redirected(self.name, tuple(best), response))
        else:
            self._conclude(Refused(self.name, status, response.reason, response))

    def _asks_for_more(self, response: Response) -> bool:
        """Whether a longer session timer may please the peer (RFC 4028 §7.3)."""
        least = seconds_in(response.headers, "min-se")
        if least is None or least <= self._least or not self.interval:
            return False
        self._least = least
        return self._number < _MOST_TRIES

    # the end

    def _conclude(self, end: Effect | None = None) -> None:
        """The INVITE came to nothing; what we wanted ourselves goes before what the peer said."""
        if self.stage in (Stage.CALLING, Stage.LEAVING):
            effect = self._end or end
            self._finish()
            if effect is not None:
                self.post.emit(effect)

    def _drop_forks(self) -> None:
        forks, self._forks = self._forks, {}
        for fork in forks.values():
            fork.session.close()

    def _finish(self) -> None:
        self.stage = Stage.OVER
        self.post.alarms.cancel((self, "patience"))
        self.post.openings.pop((self._call_id, self._tag), None)
        self._drop_forks()
        self.on_over()


def _nothing() -> None:
    """An early dialog that ends says nothing."""


def _no_matter(answer: object, now: float) -> None:
    """Whatever comes of a request that changes nothing any more."""


def _quality(contact: NameAddr) -> float:
    """The q of a Contact, 1 when it says none (RFC 3261 §20.10)."""
    text = contact.param("q")
    try:
        return min(max(float(text), 0.0), 1.0) if text else 1.0
    except ValueError:
        return 0.0
