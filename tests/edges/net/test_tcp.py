"""SIP over TCP on real connections: peers that are slow, broken, silent or greedy."""

from __future__ import annotations

import socket
from collections.abc import Callable

from tests.edges.net.test_sockets import has_ipv6
from tests.kit.journey import JourneyCase
from umserver.edges.net import guard
from umserver.edges.net.guard import Guard
from umserver.edges.net.tcp import Limits, TcpConnections
from umserver.wire.sip.effects import Flow

HOST = "127.0.0.1"


def message(body: str = "", call: str = "1") -> bytes:
    """A request that a framer takes for whole."""
    head = (
        "OPTIONS sip:um.example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n"
        f"Call-ID: {call}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


class TcpCase(JourneyCase):
    """Our connections on one side, raw sockets on the other."""

    limits = Limits(connections=6, connections_per_host=4, queued=3, unsent=200_000)

    def setUp(self) -> None:
        super().setUp()
        self.heard: list[tuple[bytes, Flow]] = []
        self.lost: list[Flow] = []
        self.tcp = TcpConnections(
            self.stage,
            lambda data, flow: self.heard.append((data, flow)),
            self.lost.append,
            self.limits,
        )
        self.port = self.tcp.listen(HOST, 0)
        self.addCleanup(self.end)

    def end(self) -> None:
        """Whatever a story did, no connection and no timer is left behind."""
        self.tcp.close()
        self.stage.walk(3.0)
        self.assertEqual(len(self.tcp), 0)
        self.assertEqual(self.stage.getDelayedCalls(), [])

    def connect(
        self, host: str = HOST, port: int = 0, receive: int = 0, source: str = ""
    ) -> socket.socket:
        """A connected peer; `receive` shrinks its receive buffer, `source` is its address."""
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.addCleanup(sock.close)
        if receive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        if source:
            sock.bind((source, 0))
        sock.connect((host, port or self.port))
        sock.setblocking(False)
        self.stage.settle()
        return sock

    def listener(self) -> socket.socket:
        """A peer that can be called."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.bind((HOST, 0))
        sock.listen(5)
        sock.setblocking(False)
        return sock

    def accept(self, listener: socket.socket) -> socket.socket:
        """Take the call."""
        self.stage.settle()
        sock, _ = listener.accept()
        self.addCleanup(sock.close)
        sock.setblocking(False)
        return sock

    def say(self, sock: socket.socket, data: bytes) -> None:
        """Send this much and let it arrive."""
        sock.sendall(data)
        self.stage.settle()

    def read(self, sock: socket.socket) -> bytes | None:
        """What lies there; None when the connection is over."""
        self.stage.settle()
        got = b""
        while True:
            try:
                data = sock.recv(65536)
            except BlockingIOError:
                return got
            except ConnectionResetError:
                return None
            if not data:
                return got or None
            got += data

    def is_over_after(self, sock: socket.socket, seconds: float) -> bool:
        """Whether we end this connection by then, but not a second before."""
        self.stage.walk(seconds - 1.0)
        early = self.read(sock)
        self.stage.walk(1.1)
        return early is not None and self.read(sock) is None

    def flow_to(self, listener: socket.socket) -> Flow:
        """A way to this listener on which no connection stands yet."""
        return Flow("tcp", listener.getsockname(), (HOST, self.port))


class IncomingTests(TcpCase):
    """Connections that peers open."""

    def test_messages_come_whole(self) -> None:
        """However a message is cut on its way, it comes whole, with the way it came by."""
        peer = self.connect()
        data = message("hello", "1") + message("", "2")
        for octet in data:
            self.say(peer, bytes([octet]))
        self.assertEqual(
            [each for each, _ in self.heard], [data[: -len(message("", "2"))], message("", "2")]
        )
        flow = self.heard[0][1]
        self.assertEqual((flow.remote, flow.local), (peer.getsockname(), (HOST, self.port)))
        self.assertGreater(flow.connection, 0)

    def test_answers_take_the_same_connection(self) -> None:
        """The answer comes back on the connection of the question, never on another one."""
        first, second = self.connect(), self.connect()
        self.say(first, message())
        self.tcp.send(b"answer", self.heard[0][1])
        self.assertEqual(self.read(first), b"answer")
        self.assertEqual(self.read(second), b"")

    def test_keep_alive_pings(self) -> None:
        """Two empty lines are answered by one, also before any message (RFC 5626)."""
        peer = self.connect()
        self.say(peer, b"\r\n\r\n")
        self.assertEqual(self.read(peer), b"\r\n")
        self.say(peer, message() + b"\r\n\r\n\r\n\r\n")
        self.assertEqual(self.read(peer), b"\r\n\r\n")
        self.say(peer, b"\r\n")
        self.assertEqual(self.read(peer), b"")
        self.assertEqual(len(self.heard), 1)

    def test_who_says_nothing_goes(self) -> None:
        """A connection on which no message comes is cut after half a minute; pings do not count."""
        peer = self.connect()
        for _ in range(2):
            self.stage.walk(10.0)
            self.say(peer, b"\r\n\r\n")
            self.assertEqual(self.read(peer), b"\r\n")
        self.assertTrue(self.is_over_after(peer, 10.0))

    def test_slow_loris(self) -> None:
        """A peer that drips a message octet by octet is cut off, however steadily it drips."""
        peer = self.connect()
        self.say(peer, message())
        seconds = 0.0
        for octet in message() * 2:
            try:
                self.say(peer, bytes([octet]))
            except OSError:
                break
            self.stage.walk(1.0)
            seconds += 1.0
        self.assertEqual(seconds, self.limits.message)
        self.assertIsNone(self.read(peer))
        self.assertEqual(self.lost, [self.heard[0][1]])

    def test_half_a_message_behind_a_whole_one(self) -> None:
        """A beginning that follows a whole message has to be completed in time as well."""
        peer = self.connect()
        self.say(peer, message() + message()[:20])
        self.assertTrue(self.is_over_after(peer, self.limits.message))

    def test_a_message_in_time_is_fine(self) -> None:
        """A message that takes its time but comes is taken, and the connection stays."""
        peer = self.connect()
        for part in (message()[:40], message()[40:]):
            self.say(peer, part)
            self.stage.walk(20.0)
        self.assertEqual(len(self.heard), 1)
        self.stage.walk(6000.0)
        self.say(peer, message())
        self.assertEqual(len(self.heard), 2)

    def test_idle_connections_go_in_the_end(self) -> None:
        """After two hours without a message a connection is closed."""
        peer = self.connect()
        self.say(peer, message())
        self.assertTrue(self.is_over_after(peer, self.limits.idle))
        self.assertEqual(self.lost, [self.heard[0][1]])

    def test_no_sip_at_all(self) -> None:
        """A web browser, or rubbish, is cut off at once and nothing is made of it."""
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\n", b"?\n"):
            peer = self.connect()
            self.say(peer, data)
            self.assertIsNone(self.read(peer), data)
        self.assertEqual(self.heard, [])

    def test_a_head_without_end(self) -> None:
        """A head that never ends is cut off before it fills memory."""
        peer = self.connect()
        try:
            for _ in range(40):
                self.say(peer, b"OPTIONS sip:x SIP/2.0\r\n" if _ == 0 else b"X: " + b"y" * 65_536)
        except OSError:
            pass
        self.assertIsNone(self.read(peer))
        self.assertEqual(self.heard, [])

    def test_what_came_before_the_fault_is_served(self) -> None:
        """A good message in front of rubbish is answered; then the connection is over."""
        peer = self.connect()
        self.say(peer, message() + b"rubbish\r\n\r\n")
        self.assertEqual([data for data, _ in self.heard], [message()])
        self.say(peer, message())
        self.assertIsNone(self.read(peer))
        self.assertEqual(len(self.heard), 1)

    def test_half_open(self) -> None:
        """A peer that closed its direction is gone: its flow is lost and nothing is kept."""
        peer = self.connect()
        self.say(peer, message())
        peer.shutdown(socket.SHUT_WR)
        self.assertIsNone(self.read(peer))
        flow = self.heard[0][1]
        self.assertEqual((self.lost, len(self.tcp)), ([flow], 0))
        self.tcp.send(b"answer", flow)
        self.assertEqual(self.lost, [flow, flow])

    def test_a_peer_that_crashed(self) -> None:
        """A connection that is reset loses its flow once."""
        peer = self.connect()
        self.say(peer, message())
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        self.stage.settle()
        self.assertEqual(self.lost, [self.heard[0][1]])

    def test_a_peer_that_does_not_read(self) -> None:
        """What an unread peer leaves with us is bounded; then it is cut off and its flow lost."""
        peer = self.connect(receive=4096)
        self.say(peer, message())
        flow = self.heard[0][1]
        count = 0
        while not self.lost and count < 10_000:
            self.tcp.send(bytes(1000), flow)
            self.stage.settle()
            count += 1
        self.assertEqual(self.lost, [flow])
        self.assertLess(count * 1000, 16_000_000)

    def test_a_peer_that_reads_late(self) -> None:
        """A peer that pauses for a while gets everything in the end."""
        peer = self.connect(receive=4096)
        self.say(peer, message())
        parts = [b"%06d" % n + bytes(994) for n in range(200)]
        for part in parts:
            self.tcp.send(part, self.heard[0][1])
        got = b""
        while len(got) < 200_000:
            more = self.read(peer)
            assert more, "it went on reading"
            got += more
        self.assertEqual(got, b"".join(parts))

    def test_caps(self) -> None:
        """One host gets so many connections, all hosts together so many; others are turned away."""
        peers = [self.connect() for _ in range(4)]
        for peer in peers:
            self.say(peer, message())
        self.assertIsNone(self.read(self.connect()))
        self.assertEqual((len(self.tcp), self.tcp.refused), (4, 1))
        peers[0].close()
        self.stage.settle()
        fresh = self.connect()
        self.say(fresh, message())
        self.assertEqual((self.read(fresh), self.tcp.refused), (b"", 1))

    def test_strangers_leave_room(self) -> None:
        """Strangers cannot take all connections: whoever is expected still gets one."""
        self.tcp.guard = Guard(lambda host: host == HOST, self.stage.seconds)
        self.tcp.limits = Limits(connections=4, for_strangers=2)
        strangers = [self.connect(source=f"127.0.0.{n}") for n in (7, 8, 9)]
        self.assertEqual([self.read(sock) for sock in strangers], [b"", b"", None])
        gateways = [self.connect() for _ in range(3)]
        self.assertEqual([self.read(sock) for sock in gateways], [b"", b"", None])

    def test_a_stranger_who_says_too_much(self) -> None:
        """A flood over a stream ends it; a gateway may say as much as it likes."""
        self.tcp.guard = Guard(lambda host: host == HOST, self.stage.seconds)
        flood = b"".join(message(call=str(n)) for n in range(200))
        stranger, gateway = self.connect(source="127.0.0.9"), self.connect()
        self.say(stranger, flood)
        self.assertEqual(len(self.heard), guard.BURST)
        self.assertIsNone(self.read(stranger))
        self.say(gateway, flood)
        self.assertEqual(len(self.heard), guard.BURST + 200)

    def test_scanners(self) -> None:
        """A scanner's messages are passed over; those of others on the connection are not."""
        self.tcp.guard = Guard(lambda host: host == HOST, self.stage.seconds)
        scan = message().replace(b"Call-ID", b"User-Agent: friendly-scanner\r\nCall-ID")
        gateway, stranger = self.connect(), self.connect(source="127.0.0.9")
        self.say(gateway, scan + message())
        self.say(stranger, scan)
        self.assertEqual([data for data, _ in self.heard], [message()])
        self.assertEqual((self.read(gateway), self.read(stranger)), (b"", None))

    def test_who_proved_its_name(self) -> None:
        """A peer that has shown who it is may say as much as it likes, from anywhere."""
        self.tcp.guard = Guard(lambda host: False, self.stage.seconds)
        peer = self.connect()
        next(iter(self.tcp._open.values())).has_proved = True
        self.say(peer, b"".join(message(call=str(n)) for n in range(200)))
        self.assertEqual(len(self.heard), 200)

    def test_ipv6(self) -> None:
        """Over IPv6 everything is the same."""
        if not has_ipv6():
            self.skipTest("no IPv6 here")
        port = self.tcp.listen("::1", 0)
        peer = self.connect("::1", port)
        self.say(peer, message())
        flow = self.heard[0][1]
        self.assertEqual((flow.remote, flow.local), (peer.getsockname()[:2], ("::1", port)))
        self.tcp.send(b"answer", flow)
        self.assertEqual(self.read(peer), b"answer")

    def test_closing_lets_the_last_words_out(self) -> None:
        """What was written before the end still arrives."""
        peer = self.connect()
        self.say(peer, message())
        self.tcp.send(b"last word", self.heard[0][1])
        self.tcp.close()
        self.assertEqual(self.read(peer), b"last word")
        self.assertIsNone(self.read(peer))


class OutgoingTests(TcpCase):
    """Connections that we open."""

    def test_opened_on_demand(self) -> None:
        """The first message to a peer opens a connection, the next takes the same."""
        listener = self.listener()
        flow = self.flow_to(listener)
        for data in (b"one ", b"two ", b"three"):
            self.tcp.send(data, flow)
        peer = self.accept(listener)
        self.tcp.send(b" four", flow)
        self.assertEqual(self.read(peer), b"one two three four")
        self.assertRaises(BlockingIOError, listener.accept)
        self.say(peer, message())
        self.assertEqual(self.heard[0][1].remote, flow.remote)

    def test_a_peer_that_called_us_is_called_back_on_its_connection(self) -> None:
        """A request to a peer whose connection stands takes that connection."""
        peer = self.connect()
        self.say(peer, message())
        self.tcp.send(b"request", Flow("tcp", peer.getsockname(), (HOST, self.port)))
        self.assertEqual(self.read(peer), b"request")

    def test_nobody_there(self) -> None:
        """A refused connection is said for every flow that waited for it, once each."""
        gone = self.listener()
        flow = self.flow_to(gone)
        gone.close()
        other = Flow("tcp", flow.remote, ("127.0.0.2", 5060))
        for each in (flow, flow, other):
            self.tcp.send(b"x", each)
        self.stage.settle()
        self.assertEqual(sorted(self.lost, key=lambda f: f.local), [flow, other])

    def test_nobody_answers(self) -> None:
        """A peer that does not even refuse is given up after eight seconds."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind((HOST, 0))
        listener.listen(0)
        address = listener.getsockname()
        fill = [self._begin(address) for _ in range(3)]
        flow = Flow("tcp", address, (HOST, self.port))
        self.tcp.send(b"x", flow)
        self.stage.walk(7.9)
        self.assertEqual(self.lost, [])
        self.stage.walk(0.2)
        self.assertEqual((self.lost, len(fill)), ([flow], 3))

    def _begin(self, address: tuple[str, int]) -> socket.socket:
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setblocking(False)
        sock.connect_ex(address)
        return sock

    def test_reconnect(self) -> None:
        """After a peer restarted, the next message opens a new connection."""
        listener = self.listener()
        flow = self.flow_to(listener)
        self.tcp.send(b"before", flow)
        peer = self.accept(listener)
        peer.close()
        self.stage.settle()
        self.assertIn(flow, self.lost)
        self.tcp.send(b"after", flow)
        self.assertEqual(self.read(self.accept(listener)), b"after")

    def test_a_named_connection_is_not_replaced(self) -> None:
        """An answer whose connection is gone is not sent to whoever listens there now."""
        peer = self.connect()
        self.say(peer, message())
        flow = self.heard[0][1]
        peer.close()
        self.stage.settle()
        self.lost.clear()
        self.tcp.send(b"answer", flow)
        self.assertEqual(self.lost, [flow])

    def test_the_queue_is_bounded(self) -> None:
        """While a connection is being opened only a few messages wait for it."""
        listener = self.listener()
        for n in range(10):
            self.tcp.send(b"%d" % n, self.flow_to(listener))
        self.assertEqual(self.read(self.accept(listener)), b"012")

    def test_ours_are_not_turned_away(self) -> None:
        """Peers that fill every place do not keep us from calling out."""
        for _ in range(4):
            self.say(self.connect(), message())
        listener = self.listener()
        self.tcp.send(b"x", self.flow_to(listener))
        self.assertEqual(self.read(self.accept(listener)), b"x")
        self.assertEqual(self.tcp.refused, 0)

    def test_an_own_connection_that_stays_silent_is_kept(self) -> None:
        """A peer that we called may think for longer than half a minute."""
        listener = self.listener()
        self.tcp.send(b"x", self.flow_to(listener))
        peer = self.accept(listener)
        self.stage.walk(100.0)
        self.assertEqual(self.read(peer), b"x")
        self.say(peer, message())
        self.assertEqual(len(self.heard), 1)

    def test_nothing_is_opened_after_the_end(self) -> None:
        """A closed station calls nobody."""
        listener = self.listener()
        self.tcp.close()
        self.tcp.send(b"x", self.flow_to(listener))
        self.assertEqual(self.lost, [self.flow_to(listener)])
        self.stage.settle()
        self.assertRaises(BlockingIOError, listener.accept)

    def test_where_we_can_be_called(self) -> None:
        """The address we tell peers is where we listen; without a listener it has port 0."""
        self.assertEqual(self.tcp.local_for((HOST, 5060)), (HOST, self.port))
        silent = TcpConnections(self.stage, _nothing, _nothing)
        self.assertEqual(silent.local_for((HOST, 5060)), (HOST, 0))


_nothing: Callable[..., None] = lambda *_: None  # noqa: E731
