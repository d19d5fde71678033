#!/usr/bin/env python3
"""How many calls the media engine carries: processor time for a packet pair, and lateness.

A server process plays to and records from so many legs at once; this process is all their peers,
on loopback.

    .venv/bin/python scripts/bench_media.py 400 800 --seconds 8     # a run for each number of legs

`--srtp SUITE` encrypts both ways; `--profile` shows where the time goes; `--disk` records into a
spool, synced as for a caller, and compares every recording with what was said, octet by octet.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benches.engine import keying, serve
from benches.recordings import spoken

RATE = 50
PROBES = 20
STAMPED = 35
BATCH = 0.005
MODES = "play+record, play, record; bridge joins pairs of legs, bridge+laws translates half of them"


class Peers:
    """All the telephones: one socket for most, some with their own to see arrivals exactly."""

    def __init__(self, legs: int) -> None:
        self.many = self._socket()
        self.many.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.probes = [self._socket() for _ in range(min(PROBES, legs))]
        for probe in self.probes:
            probe.setsockopt(socket.SOL_SOCKET, STAMPED, 1)
        self.arrivals: list[list[float]] = [[] for _ in self.probes]
        self.heard = 0
        self.targets = [
            (
                "127.0.0.1",
                (self.probes[n] if n < len(self.probes) else self.many).getsockname()[1],
                0,
            )
            for n in range(legs)
        ]

    @staticmethod
    def _socket() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        return sock

    def run(self, ports: list[int], send: bool, until: Callable[[], bool], suite: str) -> None:
        """Send a quarter of all packets every 5 ms, and hear what comes."""
        socks = [self.probes[n] if n < len(self.probes) else self.many for n in range(len(ports))]
        groups = [
            [(socks[n], ("127.0.0.1", ports[n]), n) for n in range(group, len(ports), 4)]
            for group in range(4)
        ]
        pack = struct.Struct("!BBHII").pack
        seals = [_seal(keying(number, suite)) for number in range(len(ports))]
        start, step = time.monotonic(), 0
        while not until():
            time.sleep(max(0.0, start + step * BATCH - time.monotonic()))
            turn = step // 4
            if send:
                for sock, address, ssrc in groups[step % 4]:
                    head = pack(0x80, 0, turn & 0xFFFF, turn * 160 & 0xFFFFFFFF, ssrc + 1)
                    sock.sendto(seals[ssrc](head + spoken(ssrc, turn)), address)
            self.hear()
            step += 1

    def hear(self) -> None:
        """Drain everything."""
        receive, buffer = self.many.recv_into, bytearray(2048)
        try:
            while True:
                receive(buffer)
                self.heard += 1
        except BlockingIOError:
            pass
        for probe, arrivals in zip(self.probes, self.arrivals, strict=True):
            try:
                while True:
                    _, about, _, _ = probe.recvmsg(2048, 64)
                    seconds, nanoseconds = struct.unpack("@ll", about[0][2])
                    arrivals.append(seconds % 100_000 + nanoseconds * 1e-9)
            except BlockingIOError:
                pass

    def errors(self, skip: int) -> list[float]:
        """How far each arrival was from 20 ms after the one before, in ms, sorted."""
        found = []
        for arrivals in self.arrivals:
            kept = arrivals[skip:]
            found += [1000 * abs(b - a - 0.02) for a, b in pairwise(kept)]
        return sorted(found)


def _seal(keys: object) -> Callable[[bytes], bytes | memoryview]:
    """What the peer with these keys of the server's does to its packets."""
    from umserver.wire.srtp import Keying
    from umserver.wire.srtp.context import Sender

    if not isinstance(keys, Keying):
        return lambda data: data
    sender = Sender(keys.suite, keys.theirs[0])
    return lambda data: sender.seal(data) or b""


def measure(legs: int, options: argparse.Namespace) -> None:
    """One run; prints a line."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(options, there), daemon=True)
    server.start()
    here.recv()
    peers = Peers(legs)
    here.send(peers.targets)
    ports = here.recv()
    over = lambda: here.poll(0) or not server.is_alive()  # noqa: E731
    peers.run(ports, options.modes != "play", over, options.srtp)
    result = here.recv()
    server.join(10)
    pairs = max(result["sent"], result["heard"], 1)
    micro = 1e6 * result["cpu"] / pairs
    errors = peers.errors(int(options.settle * RATE))
    spread = [errors[int(len(errors) * q)] for q in (0.5, 0.99)] if errors else [0.0, 0.0]
    late = result["late"]
    share = 100 * result["cpu"] / result["wall"]
    words = (
        f"{legs} legs: {micro:.2f} µs a packet pair, {share:.0f} % of a core",
        f"({1e6 / micro / RATE:.0f} calls a core); sent {result['sent']}, heard {result['heard']},",
        f"lost {result['lost']}, forged {result['forged']},",
        f"slots skipped {result['skipped']}, faults {result['faults']};",
        f"late p50 {late[0]:.2f} p99 {late[1]:.2f} p99.9 {late[2]:.2f} ms;",
        f"arrival error p50 {spread[0]:.2f} p99 {spread[1]:.2f} ms",
    )
    if options.disk:
        words = (*words, f"; {result['exact']} of {legs} recordings exact,",
                 f"the shortest {result['shortest_seconds']:.2f} s")  # fmt: skip
    print(*words, flush=True)
    if options.json:
        print(json.dumps({"legs": legs, **result, "errors": spread}))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("legs", type=int, nargs="*", default=[400, 800])
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of a run")
    parser.add_argument("--settle", type=float, default=2.0, help="time before it")
    parser.add_argument("--modes", default="play+record", help=MODES)
    parser.add_argument("--srtp", metavar="SUITE", default="", help="AES_CM_128_HMAC_SHA1_80 …")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cores", help="of the server and of its peers, with a comma between")
    options = parser.parse_args()
    if options.cores:
        os.sched_setaffinity(0, {int(options.cores.partition(",")[2])})
    for legs in options.legs:
        measure(legs, options)


if __name__ == "__main__":
    main()
