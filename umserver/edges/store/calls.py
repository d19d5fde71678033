"""The call records: one JSON line a call in a file that is only ever added to.

Knows: one file, its size, a queue. Must never know: what a record says. Records hold telephone
numbers, so the file is its owner's alone (0600). Recording never fails and never waits: a thread
writes, and when it cannot keep up or the disk refuses, records are counted as lost and said so.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Condition, Thread

from attrs import define, field
from twisted.logger import Logger
from zope.interface import implementer

from umserver.interfaces import ICallLog

log = Logger()

FILE_NAME = "calls.jsonl"
MOST_OCTETS = 16 * 1024 * 1024
"""Of one file; then it is put aside as `calls.jsonl.1`, and so on."""
MOST_FILES = 8
"""Put aside at most; the oldest goes."""
MOST_QUEUED = 10_000
MOST_RECORD = 16_384
"""Characters of one record; a longer one keeps only what identifies it."""


@implementer(ICallLog)
@define(eq=False)
class CallLog:
    """See `ICallLog`. `start` before the first record, `stop` at the end."""

    path: Path
    most_octets: int = MOST_OCTETS
    most_queued: int = MOST_QUEUED
    lost: int = field(init=False, default=0)
    """Records that were not kept."""
    _queue: deque[str] = field(init=False, factory=deque)
    _wake: Condition = field(init=False, factory=Condition)
    _ending: bool = field(init=False, default=False)
    _thread: Thread | None = field(init=False, default=None)

    def start(self) -> None:
        """Begin to write."""
        self._thread = Thread(target=self._write_all, name="call-log", daemon=True)
        self._thread.start()

    def stop(self, wait: float = 5.0) -> None:
        """Write what is queued and end; waits at most so many seconds."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(wait)

    def record(self, entry: Mapping[str, object]) -> None:
        """See `ICallLog`."""
        try:
            line = _line(entry)
        except Exception:
            log.failure("a call record cannot be written down")
            self.lost += 1
            return
        with self._wake:
            if len(self._queue) >= self.most_queued:
                self.lost += 1
                return
            self._queue.append(line)
            self._wake.notify()

    # in the thread

    def _write_all(self) -> None:
        good = True
        while lines := self._next():
            try:
                self._append("".join(lines).encode("utf-8", "replace"))
                good = True
            except OSError as fault:
                self.lost += len(lines)
                if good:
                    log.error("call records are being lost: {why}", why=str(fault))
                good = False

    def _next(self) -> list[str]:
        """Everything queued, waiting for it; nothing at the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._ending)
            lines = list(self._queue)
            self._queue.clear()
            return lines

    def _append(self, data: bytes) -> None:
        if self.path.exists() and self.path.stat().st_size + len(data) > self.most_octets:
            self._put_aside()
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)

    def _put_aside(self) -> None:
        for number in range(MOST_FILES, 0, -1):
            newer = self._aside(number - 1)
            if newer.exists():
                newer.replace(self._aside(number))

    def _aside(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path


def _line(entry: Mapping[str, object]) -> str:
    line = json.dumps(dict(entry), ensure_ascii=False, default=str, skipkeys=True)
    if len(line) > MOST_RECORD:
        short = {name: str(entry.get(name))[:200] for name in ("at", "call", "role", "outcome")}
        line = json.dumps({**short, "shortened": True}, ensure_ascii=False)
    return line + "\n"
