"""A 2xx to an INVITE, repeated until its ACK comes.

Knows: one answer and its two alarms. Must never know: dialogs. Source: RFC 3261 §13.3.1.4: over any
transport, since a later hop may lose it.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from umserver.wire.sip.message import Pairs, Request, Response
from umserver.wire.sip.post import Post
from umserver.wire.sip.transaction import LIFETIME, T1, T2, Transaction


@define(eq=False)
class Acceptance:
    """One accepted INVITE."""

    post: Post
    to: Transaction
    on_ack: Callable[[Acceptance, Request, float], None]
    on_silence: Callable[[Acceptance, float], None]
    """The ACK never came."""
    waits: bool = field(init=False, default=False)
    _headers: Pairs = field(init=False, default=())
    _body: bytes = field(init=False, default=b"")
    _tag: str | None = field(init=False, default=None)
    _interval: float = field(init=False, default=T1)

    @property
    def number(self) -> int:
        """The CSeq that the ACK must bear."""
        return self.to.request.cseq.number

    def begin(self, now: float, headers: Pairs, body: bytes, tag: str | None) -> None:
        """Send the 200 and wait."""
        self.waits, self._headers, self._body, self._tag = True, headers, body, tag
        self.to.passed = self._passed
        self._send(now)
        self._arm(now)
        self.post.alarms.set((self, "give up"), now + LIFETIME, self._give_up)

    def acknowledged(self, ack: Request, now: float) -> None:
        """The ACK; a repeated one says nothing."""
        if self.waits:
            self.stop()
            self.on_ack(self, ack, now)

    def stop(self) -> None:
        """Wait no more."""
        self.waits, self.to.passed = False, None
        self.post.alarms.cancel((self, "repeat"))
        self.post.alarms.cancel((self, "give up"))

    def _send(self, now: float) -> None:
        headers, body, tag = self._headers, self._body, self._tag
        self.post.reply(self.to, 200, now, headers=headers, body=body, tag=tag)

    def _passed(self, message: Request | Response, now: float) -> None:
        """A peer of RFC 2543 acknowledges within the INVITE's transaction."""
        if isinstance(message, Request):
            self.acknowledged(message, now)

    def _arm(self, now: float) -> None:
        self.post.alarms.set((self, "repeat"), now + self._interval, self._repeat)

    def _repeat(self, now: float) -> None:
        self._send(now)
        self._interval = min(2 * self._interval, T2)
        self._arm(now)

    def _give_up(self, now: float) -> None:
        self.stop()
        self.on_silence(self, now)
