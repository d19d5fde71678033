"""The four transactions: tables without holes, and no fault whatever the world does."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import TCP, UDP
from tests.wire.sip.transactions import MACHINES, WIRE, begun, message_for, response
from umserver.wire.sip.client_transaction import CLIENT_INVITE, CLIENT_OTHER
from umserver.wire.sip.effects import ProtocolMisuse
from umserver.wire.sip.server_transaction import SERVER_INVITE, SERVER_OTHER
from umserver.wire.sip.transaction import Machine, State


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


def closure(first: State, ways: dict[State, set[State]]) -> set[State]:
    """Every state that can be reached."""
    found, todo = {first}, [first]
    while todo:
        for after in ways.get(todo.pop(), ()):
            if after not in found:
                found.add(after)
                todo.append(after)
    return found
