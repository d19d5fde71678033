"""A flood of strangers' INVITEs, while calls run and a known gateway places new ones.

The flood comes from addresses of this machine that are no gateway (127.0.0.9 and on), as fast as
asked; the gateway's calls to the test announcement are measured by their packets.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from contextlib import suppress
from itertools import pairwise
from multiprocessing.connection import Connection

from benches.phones import Phones
from benches.server import LOAD_CORE, Server, percentile, pin
from benches.sip import invite

PORT = 15160
CALLS = 100
RATE = 20_000
SOURCES = 8
OPTIONS = (
    "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{here};branch=z9hG4bKo{n}"
    ";rport\r\nFrom: <sip:probe@127.0.0.1>;tag=o{n}\r\nTo: <sip:127.0.0.1>\r\n"
    "Call-ID: o{n}@probe.example.com\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
    "Content-Length: 0\r\n\r\n"
)


def flood(ports: list[int], seconds: float, pipe: Connection) -> None:
    """In a process of its own: RATE datagrams a second, or what this machine can do."""
    pin(LOAD_CORE)
    socks = []
    for n in range(SOURCES):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((f"127.0.0.{9 + n}", 0))
        sock.setblocking(False)
        socks.append(sock)
    names = [sock.getsockname() for sock in socks]
    uri = f"sip:1001@127.0.0.1:{ports[0]}"
    data = [invite(f"f{n}", uri, "1001", n, names[n % SOURCES]) for n in range(256)]
    begin, sent, answers = time.perf_counter(), 0, 0
    while (now := time.perf_counter() - begin) < seconds:
        due = int(now * RATE)
        for _ in range(min(due - sent, 200)):
            n = sent % 256
            with suppress(BlockingIOError):
                socks[n % SOURCES].sendto(data[n], ("127.0.0.1", ports[sent % len(ports)]))
            sent += 1
        for sock in socks:
            try:
                while True:
                    sock.recv(4096)
                    answers += 1
            except BlockingIOError:
                pass
        time.sleep(0.001)
    pipe.send((sent / seconds, answers / seconds))


def run(seconds: float, runs: int) -> dict[str, object]:
    """The bench; see the module. One run of ten seconds at least without the flood, one with it."""
    pin(LOAD_CORE)
    seconds = max(seconds, 10.0)
    with Server(PORT) as server:
        quiet = _measure(server, seconds, False)
        flooded = _measure(server, seconds, True)
    plot = {
        f"{word}: {name}": part[name]
        for word, part in (("quiet", quiet), ("flood", flooded))
        for name in ("p99_gap_ms", "longest_gap_ms", "options_p99_ms", "options_longest_ms")
    }
    return {"quiet": quiet, "flood": flooded, "plot": plot}


def _measure(server: Server, seconds: float, flooded: bool) -> dict[str, float]:
    phones = Phones(server.mbx, "5009")
    phones.open(CALLS)
    phones.listen(1.0)
    for phone in phones.calls.values():
        phone.arrivals.clear()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=flood, args=([server.sip, server.mbx], seconds, there))
    if flooded:
        process.start()
    before, probe = server.cpu(), _Probe(server.sip)
    placed_before = len(phones.answered)
    until, next_call, asked = time.perf_counter() + seconds, 0.0, 0
    while (now := time.perf_counter()) < until:
        if now >= next_call:
            phones.place()
            asked += 1
            next_call = now + 0.1
        probe.step(now)
        phones.listen(0.005)
    cpu = server.cpu() - before
    phones.listen(2.0)
    rate, answers = here.recv() if flooded else (0.0, 0.0)
    if flooded:
        process.join()
    gaps = sorted(
        1e3 * (b - a)
        for phone in list(phones.calls.values())[:CALLS]
        for a, b in pairwise(phone.arrivals)
    )
    delays = sorted(probe.delays)
    result = {
        "strangers_per_second": rate,
        "answers_to_strangers_per_second": answers,
        "processor_share": cpu / seconds,
        "packets": float(len(gaps)),
        "p99_gap_ms": percentile(gaps, 0.99),
        "longest_gap_ms": gaps[-1] if gaps else 0.0,
        "packets_over_40_ms": float(sum(gap > 40 for gap in gaps)),
        "new_calls": float(asked),
        "new_calls_answered": float(len(phones.answered) - placed_before),
        "options_p99_ms": 1e3 * percentile(delays, 0.99),
        "options_longest_ms": 1e3 * (delays[-1] if delays else 0.0),
        "options_lost": float(probe.count - len(delays)),
    }
    phones.close()
    return result


class _Probe:
    """Asks with OPTIONS twenty times a second."""

    def __init__(self, port: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.setblocking(False)
        self.port = port
        self.delays: list[float] = []
        self.count = 0
        self._sent: dict[bytes, float] = {}
        self._next = 0.0

    def step(self, now: float) -> None:
        """Ask if it is time; hear."""
        try:
            while True:
                data = self.sock.recv(4096)
                start = data.index(b"Call-ID: ") + 9
                begun = self._sent.pop(data[start : data.index(b"@", start)], None)
                if begun is not None:
                    self.delays.append(time.perf_counter() - begun)
        except BlockingIOError:
            pass
        if now >= self._next:
            self._next = now + 0.05
            self.count += 1
            text = OPTIONS.format(port=self.port, here=self.sock.getsockname()[1], n=self.count)
            self._sent[b"o%d" % self.count] = time.perf_counter()
            self.sock.sendto(text.encode(), ("127.0.0.1", self.port))
