"""The door of SIP: octets and verbs in, effects out.

Knows: which part of the house a verb is for. Must never know: sockets, clocks, why a call is taken.
Nothing a peer sends raises; ProtocolMisuse is our own code's fault alone. A verb for a call that
has ended meanwhile does nothing. Seconds throughout, on the caller's scale. Sources: RFC 3261
§8.1.1, §11.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from attrs import define, evolve, field

from umserver.wire.sip.callbook import CallBook
from umserver.wire.sip.effects import Answered, Effect, Flow, ProtocolMisuse, Refused
from umserver.wire.sip.headers import CSeq, NameAddr
from umserver.wire.sip.invite_client import PlacedCall
from umserver.wire.sip.message import REASONS, Pairs, Request, Response
from umserver.wire.sip.notifier import Notifier
from umserver.wire.sip.post import Post
from umserver.wire.sip.reception import Reception
from umserver.wire.sip.screening import ABILITIES, ACCEPT
from umserver.wire.sip.transaction import Transaction
from umserver.wire.sip.transfer import replacing
from umserver.wire.sip.uri import Uri

MOST_CALLS = 4000
MOST_TRANSACTIONS = 20000


@define(eq=False, kw_only=True)
class Endpoint:
    """One SIP user agent, server and client in one."""

    product: str
    """Our name in Server and User-Agent."""
    random: Random
    contact: Callable[[Flow], Uri]
    """Where the peer of a flow reaches us."""
    session_interval: int = 0
    """Seconds of the session timer that our own INVITEs ask for; 0: none."""
    most_calls: int = MOST_CALLS
    """Calls held at once, those that nobody has answered yet included."""
    most_transactions: int = MOST_TRANSACTIONS
    """Requests of peers held at once; what exceeds them is answered and forgotten."""
    post: Post = field(init=False)
    calls: CallBook = field(init=False)
    reception: Reception = field(init=False)
    _requests: dict[str, Transaction] = field(init=False, factory=dict)
    """Those of ours outside of dialogs that wait for their answers, by token."""

    def __attrs_post_init__(self) -> None:
        self.post = Post(self.random, self.product, self.contact, self.most_transactions)
        self.calls = CallBook(self.most_calls)
        self.reception = Reception(self.post, self.calls)

    @property
    def available(self) -> bool:
        """Whether OPTIONS is answered with 200; else 503."""
        return self.reception.available

    @available.setter
    def available(self, value: bool) -> None:
        self.reception.available = value

    @property
    def deadline(self) -> float | None:
        """When `wake` wants to be called; None while nothing waits."""
        return self.post.alarms.deadline

    # the world

    def receive(self, data: bytes, flow: Flow, now: float) -> list[Effect]:
        """A whole message came by this flow."""
        self.reception.receive(data, flow, now)
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
        offered = self.calls.offered(call)
        if offered is not None:
            offered.ring(now)
        return self.post.take()

    def answer(self, call: str, sdp: bytes, now: float) -> list[Effect]:
        """Take the call: `sdp` answers its offer, or is our offer when it made none."""
        offered = self.calls.offered(call)
        if offered is not None:
            offered.answer(sdp, now)
        return self.post.take()

    def refuse(
        self, call: str, status: int, reason: str, now: float, headers: Pairs = ()
    ) -> list[Effect]:
        """Turn the call away; without a `reason` the usual phrase stands there."""
        offered = self.calls.offered(call)
        if offered is not None:
            offered.refuse(status, reason, headers, now)
        return self.post.take()

    def redirect(self, call: str, contacts: Sequence[str], now: float) -> list[Effect]:
        """Send the call elsewhere: 302 with these Contact values."""
        offered = self.calls.offered(call)
        if offered is not None:
            offered.redirect(contacts, now)
        return self.post.take()

    # verbs of a call that stands

    def hang_up(self, call: str, now: float, reason: str = "") -> list[Effect]:
        """End the call, whatever its state; Ended follows once that is done."""
        known = self.calls.find(call)
        if known is not None:
            known.hang_up(now, reason)
        return self.post.take()

    def transfer(self, call: str, refer_to: str, now: float) -> list[Effect]:
        """Ask the peer to call `refer_to` (a Refer-To value) instead of us."""
        session = self.calls.session(call)
        if session is not None:
            session.transfer.refer(refer_to, now)
        return self.post.take()

    def attend(self, call: str, other: str, now: float) -> list[Effect]:
        """Ask the peer to take our place in `other`, a call of ours that stands (RFC 3891)."""
        session, replaced = self.calls.session(call), self.calls.session(other)
        if session is not None and replaced is not None:
            target = replacing(replaced.dialog.target, replaced.dialog)
            session.transfer.refer(target, now)
        return self.post.take()

    def forget_transfer(self, call: str) -> None:
        """Wait no longer for how a transfer goes."""
        session = self.calls.session(call)
        if session is not None:
            session.transfer.forget()

    def takes(self, call: str, method: str) -> bool:
        """Whether the peer may take this method: it did not leave it out of its Allow."""
        session = self.calls.session(call)
        return session is None or not session.dialog.allows or method in session.dialog.allows

    def info(self, call: str, kind: str, body: bytes, now: float) -> list[Effect]:
        """Send an INFO with a body of this content type."""
        session = self.calls.session(call)
        if session is not None:
            session.info(kind, body, now)
        return self.post.take()

    def offer(self, call: str, sdp: bytes, now: float, method: str = "INVITE") -> list[Effect]:
        """Change the session by re-INVITE or UPDATE; Established or OfferRefused follows."""
        if method not in ("INVITE", "UPDATE"):
            raise ProtocolMisuse(f"{method} makes no offer")
        session = self.calls.session(call)
        if session is not None:
            session.offers.propose(method, sdp, now)
        return self.post.take()

    def accept_offer(self, call: str, sdp: bytes, now: float) -> list[Effect]:
        """Answer what Reoffered told; nothing when the peer took it back meanwhile."""
        session = self.calls.session(call, early=True)
        if session is not None:
            session.offers.accept(sdp, now)
        return self.post.take()

    def refuse_offer(self, call: str, status: int, now: float) -> list[Effect]:
        """Leave the session as it is."""
        session = self.calls.session(call, early=True)
        if session is not None:
            session.offers.refuse(status, now)
        return self.post.take()

    # subscriptions of peers

    def take_subscriptions(self, packages: Mapping[str, str]) -> None:
        """Let peers subscribe to these event packages; their content types are the values."""
        self.reception.notifier = Notifier(self.post, packages)

    def answer_subscription(
        self, name: str, status: int, now: float, headers: Pairs = ()
    ) -> list[Effect]:
        """200 lets it be, anything else turns it away with these headers; what is over stays so."""
        notifier = self.reception.notifier
        if notifier is not None and status == 200:
            notifier.accept(name, now)
        elif notifier is not None:
            notifier.refuse(name, status, now, headers)
        return self.post.take()

    def notify(self, name: str, body: bytes, now: float) -> list[Effect]:
        """Tell a subscriber."""
        if self.reception.notifier is not None:
            self.reception.notifier.notify(name, body, now)
        return self.post.take()

    def end_subscription(self, name: str, reason: str, now: float) -> list[Effect]:
        """Tell a subscriber that it is over (RFC 6665 §4.1.3: rejected, noresource …)."""
        if self.reception.notifier is not None:
            self.reception.notifier.end(name, reason, now)
        return self.post.take()

    # requests of ours

    def call(
        self, uri: Uri, flow: Flow, sender: NameAddr, headers: Pairs, sdp: bytes, now: float
    ) -> tuple[str, list[Effect]]:
        """Place a call with this offer. Returns its name, and the effects."""
        name = self.calls.new_name()
        if self.calls.is_full:
            self.post.emit(Refused(name, 503, REASONS[503], None))
            return name, self.post.take()
        placed = PlacedCall(
            self.post,
            name,
            uri,
            flow,
            sender,
            headers,
            sdp,
            self.session_interval,
            lambda: self.calls.forget(name),
        )
        self.calls.add(name, placed)
        placed.begin(now)
        return name, self.post.take()

    def was_heard(self, call: str) -> bool:
        """Whether anything came back for a call that we placed, be it a 100."""
        placed = self.calls.find(call)
        return isinstance(placed, PlacedCall) and placed.was_heard

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
        token = self.calls.new_name()

        def passed(message: Request | Response, at: float) -> None:
            if isinstance(message, Response) and message.status >= 200:
                self._requests.pop(token, None)
                self.post.emit(Answered(token, message))

        def failed(status: int, at: float) -> None:
            self._requests.pop(token, None)
            self.post.emit(Answered(token, None))

        pairs = self._heading(method, uri, flow, sender)
        request = self.post.request(method, uri, flow, [*pairs, *headers], body)
        asked = self.post.ask(request, flow, now, passed, failed)
        if not asked.is_over:
            self._requests[token] = asked
        return token, self.post.take()

    def _heading(self, method: str, uri: Uri, flow: Flow, sender: NameAddr) -> Pairs:
        """What a request outside of any dialog begins with."""
        host = self.contact(flow).host or "localhost"
        return [
            ("From", str(sender.with_param("tag", self.post.tag()))),
            # neither port nor transport there (RFC 3261 §19.1.1, table 1)
            ("To", f"<{evolve(uri, port=None, params=(), headers='')}>"),
            ("Call-ID", f"{self.post.tag()}@{host}"),
            ("CSeq", str(CSeq(1, method))),
            self.post.contact_pair(flow),
            ACCEPT,
            *ABILITIES,
            ("User-Agent", self.product),
        ]

    def abandon(self, token: str) -> list[Effect]:
        """Repeat this request no more, and tell of no answer; harmless when it has one."""
        asked = self._requests.pop(token, None)
        if asked is not None:
            self.post.ledger.abandon(asked)
        return self.post.take()
