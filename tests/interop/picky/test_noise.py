"""A server under noise: it goes on answering, and afterwards nothing is left of it.

`UMSERVER_NOISE` times the usual amount is sent; the usual one is for every day.
"""

from __future__ import annotations

import os
import select
import socket
import time
from pathlib import Path
from random import Random
from typing import Any

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from tests.interop.peers import Server, missing, wait_until
from tests.interop.picky.caller import Caller
from tests.interop.picky.noise import Noise
from tests.interop.picky.sound import Sound
from tests.interop.picky.standing import ALARMS, LATE, legs, part
from tests.kit.raw_sip import Raw, parse_raw

TIMES = float(os.environ.get("UMSERVER_NOISE", "1"))
DATAGRAMS = int(4000 * TIMES)
STREAMS = int(60 * TIMES)
BODIES = int(300 * TIMES)
PACKETS = int(2000 * TIMES)
BATCH = 20
"""Datagrams between two OPTIONS."""
PATIENCE = 0.05
"""Seconds within which 99 of 100 OPTIONS have to be answered."""
LINES = 5000 + int(100 * TIMES)
"""Of the log, whatever was sent: it takes a minute or two."""
GROWTH = 25
"""MiB that may be added once it is warm."""
WARM = 40.0
"""Seconds: answers are kept for 32. What takes less long as a whole is warm after a quarter."""


@define(eq=False)
class Pulse:
    """Asks by OPTIONS whether the server is there, and notes how long it took.

    What server and test waited for a processor, which others had, does not count.
    """

    caller: Caller
    processes: tuple[int, ...]
    took: list[float] = field(factory=list)
    slowest: float = 0.0
    """With the waiting."""

    def beat(self) -> None:
        """One question; the answer has to come within 3 seconds."""
        began, waited = time.monotonic(), self.waited()
        self.caller.request("OPTIONS", dialog=False)
        response = self.caller.final("OPTIONS", 10.0)
        assert response.status == 200, response.start
        took = time.monotonic() - began
        self.took.append(max(0.0, took - (self.waited() - waited)))
        self.slowest = max(self.slowest, took)
        self.caller.kept.clear()

    def waited(self) -> float:
        """Seconds that these processes were ready and others had the processor."""
        nanoseconds = 0
        for process in self.processes:
            nanoseconds += int(Path(f"/proc/{process}/schedstat").read_text().split()[1])
        return nanoseconds / 1e9

    def share(self, share: float) -> float:
        """The time within which this share of all questions was answered."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))]


def endings(response: Raw) -> list[str]:
    """ACK and BYE for a call that came about."""
    words = response.header("CSeq").split()
    number = int(words[0]) if words and words[0].isdigit() else 1
    made = []
    for method, n in (("ACK", number), ("BYE", number + 1)):
        via = f"SIP/2.0/UDP {{here}};rport;branch=z9hG4bKend{method}{time.time_ns():x}"
        same = [f"{name}: {response.header(name)}" for name in ("From", "To", "Call-ID")]
        lines = [
            f"{method} {response.contact} SIP/2.0",
            f"Via: {via}",
            *same,
            f"CSeq: {n} {method}",
        ]
        made.append("\r\n".join([*lines, "Max-Forwards: 70", "Content-Length: 0", "", ""]))
    return made


class NoiseTests(SynchronousTestCase):
    """Each sort of noise against a fresh process."""

    skip = missing()
    timeout = 1800

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        self.server = Server(folder / "state")
        self.server.start()
        self.addCleanup(self.server.stop)
        assert self.server.process is not None
        self.pulse = Pulse(self.caller(), (self.server.process.pid, os.getpid()))
        for _ in range(20):
            self.pulse.beat()
        self.first_call()
        counts: list[int] = []

        def is_steady() -> bool:
            counts.append(self.open_files())
            return len(counts) > 20 and len(set(counts[-20:])) == 1

        self.assertTrue(wait_until(is_steady, 30))
        self.descriptors = counts[-1]

    def first_call(self) -> None:
        """What opens with the first call is there from then on: the voice, a watch of mail."""
        caller = self.caller()
        caller.call()
        wait_until(lambda: False, 2.0)
        self.assertEqual(caller.bye().status, 200)
        self.assertTrue(wait_until(self.settled, 20), self.server.status())

    def caller(self, **more: Any) -> Caller:
        """A peer that is closed at the end."""
        caller = Caller(("127.0.0.1", self.server.mbx), **more)
        self.addCleanup(caller.leave)
        return caller

    # what is measured

    def is_warm(self, n: int, of: int) -> bool:
        """Whether this is the time, or a better one, from which on nothing may be added."""
        if n == 0:
            self.began, self.warm_again = time.monotonic(), True
        if n == of // 4:
            return True
        lasts = time.monotonic() - self.began
        if n < of // 4 or n > of // 2 or lasts < WARM or not self.warm_again:
            return False
        self.warm_again = False
        return True

    def memory(self) -> float:
        """MiB that the process holds."""
        assert self.server.process is not None
        text = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def open_files(self) -> int:
        """Descriptors that the process holds."""
        assert self.server.process is not None
        return len(list(Path(f"/proc/{self.server.process.pid}/fd").iterdir()))

    def settled(self) -> bool:
        """Whether nothing of any call is left."""
        desk = part(self.server, "mbx")
        return not (desk["active"] or desk["calls"] or legs(self.server))

    def check(self, what: str, before: float) -> None:
        """It answered all the time, and is as it was."""
        self.assertTrue(wait_until(self.settled, 80), self.server.status())
        is_tidy = wait_until(lambda: self.open_files() <= self.descriptors + LATE, 10)
        after, text = self.memory(), self.server.log.read_text(errors="replace")
        figures = (
            f"{what}: OPTIONS p50 {self.pulse.share(0.5) * 1000:.1f} ms, "
            f"p99 {self.pulse.share(0.99) * 1000:.1f} ms, worst {max(self.pulse.took) * 1000:.0f} "
            f"({self.pulse.slowest * 1000:.0f}) ms of {len(self.pulse.took)}; "
            f"memory {before:.1f} → {after:.1f} MiB; "
            f"files as before: {is_tidy}; calls offered {part(self.server, 'mbx')['offered']}, "
            f"answered {part(self.server, 'mbx')['answered']}; log {text.count(chr(10))} lines"
        )
        if os.environ.get("UMSERVER_NOISE"):
            print(figures)
        at = min((n for n in (text.find(alarm) for alarm in ALARMS) if n >= 0), default=-1)
        self.assertEqual(text[at : at + 3000] if at >= 0 else "", "")
        self.assertLessEqual(self.pulse.share(0.99), PATIENCE, figures)
        self.assertTrue(is_tidy, figures)
        self.assertLessEqual(text.count("\n"), LINES, figures)
        self.assertLessEqual(after - before, GROWTH, figures)
        self.assertEqual(part(self.server, "media")["faults"], 0)

    # noise

    def test_datagrams(self) -> None:
        """Bent messages over UDP; whatever becomes a call is ended."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{sock.getsockname()[1]}"
        noise, before = Noise(1, here.encode()), 0.0
        for n in range(DATAGRAMS // BATCH):
            for _ in range(BATCH):
                sock.sendto(noise.message(), ("127.0.0.1", self.server.mbx))
            self.pulse.beat()
            self.end_calls(sock, here)
            if self.is_warm(n, DATAGRAMS // BATCH):
                before = self.memory()
        self.check(f"{DATAGRAMS} datagrams", before)

    def end_calls(self, sock: socket.socket, here: str) -> None:
        """Acknowledge and end what was accepted."""
        while select.select([sock], [], [], 0)[0]:
            message = parse_raw(sock.recv(65535))
            if message.status == 200 and message.header("CSeq").endswith("INVITE"):
                for text in endings(message):
                    data = text.replace("{here}", here).encode("utf-8", "surrogateescape")
                    sock.sendto(data, ("127.0.0.1", self.server.mbx))

    def test_streams(self) -> None:
        """Bent messages over TCP, cut anywhere, ended anyhow."""
        noise, chance = Noise(2, b"127.0.0.1:9"), Random(2)
        before = 0.0
        for n in range(STREAMS):
            sock = socket.create_connection(("127.0.0.1", self.server.mbx), 5)
            sock.settimeout(2)
            data = b"".join(noise.message() for _ in range(chance.randint(1, 8)))
            at = 0
            try:
                while at < len(data):
                    size = chance.choice((1, 10, 200, 1500, 60000))
                    sock.sendall(data[at : at + size])
                    at += size
                if chance.random() < 0.5 and select.select([sock], [], [], 0.01)[0]:
                    sock.recv(65535)
                if chance.random() < 0.5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass
            sock.close()
            self.pulse.beat()
            if self.is_warm(n, STREAMS):
                before = self.memory()
        self.check(f"{STREAMS} streams", before)

    def test_descriptions(self) -> None:
        """Bent session descriptions in INVITE, re-INVITE, UPDATE and ACK."""
        noise, before, standing = Noise(3, b""), 0.0, self.caller()
        standing.call()
        for n in range(BODIES):
            body = noise.description().decode("utf-8", "surrogateescape")
            match n % 4:
                case 0:
                    response = standing.reinvite(body)
                case 1:
                    standing.request("UPDATE", body=body)
                    response = standing.final("UPDATE")
                case _:
                    response = self.one_call(body, delayed=n % 4 == 3)
            self.assertIn(response.status // 100, (2, 4), response.start)
            if n % BATCH == 0:
                self.pulse.beat()
            if self.is_warm(n, BODIES):
                before = self.memory()
        standing.leave()
        self.check(f"{BODIES} descriptions", before)

    def one_call(self, body: str, delayed: bool) -> Raw:
        """A call with this offer, or with this as the answer in its ACK."""
        caller = Caller(("127.0.0.1", self.server.mbx))
        caller.invite("" if delayed else body)
        response = caller.final("INVITE")
        if response.status < 300:
            caller.take(response)
            caller.ack(body if delayed else "")
        else:
            caller.ack_refusal(response)
        caller.leave()
        return response

    def test_packets(self) -> None:
        """Bent RTP, RTCP and telephone-events from the right address into running calls."""
        chance, sounds, before = Random(4), [Sound(ssrc=n) for n in range(1, 6)], 0.0
        callers = [self.caller(media_port=sound.port) for sound in sounds]
        for caller, sound in zip(callers, sounds, strict=True):
            self.addCleanup(sound.close)
            sound.towards(caller.call().body)
        for n in range(PACKETS):
            sound = chance.choice(sounds)
            kind = chance.choice((0, 0, 0, 8, 101, 101, 13, 96, 127))
            packet = bytearray(sound.packet(chance.randbytes(chance.choice((0, 1, 4, 160, 160)))
                                            , kind, stamp=chance.getrandbits(32)))  # fmt: skip
            for _ in range(chance.choice((0, 0, 1, 3))):
                packet[chance.randrange(len(packet))] = chance.randrange(256)
            sound.send(bytes(packet))
            report = bytes(
                (0x80 | chance.randrange(64), chance.choice((200, 201, 202, 203, 204, 207)))
            )
            report += chance.choice((b"\0\0", b"\0\1", b"\0\6", b"\xff\xff")) + chance.randbytes(28)
            sound.rtcp.sendto(report, (sound.host, sound.target[1] + chance.randrange(2)))
            if n % BATCH == 0:
                self.pulse.beat()
                for each in sounds:
                    each.hear(0)
            if self.is_warm(n, PACKETS):
                before = self.memory()
        for caller in callers:
            caller.leave()
        self.check(f"{PACKETS} packets", before)
