"""Provisional answers that must arrive (RFC 3262).

Knows: RSeq and RAck, the repeating until a PRACK comes. Must never know: dialogs. Used only where
the peer requires it: a voice-mail server answers at once, and plain 180s serve everybody else.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from umserver.wire.sip.message import Pairs, Request, Response
from umserver.wire.sip.post import Post
from umserver.wire.sip.requests import tokens
from umserver.wire.sip.transaction import LIFETIME, T1, Transaction

_MOST_RSEQ = 2**31 - 1


@define(eq=False)
class ReliableProvisional:
    """The one reliable provisional answer that may be open at a time."""

    post: Post
    to: Transaction
    on_silence: Callable[[float], None]
    """No PRACK came within 64*T1: the INVITE must be refused."""
    number: int = field(init=False, default=0)
    waits: bool = field(init=False, default=False)
    """Whether the PRACK has not come; it is taken even after the final answer."""
    _send: Callable[[float], None] = field(init=False)
    _interval: float = field(init=False, default=T1)

    def begin(self, status: int, now: float, headers: Pairs, tag: str) -> None:
        """Send it and repeat it."""
        first = not self.number
        self.number = self.post.random.randrange(1, _MOST_RSEQ) if first else self.number + 1
        reliably = [*headers, ("Require", "100rel"), ("RSeq", str(self.number))]

        def send(at: float) -> None:
            self.post.reply(self.to, status, at, headers=reliably, tag=tag)

        self._send, self._interval, self.waits = send, T1, True
        send(now)
        self._arm(now)
        self.post.alarms.set((self, "give up"), now + LIFETIME, self._give_up)

    def acknowledged(self, prack: Request) -> int:
        """The status that this PRACK deserves: 200, 400 or 481; RFC 3262 §3."""
        fields = (prack.headers.get("rack") or "").split()
        if len(fields) != 3 or not all(f.isascii() and f.isdigit() for f in fields[:2]):
            return 400
        invite = self.to.request.cseq
        if not self.waits or [f.lstrip("0") for f in fields[:2]] != [
            str(self.number),
            str(invite.number),
        ]:
            return 481
        if fields[2] != invite.method:
            return 481
        self.stop()
        self.waits = False
        return 200

    def stop(self) -> None:
        """Repeat it no more."""
        self.post.alarms.cancel((self, "repeat"))
        self.post.alarms.cancel((self, "give up"))

    def _arm(self, now: float) -> None:
        self.post.alarms.set((self, "repeat"), now + self._interval, self._repeat)

    def _repeat(self, now: float) -> None:
        self._send(now)
        self._interval *= 2
        self._arm(now)

    def _give_up(self, now: float) -> None:
        self.stop()
        self.on_silence(now)


def requires_reliability(invite: Request) -> bool:
    """Whether the peer takes no other provisional answers."""
    return "100rel" in tokens(invite.headers, "require")


def rseq_of(response: Response) -> int | None:
    """The RSeq of a reliable provisional answer, None for a plain one (RFC 3262 §4)."""
    text = (response.headers.get("rseq") or "").strip()
    if response.status <= 100 or "100rel" not in tokens(response.headers, "require"):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
