"""The control socket's other end: ask a running server something and wait for the answer. Blocks.

Knows: the socket and JSON lines. Must never know: Twisted; `umctl` has to start at once.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from umserver.edges.admin.socket_path import short_path

WAIT_SECONDS = 20.0
MOST_ANSWER = 64 * 1024 * 1024
"""Octets of an answer; a long queue is long."""


class NotRunning(Exception):
    """No server answers in this state folder."""


class Refused(Exception):
    """The server said no; the words are for the administrator."""


def ask(state: Path, name: str, /, wait: float = WAIT_SECONDS, **details: object) -> Any:
    """What the server in this state folder answers. Raises NotRunning, Refused."""
    line = json.dumps({"ask": name, **details}).encode() + b"\n"
    try:
        with short_path(state) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(wait)
            connection.connect(path)
            connection.sendall(line)
            answer = _line(connection)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NotRunning(f"no server is running in {state}") from None
    except PermissionError:
        raise Refused(f"the server in {state} belongs to another user") from None
    except TimeoutError:
        raise Refused(f"the server did not answer within {wait:.0f} seconds") from None
    except OSError as fault:
        raise NotRunning(f"the server hung up: {fault.strerror or fault}") from None
    return _read(answer)


def _line(connection: socket.socket) -> bytes:
    parts: list[bytes] = []
    size = 0
    while not parts or b"\n" not in parts[-1]:
        part = connection.recv(65_536)
        if not part:
            raise ConnectionResetError("before it answered")
        parts.append(part)
        size += len(part)
        if size > MOST_ANSWER:
            raise Refused("the server's answer has no end")
    return b"".join(parts)


def _read(line: bytes) -> Any:
    try:
        answer = json.loads(line)
        good, value = answer["ok"], answer["answer"] if answer["ok"] else answer["error"]
    except (ValueError, KeyError, TypeError):
        raise Refused("the server's answer cannot be read: is it of another version?") from None
    if not good:
        raise Refused(str(value))
    return value
