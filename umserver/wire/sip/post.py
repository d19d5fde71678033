"""What every part of an endpoint shares: its books, its alarms, its name, and the way out.

Knows: how requests and answers of ours are completed and sent. Must never know: what a call is.
Sources: RFC 3261 §8.1.1, §8.2.6, §19.3.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b
from random import Random
from typing import Protocol

from attrs import define, field

from umserver.wire.sip.alarms import Alarms
from umserver.wire.sip.effects import Effect, Flow, Send
from umserver.wire.sip.ledger import COOKIE, Fail, Ledger, Receive
from umserver.wire.sip.message import Headers, Pairs, Request, answer
from umserver.wire.sip.requests import MAX_FORWARDS
from umserver.wire.sip.transaction import Transaction
from umserver.wire.sip.uri import Uri, host_text

_LONGEST_RETRY = 10


class Opening(Protocol):
    """Whoever takes requests."""

    def take(self, to: Transaction, request: Request, now: float) -> None:
        """A new request other than ACK and CANCEL; it must be answered."""


class Usage(Opening, Protocol):
    """Whoever takes the requests of a dialog."""

    def acknowledged(self, request: Request, now: float) -> None:
        """The ACK for a 2xx."""

    def lost(self, flow: Flow, now: float) -> None:
        """A flow does not carry any more."""


@define(eq=False)
class Post:
    """The way out of one endpoint, and its books."""

    random: Random
    product: str
    contact: Callable[[Flow], Uri]
    most_transactions: int
    translated: Callable[[Flow], bool] = lambda flow: False
    """Whether the peer of a flow is known to stand behind an address translator."""
    alarms: Alarms = field(init=False, factory=Alarms)
    ledger: Ledger = field(init=False)
    dialogs: dict[Hashable, Usage] = field(init=False, factory=dict)
    openings: dict[tuple[str, str], Opening] = field(init=False, factory=dict)
    """By Call-ID and our tag: INVITEs of ours whose dialogs we may not know yet."""
    _effects: list[Effect] = field(init=False, factory=list)
    mark: str = field(init=False)
    """What the tags of answers begin with that we do not remember; of this process alone."""
    _salt: bytes = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.mark = f"{self.random.getrandbits(48):012x}-"
        self._salt = self.random.getrandbits(128).to_bytes(16, "big")
        self.ledger = Ledger(self.alarms, self.emit, self.most_transactions)

    def emit(self, effect: Effect) -> None:
        """Add to what this step will answer."""
        self._effects.append(effect)

    def take(self) -> list[Effect]:
        """What this step came to; the next begins empty."""
        effects, self._effects = self._effects, []
        return effects

    # chance

    def tag(self) -> str:
        """A fresh tag (RFC 3261 §19.3)."""
        return f"{self.random.getrandbits(64):016x}"

    def same_tag(self, headers: Headers) -> str:
        """A tag that every copy of a request gets without being remembered (RFC 3261 §8.2.7)."""
        names = ("via", "from", "call-id", "cseq")
        return self.tag_of("\n".join(line for name in names for line in headers.raw(name)))

    def tag_of(self, text: str) -> str:
        """The tag for the lines of a request that make it what it is.

        It begins with `mark`, by which the ACKs of such answers are known.
        """
        octets = text.encode("utf-8", "surrogateescape")
        return self.mark + blake2b(octets, digest_size=8, key=self._salt).hexdigest()

    def branch(self) -> str:
        """A fresh branch (RFC 3261 §8.1.1.7)."""
        return f"{COOKIE}{self.random.getrandbits(80):020x}"

    def retry_after(self) -> tuple[str, str]:
        """A random Retry-After of at most 10 seconds (RFC 3261 §14.2)."""
        return "Retry-After", str(self.random.randrange(_LONGEST_RETRY + 1))

    # sending

    def contact_pair(self, flow: Flow) -> tuple[str, str]:
        """Our Contact towards this peer."""
        return "Contact", f"<{self.contact(flow)}>"

    def request(
        self, method: str, uri: Uri, flow: Flow, pairs: Pairs, body: bytes = b""
    ) -> Request:
        """A complete request with a Via of its own."""
        here = self.contact(flow)
        by = host_text(here.host, here.port)
        via = f"SIP/2.0/{flow.transport.upper()} {by};branch={self.branch()};rport"
        limited = any(name == "Max-Forwards" for name, _ in pairs)
        hops = () if limited else (("Max-Forwards", MAX_FORWARDS),)
        headers = Headers([("Via", via), *hops, *pairs])
        return Request(method=method, uri=uri, headers=headers, body=body)

    def ask(
        self, request: Request, flow: Flow, now: float, passed: Receive, failed: Fail
    ) -> Transaction:
        """Send a request as a client transaction."""
        return self.ledger.ask(request, flow, now, passed, failed)

    def send(self, request: Request, flow: Flow) -> None:
        """Send a request without a transaction: the ACK for a 2xx."""
        self.emit(Send(request.to_bytes(), flow))

    def reply(
        self,
        to: Transaction,
        status: int,
        now: float,
        *,
        reason: str = "",
        headers: Pairs = (),
        body: bytes = b"",
        tag: str | None = None,
    ) -> None:
        """Answer a request; without a `tag` a final answer gets a fresh one."""
        if tag is None and status > 100:
            tag = to.to_tag or self.tag()
        response = answer(
            to.request.headers,
            status,
            reason,
            to_tag=tag or "",
            source=to.flow.remote,
            more=[*headers, ("Server", self.product)],
            body=body,
        )
        self.ledger.respond(to, response, now)
