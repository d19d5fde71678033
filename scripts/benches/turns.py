"""What sending costs while threads work: each datagram lets go of the interpreter for a moment.

On all cores, unlike the other benches: on a single one a thread cannot take it in that moment.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import suppress

from attrs import define, field

from benches.server import percentile
from umserver.service.calm import SWITCH_SECONDS

THREADS = 2
DATAGRAMS = 150
"""A tick of 600 calls."""
EVERY = 0.02
INTERVALS = {
    "5 ms, as Python comes": 0.005,
    "1 ms": 0.001,
    "as the server": SWITCH_SECONDS,
    "0.05 ms": 0.00005,
}


@define
class Worker:
    """Threads that never rest until they are told."""

    done: int = 0
    is_over: bool = False
    _threads: list[threading.Thread] = field(init=False, factory=list)

    def start(self) -> None:
        """Begin."""
        self._threads = [threading.Thread(target=self._work) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self.is_over = True
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self.is_over:
            sum(range(200))
            self.done += 1


def run(seconds: float, runs: int) -> dict[str, object]:
    """Milliseconds that a burst of datagrams takes, and what the threads get done, by interval."""
    usual = sys.getswitchinterval()
    rows: dict[str, object] = {}
    for name, interval in INTERVALS.items():
        sys.setswitchinterval(interval)
        rows[name] = _measured(max(seconds, 1.0))
    sys.setswitchinterval(usual)
    return rows


def _measured(seconds: float) -> dict[str, float]:
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    theirs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.setblocking(False)
        ours.connect(theirs.getsockname())
        worker = Worker()
        worker.start()
        took, begin = [], time.perf_counter()
        while time.perf_counter() - begin < seconds:
            time.sleep(EVERY)
            at = time.perf_counter()
            for _ in range(DATAGRAMS):
                ours.send(bytes(172))
            took.append(1e3 * (time.perf_counter() - at))
            with suppress(BlockingIOError):
                while True:
                    theirs.recv(256)
        lasted = time.perf_counter() - begin
        worker.stop()
    took.sort()
    return {
        "burst_p50_ms": percentile(took, 0.5),
        "burst_p99_ms": percentile(took, 0.99),
        "worked_a_second": worker.done / lasted,
    }
