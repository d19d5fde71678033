"""The client transactions: what a request of ours puts on the wire, and when it has failed."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import TCP, UDP
from tests.wire.sip.transactions import begun, response, walk
from umserver.wire.sip.client_transaction import CLIENT_INVITE, CLIENT_OTHER
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import parse
from umserver.wire.sip.transaction import Failed, Outgoing, Passed


class ClientTransactionTests(SynchronousTestCase):
    def test_invite_without_answer_over_udp(self) -> None:
        """An INVITE goes out seven times in all, then it has failed (§17.1.1.2)."""
        one = begun(CLIENT_INVITE)
        self.assertEqual(one.step("begin", 0.0), [Outgoing(one.request.to_bytes(), UDP)])
        expected = [(at, "Outgoing") for at in (0.5, 1.5, 3.5, 7.5, 15.5, 31.5)]
        self.assertEqual(walk(one, 100), [*expected, (32.0, "Failed"), (32.0, "over")])

    def test_invite_without_answer_over_tcp(self) -> None:
        """A reliable transport repeats nothing and gives up after the same 32 s."""
        one = begun(CLIENT_INVITE, TCP)
        one.step("begin", 0.0)
        self.assertEqual(walk(one, 100), [(32.0, "Failed"), (32.0, "over")])

    def test_ringing_may_last(self) -> None:
        """Once it rings nothing is repeated and nothing times out."""
        one = begun(CLIENT_INVITE)
        one.step("begin", 0.0)
        self.assertEqual(one.step("1xx", 0.1, response(180)), [Passed(response(180))])
        self.assertIsNone(one.deadline)

    def test_refusal_is_acknowledged_each_time(self) -> None:
        """Every copy of a refusal gets the same ACK, for 32 s over UDP (§17.1.1.2, timer D)."""
        one = begun(CLIENT_INVITE)
        one.step("begin", 0.0)
        first = one.step("3xx+", 1.0, response(486))
        self.assertEqual([type(o).__name__ for o in first], ["Outgoing", "Passed"])
        assert isinstance(first[0], Outgoing)
        ack = parse(first[0].data)
        assert isinstance(ack, Request)
        self.assertEqual(
            (ack.method, ack.to.tag, ack.via.branch), ("ACK", "us", one.request.via.branch)
        )
        self.assertEqual(one.step("3xx+", 2.0, response(486)), first[:1])
        self.assertEqual(walk(one, 100), [(33.0, "over")])

    def test_refusal_over_tcp_ends_at_once(self) -> None:
        """Timer D is nothing where nothing is repeated."""
        one = begun(CLIENT_INVITE, TCP)
        one.step("begin", 0.0)
        one.step("3xx+", 1.0, response(486))
        self.assertTrue(one.is_over)

    def test_every_2xx_is_passed(self) -> None:
        """The 2xx of every fork reaches the call for 32 s (RFC 6026 §7.2)."""
        one = begun(CLIENT_INVITE)
        one.step("begin", 0.0)
        for at in (1.0, 2.0):
            self.assertEqual(one.step("2xx", at, response(200)), [Passed(response(200))])
        self.assertEqual(one.step("3xx+", 3.0, response(486)), [])
        self.assertEqual(walk(one, 100), [(33.0, "over")])

    def test_options_without_answer(self) -> None:
        """Other requests are repeated at doubling steps of at most 4 s (§17.1.2.2)."""
        one = begun(CLIENT_OTHER)
        one.step("begin", 0.0)
        times = (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)
        expected = [(at, "Outgoing") for at in times]
        self.assertEqual(walk(one, 100), [*expected, (32.0, "Failed"), (32.0, "over")])

    def test_options_that_are_tried(self) -> None:
        """After a provisional answer the step is 4 s."""
        one = begun(CLIENT_OTHER)
        one.step("begin", 0.0)
        one.fire(0.5)
        one.step("1xx", 0.6, response(100, "OPTIONS"))
        self.assertEqual([at for at, _ in walk(one, 12)], [1.5, 5.5, 9.5])

    def test_answer_to_options(self) -> None:
        """The answer is passed once; copies are swallowed for 5 s over UDP (timer K)."""
        one = begun(CLIENT_OTHER)
        one.step("begin", 0.0)
        good = response(200, "OPTIONS")
        self.assertEqual(one.step("2xx", 1.0, good), [Passed(good)])
        self.assertEqual(one.step("2xx", 2.0, good), [])
        self.assertEqual(walk(one, 100), [(6.0, "over")])

    def test_transport_fault(self) -> None:
        """What cannot be sent has failed with 503 (§17.1.4)."""
        for machine in (CLIENT_INVITE, CLIENT_OTHER):
            one = begun(machine)
            one.step("begin", 0.0)
            self.assertEqual(one.step("fault", 0.0), [Failed(503)])
            self.assertTrue(one.is_over)
