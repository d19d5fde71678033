"""Lamps of several servers, and of very many users."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_mailbox import MemoryMailboxes
from tests.kit.log import said_in
from tests.org.examples import ORG, user
from umserver.edges.store.lamps import MemoryLamps
from umserver.interfaces import Unavailable
from umserver.org.lamps import Lamp, Waiting, waiting_in
from umserver.org.messages import CallerId, VoiceMail
from umserver.org.settings import HuntGroup, IPGateway, Mailbox, Organisation
from umserver.roles.lamp_lease import LEASE_SECONDS, TOGETHER
from umserver.roles.lamp_rounds import PART, QUICK_PACE, ROUND_SECONDS
from umserver.roles.lamp_telling import MOST_PER_SECOND, OPEN_AT_ONCE
from umserver.roles.lamp_view import lamp_alert, lamp_counts, lamp_rows
from umserver.roles.lamps import MOST_BUSY, Lamps

SPARE = IPGateway(name="Spare", address="192.0.2.11")
WIDE = evolve(
    ORG,
    gateways=(*ORG.gateways, SPARE),
    hunt_groups=(*ORG.hunt_groups, HuntGroup(name="More", dial_plan="Boston", gateway="Spare")),
)
"""The same organisation with a second gateway."""


@frozen
class Book:
    """The lamps of one server in memory that others share."""

    lamps: MemoryLamps
    keeper: str
    users: list[Mailbox]
    broken: set[str] = field(factory=set)

    def _do(self, work: Callable[[], object]) -> Deferred:  # type: ignore[type-arg]
        if self.keeper in self.broken:
            return fail(Unavailable("the store is away"))
        return succeed(work())

    def lamp(self, address: str) -> Deferred[Lamp | None]:
        return self._do(lambda: self.lamps.lamp(address))

    def claim(self, address: str) -> Deferred[Lamp | None]:
        return self._do(lambda: self.lamps.claim(address, self.keeper))

    def told(self, lamp: Lamp) -> Deferred[bool]:
        return self._do(lambda: self.lamps.told(lamp, self.keeper))

    def renew(self, seconds: float) -> Deferred[Sequence[str]]:
        return self._do(lambda: self.lamps.renew(self.keeper, seconds))

    def take_over(self, most: int) -> Deferred[Sequence[str]]:
        return self._do(lambda: self.lamps.take_over(self.keeper, most))

    def lit(self, most: int) -> Deferred[Sequence[str]]:
        return self._do(lambda: self.lamps.lit(self.keeper, most))

    def tally(self) -> Deferred[tuple[int, int]]:
        return self._do(lambda: self.lamps.tally(self.keeper))

    def forget(self, address: str) -> Deferred[None]:
        return self._do(lambda: self.lamps.forget(address))

    def release(self) -> Deferred[None]:
        return self._do(lambda: self.lamps.release(self.keeper))

    def mailboxes(self, after: str, most: int) -> Deferred[Sequence[str]]:
        names = sorted(one.address for one in self.users)
        return self._do(lambda: [name for name in names if name > after][:most])


@define(eq=False)
class People:
    """Users by address."""

    users: list[Mailbox]

    def person(self, address: str) -> Deferred[Mailbox | None]:
        return succeed(next((u for u in self.users if u.address == address), None))


@define(eq=False)
class World:
    """What several servers share: mailboxes, a store, gateways."""

    clock: Clock = field(factory=Clock)
    users: list[Mailbox] = field(factory=lambda: [user("Ada", "1001")])
    org: Organisation = ORG
    told: list[tuple[str, str, str, int]] = field(factory=list)
    """Server, gateway, extension, new messages."""
    answers: dict[str, int] = field(factory=dict)
    """By gateway; 200 without a word, -1 never answers."""
    open: int = 0
    most_open: int = 0
    broken: set[str] = field(factory=set)
    mailboxes: MemoryMailboxes = field(factory=MemoryMailboxes)
    lamps: MemoryLamps = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.lamps = MemoryLamps(self.clock.seconds)

    def server(self, name: str, has_company: bool = True) -> Lamps:
        """A server that has started."""

        def tell(
            gateway: IPGateway, address: str, extension: str, waiting: Waiting
        ) -> Deferred[int | None]:
            self.told.append((name, gateway.name, extension, waiting.new))
            status = self.answers.get(gateway.name, 200)
            if status >= 0:
                return succeed(status)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            late: Deferred[int | None] = Deferred()
            self.clock.callLater(5.0, self._silent, late)
            return late

        lamps = Lamps(
            self.clock,
            lambda: 1000.0 + self.clock.seconds(),
            lambda: self.org,
            People(self.users),  # type: ignore[arg-type]
            self.mailboxes,
            Book(self.lamps, name, self.users, self.broken),
            tell,
            has_company=has_company,
        )
        Deferred.fromCoroutine(lamps.start())
        return lamps

    def _silent(self, late: Deferred[int | None]) -> None:
        self.open -= 1
        late.callback(0)

    def arrive(self, address: str = "ada@example.com", new: bool = True) -> None:
        """A message comes."""
        box = self.mailboxes.open(address)
        box.mails.append(VoiceMail(str(len(box.mails)), CallerId("1002"), 1.0, new=new))
        self.mailboxes.ring(address)

    def walk(self, seconds: float, step: float = 0.05) -> None:
        """Let time pass."""
        self.clock.pump([step] * round(seconds / step))


class SeveralServersTests(SynchronousTestCase):
    """Two servers with one store."""

    def setUp(self) -> None:
        self.world = World()

    def test_one_of_them_tells(self) -> None:
        """Though both see what happens, a gateway hears it from one server."""
        one, two = self.world.server("one"), self.world.server("two")
        self.world.walk(3.0)
        self.world.told.clear()
        self.world.arrive()
        self.world.walk(5.0)
        self.assertEqual(self.world.told, [("one", "PBX", "1001", 1)])
        self.assertEqual((len(one.watch), len(two.watch)), (1, 1))

    def test_what_only_another_sees(self) -> None:
        """What only the other server sees happen is told by the one that keeps the lamp, soon."""
        self.world.server("one")
        self.world.walk(1.0)
        two = self.world.server("two")
        self.world.walk(3.0)
        self.world.told.clear()
        box = self.world.mailboxes.open("ada@example.com")
        box.mails.append(VoiceMail("1", CallerId("1002"), 1.0))
        two.touch("ada@example.com")
        self.world.walk(TOGETHER + 1.0)
        self.assertEqual(self.world.told, [("one", "PBX", "1001", 1)])

    def test_somebody_asks_the_wrong_server(self) -> None:
        """Who subscribes where the mailbox is not kept learns at once that nothing will be told."""
        lamps = self.world.server("one")
        lamps.holds = lambda mailbox: False
        told: list[Waiting | None] = []
        lamps.listen("ada@example.com", told.append)
        self.world.walk(1.0)
        self.assertEqual((told, len(lamps.watch)), ([None], 0))

    def test_a_server_that_dies(self) -> None:
        """When a server falls silent another one takes its lamps, tells them again and goes on."""
        self.world.server("one")
        self.world.walk(1.0)
        self.world.arrive()
        self.world.walk(3.0)
        self.world.server("two")
        self.world.walk(3.0)
        self.world.told.clear()
        self.world.broken.add("one")
        self.world.walk(LEASE_SECONDS + TOGETHER + 1.0)
        self.assertEqual(self.world.told, [("two", "PBX", "1001", 1)])
        self.world.arrive()
        self.world.walk(3.0)
        self.assertEqual(self.world.told[1:], [("two", "PBX", "1001", 2)])

    def test_a_server_that_was_asleep(self) -> None:
        """A server that cannot renew its lease tells nobody: it may have lost its lamps."""
        self.world.server("one")
        self.world.walk(1.0)
        self.world.broken.add("one")
        self.world.walk(LEASE_SECONDS + 1.0)
        self.world.told.clear()
        self.world.arrive()
        self.world.walk(60.0)
        self.assertEqual(self.world.told, [])
        self.world.broken.clear()
        self.world.walk(70.0)
        self.assertEqual(self.world.told, [("one", "PBX", "1001", 1)])

    def test_a_server_that_stops(self) -> None:
        """A server that is stopped leaves its lamps to the others at once."""
        one = self.world.server("one")
        self.world.walk(1.0)
        self.world.arrive()
        self.world.walk(2.0)
        self.world.server("two")
        self.world.told.clear()
        self.successResultOf(Deferred.fromCoroutine(one.stop()))
        self.world.walk(TOGETHER + 1.0)
        self.world.arrive()
        self.world.walk(2.0)
        self.assertEqual(self.world.told, [("two", "PBX", "1001", 2)])


class ManyUsersTests(SynchronousTestCase):
    """Thousands of users, one server."""

    def world(self, count: int) -> World:
        """So many users."""
        return World(users=[user(f"u{n:05d}", str(10000 + n)) for n in range(count)])

    def test_never_too_fast(self) -> None:
        """Thousands of lamps that change at once leave at the agreed rate, and none is lost."""
        world = self.world(1000)
        lamps = world.server("one", has_company=False)
        world.walk(1000 * QUICK_PACE + 5.0)
        self.assertEqual(len({one[2] for one in world.told}), 1000)
        world.told.clear()
        began = world.clock.seconds()
        for one in world.users:
            world.arrive(one.address)
            lamps.touch(one.address)
        while len({one[2] for one in world.told}) < 1000:
            world.walk(0.5)
            self.assertLess(world.clock.seconds() - began, 60.0)
            rate = len(world.told) / (world.clock.seconds() - began)
            self.assertLessEqual(rate, MOST_PER_SECOND + 2)
        self.assertEqual(len(world.told), 1000)

    def test_bounded(self) -> None:
        """However many mailboxes there are, only so many are in hand; the rest waits its turn."""
        world = self.world(MOST_BUSY + 500)
        world.answers["PBX"] = -1
        lamps = world.server("one", has_company=False)
        for one in world.users:
            lamps.touch(one.address)
        self.assertEqual(lamps.busy, MOST_BUSY)
        world.walk(30.0, 0.5)
        self.assertLessEqual(world.most_open, OPEN_AT_ONCE)
        self.assertLessEqual(lamps.busy, MOST_BUSY)

    def test_a_silent_gateway_holds_nobody_up(self) -> None:
        """Lamps that another gateway takes do not wait for one that is silent."""
        world = self.world(200)
        world.org = WIDE
        world.answers["PBX"] = -1
        world.server("one", has_company=False)
        world.walk(200 * QUICK_PACE + 30.0)
        spare = {one[2] for one in world.told if one[1] == "Spare"}
        self.assertEqual(len(spare), 200)
        self.assertLess(sum(one[1] == "PBX" for one in world.told), 100)

    def test_rounds(self) -> None:
        """Every mailbox is looked at within the time of a round, at an even pace."""
        world = self.world(PART + 20)
        lamps = world.server("one", has_company=False)
        world.walk((PART + 20) * QUICK_PACE + 5.0)
        self.assertEqual(len(world.told), PART + 20)
        world.told.clear()
        world.walk(ROUND_SECONDS, 20.0)
        extensions = [one[2] for one in world.told]
        self.assertGreaterEqual(len(set(extensions)), PART + 19)
        self.assertEqual(len(extensions), len(set(extensions)))
        self.assertEqual(lamp_counts(lamps)["known"], PART + 20)


class LampTests(SynchronousTestCase):
    """One lamp."""

    def setUp(self) -> None:
        self.world = World()

    def test_what_counts(self) -> None:
        """New, saved and urgent messages count, deleted ones do not (feature 151)."""
        mails = [
            VoiceMail("1", CallerId(), 1.0),
            VoiceMail("2", CallerId(), 2.0, urgent=True),
            VoiceMail("3", CallerId(), 3.0, new=False, urgent=True),
            VoiceMail("4", CallerId(), 4.0, new=False, private=True),
            VoiceMail("5", CallerId(), 5.0, deleted=True),
        ]
        self.assertEqual(waiting_in(mails), Waiting(2, 2, 1, 1))

    def test_newer_than_what_failed(self) -> None:
        """What changes while a gateway does not answer is what it hears in the end (feature
        153).
        """
        lamps = self.world.server("one", has_company=False)
        self.world.walk(1.0)
        self.world.answers["PBX"] = -1
        self.world.arrive()
        self.world.walk(7.0)
        self.world.arrive()
        self.world.arrive()
        self.world.answers.clear()
        self.world.walk(3.0)
        self.assertEqual(self.world.told[-1], ("one", "PBX", "1001", 3))
        self.assertEqual(lamps.failing, {})
        known = self.world.lamps.lamp("ada@example.com")
        assert known is not None
        self.assertEqual(known.waiting, Waiting(3, 0))

    def test_whether_it_was_heard_is_unknown(self) -> None:
        """A gateway that did not answer may have heard all the same: it is told again, also when
        all is as it was before (feature 153).
        """
        self.world.server("one", has_company=False)
        self.world.walk(1.0)
        self.world.told.clear()
        self.world.answers["PBX"] = -1
        self.world.arrive()
        self.world.walk(4.0)
        self.world.mailboxes.open("ada@example.com").mails.clear()
        self.world.mailboxes.ring("ada@example.com")
        self.world.answers.clear()
        self.world.walk(10.0)
        self.assertEqual([one[3] for one in self.world.told], [1, 0])

    def test_a_mailbox_that_cannot_be_seen(self) -> None:
        """While the mail server is away nothing is told; when it is back the lamp is right."""
        lamps = self.world.server("one", has_company=False)
        self.world.walk(1.0)
        self.world.told.clear()
        self.world.mailboxes.weather.failing.add("mailbox")
        self.world.arrive()
        self.world.walk(40.0)
        self.assertEqual(self.world.told, [])
        self.assertEqual(lamp_alert(lamps)[0], "Degraded")
        [row] = self.successResultOf(Deferred.fromCoroutine(lamp_rows(lamps)))
        self.assertEqual((row["mailbox"], row["problem"]), ("ada@example.com", "mailbox is broken"))
        self.world.mailboxes.weather.failing.clear()
        self.world.walk(61.0)
        self.assertEqual(self.world.told, [("one", "PBX", "1001", 1)])
        self.assertEqual(lamp_alert(lamps), ("Healthy", ""))

    def test_a_gateway_comes_back(self) -> None:
        """When one lamp can be set again, those that were given up follow (feature 153)."""
        self.world.users.append(user("Ben", "1002"))
        said = said_in(self, "umserver.roles.lamps")
        self.world.answers["PBX"] = 503
        lamps = self.world.server("one", has_company=False)
        self.world.walk(320.0, 0.5)
        self.assertEqual(sum("event LampFailed" in line for line in said()), 2)
        self.assertEqual((lamps.given_up, len(lamps.failing), lamps.busy), (2, 2, 0))
        self.world.answers.clear()
        self.world.told.clear()
        lamps.touch("ben@example.com")
        self.world.walk(3.0)
        self.assertEqual({one[2] for one in self.world.told}, {"1001", "1002"})
        self.assertEqual(lamps.failing, {})

    def test_another_extension(self) -> None:
        """When a user gets another extension the old lamp goes out and the new one burns."""
        lamps = self.world.server("one", has_company=False)
        self.world.walk(1.0)
        self.world.arrive()
        self.world.walk(2.0)
        self.world.told.clear()
        self.world.users[0] = evolve(self.world.users[0], extension="1009")
        lamps.touch("ada@example.com")
        self.world.walk(2.0)
        self.assertEqual([one[2:] for one in self.world.told], [("1001", 0), ("1009", 1)])
        [row] = self.successResultOf(Deferred.fromCoroutine(lamp_rows(lamps, "ada@example.com")))
        self.assertEqual((row["extension"], row["lit"], row["new"]), ("1009", True, 1))

    def test_a_lamp_that_nobody_set(self) -> None:
        """Whoever asks for a lamp that does not exist is told so."""
        lamps = self.world.server("one", has_company=False)
        asked = Deferred.fromCoroutine(lamp_rows(lamps, "nobody@example.com"))
        self.failureResultOf(asked, LookupError)
