"""The poller: new settings take effect, bad ones never do."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.org.examples import ORG
from umserver.interfaces import ISettingsSource, Unavailable
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.settings import Organisation, UMService
from umserver.roles.poller import FIRST_RETRY, POLL_SECONDS, SHORTEST_GAP, Poller

NEWER = evolve(ORG, service=UMService(max_calls_allowed=7))


@implementer(ISettingsSource)
@define
class Source:
    """A store whose answers we choose."""

    number: int = 1
    organisation: Organisation = ORG
    broken: Exception | None = None
    slow: Deferred[int] | None = None
    asked: int = 0
    loaded: int = 0
    heard: list[Callable[[], object]] = field(factory=list)

    def revision(self) -> Deferred[int]:
        self.asked += 1
        if self.slow is not None:
            slow, self.slow = self.slow, None
            return slow
        return fail(self.broken) if self.broken else succeed(self.number)

    def load(self) -> Deferred[Organisation]:
        self.loaded += 1
        return fail(self.broken) if self.broken else succeed(self.organisation)

    def listen(self, heard: Callable[[], object]) -> None:
        self.heard.append(heard)

    def announce(self) -> None:
        """Tell whoever listens that something was committed."""
        for heard in self.heard:
            heard()

    def change(self, organisation: Organisation) -> None:
        """Commit something."""
        self.number += 1
        self.organisation = organisation


@define
class Told:
    """A listener that remembers."""

    changes: list[tuple[Organisation | None, Organisation]] = field(factory=list)

    def __call__(self, old: Organisation | None, new: Organisation) -> None:
        self.changes.append((old, new))


class PollerTests(SynchronousTestCase):
    """Settings over time."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.source = Source()
        self.poller = Poller(self.clock, self.source)
        self.told = Told()
        self.poller.on_change(self.told)

    def test_the_start(self) -> None:
        """A server has its settings before its first call, and listeners know them."""
        self.assertRaises(LookupError, lambda: self.poller.settings)
        self.successResultOf(self.poller.start())
        self.assertIs(self.poller.settings, ORG)
        self.assertEqual(self.told.changes, [(None, ORG)])

    def test_every_ten_minutes(self) -> None:
        """A change that nobody announced is in force after ten minutes: feature 183."""
        self.poller.start()
        self.source.change(NEWER)
        self.clock.advance(POLL_SECONDS - 1)
        self.assertIs(self.poller.settings, ORG)
        self.clock.advance(1)
        self.assertIs(self.poller.settings, NEWER)
        self.assertEqual(self.told.changes[1:], [(ORG, NEWER)])

    def test_nothing_new(self) -> None:
        """Without a change nothing is loaded and nobody is disturbed."""
        self.poller.start()
        for _ in range(5):
            self.clock.advance(POLL_SECONDS)
        self.assertEqual((self.source.asked, self.source.loaded), (6, 1))
        self.assertEqual(len(self.told.changes), 1)

    def test_an_announced_change(self) -> None:
        """Whoever announces a change knows that it is in force when the answer comes."""
        self.poller.start()
        self.source.change(NEWER)
        self.successResultOf(self.poller.poll())
        self.assertIs(self.poller.settings, NEWER)

    def test_the_store_announces_a_change(self) -> None:
        """What another machine's administrator changed is in force at once."""
        self.poller.start()
        self.clock.advance(60)
        self.source.change(NEWER)
        self.source.announce()
        self.clock.advance(0)
        self.assertIs(self.poller.settings, NEWER)

    def test_a_storm_of_announcements(self) -> None:
        """Ten thousand changes in a row are followed without reading the settings as often."""
        self.poller.start()
        for number in range(1000):
            self.source.change(evolve(ORG, service=UMService(max_calls_allowed=number)))
            self.source.announce()
            self.clock.advance(0.001)
        self.clock.advance(SHORTEST_GAP)
        self.assertEqual(self.poller.settings.service.max_calls_allowed, 999)
        self.assertLessEqual(self.source.loaded, 1 + 1.0 / SHORTEST_GAP + 1)

    def test_an_announcement_during_a_look(self) -> None:
        """What is announced while the store is being asked is not overlooked."""
        self.poller.start()
        slow = self.source.slow = Deferred()
        self.poller.poll()
        self.source.change(NEWER)
        self.source.announce()
        slow.callback(1)
        self.assertIs(self.poller.settings, ORG)
        self.clock.advance(SHORTEST_GAP)
        self.assertIs(self.poller.settings, NEWER)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_an_announcement_after_the_end(self) -> None:
        """A stopped server does not stir when something changes."""
        self.poller.start()
        self.poller.stop()
        self.source.announce()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_change_of_users_alone(self) -> None:
        """Gateways, listeners and pools are not disturbed because a user was changed."""
        self.poller.start()
        self.source.change(evolve(ORG, service=UMService()))
        self.successResultOf(self.poller.poll())
        self.assertIs(self.poller.settings, ORG)
        self.assertEqual(self.poller.revision, 2)
        self.assertEqual(len(self.told.changes), 1)

    def test_a_change_during_a_look(self) -> None:
        """A change announced while a look is under way is not overlooked."""
        self.poller.start()
        slow = self.source.slow = Deferred()
        first = self.poller.poll()
        self.source.change(NEWER)
        second = self.poller.poll()
        slow.callback(1)
        self.successResultOf(first)
        self.successResultOf(second)
        self.assertIs(self.poller.settings, NEWER)

    def test_the_ten_minutes_begin_again(self) -> None:
        """An announced look takes the place of the next regular one; there is one timer."""
        self.poller.start()
        self.clock.advance(POLL_SECONDS - 1)
        self.poller.poll()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(POLL_SECONDS - 1)
        self.assertEqual(self.source.asked, 2)

    def test_bad_settings(self) -> None:
        """Settings with faults never replace good ones; health says why until they are good."""
        self.poller.start()
        self.source.change(NEWER)
        self.source.broken = SettingsFaults([Fault("gateways.PBX.port", "is wrong")])
        self.successResultOf(self.poller.poll())
        self.assertIs(self.poller.settings, ORG)
        self.assertEqual(self.poller.problem, "gateways.PBX.port: is wrong")
        self.source.broken = None
        self.clock.advance(FIRST_RETRY)
        self.assertIs(self.poller.settings, NEWER)
        self.assertEqual(self.poller.problem, "")

    def test_a_store_that_is_down(self) -> None:
        """Calls go on with the last settings while the store is away: feature 203."""
        self.poller.start()
        self.source.broken = Unavailable("no connection")
        self.clock.pump([POLL_SECONDS] + [FIRST_RETRY] * 10)
        self.assertIs(self.poller.settings, ORG)
        self.assertEqual(self.poller.problem, "no connection")

    def test_a_store_that_is_down_at_the_start(self) -> None:
        """A server that comes up before its store waits for it."""
        self.source.broken = Unavailable("no connection")
        self.successResultOf(self.poller.start())
        self.assertIsNone(self.poller.current)
        self.source.broken = None
        self.clock.advance(FIRST_RETRY)
        self.assertIs(self.poller.settings, ORG)

    def test_a_bug_in_the_store(self) -> None:
        """Whatever a store raises, the poller goes on; a fault without words has its name."""
        self.poller.start()
        self.source.broken = ZeroDivisionError()
        self.successResultOf(self.poller.poll())
        self.assertEqual(self.poller.problem, "ZeroDivisionError")

    def test_a_listener_that_fails(self) -> None:
        """One part that cannot follow does not keep the others from it."""

        def broken(old: Organisation | None, new: Organisation) -> None:
            raise ValueError("cannot follow")

        poller = Poller(self.clock, self.source)
        poller.on_change(broken)
        poller.on_change(self.told)
        poller.start()
        self.assertEqual(self.told.changes, [(None, ORG)])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_a_gateway_without_an_address(self) -> None:
        """A host name that could not be looked up is tried again although nothing changed."""
        lost = evolve(ORG, host_addresses={"pbx.example.com": ()})
        self.source.organisation = lost
        self.poller.start()
        self.clock.advance(POLL_SECONDS)
        self.assertEqual(len(self.told.changes), 1)
        found = evolve(ORG, host_addresses={"pbx.example.com": ("192.0.2.77",)})
        self.source.organisation = found
        self.clock.advance(POLL_SECONDS)
        self.assertIs(self.poller.settings, found)
        self.assertEqual(len(self.told.changes), 2)
        self.clock.advance(POLL_SECONDS)
        self.assertEqual(self.source.loaded, 3)

    def test_the_end(self) -> None:
        """A stopped poller asks nothing more, and whoever waits is let go."""
        self.poller.start()
        slow = self.source.slow = Deferred()
        waiting = self.poller.poll()
        also = self.poller.poll()
        self.poller.stop()
        slow.callback(1)
        self.successResultOf(waiting)
        self.successResultOf(also)
        self.successResultOf(self.poller.poll())
        self.clock.advance(10 * POLL_SECONDS)
        self.assertEqual((self.source.asked, self.clock.getDelayedCalls()), (2, []))
