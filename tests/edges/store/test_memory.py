"""The store in memory."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.change_log import ChangeLogContract
from tests.contracts.lamps import LampContract
from tests.contracts.outbox import OutboxContract
from tests.contracts.store import StoreContract
from umserver.edges.store.backend import open_tables
from umserver.edges.store.tables import Tables


class MemoryStoreTests(
    StoreContract, ChangeLogContract, LampContract, OutboxContract, SynchronousTestCase
):
    """It keeps every promise but the one to last."""

    def open(self) -> Tables:
        return open_tables("memory:", Path("/nowhere"))
