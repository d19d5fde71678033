"""Where PINs are hashed: a row with an end."""

from __future__ import annotations

import os
import threading

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from umserver.edges.store.hashing import MOST_OF_ONE, NICENESS, HashingDesk
from umserver.interfaces import Unavailable


class HashingTests(TestCase):
    """One desk."""

    def setUp(self) -> None:
        self.desk = HashingDesk(reactor, most_waiting=6)
        self.addCleanup(self.desk.stop)

    def test_a_full_row(self) -> None:
        """Who comes when the row is full is sent away at once, and nobody waits for long."""
        places = [self.desk.place() for _ in range(6)]
        for place in places:
            place.__enter__()
        with self.assertRaises(Unavailable), self.desk.place("2125550142"):
            pass
        self.assertEqual(self.desk.shed, 1)
        places[0].__exit__(None, None, None)
        with self.desk.place("2125550142"):
            pass

    def test_one_caller_does_not_fill_it(self) -> None:
        """One caller, on however many lines, leaves room for others."""
        places = [self.desk.place("2125550142") for _ in range(MOST_OF_ONE)]
        for place in places:
            place.__enter__()
        with self.assertRaises(Unavailable), self.desk.place("2125550142"):
            pass
        with self.desk.place("2125550143"):
            pass
        for place in places:
            place.__exit__(None, None, None)
        with self.desk.place("2125550142"):
            pass

    async def test_low_priority(self) -> None:
        """Hashing waits for calls, not the other way round."""

        def priority() -> tuple[int, int]:
            own = threading.get_native_id()
            return own, os.getpriority(os.PRIO_PROCESS, own)

        before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        thread, niceness = await self.desk.run(priority)
        self.assertNotEqual(thread, threading.get_native_id())
        self.assertEqual(niceness, max(before, NICENESS))
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), before)

    def test_the_end(self) -> None:
        """After the end nothing is hashed."""
        self.desk.stop()
        self.assertRaises(Unavailable, self.desk.run, lambda: None)
