"""Transactions to try: begun, told, and walked from timer to timer."""

from __future__ import annotations

from tests.kit.sip_peer import SDP, UDP, Peer
from umserver.wire.sip.client_transaction import CLIENT_INVITE, CLIENT_OTHER
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.message import Request, Response, answer
from umserver.wire.sip.parse import parse
from umserver.wire.sip.server_transaction import SERVER_INVITE, SERVER_OTHER
from umserver.wire.sip.transaction import Machine, Transaction

MACHINES = (CLIENT_INVITE, CLIENT_OTHER, SERVER_INVITE, SERVER_OTHER)

WIRE = {
    CLIENT_INVITE.name: ("1xx", "2xx", "3xx+", "fault"),
    CLIENT_OTHER.name: ("1xx", "2xx", "3xx+", "fault"),
    SERVER_INVITE.name: ("request", "ACK", "fault", "lost"),
    SERVER_OTHER.name: ("request", "fault", "lost"),
}
"""What peers and transports can do at any moment."""


def request(method: str = "INVITE") -> Request:
    read = parse(Peer().request(method, 1, body=SDP if method == "INVITE" else b""))
    assert isinstance(read, Request)
    return read


def response(status: int, method: str = "INVITE") -> Response:
    return answer(request(method).headers, status, to_tag="us")


def begun(machine: Machine, flow: Flow = UDP, fallback: Flow | None = None) -> Transaction:
    method = "INVITE" if machine in (CLIENT_INVITE, SERVER_INVITE) else "OPTIONS"
    return Transaction(machine, "key", request(method), flow, fallback)


def walk(transaction: Transaction, until: float) -> list[tuple[float, str]]:
    """What it does by itself, with times."""
    found: list[tuple[float, str]] = []
    while (due := transaction.deadline) is not None and due <= until:
        for outcome in transaction.fire(due):
            found.append((due, type(outcome).__name__))
        if transaction.is_over:
            found.append((due, "over"))
            break
    return found


def message_for(event: str, method: str) -> Request | Response | None:
    """A message that is this input."""
    statuses = {"1xx": 180 if method == "INVITE" else 100, "2xx": 200, "3xx+": 486}
    kind = event.removeprefix("send ")
    if kind in statuses:
        return response(statuses[kind], method)
    return request(method) if event in ("ACK", "request") else None
