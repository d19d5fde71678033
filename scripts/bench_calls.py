#!/usr/bin/env python3
"""Measures the calls of a running server: set-up time, first sound, and memory over many calls.

    scripts/run &                      # in another terminal
    scripts/bench_calls.py --calls 300 --rate 10 [--pid PID] [--hold 1.0] [--to 5009]

Plain sockets in one thread, nothing of umserver: the figures are those of a stranger. Prints
percentiles in ms and, with --pid, how much the server's memory grew once it was warm: after 200
calls, or half of them where there are fewer. Refused calls count as finished, not as answered.
"""

from __future__ import annotations

import argparse
import heapq
import selectors
import socket
import sys
import time
from pathlib import Path

INVITE = """INVITE sip:{to}@127.0.0.1:{port} SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{local};branch=z9hG4bK{id}\r
From: <sip:2125550199@127.0.0.1>;tag=b{id}\r
To: <sip:{to}@127.0.0.1>\r
Call-ID: {id}@bench.example.com\r
CSeq: 1 INVITE\r
Contact: <sip:2125550199@127.0.0.1:{local}>\r
Max-Forwards: 70\r
Content-Type: application/sdp\r
Content-Length: {length}\r
\r
"""
SDP = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {rtp} RTP/AVP 0 101\r
a=rtpmap:101 telephone-event/8000\r
"""
LATER = """{method} sip:{to}@127.0.0.1:{port} SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{local};branch=z9hG4bK{id}{method}\r
From: <sip:2125550199@127.0.0.1>;tag=b{id}\r
To: <sip:{to}@127.0.0.1>;tag={tag}\r
Call-ID: {id}@bench.example.com\r
CSeq: {cseq} {method}\r
Max-Forwards: 70\r
Content-Length: 0\r
\r
"""

WARM_UP = 200
"""Calls after which memory is compared."""


class BenchCall:
    """One call: its identity, its RTP socket, and when what happened."""

    def __init__(self, number: int, to: str) -> None:
        self.id = f"{time.time_ns():x}{number}"
        self.to = to
        self.tag = ""
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp.setblocking(False)
        self.sent = self.answered = self.heard = 0.0
        self.over = False


class Bench:
    """Places calls at a steady rate and writes down the times."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind(("127.0.0.1", 0))
        self.sip.setblocking(False)
        self.local = self.sip.getsockname()[1]
        self.select = selectors.DefaultSelector()
        self.select.register(self.sip, selectors.EVENT_READ, None)
        self.calls: dict[str, BenchCall] = {}
        self.done: list[BenchCall] = []
        self.due: list[tuple[float, int, str]] = []
        self.memory: list[int] = []

    def run(self) -> None:
        start = time.monotonic()
        placed = 0
        end = start + self.options.calls / self.options.rate + self.options.hold + 30
        while len(self.done) < self.options.calls and time.monotonic() < end:
            now = time.monotonic()
            while placed < self.options.calls and now >= start + placed / self.options.rate:
                self.place(placed)
                placed += 1
            while self.due and self.due[0][0] <= now:
                self.hang_up(heapq.heappop(self.due)[2])
            for key, _ in self.select.select(0.002):
                self.read(key.data)

    def place(self, number: int) -> None:
        call = BenchCall(number, self.options.to)
        self.calls[call.id] = call
        self.select.register(call.rtp, selectors.EVENT_READ, call)
        sdp = SDP.format(rtp=call.rtp.getsockname()[1])
        head = INVITE.format(
            to=call.to, port=self.options.port, local=self.local, id=call.id, length=len(sdp)
        )
        call.sent = time.monotonic()
        self.send(head + sdp)

    def send(self, text: str) -> None:
        self.sip.sendto(text.encode(), ("127.0.0.1", self.options.port))

    def later(self, call: BenchCall, method: str, cseq: int) -> None:
        self.send(
            LATER.format(
                method=method, to=call.to, port=self.options.port, local=self.local,
                id=call.id, tag=call.tag, cseq=cseq,
            )
        )  # fmt: skip

    def read(self, call: BenchCall | None) -> None:
        if call is not None:
            call.rtp.recv(2048)
            if not call.heard:
                call.heard = time.monotonic()
            return
        now = time.monotonic()
        lines = self.sip.recv(65536).decode(errors="replace").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        known = self.calls.get(headers.get("call-id", "").partition("@")[0])
        if known is None or not lines[0].startswith("SIP/2.0"):
            return
        status, method = int(lines[0].split()[1]), headers["cseq"].split()[1]
        if method == "BYE" and status >= 200:
            self.finish(known)
        elif method == "INVITE" and status >= 200:
            known.tag = headers["to"].partition("tag=")[2]
            self.later(known, "ACK", 1)
            if status >= 300:
                print(f"refused: {lines[0]}", file=sys.stderr)
                self.finish(known)
            elif not known.answered:
                known.answered = now
                heapq.heappush(self.due, (now + self.options.hold, id(known), known.id))

    def hang_up(self, id: str) -> None:
        if id in self.calls:
            self.later(self.calls[id], "BYE", 2)

    def finish(self, call: BenchCall) -> None:
        if call.over:
            return
        call.over = True
        self.select.unregister(call.rtp)
        call.rtp.close()
        self.done.append(call)
        del self.calls[call.id]
        if self.options.pid:
            self.memory.append(resident(self.options.pid))


def resident(pid: int) -> int:
    """Resident memory in kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def percentiles(name: str, values: list[float]) -> None:
    """One line: count, p50, p99 and the largest, in ms."""
    values.sort()
    if not values:
        print(f"{name}: none")
        return
    p = [1000 * values[min(len(values) - 1, int(len(values) * q))] for q in (0.5, 0.99, 1.0)]
    print(f"{name}: n={len(values)} p50={p[0]:.1f} ms p99={p[1]:.1f} ms max={p[2]:.1f} ms")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=5062, help="the answering desk's SIP port")
    parser.add_argument("--to", default="1001", help="the number to call")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rate", type=float, default=10.0, help="calls a second")
    parser.add_argument("--hold", type=float, default=1.0, help="seconds from answer to BYE")
    parser.add_argument("--pid", type=int, help="the server's process, to watch its memory")
    bench = Bench(parser.parse_args())
    bench.run()
    percentiles("INVITE to 200", [c.answered - c.sent for c in bench.done if c.answered])
    percentiles("ACK to first RTP", [c.heard - c.answered for c in bench.done if c.heard])
    print(f"finished {len(bench.done)} of {bench.options.calls}")
    if bench.memory:
        warm = min(WARM_UP, len(bench.memory) // 2)
        grown = bench.memory[-1] - bench.memory[warm]
        print(
            f"memory: {bench.memory[-1]} kB at the end, {grown} kB more than after {warm + 1} calls"
        )


if __name__ == "__main__":
    main()
