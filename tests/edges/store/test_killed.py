"""Programs that are killed while they change the store."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.committing import fill, kill_one, opened
from tests.kit.postgresql import missing, shared_server

COMMITS = 200
ROUNDS = int(os.environ.get("UMSERVER_KILLS", "3"))
"""How often; UMSERVER_KILLS=100 tries it for long."""


class KilledMixin(SynchronousTestCase):
    """kill -9 in the middle of two hundred random commits."""

    def url(self) -> str:
        """An empty store."""
        return "sqlite:"

    def test_killed(self) -> None:
        """The store opens, every acknowledged change is there, and none is there by half."""
        url, state = self.url(), Path(self.mktemp()).absolute()
        state.mkdir()
        archive = opened(url, state)
        fill(archive)
        archive.close()
        for seed in range(ROUNDS):
            acknowledged, there = kill_one(url, state, seed, COMMITS)
            self.assertIn(there, (acknowledged, acknowledged + 1), f"seed {seed}")


class KilledAtSqliteTests(KilledMixin):
    """On this machine."""


class KilledAtPostgresqlTests(KilledMixin):
    """The program that changes a store on another machine is killed."""

    skip = missing() or None

    def url(self) -> str:
        server = shared_server()
        server.empty()
        return server.url


del KilledMixin
