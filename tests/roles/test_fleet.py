"""Servers that know each other: which desk takes a call (spec 4.1, decisions on several desks)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from tests.kit.log import said_in
from tests.roles.desks import desk
from umserver.interfaces import FleetServer, IFleet, RequestedState, Unavailable
from umserver.roles.fleet import BEAT_SECONDS, PATIENCE, PROBE_SECONDS, Fleet

ROUTER = FleetServer("cas1", "192.0.2.1", ("cas",), {"sip": 5060})


@implementer(IFleet)
@define(eq=False)
class Store:
    """What servers publish, in memory; can be out of order."""

    clock: Clock
    described: dict[str, tuple[FleetServer, float]] = field(factory=dict)
    broken: bool = False
    slow: Deferred[Sequence[FleetServer]] | None = None
    """What `servers` gives for now."""
    registrations: int = 0

    def put(self, server: FleetServer) -> None:
        self.described[server.name] = (server, self.clock.seconds())

    def states(self, server: str) -> Deferred[Sequence[RequestedState]]:
        return succeed([])

    def set_state(self, state: RequestedState) -> Deferred[bool]:
        return succeed(True)

    def register_server(self, server: FleetServer) -> Deferred[None]:
        if self.broken:
            return fail(Unavailable("the store is gone"))
        self.registrations += 1
        self.put(server)
        return succeed(None)

    def heartbeat(self, name: str, calls: int, state: str) -> Deferred[bool]:
        if self.broken:
            return fail(Unavailable("the store is gone"))
        if name not in self.described:
            return succeed(False)
        self.put(evolve(self.described[name][0], calls=calls, state=state))
        return succeed(True)

    def forget_server(self, name: str) -> Deferred[bool]:
        return succeed(self.described.pop(name, None) is not None)

    def servers(self) -> Deferred[Sequence[FleetServer]]:
        if self.broken:
            return fail(Unavailable("the store is gone"))
        if self.slow is not None:
            return self.slow
        now = self.clock.seconds()
        return succeed([evolve(s, age=now - at) for s, at in self.described.values()])


class FleetTests(SynchronousTestCase):
    """A call router, and desks that come and go."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = Store(self.clock)
        self.dead: set[str] = set()
        self.statuses: dict[str, int] = {}
        self.myself = ROUTER
        self.looks = 0
        self.fleet = self.new_fleet()
        self.said = said_in(self, "umserver.roles.fleet")
        self.lively = ["a", "b"]

    def new_fleet(self) -> Fleet:
        return Fleet(self.clock, self.store, lambda: self.myself, self.ask, self.look)

    def look(self) -> Deferred[None]:
        self.looks += 1
        return succeed(None)

    def ask(self, host: str, port: int, transport: str, patience: float) -> Deferred[int | None]:
        """OPTIONS: a dead host lets its time run out."""
        name = host.partition(".")[0]
        if name not in self.dead:
            return succeed(self.statuses.get(name, 200))
        answer: Deferred[int | None] = Deferred()
        self.clock.callLater(patience, answer.callback, 0)
        return answer

    def start(self, *desks: FleetServer) -> None:
        for one in desks or (desk("a"), desk("b")):
            self.store.put(one)
        self.successResultOf(Deferred.fromCoroutine(self.fleet.start()))

    def pass_time(self, seconds: float) -> None:
        """Desks that live go on saying so."""
        for _ in range(round(seconds / 0.5)):
            for name in self.lively:
                if name not in self.dead and name in self.store.described:
                    self.store.put(self.store.described[name][0])
            self.clock.advance(0.5)

    def names(self, key: str = "ada@example.com") -> list[str]:
        return [server.name for server in self.fleet.desks(key)]

    def test_parts(self) -> None:
        """The store of these tests keeps the interface."""
        verifyObject(IFleet, self.store)

    # who is there

    def test_two_desks(self) -> None:
        """Both desks are offered, one of them first."""
        self.start()
        self.assertEqual(sorted(self.names()), ["a", "b"])

    def test_a_desk_that_dies(self) -> None:
        """A desk that stops answering is not used any more within five seconds."""
        self.start()
        self.pass_time(3)
        self.dead.add("a")
        self.pass_time(PROBE_SECONDS + PATIENCE)
        self.assertEqual(self.names(), ["b"])
        self.assertTrue(any("a is not used" in line for line in self.said()))

    def test_a_desk_that_comes_back(self) -> None:
        """A desk that answers again is used again."""
        self.start()
        self.dead.add("a")
        self.pass_time(5)
        self.dead.clear()
        self.pass_time(5)
        self.assertEqual(sorted(self.names()), ["a", "b"])

    def test_a_desk_that_moves(self) -> None:
        """A desk that comes back at another port is used at once, not after the next question."""
        self.start()
        self.dead.add("a")
        self.pass_time(5)
        self.dead.clear()
        self.store.put(evolve(desk("a"), ports={"mbx": 6062}))
        self.fleet.announce()
        self.assertEqual(sorted(self.names()), ["a", "b"])

    def test_a_question_to_where_a_desk_was(self) -> None:
        """What is still asked at its old port says nothing of a desk that moved meanwhile."""
        self.start()
        self.dead.add("a")
        self.pass_time(PROBE_SECONDS + 0.5)
        self.dead.clear()
        self.store.put(evolve(desk("a"), ports={"mbx": 6062}))
        self.fleet.announce()
        self.pass_time(PATIENCE)
        self.assertFalse(any("is not used" in line for line in self.said()))

    def test_a_desk_that_says_nothing(self) -> None:
        """A desk that still answers but does not reach the store is not used."""
        self.start()
        self.lively.remove("a")
        self.pass_time(9)
        self.assertEqual(self.names(), ["b"])

    def test_a_draining_desk(self) -> None:
        """A desk that drains is not used from its next word on."""
        self.start()
        self.store.put(desk("a", state="Draining"))
        self.pass_time(BEAT_SECONDS)
        self.assertEqual(self.names(), ["b"])

    def test_a_desk_that_refuses(self) -> None:
        """A desk that answers OPTIONS with 503 is not used, before the store says so."""
        self.start()
        self.statuses["a"] = 503
        self.pass_time(PROBE_SECONDS)
        self.assertEqual(self.names(), ["b"])

    def test_no_desk_at_all(self) -> None:
        """With nobody alive nobody is offered."""
        self.start()
        self.dead.update("ab")
        self.pass_time(5)
        self.assertEqual(self.names(), [])

    def test_the_store_goes_away(self) -> None:
        """With the store down the desks known last are used as long as they answer."""
        self.start()
        self.store.broken = True
        self.pass_time(30)
        self.assertEqual(sorted(self.names()), ["a", "b"])
        self.dead.add("b")
        self.pass_time(5)
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(len([line for line in self.said() if "cannot be seen" in line]), 1)

    # room

    def test_a_full_desk(self) -> None:
        """A full desk is not offered while another has room."""
        self.start(desk("a", calls=100), desk("b", calls=99))
        self.assertEqual(self.names(), ["b"])

    def test_all_full(self) -> None:
        """When all are full the desks themselves say so, since what they told may be old."""
        self.start(desk("a", calls=100), desk("b", calls=100))
        self.assertEqual(sorted(self.names()), ["a", "b"])

    def test_calls_under_way_count(self) -> None:
        """Calls sent to a desk since its last word take room there."""
        self.start(desk("a", calls=98), desk("b", calls=10))
        for _ in range(2):
            [first] = [server for server in self.fleet.desks("x") if server.name == "a"]
            self.fleet.sent(first)
        self.assertEqual(self.names("x"), ["b"])
        self.pass_time(BEAT_SECONDS)
        self.assertEqual(sorted(self.names("x")), ["a", "b"])

    def test_our_own_desk(self) -> None:
        """A server with both roles offers its own desk as well, without asking it."""
        self.myself = FleetServer("um", "192.0.2.1", ("cas", "mbx"), {"mbx": 5062}, 100)
        self.start()
        self.assertEqual(sorted(self.names()), ["a", "b", "um"])
        self.myself = evolve(self.myself, state="Inactive")
        self.fleet.announce()
        self.assertEqual(sorted(self.names()), ["a", "b"])

    def test_the_holder_of_a_mailbox(self) -> None:
        """Where mailboxes are kept locally only the holder takes their calls (feature 6)."""
        self.start()
        self.assertEqual([server.name for server in self.fleet.named("B")], ["b"])
        self.assertEqual(self.fleet.named("c"), [])
        self.dead.add("b")
        self.pass_time(5)
        self.assertEqual(self.fleet.named("b"), [])

    # speaking

    def test_we_speak(self) -> None:
        """A server describes itself once, and then says every few seconds that it lives."""
        self.start()
        self.pass_time(10)
        self.assertEqual(self.store.registrations, 1)
        self.assertLessEqual(self.clock.seconds() - self.store.described["cas1"][1], BEAT_SECONDS)
        self.assertGreaterEqual(self.looks, 5)

    def test_we_are_forgotten(self) -> None:
        """A server that somebody forgot in the store describes itself anew."""
        self.start()
        self.store.described.pop("cas1")
        self.pass_time(BEAT_SECONDS)
        self.assertIn("cas1", self.store.described)

    def test_a_new_limit(self) -> None:
        """A changed limit is published at once."""
        self.start()
        self.myself = evolve(ROUTER, capacity=7)
        self.fleet.announce()
        self.assertEqual(self.store.described["cas1"][0].capacity, 7)

    def test_the_end(self) -> None:
        """A server that stops says that it takes no calls, and nothing after that."""
        self.start()
        self.successResultOf(Deferred.fromCoroutine(self.fleet.stop()))
        self.assertEqual(self.store.described["cas1"][0].state, "Inactive")
        self.fleet.announce()
        self.clock.advance(60)
        self.assertEqual(self.store.described["cas1"][0].state, "Inactive")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_end_without_a_store(self) -> None:
        """A store that is gone does not keep a server from stopping."""
        self.start()
        self.store.broken = True
        self.successResultOf(Deferred.fromCoroutine(self.fleet.stop()))

    def test_the_last_word(self) -> None:
        """Who stops while it speaks finishes that first, looks at nothing more, then says so."""
        self.start()
        looks = self.looks
        self.store.slow = slow = Deferred()
        self.fleet.announce()
        done = Deferred.fromCoroutine(self.fleet.stop())
        self.assertNoResult(done)
        slow.callback([])
        self.successResultOf(done)
        self.assertEqual(self.looks, looks)
        self.assertEqual(self.store.described["cas1"][0].state, "Inactive")

    def test_the_end_of_patience(self) -> None:
        """A store that does not answer holds up a stop for a bounded time only."""
        self.start()
        self.store.slow = Deferred()
        self.fleet.announce()
        done = Deferred.fromCoroutine(self.fleet.stop())
        self.clock.advance(PATIENCE)
        self.successResultOf(done)

    def test_shown(self) -> None:
        """Every server is shown with its room and whether it is used."""
        self.start(desk("a", calls=3), desk("b", state="Draining"))
        rows = {str(row["name"]): row for row in self.fleet.shown()}
        self.assertEqual((rows["a"]["calls"], rows["a"]["used"]), (3, True))
        self.assertEqual((rows["b"]["state"], rows["b"]["used"]), ("Draining", False))
        self.assertFalse(rows["cas1"]["used"])
