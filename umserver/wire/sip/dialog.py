"""A dialog: who talks to whom, where requests go, and in which order (RFC 3261 §12).

Knows: tags, sequence numbers, route sets, remote targets. Must never know: transactions, what a
call is about. RFC 2543 peers have no tags; then the remote tag is empty.
"""

from __future__ import annotations

from collections.abc import Hashable

from attrs import define, evolve

from umserver.wire.sip.effects import Flow
from umserver.wire.sip.headers import CSeq, NameAddr
from umserver.wire.sip.ledger import same_way
from umserver.wire.sip.message import Headers, Pairs, Request, Response
from umserver.wire.sip.paths import default_port, dialog_flow, is_hidden, literal, next_hop
from umserver.wire.sip.post import Post
from umserver.wire.sip.requests import tokens
from umserver.wire.sip.uri import Uri

TARGET_REFRESHERS = frozenset({"INVITE", "UPDATE"})
"""Requests that may move the peer's Contact (RFC 3261 §12.2, RFC 3311 §5.1)."""


@define(eq=False)
class Dialog:
    """One dialog, early or confirmed."""

    call_id: str
    local: str
    """What our requests say in From, tag included."""
    remote: str
    """What our requests say in To."""
    local_tag: str
    remote_tag: str
    target: Uri
    routes: tuple[NameAddr, ...]
    flow: Flow
    """The way that is known to work."""
    local_number: int
    """CSeq of our last request."""
    remote_number: int | None
    """CSeq of the peer's last request."""
    started_by_us: bool
    allows: frozenset[str] = frozenset()
    """Methods that the peer said it takes; empty when it said nothing."""
    opening: Request | None = None
    """The INVITE that the peer opened it with."""
    is_translated: bool = False
    """Whether the peer is known to stand behind an address translator."""

    @property
    def key(self) -> Hashable:
        """What its requests say: Call-ID, our tag, the peer's tag (RFC 3261 §12)."""
        return (self.call_id, self.local_tag, self.remote_tag)

    @property
    def way(self) -> Flow:
        """Where the next request goes."""
        hop = self.routes[0].uri if self.routes else self.target
        if self.is_translated and is_hidden(hop, self.flow):
            return self.flow
        if self.opening is not None:
            return dialog_flow(self.opening, self.flow, hop)
        return next_hop(hop, self.flow)

    def request(
        self, post: Post, method: str, pairs: Pairs = (), body: bytes = b"", number: int = 0
    ) -> tuple[Request, Flow]:
        """A request within the dialog and its way (RFC 3261 §12.2.1.1).

        `number` is for an ACK: the CSeq of its INVITE.
        """
        if not number:
            self.local_number += 1
            number = self.local_number
        way = self.way
        uri, routes = self._uri_and_routes()
        head = [
            *(("Route", str(route)) for route in routes),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", str(CSeq(number, method))),
        ]
        if method in TARGET_REFRESHERS:
            head.append(post.contact_pair(way))
        agent = ("User-Agent", post.product)
        return post.request(method, uri, way, [*head, *pairs, agent], body), way

    def is_late(self, request: Request) -> bool:
        """Whether it is older than one we have had (RFC 3261 §12.2.2)."""
        return self.remote_number is not None and request.cseq.number < self.remote_number

    def was_overtaken(self, request: Request, response: Response) -> bool:
        """Whether a request of ours was refused because a later one arrived before it."""
        return response.status == 500 and request.cseq.number < self.local_number

    def heard(self, request: Request, flow: Flow) -> None:
        """Learn from a request of the peer that came in order."""
        self.remote_number = request.cseq.number
        if flow.is_reliable and self.flow.is_reliable and flow.remote[0] == self.flow.remote[0]:
            self.flow = flow

    def moved(self, message: Request | Response) -> None:
        """Take the target and the abilities that the peer states."""
        if message.contact is not None and message.contact.uri.host:
            self.target = message.contact.uri
        self.allows = allowed_by(message.headers) or self.allows

    def lost(self, flow: Flow) -> None:
        """A connection is gone: the next request opens one to where the peer listens."""
        if not same_way(self.flow, flow) or not flow.is_reliable:
            return
        target = self.target
        here = literal(target.host) == literal(flow.remote[0])
        port = target.port if here and target.port else default_port(flow.transport)
        self.flow = evolve(flow, connection=0, remote=(flow.remote[0], port))

    def _uri_and_routes(self) -> tuple[Uri, list[NameAddr]]:
        """Loose and strict routing (RFC 3261 §12.2.1.1)."""
        routes, target = list(self.routes), evolve(self.target, headers="")
        if not routes or routes[0].uri.param("lr") is not None:
            return target, routes
        strict = routes.pop(0)
        return evolve(strict.uri, headers=""), [*routes, NameAddr(name="", uri=target, params=())]


def request_key(request: Request) -> Hashable:
    """The dialog that a request of the peer belongs to."""
    return (request.call_id, request.to.tag or "", request.from_.tag or "")


def dialog_of_server(invite: Request, flow: Flow, tag: str, is_translated: bool = False) -> Dialog:
    """The dialog that our answer with this To tag opens (RFC 3261 §12.1.1)."""
    return Dialog(
        call_id=invite.call_id,
        local=f"{invite.headers.raw('to')[0]};tag={tag}",
        remote=invite.headers.raw("from")[0],
        local_tag=tag,
        remote_tag=invite.from_.tag or "",
        target=invite.contact.uri if invite.contact is not None else invite.from_.uri,
        routes=invite.record_routes,
        flow=flow,
        local_number=0,
        remote_number=invite.cseq.number,
        started_by_us=False,
        allows=allowed_by(invite.headers),
        opening=invite,
        is_translated=is_translated,
    )


def dialog_of_client(
    invite: Request, response: Response, flow: Flow, is_translated: bool = False
) -> Dialog:
    """The dialog that an answer to our INVITE opens (RFC 3261 §12.1.2)."""
    return Dialog(
        call_id=invite.call_id,
        local=invite.headers.raw("from")[0],
        remote=response.headers.raw("to")[0],
        local_tag=invite.from_.tag or "",
        remote_tag=response.to.tag or "",
        target=response.contact.uri if response.contact is not None else invite.uri,
        routes=tuple(reversed(response.record_routes)),
        flow=flow,
        local_number=invite.cseq.number,
        remote_number=None,
        started_by_us=True,
        allows=allowed_by(response.headers),
        is_translated=is_translated,
    )


def allowed_by(headers: Headers) -> frozenset[str]:
    """The methods of an Allow header field, empty without one."""
    return frozenset(token.upper() for token in tokens(headers, "allow"))
