"""The store in a real PostgreSQL, which the tests start themselves."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.change_log import ChangeLogContract
from tests.contracts.store import StoreContract
from tests.kit.postgresql import missing, shared_server
from umserver.edges.store.backend import open_tables
from umserver.edges.store.tables import Tables


class PostgresqlStoreTests(StoreContract, ChangeLogContract, SynchronousTestCase):
    """It keeps every promise, for several machines."""

    skip = missing() or None

    def open(self) -> Tables:
        self.server = shared_server()
        self.server.empty()
        return open_tables(self.server.url, Path("/nowhere"))
