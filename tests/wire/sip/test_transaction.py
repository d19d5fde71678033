"""The four transactions: tables without holes, and what goes over the wire when."""

from __future__ import annotations

from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import SDP, TCP, UDP, Peer
from umserver.wire.sip.effects import Flow, ProtocolMisuse
from umserver.wire.sip.message import Request, Response, answer
from umserver.wire.sip.parse import parse
from umserver.wire.sip.transaction import (
    CLIENT_INVITE,
    CLIENT_OTHER,
    MACHINES,
    SERVER_INVITE,
    SERVER_OTHER,
    Failed,
    Machine,
    Outgoing,
    Passed,
    State,
    Transaction,
)

WIRE = {
    CLIENT_INVITE.name: ("1xx", "2xx", "3xx+", "fault"),
    CLIENT_OTHER.name: ("1xx", "2xx", "3xx+", "fault"),
    SERVER_INVITE.name: ("request", "ACK", "fault", "lost"),
    SERVER_OTHER.name: ("request", "fault", "lost"),
}
"""What peers and transports can do at any moment."""


def request(method: str = "INVITE") -> Request:
    read = parse(Peer().request(method, 1, body=SDP if method == "INVITE" else b""))
    assert isinstance(read, Request)
    return read


def response(status: int, method: str = "INVITE") -> Response:
    return answer(request(method).headers, status, to_tag="us")


def begun(machine: Machine, flow: Flow = UDP, fallback: Flow | None = None) -> Transaction:
    method = "INVITE" if machine in (CLIENT_INVITE, SERVER_INVITE) else "OPTIONS"
    return Transaction(machine, "key", request(method), flow, fallback)


def walk(transaction: Transaction, until: float) -> list[tuple[float, str]]:
    """What it does by itself, with times."""
    found: list[tuple[float, str]] = []
    while (due := transaction.deadline) is not None and due <= until:
        for outcome in transaction.fire(due):
            found.append((due, type(outcome).__name__))
        if transaction.is_over:
            found.append((due, "over"))
            break
    return found


class TableTests(SynchronousTestCase):
    def test_no_input_of_the_world_is_a_fault(self) -> None:
        """Whatever a peer or a transport does, and whenever: there is a row for it, or silence."""
        for machine in MACHINES:
            states = {state for state, _ in machine.table}
            for state in states - {State.OVER}:
                for event in WIRE[machine.name]:
                    known = (state, event) in machine.table or (state, event) in machine.silent
                    self.assertTrue(known, f"{machine.name}: {event} while {state.value}")

    def test_no_pair_is_both_an_act_and_silent(self) -> None:
        """A table says one thing about each pair."""
        for machine in MACHINES:
            self.assertEqual(set(machine.table) & machine.silent, set(), machine.name)

    def test_every_state_can_be_reached_and_left(self) -> None:
        """No state is unreachable, and from each one a way leads to the end."""
        for machine in MACHINES:
            ways: dict[State, set[State]] = {}
            for (state, _), (_, after) in machine.table.items():
                ways.setdefault(state, set()).add(after)
            self.assertEqual(closure(machine.first, ways), {*ways, State.OVER}, machine.name)
            for state in ways:
                self.assertIn(State.OVER, closure(state, ways), f"{machine.name}: {state.value}")

    def test_every_timer_of_the_tables_is_started_somewhere(self) -> None:
        """A timer that a state knows does run there."""
        scripts: list[tuple[Machine, list[list[str]]]] = [
            (CLIENT_INVITE, [["begin"], ["begin", "3xx+"], ["begin", "2xx"]]),
            (CLIENT_OTHER, [["begin"], ["begin", "1xx"], ["begin", "2xx"]]),
            (SERVER_INVITE, [["send 3xx+"], ["send 3xx+", "ACK"], ["send 2xx"]]),
            (SERVER_OTHER, [["send 2xx"]]),
        ]
        for machine, ways in scripts:
            running: set[str] = set()
            for events in ways:
                one = begun(machine)
                for event in events:
                    one.step(event, 0.0, message_for(event, one.request.method))
                    running |= {f"timer {name}" for name in one.timers}
            known = {event for event in machine.inputs if event.startswith("timer")}
            self.assertEqual(running, known, machine.name)

    def test_our_own_mistakes_are_faults(self) -> None:
        """Answering an INVITE twice is told to the programmer, and so is a timer never begun."""
        one = begun(SERVER_INVITE)
        one.step("send 3xx+", 0.0, response(486))
        self.assertRaises(ProtocolMisuse, one.step, "send 2xx", 0.0, response(200))
        self.assertRaises(ProtocolMisuse, begun(CLIENT_INVITE).step, "timer D", 0.0)


class ClientTests(SynchronousTestCase):
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


class ServerTests(SynchronousTestCase):
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
        self.assertEqual(one.step("lost", 2.0), sent_by(sent[0].data, fallback))

    def test_never_more_than_the_tables_allow(self) -> None:
        """Ten thousand random inputs of the world never stop a transaction with a fault."""
        random = Random(11)
        for _ in range(500):
            machine = random.choice(MACHINES)
            one = begun(machine, random.choice((UDP, TCP)))
            client = machine in (CLIENT_INVITE, CLIENT_OTHER)
            now = 0.0
            if client:
                one.step("begin", now)
            for _ in range(20):
                now += random.random() * 5
                one.fire(now)
                if one.is_over:
                    break
                event = random.choice(WIRE[machine.name])
                one.step(event, now, message_for(event, one.request.method))
            self.assertLessEqual(len(one.timers), 2)


def sent_by(data: bytes, flow: Flow) -> list[Outgoing]:
    return [Outgoing(data, flow)]


def message_for(event: str, method: str) -> Request | Response | None:
    """A message that is this input."""
    statuses = {"1xx": 180 if method == "INVITE" else 100, "2xx": 200, "3xx+": 486}
    kind = event.removeprefix("send ")
    if kind in statuses:
        return response(statuses[kind], method)
    return request(method) if event in ("ACK", "request") else None


def closure(first: State, ways: dict[State, set[State]]) -> set[State]:
    """Every state that can be reached."""
    found, todo = {first}, [first]
    while todo:
        for after in ways.get(todo.pop(), ()):
            if after not in found:
                found.add(after)
                todo.append(after)
    return found
