"""A running server whose PostgreSQL goes away and comes back."""

from __future__ import annotations

import time
from pathlib import Path

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from tests.contracts.store import ADA, PEPPER, quick_hash
from tests.interop import peers
from tests.kit.committing import fill, kill_one, opened
from tests.kit.postgresql import PostgresqlServer, missing
from tests.org.examples import ORG, PBX
from umserver.edges.store.archive import Archive
from umserver.edges.store.backend import open_tables
from umserver.edges.store.settings import open_store
from umserver.interfaces import FleetServer, Unavailable
from umserver.org.settings import Organisation
from umserver.roles.poller import Poller

KILLS = 20
COMMITS = 200


class OutageTests(TestCase):
    """The database server is stopped and started under a running umserver."""

    skip = peers.missing() or missing() or None
    timeout = 300.0

    def setUp(self) -> None:
        self.server = PostgresqlServer()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.state = Path(self.mktemp()).absolute()
        self.state.mkdir()
        self.archive = Archive(open_tables(self.server.url, self.state), lambda: PEPPER, quick_hash)
        self.addCleanup(self.archive.close)
        self.archive.import_organisation(ORG, [ADA])
        self.store = open_store(reactor, self.server.url, self.state)
        self.addCleanup(self.store.close)
        self.poller = Poller(reactor, self.store)
        self.addCleanup(self.poller.stop)

    def follows(self, port: int) -> Deferred[float]:
        """Fires when a gateway has this port here, after how many seconds."""
        done: Deferred[float] = Deferred()
        begun = time.monotonic()

        def follow(old: Organisation | None, new: Organisation) -> None:
            if not done.called and new.gateways[0].port == port:
                done.callback(time.monotonic() - begun)

        self.poller.on_change(follow)
        return done

    async def test_an_outage(self) -> None:
        """Without its database a server keeps its last settings, says so, and follows again
        by itself as soon as it can: feature 203."""
        await self.poller.start()
        await self.store.find("Boston", ["1001"])
        self.server.stop()
        await self.poller.poll()
        self.assertEqual(self.poller.settings, ORG)
        self.assertIn("postgresql", self.poller.problem)
        self.assertEqual(await self.store.find("Boston", ["1001"]), {"1001": ADA})
        for question in (
            self.store.find("Boston", ["1002"]),
            self.store.servers(),
            self.store.heartbeat("mbx1", 0, "Active"),
            self.store.register_server(FleetServer("mbx1", "192.0.2.1", ("mbx",))),
        ):
            with self.assertRaises(Unavailable):
                await question
        self.server.start()
        following = self.follows(5070)
        self.archive.put("gateways", evolve(PBX, port=5070))
        self.assertLess(await following, 10.0)
        self.assertEqual(self.poller.problem, "")
        self.assertEqual(await self.store.find("Boston", ["1002"]), {})

    async def test_a_server_that_hangs(self) -> None:
        """A database that does not answer is given up after a bounded time."""
        await self.poller.start()
        with self.server.connect() as connection:
            connection.execute("BEGIN")
            connection.execute("LOCK TABLE umserver.revision IN ACCESS EXCLUSIVE MODE")
            begun = time.monotonic()
            await self.poller.poll()
            self.assertLess(time.monotonic() - begun, 15.0)
            self.assertIn("timeout", self.poller.problem)
            self.assertEqual(self.poller.settings, ORG)
            connection.execute("ROLLBACK")
        await self.poller.poll()
        self.assertEqual(self.poller.problem, "")

    async def test_announcements_for_long(self) -> None:
        """Every one of many changes acts within a second, whoever makes it."""
        await self.poller.start()
        slowest = 0.0
        for number in range(100):
            following = self.follows(6000 + number)
            self.archive.put("gateways", evolve(PBX, port=6000 + number))
            slowest = max(slowest, await following)
            await deferLater(reactor, 0.01)
        self.assertLess(slowest, 1.0)

    def test_many_kills(self) -> None:
        """A program that is killed twenty times while it commits loses nothing acknowledged."""
        self.server.empty()
        archive = opened(self.server.url, self.state)
        fill(archive)
        archive.close()
        for seed in range(KILLS):
            acknowledged, there = kill_one(self.server.url, self.state, seed, COMMITS)
            self.assertIn(there, (acknowledged, acknowledged + 1), f"seed {seed}")
