"""A flood of strangers reaches nobody, and disturbs nobody."""

from __future__ import annotations

import socket

from tests.kit.house import HouseCase
from tests.kit.raw_sip import RawPeer, sdp
from umserver.edges.net.guard import BURST, RATE

STRANGER = "127.0.0.9"


class Floods(HouseCase):
    """One stranger with much to say."""

    def flood(self, port: int, count: int, headers: str = "") -> socket.socket:
        """So many INVITEs, as fast as can be."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.bind((STRANGER, 0))
        sock.setblocking(False)
        self.addCleanup(sock.close)
        body = sdp(9000)
        for n in range(count):
            text = (
                f"INVITE sip:1001@{self.host}:{port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {STRANGER}:{sock.getsockname()[1]};branch=z9hG4bKx{n};rport\r\n"
                f"From: <sip:100@{STRANGER}>;tag=x{n}\r\nTo: <sip:1001@{self.host}>\r\n"
                f"Call-ID: x{n}@{STRANGER}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{headers}"
                f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            )
            sock.sendto(text.encode(), (self.host, port))
            if n % 100 == 99:
                self.stage.settle()
        self.stage.settle()
        return sock

    def heard(self, sock: socket.socket) -> list[str]:
        """The status lines that came."""
        found = []
        try:
            while True:
                found.append(sock.recv(65536).decode().partition("\r\n")[0])
        except BlockingIOError:
            return found

    def test_a_flood_is_answered_a_little_and_never_again(self) -> None:
        """A stranger's flood hears 403 a few times; nothing is repeated, nothing is kept."""
        self.start()
        for port in (self.router_port, self.desk_port):
            sock = self.flood(port, 500)
            answers = self.heard(sock)
            self.assertEqual(set(answers), {"SIP/2.0 403 Forbidden"})
            self.assertLessEqual(len(answers), BURST + 2 * RATE)
            self.stage.walk(40.0)
            self.assertEqual(self.heard(sock), [])
        assert self.um is not None
        for part in self.um.parts:
            self.assertEqual(part.server.active, 0)
            self.assertGreater(part.server.counters["strangers_dropped"], 300)

    def test_a_gateway_hears_nothing_of_it(self) -> None:
        """While strangers flood, a call of a known gateway is answered and becomes a mail."""
        self.start()
        self.flood(self.router_port, 300)
        caller = self.dial()
        self.flood(self.desk_port, 300)
        caller.hang_up()
        self.mails(count=1)

    def test_scanners_find_nobody(self) -> None:
        """Who calls itself a scanner hears nothing at all, as if nobody were here."""
        self.start()
        sock = self.flood(self.router_port, 20, "User-Agent: friendly-scanner\r\n")
        self.assertEqual(self.heard(sock), [])

    def test_full_is_said_without_keeping_anything(self) -> None:
        """Callers beyond the limit hear 503, once a call; the server keeps nothing of them."""
        self.start(lambda text: text + "\n[service]\nmax_calls_allowed = 0\n")
        peer: RawPeer = self.gateway()
        for _ in range(50):
            peer.got.clear()
            peer.invite((self.host, self.desk_port), "1001", body=sdp(9000))
            self.stage.settle()
            final = peer.final()
            assert final is not None
            self.assertEqual((final.status, final.header("retry-after")), (503, "30"))
        assert self.um is not None and self.um.desk is not None
        self.assertEqual(self.um.desk.server.active, 0)
        self.assertEqual(self.um.desk.server.counters["decided_at_once"], 50)
