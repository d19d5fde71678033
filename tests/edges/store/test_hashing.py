"""Where PINs are hashed: a row with an end."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from umserver.edges.store.hashing import KEPT_FREE, MOST_OF_ONE, NICENESS, HashingDesk
from umserver.interfaces import Unavailable
from umserver.org.pin_callers import place

BEN, EVE = "2125550142", "2125550143"


class HashingTests(TestCase):
    """One desk."""

    def setUp(self) -> None:
        self.desk = HashingDesk(reactor, most_waiting=KEPT_FREE + 6)
        self.addCleanup(self.desk.stop)
        self.row = ExitStack()
        self.addCleanup(self.row.close)

    def wait(self, caller: str, *, clean: bool = True) -> bool:
        """Stand in the row; whether there was a place."""
        try:
            self.row.enter_context(self.desk.place(caller, clean=clean))
        except Unavailable:
            return False
        return True

    def test_a_full_row(self) -> None:
        """Who comes when the row is full is sent away at once, and nobody waits for long."""
        stood = [self.wait(f"caller {number}") for number in range(KEPT_FREE + 8)]
        self.assertEqual(stood, [True] * (KEPT_FREE + 6) + [False] * 2)
        self.assertEqual(self.desk.shed, 2)
        self.row.close()
        self.assertTrue(self.wait(BEN))

    def test_room_for_good_callers(self) -> None:
        """While guessers fill the row there is room for those who did not guess."""
        stood = [self.wait(f"guesser {number}", clean=False) for number in range(8)]
        self.assertEqual(stood, [True] * 6 + [False] * 2)
        self.assertTrue(self.wait(BEN))

    def test_one_caller_does_not_fill_it(self) -> None:
        """One caller, on however many lines, leaves room for others."""
        stood = [self.wait(EVE) for _ in range(MOST_OF_ONE + 1)]
        self.assertEqual(stood, [True] * MOST_OF_ONE + [False])
        self.assertTrue(self.wait(BEN))
        self.row.close()
        self.assertTrue(self.wait(EVE))

    def test_callers_without_a_number(self) -> None:
        """Those who share the name of their gateway get half of the row together."""
        stood = [self.wait(place("192.0.2.1")) for _ in range(KEPT_FREE)]
        self.assertEqual(sum(stood), (KEPT_FREE + 6) // 2)
        self.assertTrue(self.wait(place("192.0.2.2")))

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
