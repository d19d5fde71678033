"""A call that is offered to us, until it stands.

Knows: the first INVITE and its answers. Must never know: why a call is taken or refused. Sources:
RFC 3261 §9.2, §13.3, §15.1.2; RFC 3262 §3. A call that is refused or redirected leaves only its
server transaction behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from umserver.wire.sip.body import sdp_of
from umserver.wire.sip.dialog import dialog_of_server
from umserver.wire.sip.effects import Ended, Offered, ProtocolMisuse
from umserver.wire.sip.message import Pairs, Request
from umserver.wire.sip.post import Post
from umserver.wire.sip.reliable import ReliableProvisional, requires_reliability
from umserver.wire.sip.screening import ALLOW, seconds_in
from umserver.wire.sip.session import Session
from umserver.wire.sip.transaction import Transaction


@define(eq=False)
class OfferedCall:
    """One offered call."""

    post: Post
    name: str
    to: Transaction
    on_over: Callable[[], None]
    session: Session | None = field(init=False, default=None)
    is_answered: bool = field(init=False, default=False)
    """Whether the INVITE has had its final answer."""
    _provisional: ReliableProvisional | None = field(init=False, default=None)

    @property
    def request(self) -> Request:
        """The INVITE."""
        return self.to.request

    def offer(self, offered: Offered, now: float) -> None:
        """Say 100 and tell our user."""
        self.post.reply(self.to, 100, now)
        self.post.emit(offered)
        expires = seconds_in(self.request.headers, "expires")
        if expires:
            self.post.alarms.set((self, "expires"), now + expires, self._expired)

    # verbs

    def ring(self, now: float) -> None:
        """Tell the caller that it rings, reliably where it insists (RFC 3262 §3)."""
        self._check_open("ring")
        reliably = requires_reliability(self.request)
        if reliably and sdp_of(self.request) is None:
            return  # a reliable answer would have to carry our offer: the 200 will (§13.2.1)
        session = self._open()
        headers = [self.post.contact_pair(self.to.flow), ALLOW, *self._record_routes()]
        if not reliably:
            self.post.reply(self.to, 180, now, headers=headers, tag=session.dialog.local_tag)
            return
        if self._provisional is None:
            self._provisional = ReliableProvisional(self.post, self.to, self._unheard)
        if not self._provisional.waits:
            self._provisional.begin(180, now, headers, session.dialog.local_tag)

    def answer(self, sdp: bytes, now: float) -> None:
        """Take the call: 200 with our session description."""
        self._check_open("answer")
        session = self._open()
        self._decided()
        session.offers.accept(sdp, now)

    def refuse(self, status: int, reason: str, headers: Pairs, now: float) -> None:
        """Turn it away."""
        self._check_open("refuse")
        if not 300 <= status <= 699:
            raise ProtocolMisuse(f"{status} refuses nothing")
        self._turn_away(status, now, "us", reason=reason, headers=headers)

    def redirect(self, contacts: Sequence[str], now: float) -> None:
        """Send it elsewhere: 302 with these Contact values, best first (RFC 3261 §8.1.3.4)."""
        self._check_open("redirect")
        if not contacts:
            raise ProtocolMisuse("a redirect needs a contact")
        self._turn_away(302, now, "us", headers=[("Contact", each) for each in contacts])

    def hang_up(self, now: float, reason: str) -> None:
        """Let go of it, whatever its state."""
        if self.is_answered:
            assert self.session is not None
            self.session.hang_up(now, reason)
        else:
            self._turn_away(480, now, "us")

    # the peer

    def cancelled(self, now: float) -> None:
        """The caller gave up (RFC 3261 §9.2); too late when the call has its answer."""
        if not self.is_answered:
            self._turn_away(487, now, "cancel")

    # inside

    def _open(self) -> Session:
        """The early dialog (RFC 3261 §12.1.1)."""
        if self.session is None:
            dialog = dialog_of_server(
                self.request, self.to.flow, self.post.tag(), self.post.translated(self.to.flow)
            )
            self.session = Session(
                self.post, self.name, dialog, self._over, self._left_early, self._pracked
            )
            self.session.offers.theirs = self.to
        return self.session

    def _check_open(self, verb: str) -> None:
        if self.is_answered:
            raise ProtocolMisuse(f"{verb}: the call has its answer")

    def _decided(self) -> None:
        self.is_answered = True
        self.post.alarms.cancel((self, "expires"))
        if self._provisional is not None:
            self._provisional.stop()

    def _turn_away(
        self, status: int, now: float, by: str, *, reason: str = "", headers: Pairs = ()
    ) -> None:
        self._decided()
        tag = self.session.dialog.local_tag if self.session is not None else None
        self.post.reply(self.to, status, now, reason=reason, headers=headers, tag=tag)
        if self.session is not None:
            self.session.offers.theirs = None
            self.session.end(by, str(status))
        else:
            self.post.emit(Ended(self.name, by, str(status)))
            self.on_over()

    def _over(self) -> None:
        """The session has ended: what was made for it goes with it."""
        self.session = self._provisional = None
        self.on_over()

    def _left_early(self, now: float) -> None:
        """BYE before the final answer; the session refuses what is open (RFC 3261 §15.1.2)."""
        if not self.is_answered:
            self._decided()

    def _pracked(self, to: Transaction, request: Request, now: float) -> None:
        status = 481 if self._provisional is None else self._provisional.acknowledged(request)
        if status == 200 and sdp_of(request) is not None:
            status = 488  # we have answered nothing yet that a new offer could follow
        self.post.reply(to, status, now)

    def _unheard(self, now: float) -> None:
        """No PRACK within 64*T1 (RFC 3262 §3)."""
        self._turn_away(504, now, "timeout")

    def _expired(self, now: float) -> None:
        """The caller set a limit, and it is reached (RFC 3261 §13.3.1)."""
        self._turn_away(487, now, "timeout")

    def _record_routes(self) -> list[tuple[str, str]]:
        return [("Record-Route", line) for line in self.request.headers.raw("record-route")]
