"""Which transaction a message belongs to, and what they all need: timers and the way out.

Knows: transaction keys, merged requests, caps. Must never know: dialogs, users.
Sources: RFC 3261 §8.2.2.2, §9.2, §17.1.3, §17.2.3, §18.2.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from attrs import define, field

from umserver.wire.sip.alarms import Alarms
from umserver.wire.sip.client_transaction import CLIENT_INVITE, CLIENT_OTHER
from umserver.wire.sip.effects import Effect, Flow, ProtocolMisuse, Send
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.paths import reply_fallback, reply_flow
from umserver.wire.sip.server_transaction import SERVER_INVITE, SERVER_OTHER
from umserver.wire.sip.transaction import (
    Failed,
    Message,
    Outcome,
    Outgoing,
    Passed,
    Transaction,
    status_class,
)

COOKIE = "z9hG4bK"
"""What every branch of RFC 3261 begins with, in any case (§8.1.1.7)."""

MOST_OCTETS = 48 << 20

Receive = Callable[[Request | Response, float], None]
Fail = Callable[[int, float], None]


def server_key(request: Request, method: str | None = None) -> Hashable:
    """What makes two requests one transaction (RFC 3261 §17.2.3).

    `method` is for ACK and CANCEL to find an INVITE. Call-ID and CSeq stand in it too: peers that
    use one branch for everything are then still understood.
    """
    via = request.via
    method = method or ("INVITE" if request.method == "ACK" else request.method)
    branch = via.branch or ""
    same = (method, request.call_id, request.cseq.number, via.host.lower(), via.port)
    if branch.lower().startswith(COOKIE.lower()) and len(branch) > len(COOKIE):
        return (branch, *same)
    return (None, request.from_.tag, str(request.from_.uri), str(via), *same)


def client_key(branch: str, method: str) -> Hashable:
    """What makes a response belong to a request of ours (RFC 3261 §17.1.3)."""
    return (branch, method)


def merge_key(request: Request) -> Hashable:
    """What two requests share that reached us on two ways (RFC 3261 §8.2.2.2)."""
    return (request.from_.tag, request.call_id, request.cseq.number, request.cseq.method)


@define(eq=False)
class Ledger:
    """All transactions of one endpoint."""

    alarms: Alarms
    emit: Callable[[Effect], None]
    most: int = 20000
    """Server transactions held at once."""
    most_octets: int = MOST_OCTETS
    """Octets of peers held at once for them, about."""
    _servers: dict[Hashable, Transaction] = field(init=False, factory=dict)
    _clients: dict[Hashable, Transaction] = field(init=False, factory=dict)
    _merged: dict[Hashable, Transaction] = field(init=False, factory=dict)
    _by_way: dict[Hashable, dict[Transaction, None]] = field(init=False, factory=dict)
    _octets: int = field(init=False, default=0)
    _firing: Callable[[Transaction, float], None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._firing = self._fire

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all goes on."""
        return not (self._servers or self._clients or self._merged)

    @property
    def is_full(self) -> bool:
        """Whether no further server transaction may begin."""
        return len(self._servers) >= self.most or self._octets >= self.most_octets

    @property
    def is_choked(self) -> bool:
        """Whether not even calls that stand may begin another server transaction."""
        return len(self._servers) >= 2 * self.most or self._octets >= 2 * self.most_octets

    def server(self, request: Request, method: str | None = None) -> Transaction | None:
        """The transaction that this request belongs to, if it is no new one."""
        found = self._servers.get(server_key(request, method))
        if found is None or request.method != "ACK" or found.to_tag is None:
            return found
        is_old = server_key(request)[0] is None  # type: ignore[index]
        return None if is_old and request.to.tag != found.to_tag else found

    def may_know(self, server: Hashable, merge: Hashable, client: Hashable) -> bool:
        """Whether a request with these keys may belong to a transaction, or is none to begin."""
        return (
            server in self._servers
            or merge in self._merged
            or client in self._clients
            or self.is_full
        )

    def is_merged(self, request: Request) -> bool:
        """Whether a new request came before on another way (RFC 3261 §8.2.2.2)."""
        return request.to.tag is None and merge_key(request) in self._merged

    def is_ours(self, request: Request) -> bool:
        """Whether a request of ours has come back to us in a loop."""
        return client_key(request.via.branch or "", request.method) in self._clients

    def accept(self, request: Request, flow: Flow, octets: int = 0) -> Transaction:
        """Begin a server transaction with a request of this many octets."""
        begun = Transaction(
            machine=SERVER_INVITE if request.method == "INVITE" else SERVER_OTHER,
            key=server_key(request),
            request=request,
            flow=reply_flow(request.via, flow),
            fallback=reply_fallback(request.via, flow),
        )
        begun.merge_key, begun.weight = merge_key(request), octets
        self._octets += octets
        self._servers[begun.key] = begun
        self._by_way.setdefault(way_of(begun.flow), {})[begun] = None
        self._merged.setdefault(begun.merge_key, begun)
        return begun

    def ask(
        self, request: Request, flow: Flow, now: float, passed: Receive, failed: Fail
    ) -> Transaction:
        """Begin a client transaction: sends the request, calls back with answers or 408/503."""
        branch = request.via.branch or ""
        begun = Transaction(
            machine=CLIENT_INVITE if request.method == "INVITE" else CLIENT_OTHER,
            key=client_key(branch, request.method),
            request=request,
            flow=flow,
        )
        if begun.key in self._clients:
            raise ProtocolMisuse(f"branch {branch} is in use")
        begun.passed, begun.failed = passed, failed
        self._clients[begun.key] = begun
        self._by_way.setdefault(way_of(flow), {})[begun] = None
        self.run(begun, "begin", now)
        return begun

    def respond(self, to: Transaction, response: Response, now: float) -> None:
        """Send an answer; one that comes too late is left out."""
        if not to.is_over:
            self.run(to, f"send {status_class(response.status)}", now, response)
            if to.is_refused:
                self._octets -= to.weight
                to.shed()
                self._octets += to.weight

    def answered(self, response: Response, now: float) -> bool:
        """Take a response in; False when it answers nothing of ours."""
        key = client_key(response.via.branch or "", response.cseq.method)
        asked = self._clients.get(key)
        if asked is None:
            return False
        self.run(asked, status_class(response.status), now, response)
        return True

    def lost(self, flow: Flow, now: float) -> None:
        """A flow does not carry any more; costs no more than what goes over it."""
        for one in list(self._by_way.pop(way_of(flow), ())):
            if one.is_over:
                continue
            self.run(one, "lost" if one.fallback is not None else "fault", now)
            if not one.is_over:
                self._by_way.setdefault(way_of(one.flow), {})[one] = None

    def abandon(self, one: Transaction) -> None:
        """Forget a client transaction: nothing is sent any more, an answer is nobody's."""
        self._forget(one)

    def run(self, one: Transaction, event: str, now: float, message: Message = None) -> None:
        """One step, and everything that follows from it."""
        self._follow(one, one.step(event, now, message), now)

    def _fire(self, one: Transaction, now: float) -> None:
        self._follow(one, one.fire(now), now)

    def _follow(self, one: Transaction, outcomes: list[Outcome], now: float) -> None:
        passed, failed = one.passed, one.failed
        if one.is_over:
            self._forget(one)
        else:
            self.alarms.set_alike(one, one.deadline, self._firing)
        for outcome in outcomes:
            match outcome:
                case Outgoing():
                    self.emit(Send(outcome.data, outcome.flow))
                case Passed():
                    if passed is not None:
                        passed(outcome.message, now)
                case Failed():
                    if failed is not None:
                        failed(outcome.status, now)

    def _forget(self, one: Transaction) -> None:
        self.alarms.cancel(one)
        one.passed = one.failed = None  # whose owner holds it: what is over waits for no collector
        if self._servers.get(one.key) is one:
            del self._servers[one.key]
            self._octets -= one.weight
        elif self._clients.get(one.key) is one:
            del self._clients[one.key]
        same = self._by_way.get(way_of(one.flow))
        if same is not None:
            same.pop(one, None)
            if not same:
                del self._by_way[way_of(one.flow)]
        if self._merged.get(one.merge_key) is one:
            del self._merged[one.merge_key]


def way_of(flow: Flow) -> Hashable:
    """What is the same for two flows that differ in our own address alone."""
    return (flow.transport, flow.remote, flow.connection)


def same_way(one: Flow, other: Flow) -> bool:
    """Whether two flows are the same but for our own address."""
    return way_of(one) == way_of(other)
