"""Encoding in a process of its own, so that the interpreter that paces the calls is left alone.

Knows: the worker's pipe. Must never know: mail. It is called in a thread and blocks there; one
request at a time. Plain pipes and a watchdog were chosen over Twisted's processes because the
caller is a thread anyway, and a thread that waits in `read` needs no protocol state. A worker that
dies or takes too long is replaced once; after that the sound is encoded in the calling thread, so
that a message is never held up by its wrapping. The worker ends by itself when its input ends, also
when the server was killed.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from threading import Lock, Timer
from typing import IO

from attrs import define, field
from twisted.logger import Logger

from umserver.edges.mail.attachment import encode_here

log = Logger()

MOST_OCTETS = 1 << 28
"""A longer answer is a broken pipe protocol."""


class WorkerGone(Exception):
    """The worker gave no answer."""


def write_part(pipe: IO[bytes], head: dict[str, object], body: bytes) -> None:
    """One request or answer: two lengths of 4 octets, JSON, octets."""
    words = json.dumps(head).encode()
    pipe.write(struct.pack(">II", len(words), len(body)))
    pipe.write(words)
    pipe.write(body)
    pipe.flush()


def read_part(pipe: IO[bytes]) -> tuple[dict[str, object], bytes] | None:
    """The next one; None when the pipe is over or broken."""
    lengths = pipe.read(8)
    if len(lengths) < 8:
        return None
    words, octets = struct.unpack(">II", lengths)
    if words > 65536 or octets > MOST_OCTETS:
        return None
    try:
        head = json.loads(pipe.read(words))
    except ValueError:
        return None
    body = pipe.read(octets)
    return (head, body) if isinstance(head, dict) and len(body) == octets else None


@define(eq=False)
class Encoder:
    """One worker, started with the first request."""

    command: tuple[str, ...] = (sys.executable, "-m", "umserver.edges.mail.worker")
    patience: float = 30.0
    """Seconds a request may take, and a tenth of the sound's length more."""
    replaced: int = 0
    """Workers that had to be given up, for the status page."""
    _lock: Lock = field(init=False, factory=Lock)
    _worker: subprocess.Popen[bytes] | None = field(init=False, default=None)
    _stopped: bool = field(init=False, default=False)

    def encode(self, coding: str, law: str, sound: bytes) -> bytes:
        """The whole file (see `attachment.encode_here`); blocks."""
        with self._lock:
            for _ in range(2):
                if self._stopped:
                    break
                try:
                    return self._ask(coding, law, sound)
                except (OSError, WorkerGone) as fault:
                    self._give_up()
                    self.replaced += 1
                    log.warn("the encoding worker is gone: {fault}", fault=fault)
        return encode_here(coding, law, sound)

    def stop(self) -> None:
        """End the worker; further sound is encoded in the caller's thread."""
        self._stopped = True
        with self._lock:
            if self._worker is not None and self._worker.stdin is not None:
                self._worker.stdin.close()
            self._give_up()

    def _ask(self, coding: str, law: str, sound: bytes) -> bytes:
        worker = self._worker or self._start()
        assert worker.stdin is not None and worker.stdout is not None
        watchdog = Timer(self.patience + len(sound) / 80000, worker.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_part(worker.stdin, {"coding": coding, "law": law}, sound)
            answer = read_part(worker.stdout)
        finally:
            watchdog.cancel()
        if answer is None or "error" in answer[0]:
            raise WorkerGone(answer[0]["error"] if answer else "no answer")
        return answer[1]

    def _start(self) -> subprocess.Popen[bytes]:
        home = str(Path(__file__).parents[3])
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **threads}
        self._worker = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        return self._worker

    def _give_up(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    log.debug("the worker's pipe was broken")
