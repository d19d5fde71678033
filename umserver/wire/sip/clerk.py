"""Answers at a glance: what needs neither memory nor thought, without taking a message apart.

Knows: glances, the answer to OPTIONS, a judge of INVITEs. Must never know: what a verdict rests on.
What the clerk answers is what `Reception` would: the tests compare octets. What is no glance, what
may belong to a transaction, and what the judge leaves open is left to `Reception`. Sources: RFC
3261 §8.2.7, §11.2.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from umserver.wire.sip.glance import Eye, Glance
from umserver.wire.sip.ledger import client_key
from umserver.wire.sip.message import REASONS
from umserver.wire.sip.paths import is_answerable_at
from umserver.wire.sip.reception import Reception
from umserver.wire.sip.screening import Refusal

Address = tuple[str, int]
QuickJudge = Callable[[Glance, Address, Address], Refusal | None]
"""Decides about an INVITE from the second address to the third; None: not at once."""
Reply = tuple[bytes, Address]

NOTHING: Reply = (b"", ("", 0))
"""What an ACK is answered: it ends there."""


@define(eq=False)
class Clerk:
    """In front of one `Reception`, for datagrams."""

    reception: Reception
    judge: QuickJudge | None = None
    _eye: Eye = field(init=False, factory=Eye)
    _mark: bytes = field(init=False)
    _end: str = field(init=False)
    """Of every answer."""

    def __attrs_post_init__(self) -> None:
        self._mark = b";tag=" + self.reception.post.mark.encode()
        self._end = f"Server: {self.reception.post.product}\r\nContent-Length: 0\r\n\r\n"

    def answer(self, data: bytes, remote: Address, local: Address) -> Reply | None:
        """The answer and where it goes; None where the message has to be taken apart."""
        if data.startswith(b"ACK ") and self._mark in data:
            return NOTHING
        seen = self._eye.glance(data)
        if seen is None or not is_answerable_at(remote) or self._may_be_known(seen):
            return None
        if seen.method == "OPTIONS":
            verdict: Refusal | None = self.reception.outside("OPTIONS")
        else:
            verdict = self.judge(seen, remote, local) if self.judge is not None else None
        return None if verdict is None else self._written(seen, verdict, remote)

    def _may_be_known(self, seen: Glance) -> bool:
        """Whether it may belong to something that is remembered."""
        ledger = self.reception.post.ledger
        return not ledger.is_empty and ledger.may_know(
            seen.transaction, seen.merge, client_key(seen.branch, seen.method)
        )

    def _written(self, seen: Glance, verdict: Refusal, remote: Address) -> Reply:
        tag = self.reception.post.tag_of(seen.lines)
        to = seen.seen_from(remote)
        reason = verdict.reason or REASONS.get(verdict.status, "")
        said = "".join([f"{name}: {value}\r\n" for name, value in verdict.headers])
        vias = "\r\nVia: ".join(seen.vias)
        text = (
            f"SIP/2.0 {verdict.status} {reason}\r\nVia: {vias}\r\n"
            f"From: {seen.from_}\r\nTo: {seen.to};tag={tag}\r\n"
            f"Call-ID: {seen.call_id}\r\nCSeq: {seen.cseq}\r\n{said}{self._end}"
        )
        return text.encode("utf-8", "surrogateescape"), to
