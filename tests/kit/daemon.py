"""Somebody else's server on loopback: started in a folder of its own, awaited, ended.

Knows: processes, ports, how long to wait. Must never know: which server it is, what it is told.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from attrs import define, field


@define(eq=False)
class Daemon:
    """Its class says the rest: `launch` starts it, `stop` ends it."""

    GREETING: ClassVar[bytes]
    """What it says first to whoever connects."""
    TRIES: ClassVar[int]
    """How often it is asked for that, 50 ms apart."""

    folder: Path
    """Has its `log`, and what it says before it has one."""
    process: subprocess.Popen[bytes] | None = field(init=False, default=None)

    def launch(self, command: Sequence[str], port: int, *, own_group: bool = False) -> None:
        """Fork it and wait until it greets at this port. Raises RuntimeError with its log.

        `own_group`: of processes, for a server that ends its children as one.
        """
        with (self.folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=own_group
            )
        for _ in range(self.TRIES):
            if self._greets(port):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(self.words())

    def words(self) -> str:
        """Its log."""
        logs = [self.folder / "stderr", self.folder / "log"]
        return "\n".join(path.read_text("utf-8", "replace") for path in logs if path.exists())

    def stop(self) -> None:
        """End it, and wait for that."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process = None

    def _greets(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2) as line:
                return line.recv(len(self.GREETING)) == self.GREETING
        except OSError:
            return False


def free_port() -> int:
    """A TCP port that is free on loopback just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
