"""The store in a real PostgreSQL, which the tests start themselves."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.contracts.change_log import ChangeLogContract
from tests.contracts.lamps import LampContract
from tests.contracts.outbox import OutboxContract
from tests.contracts.store import ADA, BEN, PEPPER, StoreContract, quick_hash
from tests.kit.postgresql import ROLE, missing, shared_server
from tests.org.examples import ORG, PBX
from umserver.edges.store.archive import Archive, open_archive
from umserver.edges.store.backend import open_tables
from umserver.edges.store.forms import user_row_of
from umserver.edges.store.ledger import Search
from umserver.edges.store.settings import open_store
from umserver.edges.store.tables import Conflict, Tables
from umserver.interfaces import FleetServer, RequestedState, Unavailable
from umserver.org.settings import Organisation
from umserver.roles.poller import Poller


class PostgresqlStoreTests(
    StoreContract, ChangeLogContract, LampContract, OutboxContract, SynchronousTestCase
):
    """It keeps every promise, for several machines."""

    skip = missing() or None

    def open(self) -> Tables:
        self.state = Path(self.mktemp())
        self.state.mkdir()
        self.server = shared_server()
        self.server.empty()
        return open_tables(self.server.url, self.state)

    def again(self) -> Archive:
        """A second machine at the same store."""
        archive = open_archive(self.server.url, self.state)
        self.addCleanup(archive.close)
        return archive

    def test_two_machines_see_each_other(self) -> None:
        """What is changed on one machine is there on the other one."""
        self.fill()
        other = open_archive(self.server.socket_url, Path("/nowhere"))
        self.addCleanup(other.close)
        self.assertEqual(other.load(), ORG)
        self.archive.remove("mailboxes", ADA.address)
        self.assertEqual(other.revision(), 2)
        self.assertEqual(other.find("Boston", ["1001"]), {})
        self.assertEqual(other.secret("route-key"), self.archive.secret("route-key"))

    def test_cut_connections(self) -> None:
        """After the server was restarted the store goes on by itself."""
        self.fill()
        self.server.cut()
        self.assertEqual(self.archive.load(), ORG)
        self.server.cut()
        self.archive.put("gateways", evolve(PBX, port=5070))
        self.server.cut()
        self.assertEqual(self.archive.get("gateways", PBX.name).thing.port, 5070)

    def test_cut_in_the_middle_of_a_change(self) -> None:
        """A change whose connection is cut is told as failed, and nothing of it is there."""
        self.fill()
        with self.assertRaises(Unavailable), self.tables.writing() as work:
            work.remove("gateways", PBX.name)
            self.server.cut()
            work.remove("dial_plans", "Boston")
        self.assertEqual((self.archive.load(), self.archive.revision()), (ORG, 1))

    def test_changes_stand_in_line(self) -> None:
        """Two administrators at once: the second one's change is checked against the first's."""
        self.fill()
        other = self.again()
        done: list[object] = []

        def second() -> None:
            try:
                done.append(other.put("mailboxes", evolve(BEN, extension="1005")))
            except Conflict as fault:
                done.append(str(fault))

        thread = Thread(target=second)
        with self.tables.writing() as work:
            work.put_user(user_row_of(evolve(ADA, extension="1005")))
            thread.start()
            thread.join(0.2)
            self.assertEqual(done, [])
        thread.join(20.0)
        self.assertEqual(done, ["1005 belongs to ada@example.com already"])

    def test_heartbeats_wait_for_nobody(self) -> None:
        """A long change of settings does not make servers look dead."""
        self.fill()
        server = FleetServer("mbx1", "192.0.2.1", ("mbx",))
        other = self.again()
        other.register_server(server)
        with self.tables.writing() as work:
            work.remove("gateways", PBX.name)
            self.assertTrue(other.heartbeat("mbx1", 3, "Active"))
            self.assertEqual(other.servers()[0].calls, 3)

    def test_a_locked_store(self) -> None:
        """Somebody's endless transaction is told after a bounded time, in words."""
        self.fill()
        session = self.tables._connected()  # type: ignore[attr-defined]
        session.execute("SET lock_timeout TO '50ms'")
        with (
            self.again().tables.writing(),
            self.assertRaisesRegex(Unavailable, "lock timeout"),
        ):
            self.archive.put("gateways", evolve(PBX, port=5070))
        self.archive.put("gateways", evolve(PBX, port=5070))

    def test_roles(self) -> None:
        """PostgreSQL's own roles decide who may change something; the log names them."""
        self.fill()
        with self.server.connect() as connection:
            connection.execute("DROP ROLE IF EXISTS reader")
            connection.execute("CREATE ROLE reader LOGIN")
            connection.execute("GRANT USAGE ON SCHEMA umserver TO reader")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA umserver TO reader")
        reader = open_archive(self.server.url.replace(ROLE, "reader"), self.state)
        self.addCleanup(reader.close)
        self.assertEqual(reader.load(), ORG)
        with self.assertRaisesRegex(Unavailable, "permission denied"):
            reader.put("gateways", evolve(PBX, port=5070))
        self.assertEqual(reader.load(), ORG)
        self.assertTrue(reader.search(Search(most=1))[0].who.startswith(f"{ROLE} ("))

    def test_what_cannot_be_opened(self) -> None:
        """A server that is not there, or of a newer version, is told in words without passwords."""
        with self.assertRaisesRegex(Unavailable, "postgresql 127.0.0.1:1/um: .*refused") as told:
            open_tables("postgresql://um:s3cret@127.0.0.1:1/um", self.state)
        self.assertNotIn("s3cret", str(told.exception))
        with self.assertRaisesRegex(ValueError, "cannot be read"):
            open_tables("postgresql://um@host:port/um?what=ever", self.state)
        with self.server.connect() as connection:
            connection.execute("UPDATE umserver.schema_version SET number = 99")
        with self.assertRaisesRegex(Unavailable, "newer version"):
            open_tables(self.server.url, self.state)

    def test_many_begin_at_once(self) -> None:
        """Several servers that meet an empty database make its tables once."""
        self.server.empty()
        made: list[Tables] = []
        threads = [
            Thread(target=lambda: made.append(open_tables(self.server.url, self.state)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20.0)
        for tables in made:
            tables.close()
        self.assertEqual(len(made), 4)

    def test_a_store_of_an_older_version(self) -> None:
        """After an update people can be found by name without being touched."""
        carla = evolve(BEN, first_name="Carla", last_name="Zola")
        self.archive.import_organisation(ORG, [ADA, carla])
        with self.server.connect() as connection:
            for table in ("names", "lamps", "keepers", "outbox", "recordings"):
                connection.execute(f"DROP TABLE umserver.{table}")
            connection.execute("UPDATE umserver.schema_version SET number = 2")
        self.archive.close()
        self.archive = self.again()
        self.assertEqual(self.spelled("9652", 9), [BEN.address])

    def test_backups(self) -> None:
        """Whoever asks for a backup hears how PostgreSQL makes them."""
        with self.assertRaisesRegex(ValueError, "pg_dump"):
            self.archive.back_up(self.state / "backup.db")
        with self.assertRaisesRegex(ValueError, "pg_dump"):
            self.archive.restore(self.state / "backup.db")


class AnnouncementTests(TestCase):
    """Servers on all machines hear of a change when it is made."""

    skip = missing() or None
    timeout = 60.0

    def setUp(self) -> None:
        self.server = shared_server()
        self.server.empty()
        self.state = Path(self.mktemp())
        self.archive = Archive(open_tables(self.server.url, self.state), lambda: PEPPER, quick_hash)
        self.addCleanup(self.archive.close)
        self.archive.import_organisation(ORG, [ADA])
        self.store = open_store(reactor, self.server.url, self.state)
        self.addCleanup(self.store.close)
        self.poller = Poller(reactor, self.store)
        self.addCleanup(self.poller.stop)

    def change(self, port: int) -> Deferred[float]:
        """Another machine changes a gateway; fires when it is in force here, after how long."""
        done: Deferred[float] = Deferred()
        begun = time.monotonic()

        def follow(old: Organisation | None, new: Organisation) -> None:
            if not done.called and new.gateways[0].port == port:
                done.callback(time.monotonic() - begun)

        self.poller.on_change(follow)
        self.archive.put("gateways", evolve(PBX, port=port))
        return done

    async def test_a_change_acts_within_a_second(self) -> None:
        """What is changed on one machine is in force on all others within a second."""
        await self.poller.start()
        for port in (5070, 5071, 5072):
            self.assertLess(await self.change(port), 1.0)

    async def test_a_lost_connection(self) -> None:
        """After the connection was lost nothing stays overlooked, and announcements go on."""
        await self.poller.start()
        await self.change(5070)
        self.server.cut()
        await self.change(5071)
        await self.change(5072)
        self.assertEqual(self.poller.problem, "")

    async def test_states_are_announced(self) -> None:
        """An administrator at another machine takes a server out of service at once."""
        heard: Deferred[None] = Deferred()
        await self.poller.start()
        await self.change(5070)
        self.store.listen(lambda: None if heard.called else heard.callback(None))
        self.archive.set_state(
            RequestedState("mbx1", "UnifiedMessaging", "Maintenance", "Inactive", 10.0)
        )
        await heard
