"""The store as a running server uses it: in a thread, remembered, over a reactor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import define, evolve, field
from twisted.internet import reactor
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.contracts.store import ADA, BEN, PEPPER, quick_hash
from tests.org.examples import ORG, PBX, user
from umserver.edges.store import settings
from umserver.edges.store.archive import Archive
from umserver.edges.store.backend import open_tables
from umserver.edges.store.ledger import Search
from umserver.edges.store.memory import MemoryTables
from umserver.edges.store.settings import SettingsStore, open_store
from umserver.interfaces import (
    FleetServer,
    IDirectory,
    IFleet,
    ISettingsDesk,
    ISettingsSource,
    RequestedState,
    Unavailable,
)
from umserver.org.faults import SettingsFaults
from umserver.org.settings import Mailbox


@define(eq=False)
class CountedArchive(Archive):
    """Counts what is asked of it, and can be full."""

    asked: list[tuple[str, ...]] = field(factory=list)
    full: bool = False
    """Whether nothing can be written."""

    def forget_changes(self, days: float) -> None:
        if self.full:
            raise Unavailable("the store is full")
        super().forget_changes(days)

    def find(self, dial_plan: str, numbers: Iterable[str]) -> dict[str, Mailbox]:
        self.asked.append(tuple(numbers))
        return super().find(dial_plan, self.asked[-1])


@define
class Names:
    """A resolver with names of our choice."""

    known: dict[str, list[str]]
    asked: list[str] = field(factory=list)

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError(-2, "Name or service not known")
        return self.known[host]


class SettingsStoreTests(TestCase):
    """Questions of a running server."""

    timeout = 20.0

    def setUp(self) -> None:
        self.archive = CountedArchive(MemoryTables(), lambda: PEPPER, quick_hash)
        self.archive.import_organisation(ORG, [ADA, evolve(BEN, pin="135792")])
        self.names = Names({"pbx.example.com": ["192.0.2.77"]})
        self.store = SettingsStore(reactor, self.archive, self.names)
        self.addCleanup(self.store.close)

    def test_interfaces(self) -> None:
        """It can stand wherever settings or users are asked for."""
        self.assertTrue(verifyObject(ISettingsSource, self.store))
        self.assertTrue(verifyObject(IDirectory, self.store))
        self.assertTrue(verifyObject(IFleet, self.store))
        self.assertTrue(verifyObject(ISettingsDesk, self.store))

    async def test_changed_by_telephone(self) -> None:
        """Feature 135: who changes a setting by telephone stands in the change log with it."""
        heard: list[int] = []
        self.store.listen(lambda: heard.append(1))
        changes = {"welcome_greeting_enabled": True, "welcome_greeting_filename": "hello.wav"}
        await self.store.change("dial_plans", "Boston", changes, ADA.address, "Prompt editing")
        plan = (await self.store.load()).plan_named["Boston"]
        self.assertEqual(plan.welcome_greeting_filename, "hello.wav")
        (change,) = self.archive.search(Search(name="Boston", most=1))
        self.assertEqual((change.cmdlet, change.parameters["By"]), ("Prompt editing", ADA.address))
        self.assertEqual(heard, [1])
        await self.store.change("mailboxes", BEN.address, {"time_zone": "Europe/Paris"}, "", "")
        self.assertEqual((await self.store.person(BEN.address)).time_zone, "Europe/Paris")
        self.assertEqual(self.archive.pin_hash(BEN.address), quick_hash("135792", PEPPER))

    async def test_wrong_changes_by_telephone(self) -> None:
        """What no administrator could set cannot be set by telephone either."""
        with self.assertRaises(SettingsFaults):
            await self.store.change(
                "dial_plans", "Boston", {"welcome_greeting_filename": "../x"}, "", ""
            )
        with self.assertRaises(LookupError):
            await self.store.change("dial_plans", "Nowhere", {}, "", "")

    async def test_snapshot(self) -> None:
        """A server gets the whole organisation and its revision."""
        self.assertEqual(await self.store.revision(), 1)
        self.assertEqual(await self.store.load(), ORG)
        self.assertFalse(await self.store.is_empty())

    async def test_users_are_remembered(self) -> None:
        """The store is asked once for a number, also for one that is nobody's."""
        for _ in range(3):
            found = await self.store.find("Boston", ["1001", "4711"])
            self.assertEqual(found, {"1001": ADA})
        self.assertEqual(
            await self.store.find("Boston", ["1001", "1002"]), {"1001": ADA, "1002": BEN}
        )
        self.assertEqual(self.archive.asked, [("1001", "4711"), ("1002",)])

    async def test_a_new_revision_is_seen(self) -> None:
        """After a change nobody is answered from memory."""
        await self.store.find("Boston", ["1001", "1003"])
        self.archive.put_mailboxes([user("Cem", "1003")])
        self.archive.remove("mailboxes", ADA.address)
        await self.store.revision()
        found = await self.store.find("Boston", ["1001", "1003"])
        self.assertEqual([mailbox.address for mailbox in found.values()], ["cem@example.com"])

    async def test_memory_is_bounded(self) -> None:
        """A scan of all numbers does not fill the memory, and is answered in full."""
        numbers = ["1001", *(str(n) for n in range(20_000, 20_000 + settings.MOST_REMEMBERED))]
        self.assertEqual(await self.store.find("Boston", numbers), {"1001": ADA})
        self.assertEqual(await self.store.find("Boston", ["1001"]), {"1001": ADA})
        self.assertEqual(len(self.archive.asked), 2)

    async def test_host_names_are_looked_up_once(self) -> None:
        """A gateway's host name is looked up when it is taken over, not at every poll."""
        self.archive.put("gateways", evolve(PBX, address="pbx.example.com"))
        for _ in range(3):
            loaded = await self.store.load()
        self.assertEqual(loaded.host_addresses, {"pbx.example.com": ("192.0.2.77",)})
        self.assertEqual(loaded.gateway_at["192.0.2.77"].name, "PBX")
        self.assertEqual(self.names.asked, ["pbx.example.com"])

    async def test_disable_and_enable_looks_up_again(self) -> None:
        """After a DNS change the gateway is disabled and enabled, and has its new address."""
        for status, address in (
            ("Enabled", "192.0.2.77"),
            ("Disabled", ""),
            ("Enabled", "192.0.2.78"),
        ):
            self.names.known["pbx.example.com"] = [address]
            self.archive.put("gateways", evolve(PBX, address="pbx.example.com", status=status))
            loaded = await self.store.load()
        self.assertEqual(loaded.host_addresses, {"pbx.example.com": ("192.0.2.78",)})

    async def test_an_unknown_host_name(self) -> None:
        """A gateway without an address does no harm to the others, and is tried again."""
        self.archive.put("gateways", evolve(PBX, address="gone.example.com"))
        self.assertEqual((await self.store.load()).host_addresses, {"gone.example.com": ()})
        self.names.known["gone.example.com"] = ["192.0.2.79"]
        loaded = await self.store.load()
        self.assertEqual(loaded.host_addresses, {"gone.example.com": ("192.0.2.79",)})

    async def test_secrets_and_pins(self) -> None:
        """Keys and PIN hashes are there for those who check them."""
        self.assertEqual(len(await self.store.secret("route-key")), 32)
        self.assertEqual(await self.store.pin_hash("ben@example.com"), "hash of 135792 with 32")
        self.assertIsNone(await self.store.pin_hash("ada@example.com"))

    async def test_import(self) -> None:
        """A first start brings the demo organisation in."""
        self.assertEqual(await self.store.import_organisation(ORG, [BEN]), 2)
        self.assertEqual(await self.store.find("Boston", ["1001"]), {})

    async def test_on_disk(self) -> None:
        """The default store works over the reactor, and says when it is broken."""
        state = Path(self.mktemp())
        state.mkdir()
        store = open_store(reactor, "sqlite:", state)
        self.assertTrue(await store.is_empty())
        await store.import_organisation(ORG, [ADA])
        self.assertEqual(await store.find("Boston", ["1001"]), {"1001": ADA})
        await store.close()
        broken = open_store(reactor, "sqlite:", state)
        self.addCleanup(broken.close)
        with open_tables("sqlite:", state).writing() as work:
            work._sql("DROP TABLE revision")  # type: ignore[attr-defined]
            work.changed = False  # type: ignore[attr-defined]
        with self.assertRaisesRegex(Unavailable, "no such table"):
            await broken.revision()

    # servers, and threads

    async def test_servers_find_each_other(self) -> None:
        """Servers describe themselves and their states in the store, each for all others."""
        server = FleetServer("mbx1", "192.0.2.1", ("mbx",), {"sip": 5062}, 100)
        asked = RequestedState("mbx1", "UnifiedMessaging", "Maintenance", "Inactive", 10.0)
        await self.store.register_server(server)
        self.assertTrue(await self.store.heartbeat("mbx1", 3, "Draining"))
        (seen,) = await self.store.servers()
        self.assertEqual(evolve(seen, age=0.0), evolve(server, calls=3, state="Draining"))
        self.assertTrue(await self.store.set_state(asked))
        self.assertFalse(await self.store.set_state(evolve(asked, at=9.0)))
        self.assertEqual(await self.store.states(""), [asked])
        self.assertTrue(await self.store.forget_server("mbx1"))
        self.assertEqual(await self.store.servers(), [])

    async def test_answers_during_a_long_change(self) -> None:
        """While an administrator's change takes its time, callers are found all the same."""
        state = Path(self.mktemp())
        state.mkdir()
        store = open_store(reactor, "sqlite:", state)
        self.addCleanup(store.close)
        await store.import_organisation(ORG, [ADA])
        tables = open_tables("sqlite:", state)
        self.addCleanup(tables.close)
        with tables.writing() as work:
            work.remove_user(ADA.address)
            waiting = store.register_server(FleetServer("mbx1", "192.0.2.1", ("mbx",)))
            self.assertEqual(await store.find("Boston", ["1001"]), {"1001": ADA})
            self.assertFalse(waiting.called)
        await waiting
        self.assertEqual(await store.revision(), 2)
        self.assertEqual(await store.find("Boston", ["1001"]), {})

    async def test_the_change_log_is_cut(self) -> None:
        """A running server forgets changes that are older than it shall remember."""
        self.assertNotEqual(self.archive.search(Search()), [])
        await self.store.revision()
        self.assertNotEqual(self.archive.search(Search()), [])
        self.store.keep_days = -1.0
        self.store._tidy_at = 0.0
        await self.store.revision()
        await self.store.secret("route-key")
        self.assertEqual(self.archive.search(Search()), [])

    async def test_a_change_log_that_cannot_be_cut(self) -> None:
        """A server whose store takes no changes now is not kept from reading it."""
        self.archive.full = True
        self.assertEqual(await self.store.revision(), 1)

    async def test_nobody_tells(self) -> None:
        """Where a store cannot tell of changes, the poller's ten minutes and umctl remain."""
        heard: list[int] = []
        self.store.listen(lambda: heard.append(1))
        self.archive.put_mailboxes([user("Cem", "1003")])
        await self.store.revision()
        self.assertEqual(heard, [])
