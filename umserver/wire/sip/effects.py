"""What a SIP endpoint answers: effects, and the flow a message travels on.

Knows: messages as values. Must never know: sockets, clocks, sessions in SDP beyond their bytes.
`call` and `token` are opaque names that the endpoint gave out; statuses are those of RFC 3261 §21.
"""

from __future__ import annotations

from attrs import frozen

from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.message import Request, Response


class ProtocolMisuse(Exception):
    """Our own code asked a machine for what its state does not allow."""


@frozen
class Flow:
    """A way between a peer and us."""

    transport: str
    """udp, tcp or tls."""
    remote: tuple[str, int]
    """The peer's real address."""
    local: tuple[str, int]
    connection: int = 0
    """Number of a stream connection; 0 when none is open yet: the driver opens or reuses one."""

    @property
    def is_reliable(self) -> bool:
        """Whether the transport repeats lost octets itself."""
        return self.transport != "udp"


@frozen
class Effect:
    """Something that the driver does or tells."""


@frozen
class CallEffect(Effect):
    """Something about a call."""

    call: str


@frozen
class Send(Effect):
    """Put this message on the wire."""

    data: bytes
    flow: Flow


@frozen
class Offered(CallEffect):
    """A new INVITE; 100 has been sent."""

    request: Request
    flow: Flow
    sdp: bytes | None
    """The caller's offer; None: they want ours."""


@frozen
class Established(CallEffect):
    """The call stands, or a later offer of ours has been answered.

    Server: the ACK came, `sdp` when the answer came in it. Client: 2xx with its `sdp`, the ACK has
    been sent.
    """

    sdp: bytes | None


@frozen
class Progressed(CallEffect):
    """A provisional answer to our INVITE."""

    status: int
    sdp: bytes | None


@frozen
class Redirected(CallEffect):
    """Our INVITE was answered 3xx; the call is over."""

    contacts: tuple[NameAddr, ...]
    """Best first by q."""
    response: Response


@frozen
class Refused(CallEffect):
    """Our INVITE was refused; the call is over.

    408 also when nothing came, 503 when it could not be sent.
    """

    status: int
    reason: str
    response: Response | None


@frozen
class Reoffered(CallEffect):
    """The peer wants to change the session: accept_offer or refuse_offer must follow."""

    sdp: bytes | None
    """None: they want our offer."""


@frozen
class Answered(Effect):
    """The final answer to a request of ours; None when none came in time."""

    token: str
    response: Response | None


@frozen
class Told(CallEffect):
    """An INFO within the call; it has been answered 200."""

    request: Request


@frozen
class Informed(CallEffect):
    """An UPDATE, INFO or INVITE within a call that is offered to us and has no answer yet.

    It has been answered, and may name whom the first INVITE did not name.
    """

    request: Request


@frozen
class Transferring(CallEffect):
    """How our REFER goes.

    202 accepted, 3xx–6xx refused, or what the NOTIFY says of the new call.
    """

    status: int
    is_answer: bool = False
    """Whether this is the peer's answer to the REFER itself."""
    is_last: bool = False
    """Whether the peer says that it will tell no more, without having told how it ended."""


@frozen
class Ended(CallEffect):
    """The call is over; exactly once, except after Redirected or Refused."""

    by: str
    """peer, us, cancel, timeout or error."""
    reason: str


@frozen
class Subscribed(Effect):
    """A peer wants to be told of something from now on; it has no answer yet."""

    name: str
    request: Request
    flow: Flow


@frozen
class Unsubscribed(Effect):
    """That is over; exactly once, also after a refusal."""

    name: str
    why: str


@frozen
class Dropped(Effect):
    """A message that deserves no answer."""

    why: str
    source: tuple[str, int]


@frozen
class OfferRefused(CallEffect):
    """A later offer of ours was refused; the session stays as it was."""

    status: int
