"""Changing a session that stands or comes about: re-INVITE and UPDATE, both ways.

Knows: whose offer is open, whose request is in progress, and who has to wait for whom. Must never
know: what a session description says, how a call begins or ends. Sources: RFC 3261 §14, RFC 3311
§5, RFC 3264 §4, RFC 4028 §7, RFC 6337 §3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol
from weakref import ref

from attrs import define, evolve, field, frozen

from umserver.wire.sip.body import sdp_of
from umserver.wire.sip.dialog import Dialog
from umserver.wire.sip.effects import (
    Established,
    OfferRefused,
    ProtocolMisuse,
    Reoffered,
)
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.multipart import SDP
from umserver.wire.sip.post import Post
from umserver.wire.sip.screening import ABILITIES, LEAST_SESSION, seconds_in
from umserver.wire.sip.session_timer import SessionTimer, Terms, agreed_as_client
from umserver.wire.sip.transaction import LIFETIME, Transaction

_MOST_TRIES = 8
"""Times that one proposal of ours is made anew after 491, 422 or 500."""
_LONGEST_WAIT = 60
"""Seconds of the longest Retry-After that is waited for."""
_PATIENCE = 180.0
"""Seconds that a re-INVITE may be tried by the peer without a decision (timer C of a proxy)."""


class Changing(Protocol):
    """The call whose session changes."""

    post: Post
    call: str
    dialog: Dialog
    timer: SessionTimer

    @property
    def is_leaving(self) -> bool:
        """Whether it has ended, or is about to."""

    def accept(self, to: Transaction, sdp: bytes, now: float) -> None:
        """Answer an INVITE or UPDATE of the peer with 200."""

    def acknowledge(self, number: int) -> Callable[[], None]:
        """Send the ACK for a 2xx to our INVITE of this CSeq; the result sends it again."""

    def awaits_ack(self) -> bool:
        """Whether a 2xx of ours has not been acknowledged."""

    def give_up(self, by: str, reason: str, now: float) -> None:
        """End the call: the peer is gone or does not know it any more."""


@frozen
class Proposal:
    """A request of ours that may carry an offer."""

    method: str
    """INVITE or UPDATE."""
    sdp: bytes
    """Empty for an UPDATE that only says that we are alive."""
    is_told: bool
    """Whether our user waits for how it goes."""
    tries: int = 0
    least_interval: int = 0
    """Seconds of the Min-SE that a 422 named."""


@define(eq=False)
class Offers:
    """Who has offered what to whom within one call."""

    _session: ref[Changing]
    """Who is asked and told; it holds this, and not the other way about."""
    theirs: Transaction | None = None
    """An INVITE or UPDATE of the peer that our user has not decided on."""
    offer_of_ours_is_open: bool = False
    invite_of_ours_is_open: bool = False
    latest: bytes = b""
    """The session description that we sent last."""
    _asking: Proposal | None = field(init=False, default=None)
    _invite: Transaction | None = field(init=False, default=None)
    """Our INVITE that has had no final answer."""
    _waiting: deque[Proposal] = field(init=False, factory=deque)

    @property
    def session(self) -> Changing:
        """The call; whatever of it is under way holds it."""
        session = self._session()
        assert session is not None
        return session

    # the peer changes

    def invited(self, to: Transaction, request: Request, now: float) -> None:
        """A re-INVITE (RFC 3261 §14.2)."""
        if self.invite_of_ours_is_open or self.offer_of_ours_is_open:
            self.session.post.reply(to, 491, now)
        elif self.theirs is not None:
            self._busy(to, now)
        else:
            self.session.post.reply(to, 100, now)
            self._reoffered(to, sdp_of(request))

    def updated(self, to: Transaction, request: Request, now: float) -> None:
        """An UPDATE (RFC 3311 §5.2)."""
        sdp = sdp_of(request)
        if sdp is None:
            self.session.accept(to, b"", now)
        elif self.offer_of_ours_is_open:
            self.session.post.reply(to, 491, now)
        elif self.theirs is not None:
            self._busy(to, now)
        else:
            self._reoffered(to, sdp)

    def accept(self, sdp: bytes, now: float) -> None:
        """Our user's answer, or the offer that a re-INVITE without one asked for."""
        to, self.theirs = self.theirs, None
        if to is None:
            return  # the peer took it back meanwhile
        self.latest = sdp
        self.offer_of_ours_is_open = sdp_of(to.request) is None
        self.session.accept(to, sdp, now)
        self.proceed(now)

    def refuse(self, status: int, now: float) -> None:
        """Our user keeps the session as it is."""
        to, self.theirs = self.theirs, None
        if to is not None:
            self.session.post.reply(to, status, now)
            self.proceed(now)

    def cancelled(self, to: Transaction, now: float) -> None:
        """The peer takes its re-INVITE back (RFC 3261 §9.2)."""
        if self.theirs is to:
            self.refuse(487, now)

    def acknowledged(self, ack: Request, invite: Request, is_first: bool) -> None:
        """The ACK for a 2xx of ours; it holds the answer if the offer was ours."""
        was_ours = sdp_of(invite) is None
        if was_ours:
            self.offer_of_ours_is_open = False
        if is_first or was_ours:
            answer = sdp_of(ack) if was_ours else None
            self.session.post.emit(Established(self.session.call, answer))

    def _reoffered(self, to: Transaction, sdp: bytes | None) -> None:
        self.theirs = to
        self.session.post.emit(Reoffered(self.session.call, sdp))

    def _busy(self, to: Transaction, now: float) -> None:
        post = self.session.post
        post.reply(to, 500, now, headers=[post.retry_after()])

    # we change

    def propose(self, method: str, sdp: bytes, now: float) -> None:
        """Offer a change. Raises ProtocolMisuse while an earlier offer of our user is open."""
        pending = [self._asking, *self._waiting]
        if any(one is not None and one.is_told for one in pending):
            raise ProtocolMisuse("an offer of ours is open")
        self._waiting.append(Proposal(method, sdp, is_told=True))
        self.proceed(now)

    def refresh(self, now: float) -> None:
        """Say that we are alive; any other proposal says so too (RFC 4028 §7.4)."""
        if self._asking is not None or self._waiting:
            return
        allows = self.session.dialog.allows
        plain = "UPDATE" in allows or not self.latest
        method, sdp = ("UPDATE", b"") if plain else ("INVITE", self.latest)
        self._waiting.append(Proposal(method, sdp, is_told=False))
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Make the next proposal if nothing stands in its way (RFC 3261 §14.1)."""
        if not self._waiting or self._asking is not None or self._must_wait(self._waiting[0]):
            return
        if self.session.post.alarms.is_set((self, "again")):
            return
        self._ask(self._waiting.popleft(), now)

    def stop(self, now: float) -> None:
        """The call ends: what the peer waits for is refused, what we wanted is forgotten."""
        self._waiting.clear()
        self.session.post.alarms.cancel((self, "again"))
        if self._invite is not None:
            self.session.post.alarms.set((self, "patience"), now + LIFETIME, self._abandon)
        self.refuse(487, now)

    def _must_wait(self, proposal: Proposal) -> bool:
        if self.session.is_leaving:
            return True
        if proposal.method == "INVITE" and self.session.awaits_ack():
            return True
        blocked = self.invite_of_ours_is_open or self.offer_of_ours_is_open
        return bool(proposal.sdp) and (blocked or self.theirs is not None)

    def _ask(self, proposal: Proposal, now: float) -> None:
        self._asking = proposal
        self.offer_of_ours_is_open = bool(proposal.sdp) or self.offer_of_ours_is_open
        self.invite_of_ours_is_open = proposal.method == "INVITE" or self.invite_of_ours_is_open
        pairs = [*ABILITIES, *_timer_pairs(self.session.timer.terms, proposal)]
        if proposal.sdp:
            pairs.append(("Content-Type", SDP))
        session = self.session
        request, way = session.dialog.request(session.post, proposal.method, pairs, proposal.sdp)
        again: Callable[[], None] | None = None

        def passed(message: Request | Response, at: float) -> None:
            nonlocal again
            assert isinstance(message, Response)
            if message.status < 200:
                return
            if message.status < 300 and proposal.method == "INVITE":
                if again is not None:
                    again()
                    return
                again = session.acknowledge(request.cseq.number)
            self._finished(proposal, request, message, at)

        asked = session.post.ask(
            request, way, now, passed, lambda status, at: self._failed(proposal, status, at)
        )
        if proposal.method == "INVITE" and not asked.is_over:
            self._invite = asked
            session.post.alarms.set((self, "patience"), now + _PATIENCE, self._abandon)

    def _abandon(self, now: float) -> None:
        """Our INVITE was tried and never decided on: no timer of its own ends that."""
        asked, proposal = self._invite, self._asking
        if asked is not None and proposal is not None:
            self.session.post.ledger.run(asked, "abandon", now)
            self._failed(proposal, 408, now)

    def _close(self, proposal: Proposal) -> None:
        self._asking = self._invite = None
        self.session.post.alarms.cancel((self, "patience"))
        if proposal.sdp:
            self.offer_of_ours_is_open = False
        if proposal.method == "INVITE":
            self.invite_of_ours_is_open = False

    def _finished(
        self, proposal: Proposal, request: Request, response: Response, now: float
    ) -> None:
        self._close(proposal)
        session = self.session
        if session.is_leaving:
            return
        status = response.status
        if status < 300:
            session.dialog.moved(response)
            session.timer.set(agreed_as_client(response), now)
            self.latest = proposal.sdp or self.latest
            if proposal.is_told:
                session.post.emit(Established(session.call, sdp_of(response)))
        elif status in (408, 481):  # RFC 3261 §12.2.1.2
            session.give_up("error", f"{status} {response.reason}".strip(), now)
            return
        elif not self._tries_again(proposal, request, response, now):
            self._refused(proposal, status, now)
        self.proceed(now)

    def _failed(self, proposal: Proposal, status: int, now: float) -> None:
        self._close(proposal)
        if self.session.is_leaving:
            return
        if status == 408:
            self.session.give_up("timeout", f"no answer to {proposal.method}", now)
            return
        self._refused(proposal, status, now)
        self.proceed(now)

    def _refused(self, proposal: Proposal, status: int, now: float) -> None:
        self.session.timer.refresh_again(now)
        if proposal.is_told:
            self.session.post.emit(OfferRefused(self.session.call, status))

    def _tries_again(
        self, proposal: Proposal, request: Request, response: Response, now: float
    ) -> bool:
        if proposal.tries >= _MOST_TRIES:
            return False
        proposal = evolve(proposal, tries=proposal.tries + 1)
        wait = 0.0
        after = seconds_in(response.headers, "retry-after")
        least = seconds_in(response.headers, "min-se")
        if response.status == 491:
            wait = self._glare_wait()
        elif response.status == 422 and least is not None and least > proposal.least_interval:
            proposal = evolve(proposal, least_interval=least)
        elif self.session.dialog.was_overtaken(request, response):
            pass
        elif response.status == 500 and after is not None and after <= _LONGEST_WAIT:
            wait = float(after)
        elif response.status in (405, 501) and not proposal.sdp and self.latest:
            proposal = evolve(proposal, method="INVITE", sdp=self.latest)
        else:
            return False
        self._waiting.appendleft(proposal)
        if wait:
            self.session.post.alarms.set((self, "again"), now + wait, self.proceed)
        return True

    def _glare_wait(self) -> float:
        """Seconds after a 491 (RFC 3261 §14.1): who owns the Call-ID waits longer."""
        random = self.session.post.random
        if self.session.dialog.started_by_us:
            return random.randint(210, 400) / 100
        return random.randint(1, 200) / 100


def _timer_pairs(terms: Terms | None, proposal: Proposal) -> list[tuple[str, str]]:
    if terms is None:
        return []
    least = max(LEAST_SESSION, proposal.least_interval)
    asked = evolve(terms, interval=max(terms.interval, least))
    return [("Session-Expires", asked.asked_again()), ("Min-SE", str(least))]
