"""Calls decided at once: as after waiting, from memory that is never older than a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from attrs import evolve
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.org.examples import ORG, forwarded, offer
from tests.org.resolving import claim_of
from tests.roles.parts import CallLog, Directory
from umserver.interfaces import IDirectory, RedirectTarget, Unavailable
from umserver.org import refusals
from umserver.org.facts import Asking, CallFacts
from umserver.org.refusals import Refusal
from umserver.org.routes import Rejected
from umserver.org.settings import Mailbox
from umserver.org.tokens import verify
from umserver.roles.cas import CallRouter
from umserver.roles.resolving import resolution_of

KEY = b"a key that only our servers have"
ASKING = Asking("call-1", "udp", "192.0.2.1")


@implementer(IDirectory)
class Wavering:
    """A directory that answers at once, late or not at all, and counts."""

    def __init__(self) -> None:
        self.inner = Directory()
        self.answer: Callable[[], Deferred[Mapping[str, Mailbox]]] | None = None
        self.asked = 0

    def find(self, dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        """See `IDirectory`."""
        self.asked += 1
        return self.inner.find(dial_plan, numbers) if self.answer is None else self.answer()


class DecisionTests(SynchronousTestCase):
    """One router whose directory answers at once, late, or not at all."""

    def setUp(self) -> None:
        self.directory = Wavering()
        self.log = CallLog()
        self.now, self.revision = 1_790_000_000.0, 1
        self.org = ORG
        self.router = CallRouter(
            settings=lambda: self.org,
            directory=self.directory,
            call_log=self.log,
            wall=lambda: self.now,
            key=KEY,
            targets=lambda offer, route, token: [RedirectTarget(offer.here, 5062, "udp", token)],
            admission=lambda routing: None,
            revision=lambda: self.revision,
        )

    def decide(self, facts: CallFacts) -> Sequence[RedirectTarget] | Refusal | None:
        way = evolve(facts, caller=None, call_id="", source_port=0)
        return self.router.decide(way, facts.caller, ASKING)

    def test_the_same_as_after_waiting(self) -> None:
        """Whoever calls whomever, by whatever way: deciding at once and waiting agree."""
        called = ("5000", "5001", "5002", "1001", "1077", "1999", "+12125550101", "")
        ways = ((), (forwarded("1001"),), (forwarded("1077"),), (forwarded("1002", "user-busy"),))
        callers = ("3125550142", "1002", "+12125550101", "")
        seen = set()
        for number, way, caller, _ in product(called, ways, callers, range(2)):
            for source in ("192.0.2.10", "203.0.113.9", offer("5000").source):
                facts = evolve(offer(number, *way), source=source)
                party = facts.caller
                assert party is not None
                facts = evolve(facts, caller=evolve(party, user=caller) if caller else None)
                waited = self.successResultOf(
                    Deferred.fromCoroutine(resolution_of(ORG, self.directory, facts))
                )
                answer = self.decide(facts)
                if isinstance(waited.route, Rejected):
                    self.assertEqual(answer, waited.route.refusal)
                else:
                    assert isinstance(answer, list)
                    claim = verify(answer[0].token, KEY, self.now)
                    self.assertEqual(claim, claim_of(waited.route, facts))
                    self.assertEqual(answer[0].host, "192.0.2.1")
                seen.add(getattr(waited.route, "flow", waited.route))
        self.assertGreater(len(seen), 5)

    def test_a_slow_directory(self) -> None:
        """Where the directory has to be waited for nothing is decided, and nothing is lost."""
        self.directory.answer = Deferred
        self.assertIsNone(self.decide(offer("1001")))
        self.directory.answer = lambda: fail(Unavailable("down"))
        self.assertIsNone(self.decide(offer("1001")))
        self.assertEqual((self.router.redirected, self.router.refused), (0, 0))

    def test_changes_act_at_once(self) -> None:
        """A change of a user or of the settings, and a minute, make the memory begin anew."""
        facts = offer("5000", forwarded("1001"))
        self.decide(facts)
        first = self.directory.asked
        self.decide(facts)
        self.assertEqual(self.directory.asked, first)
        for change in (self.another_user, self.other_settings, self.a_minute, self.clock_set_back):
            change()
            before = self.directory.asked
            self.decide(facts)
            self.assertEqual(self.directory.asked, before + first, change.__name__)

    def another_user(self) -> None:
        self.revision += 1

    def other_settings(self) -> None:
        self.org = evolve(ORG)

    def a_minute(self) -> None:
        self.now += 61

    def clock_set_back(self) -> None:
        self.now -= 3600

    def test_memory_is_bounded(self) -> None:
        """However many numbers call and are called, no more than the bound is remembered."""
        self.router._decisions.most = 50
        for n in range(200):
            self.decide(offer(f"1{n:03}", name=f"Caller {n}"))
        self.assertLessEqual(len(self.router._decisions._ways), 50)
        self.assertLessEqual(len(self.router._decisions._callers), 50)

    def test_a_fault_of_ours(self) -> None:
        """A bug costs the call an answer 500 and shows in the log."""
        self.directory.answer = self.explode
        self.assertEqual(self.decide(offer("1001")), refusals.TROUBLE)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def explode(self) -> Deferred[Mapping[str, Mailbox]]:
        raise ZeroDivisionError("a bug")
