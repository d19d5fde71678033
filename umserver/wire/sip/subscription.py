"""One subscription of a peer, from its SUBSCRIBE to the last NOTIFY (RFC 6665 §4.2).

Knows: its dialog, its time, the body to be told. Must never know: what the body says. One NOTIFY is
under way at a time, so that what is newer never arrives first.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from umserver.wire.sip.dialog import Dialog, dialog_of_server
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.message import Pairs, Request, Response
from umserver.wire.sip.post import Post
from umserver.wire.sip.screening import seconds_in
from umserver.wire.sip.transaction import Transaction

LEAST_EXPIRES = 60
LONGEST_EXPIRES = 3600
"""Seconds; also what a SUBSCRIBE without Expires gets (RFC 3842 §4.4)."""
LONGEST_SILENCE = 30.0
"""Seconds that whoever asks only once waits for the answer; then it comes without a body."""


def expires_of(request: Request) -> int | None:
    """How long the peer wants to be told; None for what is no number."""
    if request.headers.get("expires") is None:
        return LONGEST_EXPIRES
    asked = seconds_in(request.headers, "expires")
    return None if asked is None else min(asked, LONGEST_EXPIRES)


@define(eq=False)
class Subscription:
    """See the module."""

    post: Post
    name: str
    package: str
    kind: str
    """Content type of the bodies."""
    opening: Transaction
    flow: Flow
    on_over: Callable[[str], None]
    """Told why, once, when nothing of it is left."""
    dialog: Dialog | None = field(init=False, default=None)
    _until: float = field(init=False, default=0.0)
    _body: bytes | None = field(init=False, default=None)
    _is_due: bool = field(init=False, default=False)
    """Whether the body is still to be told."""
    _is_telling: bool = field(init=False, default=False)
    _reason: str = field(init=False, default="")
    """Why it ends; the next NOTIFY is the last."""
    _is_over: bool = field(init=False, default=False)

    # our user

    def accept(self, now: float, *headers: tuple[str, str]) -> None:
        """200; the first NOTIFY follows as soon as there is something to be told."""
        if self.dialog is not None or self._is_over:
            return
        request = self.opening.request
        tag = self.post.tag()
        self.dialog = dialog_of_server(request, self.flow, tag, self.post.translated(self.flow))
        self.post.dialogs[self.dialog.key] = self
        self._granted(self.opening, request, now, tag, headers)

    def refuse(self, status: int, now: float, headers: Pairs = ()) -> None:
        """Turn it away."""
        if self.dialog is None and not self._is_over:
            self.post.reply(self.opening, status, now, headers=headers)
            self._over("refused")

    def drop(self, now: float) -> None:
        """Forget it without a word: the peer has a newer one."""
        if self.dialog is None:
            self.refuse(503, now)
        else:
            self._over("replaced")

    def notify(self, body: bytes, now: float) -> None:
        """Tell this, as soon as what was told before has arrived."""
        self._body, self._is_due = body, True
        self._send(now)

    def end(self, reason: str, now: float) -> None:
        """Tell that this is over."""
        if not self._reason and self.dialog is not None:
            self._reason, self._is_due = reason, True
            self._send(now)

    # the peer

    def take(self, to: Transaction, request: Request, now: float) -> None:
        """A request within the dialog."""
        assert self.dialog is not None
        if request.method != "SUBSCRIBE" or self._reason:
            self.post.reply(to, 481, now)
        elif self.dialog.is_late(request):
            self.post.reply(to, 500, now, reason="Request out of order")
        else:
            self.dialog.heard(request, to.flow)
            self.dialog.moved(request)
            self._granted(to, request, now, self.dialog.local_tag, ())
            self._is_due = self._body is not None or bool(self._reason)
            self._send(now)

    def acknowledged(self, request: Request, now: float) -> None:
        """An ACK; there is nothing to be acknowledged."""

    def lost(self, flow: Flow, now: float) -> None:
        """A flow does not carry any more."""
        if self.dialog is not None:
            self.dialog.lost(flow)

    # inside

    def _granted(
        self,
        to: Transaction,
        request: Request,
        now: float,
        tag: str,
        headers: tuple[tuple[str, str], ...],
    ) -> None:
        expires = expires_of(request) or 0
        self._until = now + expires
        if expires:
            self.post.alarms.set(("subscription", self), self._until, self._expired)
        else:
            self._reason = "timeout"
            self.post.alarms.set(("subscription", self), now + LONGEST_SILENCE, self._expired)
        pairs = [("Record-Route", line) for line in request.headers.raw("record-route")]
        pairs += [self.post.contact_pair(to.flow), ("Expires", str(expires)), *headers]
        self.post.reply(to, 200, now, headers=pairs, tag=tag)

    def _expired(self, now: float) -> None:
        self._reason, self._is_due = self._reason or "timeout", True
        self._send(now)

    def _send(self, now: float) -> None:
        if self.dialog is None or self._is_telling or not self._is_due or self._is_over:
            return
        self._is_telling, self._is_due = True, False
        is_last = bool(self._reason)
        left = max(0, round(self._until - now))
        state = f"terminated;reason={self._reason}" if is_last else f"active;expires={left}"
        body = self._body or b""
        pairs = [
            self.post.contact_pair(self.dialog.way),
            ("Event", self.package),
            ("Subscription-State", state),
            *([("Content-Type", self.kind)] if body else []),
        ]
        request, way = self.dialog.request(self.post, "NOTIFY", pairs, body)

        def passed(message: Request | Response, at: float) -> None:
            assert isinstance(message, Response)
            if message.status >= 200:
                keeps = message.status < 300 or message.headers.get("retry-after") is not None
                self._told(is_last, f"answered {message.status}" if not keeps else "", at)

        def failed(status: int, at: float) -> None:
            self._told(is_last, "no answer", at)

        self.post.ask(request, way, now, passed, failed)

    def _told(self, was_last: bool, fault: str, now: float) -> None:
        """A NOTIFY has arrived, or has not (RFC 6665 §4.2.2)."""
        self._is_telling = False
        if was_last or fault:
            self._over(self._reason or fault)
        else:
            self._send(now)

    def _over(self, why: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.post.alarms.cancel(("subscription", self))
        if self.dialog is not None:
            self.post.dialogs.pop(self.dialog.key, None)
        self.on_over(why)
