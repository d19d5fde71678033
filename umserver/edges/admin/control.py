"""The control socket's server side: one JSON line asks, one JSON line answers.

Knows: lines, names of asks and the callables that answer them. Must never know: what an ask means.
Only the server's own user (and root) is served: the socket has mode 0600, and the kernel says who
is at the other end (SO_PEERCRED), whatever the folder's mode is.

    {"ask": "retry", "id": "0190…"}  ->  {"ok": true, "answer": …}  or  {"ok": false, "error": "…"}
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from umserver.edges.admin.socket_path import short_path
from umserver.interfaces import Unavailable

log = Logger()

MOST_LINE = 65_536
"""Octets of one ask."""
MOST_CONNECTIONS = 32

Asks = Mapping[str, Callable[[Mapping[str, Any]], Any]]
"""By name, what answers: gets the whole line's object, returns JSON values or a Deferred of them.

Refuses by raising ValueError, KeyError or Unavailable with words for the administrator.
"""


UserOf = Callable[[Any], int]
"""Whose process is at the other end of a transport, as a user id; -1 when nobody knows."""


def user_of(transport: Any) -> int:
    """The user id that the kernel noted when the peer connected (unix(7), SO_PEERCRED)."""
    try:
        noted = transport.getHandle().getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    except OSError:
        return -1
    _, user, _ = struct.unpack("iii", noted)
    return int(user)


class ControlSocketInUse(RuntimeError):
    """Another server answers at this socket."""


class ControlProtocol(LineOnlyReceiver):
    """One administrator's connection; asks are answered in their order."""

    delimiter = b"\n"
    MAX_LENGTH = MOST_LINE

    def __init__(
        self, asks: Asks, user_of: UserOf, gone: Callable[[ControlProtocol], None]
    ) -> None:
        self._asks = asks
        self._user_of = user_of
        self._gone = gone
        self._queue: list[bytes] = []
        self._busy = False
        self._closing = False

    def connectionMade(self) -> None:
        """Serve nobody but ourselves and root."""
        if self._user_of(self.transport) not in (0, os.getuid()):
            self._end("only the server's own user may ask")

    def lineReceived(self, line: bytes) -> None:
        """One ask."""
        if self._closing:
            return
        self._queue.append(line)
        if len(self._queue) > MOST_CONNECTIONS:
            self._end("ask one after the other")
        elif not self._busy:
            self._busy = True
            Deferred.fromCoroutine(self._work())

    def lineLengthExceeded(self, line: bytes) -> None:
        """Nobody asks that much."""
        self._end(f"an ask has at most {MOST_LINE} octets")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The administrator is gone; what was asked is still done."""
        self._gone(self)

    def _end(self, why: str) -> None:
        self._closing = True
        self._say({"ok": False, "error": why})
        if self.transport is not None:
            self.transport.loseConnection()

    async def _work(self) -> None:
        while self._queue:
            self._say(await self._answer(self._queue.pop(0)))
        self._busy = False

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            question = json.loads(line)
            name = question["ask"] if isinstance(question, dict) else None
        except (ValueError, KeyError, RecursionError):
            name = None
        if not isinstance(name, str):
            return {"ok": False, "error": "an ask is one line: a JSON object with an ask in it"}
        if name not in self._asks:
            return {"ok": False, "error": f"{name[:60]!r} is none of: {', '.join(self._asks)}"}
        try:
            answer = await maybeDeferred(self._asks[name], question)
            json.dumps(answer)
        except (ValueError, LookupError, Unavailable) as fault:
            return {"ok": False, "error": str(fault.args[0]) if fault.args else str(fault)}
        except Exception:
            log.failure("the ask {name} failed", name=name)
            return {"ok": False, "error": "this failed; the server's log says why"}
        return {"ok": True, "answer": answer}

    def _say(self, answer: Mapping[str, Any]) -> None:
        if self.transport is not None:
            line = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
            self.sendLine(line)  # type: ignore[no-untyped-call]


@define(eq=False)
class ControlFactory(Factory):
    """Makes a protocol for each administrator, a bounded number at a time."""

    asks: Asks
    user_of: UserOf = field(default=user_of)
    _open: set[ControlProtocol] = field(init=False, factory=set)
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> ControlProtocol | None:
        """A protocol, or None (hang up) when there are too many."""
        if len(self._open) >= MOST_CONNECTIONS:
            return None
        protocol = ControlProtocol(self.asks, self.user_of, self._open.discard)
        self._open.add(protocol)
        return protocol

    def hang_up(self) -> None:
        """Close what is open."""
        for protocol in list(self._open):
            if protocol.transport is not None:
                protocol.transport.loseConnection()


@define(eq=False)
class ControlSocket:
    """An open control socket."""

    state: Path
    _port: IListeningPort
    _factory: ControlFactory

    def close(self) -> Deferred[None]:
        """Take no more asks; fires when the socket is gone."""
        self._factory.hang_up()
        done: Deferred[None] = Deferred()

        def removed(result: Any) -> None:
            with short_path(self.state) as path:
                _remove(path)
            done.callback(None)

        maybeDeferred(self._port.stopListening).addBoth(removed)
        return done


def open_control(reactor: Any, state: Path, asks: Asks) -> ControlSocket:
    """Listen at `<state>/control.sock`; a socket that a crash left is replaced.

    Raises ControlSocketInUse when another server answers there, OSError.
    """
    factory = ControlFactory(asks)
    with short_path(state) as path:
        if _is_answered(path):
            raise ControlSocketInUse(f"another server works in {state}")
        _remove(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o177)
            try:
                listener.bind(path)
                os.chmod(path, 0o600)
            finally:
                os.umask(before)
            listener.setblocking(False)
            listener.listen(MOST_CONNECTIONS)
            port = reactor.adoptStreamPort(listener.fileno(), socket.AF_UNIX, factory)
        finally:
            listener.close()
    return ControlSocket(state, port, factory)


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError as fault:
            return fault.errno not in (errno.ECONNREFUSED, errno.ENOENT)
    return True


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
