"""The HTTP site: three answers for machines and one page for people.

Knows: HTTP and the callables it is given. Must never know: where their values come from. Only
GET and HEAD are served; every answer forbids caching, framing and foreign content.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from attrs import define
from twisted.logger import Logger
from twisted.web.http import (
    INTERNAL_SERVER_ERROR,
    NOT_ALLOWED,
    NOT_FOUND,
    OK,
    SERVICE_UNAVAILABLE,
    Request,
)
from twisted.web.resource import Resource
from twisted.web.server import Site

from umserver.edges.web.page import page

log = Logger()

IDLE_SECONDS = 30
"""A connection that asks nothing for so long is closed."""
PLAIN = "text/plain; charset=utf-8"
HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}

Status = Callable[[], Mapping[str, object]]
"""What `/status` shows: JSON values, no personal data."""
Reasons = Callable[[], Sequence[str]]
"""Why the server cannot take calls just now, in words; empty when it can."""


@define
class Answer:
    """Status code, media type and body of one answer."""

    code: int
    type: str
    body: bytes


def open_site(reactor: Any, status: Status, not_ready: Reasons) -> Site:
    """The factory to listen with, on loopback; `reactor` gives its time-outs."""
    root = _Leaf(lambda: _html(page(status(), not_ready())))
    root.putChild(b"livez", _Leaf(lambda: _json(OK, {"alive": True})))
    root.putChild(b"readyz", _Leaf(lambda: _ready(not_ready())))
    root.putChild(b"status", _Leaf(lambda: _json(OK, status())))
    site = _QuietSite(  # type: ignore[no-untyped-call]
        root, reactor=reactor, timeout=IDLE_SECONDS
    )
    return site


def _ready(reasons: Sequence[str]) -> Answer:
    code = SERVICE_UNAVAILABLE if reasons else OK
    return _json(code, {"ready": not reasons, "reasons": list(reasons)})


def _json(code: int, value: Mapping[str, object]) -> Answer:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
    return Answer(code, "application/json; charset=utf-8", text.encode())


def _html(text: str) -> Answer:
    return Answer(OK, "text/html; charset=utf-8", text.encode())


class _Leaf(Resource):
    """One address and the function that makes its answer."""

    def __init__(self, answer: Callable[[], Answer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._answer = answer

    def getChild(self, path: bytes, request: Request) -> Resource:
        """`/` itself, and a plain 404 for everything that is not there."""
        return self if path == b"" else _Missing()  # type: ignore[no-untyped-call]

    def render(self, request: Request) -> bytes:
        """The answer; a fault in the callable is logged and told without its details."""
        if request.method not in (b"GET", b"HEAD"):
            request.setHeader("allow", "GET, HEAD")  # type: ignore[no-untyped-call]
            return _send(request, Answer(NOT_ALLOWED, PLAIN, b"This page only shows.\n"))
        try:
            answer = self._answer()
        except Exception:
            log.failure("a status page failed")
            answer = _json(INTERNAL_SERVER_ERROR, {"error": "see the server's log"})
        return _send(request, answer)


class _Missing(Resource):
    """What is not there."""

    def render(self, request: Request) -> bytes:
        """404, in few words."""
        return _send(request, Answer(NOT_FOUND, PLAIN, b"There is no such page.\n"))


def _send(request: Request, answer: Answer) -> bytes:
    request.setResponseCode(answer.code)
    set_header = cast(Callable[[bytes, bytes], None], request.setHeader)
    set_header(b"content-type", answer.type.encode())
    for name, value in HEADERS.items():
        set_header(name, value)
    return answer.body


class _QuietSite(Site):
    """A site that keeps no access log and shows no traceback."""

    displayTracebacks = False
    noisy = False

    def log(self, request: Request) -> None:
        """Probes ask every few seconds; nobody wants to read that."""
