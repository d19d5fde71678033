"""Which transaction a message belongs to, and what happens to all of them when a way is lost."""

from __future__ import annotations

import weakref

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import TCP, UDP, Peer
from umserver.wire.sip.alarms import Alarms
from umserver.wire.sip.effects import Effect, Flow, ProtocolMisuse, Send
from umserver.wire.sip.ledger import Ledger
from umserver.wire.sip.message import Request, answer
from umserver.wire.sip.parse import parse


class Owner:
    """Whose alarm it is."""

    def rings(self, now: float) -> None:
        """Nothing happens."""


class AlarmTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.alarms = Alarms()
        self.rung: list[tuple[str, float]] = []

    def set(self, key: str, at: float | None) -> None:
        self.alarms.set(key, at, lambda now: self.rung.append((key, now)))

    def test_order(self) -> None:
        """Alarms ring in the order of their times, once, and those that are due only."""
        for key, at in (("b", 2.0), ("a", 1.0), ("d", 4.0), ("c", 2.0)):
            self.set(key, at)
        self.assertEqual(self.alarms.deadline, 1.0)
        self.alarms.run(3.0)
        self.assertEqual(self.rung, [("a", 3.0), ("b", 3.0), ("c", 3.0)])
        self.assertEqual((self.alarms.deadline, len(self.alarms)), (4.0, 1))

    def test_moved(self) -> None:
        """An alarm that is set again rings at its new time only."""
        self.set("a", 1.0)
        self.set("a", 5.0)
        self.set("b", 3.0)
        self.set("b", 3.0)
        self.alarms.run(3.0)
        self.assertEqual(self.rung, [("b", 3.0)])
        self.set("a", None)
        self.assertFalse(self.alarms.is_set("a"))
        self.assertIsNone(self.alarms.deadline)

    def test_alike(self) -> None:
        """What many keys share is told whose alarm rings; the latest way of setting one counts."""
        for key, at in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
            self.alarms.set_alike(key, at, lambda key, now: self.rung.append((key * 2, now)))
        self.set("c", 3.0)
        self.alarms.run(3.0)
        self.assertEqual(self.rung, [("aa", 3.0), ("bb", 3.0), ("c", 3.0)])

    def test_memory(self) -> None:
        """An alarm that is moved ten thousand times leaves no heap behind."""
        for number in range(10000):
            self.set("a", float(number))
        self.assertLess(len(self.alarms._heap), 100)
        self.assertEqual(self.alarms.deadline, 9999.0)

    def test_nothing_is_held_of_what_was_taken_away(self) -> None:
        """A call whose far alarm is taken away, or moved, is free at once; so is what would act."""
        for take_away in (True, False):
            call, act = Owner(), Owner()
            held = weakref.ref(call), weakref.ref(act)
            self.set("b", 1.0)
            self.alarms.set((call, "expires"), 1e9, act.rings)
            if take_away:
                self.alarms.cancel((call, "expires"))
            else:
                self.alarms.set((call, "expires"), 1.0, lambda now: None)
                self.alarms.run(1.0)
            del call, act
            self.assertEqual([one() for one in held], [None, None])
            self.alarms.run(1e9)

    def test_what_was_taken_away_leaves_no_heap(self) -> None:
        """Ten thousand alarms that are all taken away leave nothing but a little slack."""
        for number in range(10000):
            self.set(str(number), 1e9 + number)
        for number in range(10000):
            self.alarms.cancel(str(number))
        self.assertLess(len(self.alarms._heap), 100)
        self.assertIsNone(self.alarms.deadline)


class LedgerCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.effects: list[Effect] = []
        self.alarms = Alarms()
        self.ledger = Ledger(self.alarms, self.effects.append)
        self.peer = Peer()

    def request(self, method: str = "INVITE", number: int = 1, branch: str = "") -> Request:
        read = parse(self.peer.request(method, number, branch=branch))
        assert isinstance(read, Request)
        return read

    def sent(self) -> list[Flow]:
        flows = [effect.flow for effect in self.effects if isinstance(effect, Send)]
        self.effects.clear()
        return flows


class KeyTests(LedgerCase):
    def test_same_transaction(self) -> None:
        """Branch and sent-by make a transaction; ACK and CANCEL find its INVITE (§17.2.3)."""
        invite = self.request(branch="z9hG4bK-1")
        accepted = self.ledger.accept(invite, UDP)
        self.assertIs(self.ledger.server(self.request(branch="z9hG4bK-1")), accepted)
        self.assertIs(self.ledger.server(self.request("ACK", branch="z9hG4bK-1")), accepted)
        cancel = self.request("CANCEL", branch="z9hG4bK-1")
        self.assertIsNone(self.ledger.server(cancel))
        self.assertIs(self.ledger.server(cancel, "INVITE"), accepted)
        self.assertIsNone(self.ledger.server(self.request(branch="z9hG4bK-2")))

    def test_peer_with_one_branch_for_everything(self) -> None:
        """A peer that never changes its branch is understood by Call-ID and CSeq."""
        self.ledger.accept(self.request(branch="z9hG4bK-1"), UDP)
        self.assertIsNone(self.ledger.server(self.request(number=2, branch="z9hG4bK-1")))
        self.peer.call_id = "another"
        self.assertIsNone(self.ledger.server(self.request(branch="z9hG4bK-1")))

    def test_our_branches(self) -> None:
        """A branch of ours cannot be used twice at a time: our own mistake."""
        request = self.request("OPTIONS")
        self.ledger.ask(request, UDP, 0.0, lambda m, at: None, lambda s, at: None)
        with self.assertRaises(ProtocolMisuse):
            self.ledger.ask(request, UDP, 0.0, lambda m, at: None, lambda s, at: None)


class LostTests(LedgerCase):
    def test_only_what_goes_that_way(self) -> None:
        """Requests on the lost flow fail; those on others go on."""
        failed: list[tuple[str, int]] = []
        other = evolve(TCP, connection=8)
        for name, flow in (("a", TCP), ("b", other), ("c", UDP)):
            self.ledger.ask(
                self.request("OPTIONS"),
                flow,
                0.0,
                lambda m, at: None,
                lambda status, at, name=name: failed.append((name, status)),  # type: ignore[misc]
            )
        self.ledger.lost(evolve(TCP, local=("192.0.2.77", 1)), 1.0)
        self.assertEqual((failed, len(self.ledger)), ([("a", 503)], 2))
        self.ledger.lost(TCP, 1.0)
        self.assertEqual(len(failed), 1)

    def test_server_transactions_move(self) -> None:
        """A refusal takes another connection, and the loss of that one ends the matter."""
        accepted = self.ledger.accept(self.request(), TCP)
        self.ledger.respond(accepted, answer(accepted.request.headers, 486, to_tag="x"), 0.0)
        self.assertEqual(self.sent(), [TCP])
        self.ledger.lost(TCP, 1.0)
        (again,) = self.sent()
        self.assertEqual((again.remote, again.connection), (("192.0.2.1", 5060), 0))
        self.ledger.lost(again, 2.0)
        self.assertEqual(len(self.ledger), 0)
        late = answer(accepted.request.headers, 486, to_tag="x")
        self.ledger.respond(accepted, late, 3.0)
        self.assertEqual(self.sent(), [])

    def test_nothing_is_left(self) -> None:
        """Transactions that end by themselves leave no trace in any book."""
        for number in range(20):
            flow = evolve(UDP, remote=("192.0.2.1", 6000 + number))
            self.peer.call_id = f"call-{number}"
            request = self.request("OPTIONS", branch=f"z9hG4bK-{number}")
            accepted = self.ledger.accept(request, flow)
            self.ledger.respond(accepted, answer(request.headers, 200, to_tag="x"), 0.0)
            invite = self.request("INVITE")
            self.ledger.ask(invite, flow, 0.0, lambda m, at: None, lambda s, at: None)
        while (deadline := self.alarms.deadline) is not None:
            self.alarms.run(deadline)
        books = (self.ledger._by_way, self.ledger._merged, self.ledger._servers)
        self.assertEqual([len(book) for book in books], [0, 0, 0])
        self.assertEqual((len(self.ledger), self.ledger._octets), (0, 0))


class MemoryTests(LedgerCase):
    def test_large_requests_fill_it_sooner(self) -> None:
        """Few large requests that nobody has answered fill the ledger like many small ones."""
        self.ledger.most_octets = 100_000
        first = self.ledger.accept(self.request("OPTIONS", branch="z9hG4bK-1"), UDP, 60_000)
        self.assertFalse(self.ledger.is_full)
        self.peer.call_id = "another"
        second = self.ledger.accept(self.request("OPTIONS", branch="z9hG4bK-2"), UDP, 60_000)
        self.assertTrue(self.ledger.is_full)
        self.assertFalse(self.ledger.is_choked)
        for one in (first, second):
            self.ledger.respond(one, answer(one.request.headers, 200, to_tag="x"), 0.0)
        self.assertFalse(self.ledger.is_full)
        self.assertLess(self.ledger._octets, 2_000)

    def test_an_answered_request_is_let_go(self) -> None:
        """After its answer a request is not kept, and yet known: its copies get the same answer."""
        request = self.request("OPTIONS", branch="z9hG4bK-1")
        accepted = self.ledger.accept(request, UDP, 60_000)
        self.ledger.respond(accepted, answer(request.headers, 200, to_tag="x"), 0.0)
        self.assertEqual(len(accepted.request.headers), 0)
        self.assertIs(self.ledger.server(request), accepted)
        self.assertTrue(self.ledger.is_merged(request))
        self.ledger.run(accepted, "request", 1.0, request)
        first, second = (effect for effect in self.effects if isinstance(effect, Send))
        self.assertEqual(first, second)
