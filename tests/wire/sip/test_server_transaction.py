"""The server transactions: how often our answers go out, and which way."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import TCP, UDP
from tests.wire.sip.transactions import begun, response, walk
from umserver.wire.sip.server_transaction import SERVER_INVITE, SERVER_OTHER
from umserver.wire.sip.transaction import Outgoing


class ServerTransactionTests(SynchronousTestCase):
    def test_refusal_over_udp(self) -> None:
        """A refusal is repeated until its ACK, at most for 32 s (§17.2.1)."""
        one = begun(SERVER_INVITE)
        one.step("send 3xx+", 0.0, response(486))
        times = (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)
        self.assertEqual(walk(one, 100), [*((at, "Outgoing") for at in times), (32.0, "over")])

    def test_ack_of_a_refusal(self) -> None:
        """The ACK stops it; late copies of it are swallowed for 5 s (timer I)."""
        one = begun(SERVER_INVITE)
        one.step("send 3xx+", 0.0, response(486))
        self.assertEqual(one.step("ACK", 0.3), [])
        self.assertEqual(one.step("ACK", 0.4), [])
        self.assertEqual(walk(one, 100), [(5.3, "over")])

    def test_ack_of_a_refusal_over_tcp(self) -> None:
        """Over TCP nothing is kept after the ACK."""
        one = begun(SERVER_INVITE, TCP)
        one.step("send 3xx+", 0.0, response(486))
        one.step("ACK", 0.3)
        self.assertTrue(one.is_over)

    def test_repeated_invite(self) -> None:
        """A repeated INVITE gets the latest answer again, and none before there is one."""
        one = begun(SERVER_INVITE)
        self.assertEqual(one.step("request", 0.0), [])
        one.step("send 1xx", 0.1, response(180))
        self.assertEqual(one.step("request", 0.2), [Outgoing(response(180).to_bytes(), UDP)])

    def test_repeated_options(self) -> None:
        """A repeated request gets the same answer for 32 s over UDP (timer J), none over TCP."""
        one = begun(SERVER_OTHER)
        self.assertEqual(one.step("request", 0.0), [])
        good = response(200, "OPTIONS")
        sent = one.step("send 2xx", 0.0, good)
        self.assertEqual(one.step("request", 10.0), sent)
        self.assertEqual(one.step("send 3xx+", 10.0, response(500, "OPTIONS")), [])
        self.assertEqual(walk(one, 100), [(32.0, "over")])
        over_tcp = begun(SERVER_OTHER, TCP)
        over_tcp.step("send 2xx", 0.0, good)
        self.assertTrue(over_tcp.is_over)

    def test_lost_connection(self) -> None:
        """An answer whose connection is gone goes to where the peer listens (§18.2.2)."""
        fallback = evolve(TCP, remote=("192.0.2.1", 5060), connection=0)
        one = begun(SERVER_INVITE, TCP, fallback)
        sent = one.step("send 3xx+", 0.0, response(486))
        assert isinstance(sent[0], Outgoing)
        self.assertEqual(one.step("lost", 1.0), [Outgoing(sent[0].data, fallback)])
        self.assertEqual(one.step("lost", 2.0), [Outgoing(sent[0].data, fallback)])
