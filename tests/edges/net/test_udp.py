"""SIP over UDP on real ports."""

from __future__ import annotations

import socket

from tests.edges.net.test_sockets import has_ipv6
from tests.kit.journey import JourneyCase
from umserver.edges.net.guard import BURST, Guard
from umserver.edges.net.udp import MOST_AT_ONCE, UdpPorts
from umserver.wire.sip.effects import Flow


class UdpTests(JourneyCase):
    """Datagrams in and out."""

    def setUp(self) -> None:
        super().setUp()
        self.heard: list[tuple[bytes, Flow]] = []
        self.lost: list[Flow] = []
        self.ports = UdpPorts(
            self.stage, lambda data, flow: self.heard.append((data, flow)), self.lost.append
        )
        self.addCleanup(self.ports.close)

    def peer(self, host: str = "127.0.0.1") -> socket.socket:
        """A peer's socket."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        sock.setblocking(False)
        self.addCleanup(sock.close)
        return sock

    def test_what_comes_names_both_ends(self) -> None:
        """A message arrives with the peer's address and the one of ours that it came to."""
        port = self.ports.listen("0.0.0.0", 0)
        peer = self.peer()
        peer.sendto(b"OPTIONS", ("127.0.0.1", port))
        self.stage.settle()
        flow = Flow("udp", peer.getsockname(), ("127.0.0.1", port))
        self.assertEqual(self.heard, [(b"OPTIONS", flow)])

    def test_answers_leave_from_where_the_question_came(self) -> None:
        """With several ports an answer leaves from the one that was asked: gateways check that."""
        ports = [self.ports.listen("127.0.0.1", 0) for _ in range(3)]
        peer = self.peer()
        for port in ports:
            peer.sendto(b"ask", ("127.0.0.1", port))
        self.stage.settle()
        for _, flow in self.heard:
            self.ports.send(b"answer", flow)
        self.assertEqual([peer.recvfrom(100)[1][1] for _ in ports], ports)

    def test_both_families(self) -> None:
        """IPv4 and IPv6 peers are each answered from a port of their own family."""
        if not has_ipv6():
            self.skipTest("no IPv6 here")
        port = self.ports.listen("0.0.0.0", 0)
        self.ports.listen("::", port)
        for host in ("127.0.0.1", "::1"):
            peer = self.peer(host)
            peer.sendto(b"ask", (host, port))
            self.stage.settle()
            _, flow = self.heard[-1]
            self.assertEqual((flow.remote[0], flow.local), (host, (host, port)))
            self.ports.send(b"answer", flow)
            self.assertEqual(peer.recv(100), b"answer")

    def test_keep_alives_are_no_messages(self) -> None:
        """Empty datagrams and the line ends that keep a way open are passed over."""
        port = self.ports.listen("127.0.0.1", 0)
        peer = self.peer()
        for data in (b"", b"\r\n\r\n", b"\0\0\0\0", b" \r\n", b"x"):
            peer.sendto(data, ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual([data for data, _ in self.heard], [b"x"])

    def test_a_fault_of_ours(self) -> None:
        """A datagram on which our own code fails is told in the log, and the port stays open."""
        port = self.ports.listen("127.0.0.1", 0)
        self.ports.received = lambda data, flow: [][0]
        peer = self.peer()
        peer.sendto(b"bad", ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)
        self.ports.received = lambda data, flow: self.heard.append((data, flow))
        peer.sendto(b"good", ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual([data for data, _ in self.heard], [b"good"])

    def test_the_largest_datagram(self) -> None:
        """A message as large as UDP carries comes whole."""
        port = self.ports.listen("127.0.0.1", 0)
        whole = bytes(range(1, 255)) * 257
        self.peer().sendto(whole[:65_507], ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual(self.heard[0][0], whole[:65_507])

    def test_what_cannot_be_sent_is_said(self) -> None:
        """A message that no port can carry, or that is too large, loses its flow at once."""
        port = self.ports.listen("127.0.0.1", 0)
        v6 = Flow("udp", ("::1", 5060), ("::1", port))
        self.ports.send(b"x", v6)
        large = Flow("udp", ("127.0.0.1", 9), ("127.0.0.1", port))
        self.ports.send(bytes(70_000), large)
        self.assertEqual(self.lost, [v6, large])

    def test_a_way_to_a_peer(self) -> None:
        """Who wants to call a peer learns from which address it will be."""
        self.assertIsNone(self.ports.local_for(("127.0.0.1", 5060)))
        port = self.ports.listen("0.0.0.0", 0)
        self.assertEqual(self.ports.local_for(("127.0.0.1", 5060)), ("127.0.0.1", port))
        self.assertIsNone(self.ports.local_for(("::1", 5060)))

    def test_closed_ports_are_free(self) -> None:
        """Once closed nothing is heard any more and the port can be taken again."""
        port = self.ports.listen("127.0.0.1", 0)
        self.ports.close()
        self.stage.settle()
        self.assertEqual(self.ports.listen("127.0.0.1", port), port)

    def test_a_burst_is_not_lost(self) -> None:
        """INVITEs that come while we are busy wait for us, hundreds where the system lets them."""
        port = self.ports.listen("127.0.0.1", 0)
        peer = self.peer()
        for n in range(1000):
            peer.sendto(b"%d" % n + bytes(b"x" * 400), ("127.0.0.1", port))
        self.stage.settle()
        self.assertGreaterEqual(len(self.heard), 200)
        self.assertEqual([data[:3] for data, _ in self.heard[:3]], [b"0xx", b"1xx", b"2xx"])

    def test_others_get_their_turn(self) -> None:
        """However much waits, reading stops after a while: sound that is due does not wait."""
        port = self.ports.listen("127.0.0.1", 0)
        peer = self.peer()
        for n in range(300):
            peer.sendto(b"%d" % n, ("127.0.0.1", port))
        [reader] = self.ports._ports.values()
        reader.doRead()
        self.assertLessEqual(len(self.heard), MOST_AT_ONCE)
        self.stage.settle()
        self.assertEqual(len(self.heard), 300)

    def test_what_is_answered_at_once(self) -> None:
        """What can be answered at once is, from the port that was asked; the rest is heard."""
        port = self.ports.listen("0.0.0.0", 0)
        self.ports.at_once = lambda data, remote, local: (
            (data + str(local).encode(), remote) if data == b"ask" else None
        )
        peer = self.peer()
        for data in (b"ask", b"think"):
            peer.sendto(data, ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual(peer.recv(100), b"ask" + str(("127.0.0.1", port)).encode())
        self.assertEqual([data for data, _ in self.heard], [b"think"])
        self.assertEqual(self.ports.answered, 1)

    def test_a_glance_that_fails(self) -> None:
        """A bug in what answers at once costs nothing but a line in the log."""
        port = self.ports.listen("127.0.0.1", 0)
        self.ports.at_once = lambda data, remote, local: (b"", ("", 1 // len(data[:0])))
        self.peer().sendto(b"ask", ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual([data for data, _ in self.heard], [b"ask"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_strangers_are_held_back(self) -> None:
        """What the guard does not admit is heard by nobody."""
        self.ports.guard = Guard(lambda host: False, self.stage.seconds)
        port = self.ports.listen("127.0.0.1", 0)
        peer = self.peer()
        for n in range(200):
            peer.sendto(b"%d" % n, ("127.0.0.1", port))
        self.stage.settle()
        self.assertGreaterEqual(len(self.heard), BURST)
        self.assertEqual(len(self.heard) + self.ports.guard.dropped, 200)
        self.assertGreater(self.ports.guard.dropped, 50)
