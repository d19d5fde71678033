"""Blocking work in threads of its own."""

from __future__ import annotations

import gc
import threading
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import TestCase

from umserver.edges.threads import Here, Pool
from umserver.interfaces import Unavailable


class PoolTests(TestCase):
    """A real pool."""

    timeout = 20.0

    def setUp(self) -> None:
        self.pool = Pool(reactor, 3, "test")
        self.addCleanup(self.pool.stop)

    async def test_elsewhere(self) -> None:
        """Work is done in another thread, its answer comes back in this one."""
        worker = await self.pool.run(threading.get_ident)
        self.assertNotEqual(worker, threading.get_ident())

    async def test_bounded(self) -> None:
        """However much is asked for, there are never more threads than allowed."""
        seen: set[int] = set()
        gate = threading.Barrier(3)

        def work(wait: bool) -> None:
            seen.add(threading.get_ident())
            if wait:
                gate.wait(10)

        await gatherResults([self.pool.run(work, number < 3) for number in range(30)])
        self.assertEqual(len(seen), 3)

    async def test_faults_come_back(self) -> None:
        """What the work raises is the answer."""
        await self.assertFailure(self.pool.run(int, "x"), ValueError)

    async def test_nothing_for_the_collector(self) -> None:
        """Works and faults leave nothing that only the garbage collector finds."""
        await self.pool.run(int, "7")
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for _ in range(50):
            await self.pool.run(int, "7")
            await self.pool.run(int, "x").addErrback(lambda fault: None)
        self.assertLess(gc.collect(), 50)

    async def test_stop(self) -> None:
        """After a stop no thread is left, and whoever asks is told instead of left waiting."""
        done: list[int] = []
        self.pool.run(done.append, 1)
        self.pool.stop()
        self.assertEqual(done, [1])
        self.assertFalse([t for t in threading.enumerate() if "test" in t.name])
        await self.assertFailure(self.pool.run(done.append, 2), Unavailable)
        self.pool.stop()

    def test_here(self) -> None:
        """Without threads the answer is there at once."""
        here: Any = Here()
        self.assertEqual(self.successResultOf(here.run(int, "7")), 7)
        self.failureResultOf(here.run(int, "x"), ValueError)
