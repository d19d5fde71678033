"""Redirects a second: resolving, signing and the ACK included; and their delay at half of that.

Calls from 2,000 numbers, forwarded by 1,000 users, at random: nearly every pair is new. A delay
ends when the kernel has the answer, however late the load, which is Python too, looks at it.
"""

from __future__ import annotations

import socket
import struct
import time
from random import Random

from benches.server import FIRST_USER, LOAD_CORE, USERS, Server, percentile, pin
from benches.sip import call_id, invite, later, to_line

PORT = 15060
WINDOW = 48
"""Calls waiting for their answer at the same time."""
CALLERS = 2000
HERE = "127.0.0.1"
_STAMPED = 35
"""SO_TIMESTAMPNS: the kernel says when a packet came."""


class Load:
    """One peer."""

    def __init__(self, port: int, number: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.sock.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        self.sock.bind((HERE, 0))
        self.sock.connect((HERE, port))
        self.here = self.sock.getsockname()
        self.random = Random(number)
        self.uri = f"sip:5000@{HERE}:{port}"
        self.sent: dict[str, tuple[float, int]] = {}
        self.delays: list[float] = []
        self.statuses: dict[str, int] = {}
        self.run = f"{time.time_ns():x}"
        self.count = 0

    def place(self) -> None:
        """One more call."""
        self.count += 1
        id, caller = f"{self.run}x{self.count}", self.random.randrange(CALLERS)
        user = FIRST_USER + self.random.randrange(USERS)
        more = f"Diversion: <sip:{user}@pbx.example.com>;reason=no-answer\r\n"
        data = invite(id, self.uri, "5000", caller, self.here, more)
        self.sent[id] = (time.time(), caller)
        self.sock.send(data)

    def hear(self) -> bool:
        """Take one answer and acknowledge it; False when it was none that counts."""
        data, about, _, _ = self.sock.recvmsg(4096, 64)
        status = data[8:11].decode()
        known = self.sent.pop(call_id(data), None) if status[0] != "1" else None
        if known is None:
            return False
        seconds, nanoseconds = struct.unpack("@ll", about[0][2])
        self.delays.append(seconds + nanoseconds * 1e-9 - known[0])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.sock.send(later("ACK", call_id(data), self.uri, to_line(data), known[1], self.here))
        return True

    def full(self, seconds: float) -> float:
        """As many as go; answers a second."""
        self.sock.settimeout(1.0)
        self.delays.clear()
        for _ in range(WINDOW):
            self.place()
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            try:
                if self.hear():
                    self.place()
            except TimeoutError:
                self.place()
        return len(self.delays) / (time.perf_counter() - begin)

    def steady(self, rate: float, seconds: float) -> list[float]:
        """So many a second; the sorted delays in seconds."""
        self.sock.setblocking(False)
        self.delays.clear()
        begin, placed = time.perf_counter(), 0
        while (now := time.perf_counter() - begin) < seconds:
            while placed < now * rate:
                self.place()
                placed += 1
            try:
                self.hear()
            except BlockingIOError:
                time.sleep(0)
        return sorted(self.delays)


def run(seconds: float, runs: int) -> dict[str, object]:
    """The bench; see the module."""
    pin(LOAD_CORE)
    with Server(PORT) as server:
        Load(server.sip, 0).full(seconds)  # warm
        rates, costs = [], []
        statuses: dict[str, int] = {}
        for number in range(runs):
            load, before = Load(server.sip, number + 1), server.cpu()
            rates.append(load.full(seconds))
            costs.append((server.cpu() - before) / max(len(load.delays), 1) * 1e6)
            for status, count in load.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
        middle = sorted(rates)[len(rates) // 2]
        delays = Load(server.sip, 99).steady(middle / 2, seconds)
        return {
            "redirects_per_second": middle,
            "all_runs": rates,
            "processor_us_per_redirect": sorted(costs)[len(costs) // 2],
            "statuses": statuses,
            "at_half_load": {
                "rate": middle / 2,
                "answered": len(delays),
                **{f"p{s * 100:g}_ms": percentile(delays, s) * 1e3 for s in (0.5, 0.99, 0.999)},
            },
        }
