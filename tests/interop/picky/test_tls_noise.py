"""The TLS ports under noise: rubbish before, during and after handshakes, crowds, slow peers.

Whoever is expected is served all the time, and afterwards nothing is left of it. `UMSERVER_NOISE`
times the usual amount is sent.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import ssl
import tempfile
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from random import Random
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.peers import Server, missing, wait_until
from tests.interop.picky.caller import Caller
from tests.interop.picky.noise import Noise
from tests.interop.picky.standing import ALARMS, LATE, part
from tests.interop.secured import dual_server
from umserver.discover import shipped

TIMES = float(os.environ.get("UMSERVER_NOISE", "1"))
STREAMS = int(90 * TIMES)
CROWD = min(int(400 * TIMES), 4000)
STRANGER = "127.0.0.88"
OPTIONS = (
    "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bKt{n}\r\n"
    "From: <sip:tls@example.com>;tag=t{n}\r\nTo: <sip:127.0.0.1>\r\nCall-ID: tls{n}@example.com\r\n"
    "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


@lru_cache(maxsize=1)
def standing_server() -> tuple[Server, ssl.SSLContext, int]:
    """The server of all tests here, what its peers use, and its TLS port."""
    folder = Path(tempfile.mkdtemp(prefix="umserver-tls-noise-"))
    server, context, tls = dual_server(folder, shipped("demo.toml").read_text("utf-8"))
    server.start()

    def over() -> None:
        server.stop()
        rmtree(folder, ignore_errors=True)

    atexit.register(over)
    return server, context, tls


class TlsNoiseTests(SynchronousTestCase):
    """A server on plain and TLS ports."""

    skip = missing()
    timeout = 1800

    def setUp(self) -> None:
        self.server, self.context, self.tls = standing_server()
        self._read = self.server.log.stat().st_size
        self.asked = 0
        self.noise = Noise(5, b"127.0.0.1:9")
        self.chance = Random(5)
        self.assertTrue(wait_until(self.steady(), 30))
        self.files = self.open_files()

    def steady(self) -> Callable[[], bool]:
        """Whether the number of open files has stayed the same for a second."""
        counts: list[int] = []

        def is_steady() -> bool:
            counts.append(self.open_files())
            return len(counts) > 20 and len(set(counts[-20:])) == 1

        return is_steady

    def open_files(self) -> int:
        """Descriptors that the server holds."""
        assert self.server.process is not None
        return len(list(Path(f"/proc/{self.server.process.pid}/fd").iterdir()))

    def plain(self, host: str = "127.0.0.1") -> socket.socket:
        """A connection to the TLS port on which nothing has been said."""
        sock = socket.socket()
        sock.settimeout(10)
        sock.bind((host, 0))
        sock.connect(("127.0.0.1", self.tls))
        return sock

    def answered(self) -> bool:
        """Whether a gateway with its certificate is served, on a connection of its own."""
        self.asked += 1
        with self.context.wrap_socket(self.plain()) as sock:
            sock.sendall(OPTIONS.format(n=self.asked).encode())
            return sock.recv(4096).startswith(b"SIP/2.0 200")

    def check(self) -> None:
        """Served; nothing is open, nothing was called a bug, the log is short."""
        self.assertTrue(self.answered())

        def is_tidy() -> bool:
            gone = part(self.server, "mbx")["tls_connections"] == 0
            return bool(gone and self.open_files() <= self.files + LATE)

        self.assertTrue(wait_until(is_tidy, 60), (self.open_files(), self.files))
        with self.server.log.open(errors="replace") as log:
            log.seek(self._read)
            text = log.read()
        self.assertEqual([alarm for alarm in ALARMS if alarm in text], [], text[-3000:])
        self.assertLessEqual(text.count("\n"), 500, text[-3000:])

    # rubbish

    def rubbish(self) -> bytes:
        """Octets that are no TLS, or nearly."""
        chance = self.chance
        size = chance.choice((1, 5, 300, 20_000))
        head = chance.choice((b"", b"\x16\x03\x01", b"\x16\x03\x01\x40\x00", b"\x15\x03\x03\0\2"))
        return head + chance.randbytes(size)

    def hello(self) -> bytes:
        """The first flight of a real handshake."""
        coming, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.context.wrap_bio(coming, leaving)
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        return leaving.read()

    def bent_hello(self) -> bytes:
        """The same with some octets changed, cut, or followed by rubbish."""
        data = bytearray(self.hello())
        for _ in range(self.chance.choice((0, 1, 3))):
            data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        cut = self.chance.choice((len(data), self.chance.randrange(len(data))))
        return bytes(data[:cut]) + self.chance.choice((b"", self.rubbish()))

    def inside(self) -> None:
        """A handshake, then bent messages, then rubbish in the middle of the encrypted stream."""
        sock = self.plain(self.chance.choice(("127.0.0.1", STRANGER)))
        tls = self.context.wrap_socket(sock)
        tls.settimeout(2)
        tls.sendall(b"".join(self.noise.message() for _ in range(self.chance.randrange(4))))
        raw = socket.socket(fileno=tls.detach())
        if self.chance.random() < 0.7:
            raw.send(self.rubbish())
        raw.close()

    def test_rubbish(self) -> None:
        """Before, during and after handshakes: each such connection ends, others are served."""
        for n in range(STREAMS):
            kind = n % 3
            with contextlib.suppress(OSError):
                if kind == 2:
                    self.inside()
                    continue
                with self.plain(self.chance.choice(("127.0.0.1", STRANGER))) as sock:
                    sock.sendall(self.rubbish() if kind else self.bent_hello())
                    sock.settimeout(0.01)
                    sock.recv(4096)
            if n % 10 == 0:
                self.assertTrue(self.answered())
        self.check()

    # crowds

    def crowd(self, count: int, first: bytes = b"", port: int = 0) -> list[socket.socket]:
        """So many connections of strangers at once; those that are turned away included."""
        found = []
        for n in range(count):
            sock = socket.socket()
            self.addCleanup(sock.close)
            sock.bind((f"127.0.0.{100 + n % 8}", 0))
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(("127.0.0.1", port or self.tls))
            found.append(sock)
            if n % 50 == 49:
                self.assertTrue(self.answered())
        for sock in found:
            with contextlib.suppress(OSError):
                sock.send(first)
        return found

    def test_half_open(self) -> None:
        """Hundreds of strangers who begin no handshake, or half of one: gateways get through."""
        for first in (b"", self.hello()[:100]):
            crowd = self.crowd(CROWD, first)
            self.assertTrue(self.answered())
            self.assertLessEqual(part(self.server, "mbx")["tls_connections"], 201)
            for sock in crowd:
                sock.close()
        self.assertGreater(part(self.server, "mbx")["tls_refused"], 0)
        self.check()

    def test_half_open_in_the_clear(self) -> None:
        """The same on the plain port: a gateway's connection is served beside the crowd."""
        crowd = self.crowd(CROWD, b"OPTIONS sip:x SIP/2.0\r\n", self.server.mbx)
        with socket.create_connection(("127.0.0.1", self.server.mbx), 10) as sock:
            sock.sendall(OPTIONS.format(n="plain").replace("/TLS", "/TCP").encode())
            self.assertTrue(sock.recv(4096).startswith(b"SIP/2.0 200"))
        self.assertLessEqual(part(self.server, "mbx")["tcp_connections"], 1501)
        for sock in crowd:
            sock.close()
        self.check()

    def test_slow_writers(self) -> None:
        """One octet at a time buys a stranger no more time: it is cut off after ten seconds."""
        flight = self.hello()
        slow = [self.plain(STRANGER) for _ in range(20)]
        began, at, gone = time.monotonic(), 0, 0
        while time.monotonic() - began < 30 and gone < len(slow):
            gone = sum(not self.wrote(sock, flight[at % len(flight)]) for sock in slow)
            at = min(at + 1, len(flight) // 2)
            wait_until(lambda: False, 0.5)
        self.assertEqual(gone, len(slow))
        self.assertLess(time.monotonic() - began, 25)
        self.check()

    def wrote(self, sock: socket.socket, octet: int) -> bool:
        """Whether the connection still takes an octet."""
        try:
            sock.send(bytes([octet]))
        except OSError:
            return False
        return True

    def test_calls_go_on(self) -> None:
        """A call of a gateway stands through all of it."""
        caller = Caller(("127.0.0.1", self.server.mbx))
        self.addCleanup(caller.leave)
        caller.call()
        for _ in range(30):
            with contextlib.suppress(OSError), self.plain(STRANGER) as sock:
                sock.sendall(self.rubbish())
        self.assertEqual(caller.bye().status, 200)
        self.check()
