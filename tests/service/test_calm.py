"""The interpreter does not pause while something goes on."""

from __future__ import annotations

import gc
import sys
import weakref

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.service.calm import EVERY, GROWTH, SHORTEST, YOUNG, Calm


class Knot:
    """Something that only the garbage collector frees."""

    def __init__(self) -> None:
        self.me = self


class CalmTests(SynchronousTestCase):
    """A process that is busy, or not."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.figure = 0
        self.memory = 0
        self.calm = Calm(self.clock, lambda: self.figure, lambda: self.memory)
        self.before = (sys.getswitchinterval(), gc.get_freeze_count())
        self.calm.begin()
        self.addCleanup(self.calm.end)

    def pass_time(self, seconds: float, *, busy: bool) -> None:
        for _ in range(int(seconds / EVERY)):
            self.figure += busy
            self.clock.advance(EVERY)

    def test_a_quiet_moment_is_used(self) -> None:
        """As soon as nothing goes on what was thrown away is looked for."""
        knot = weakref.ref(Knot())
        self.pass_time(EVERY, busy=True)
        self.assertEqual(self.calm.looks, 0)
        self.pass_time(EVERY, busy=False)
        self.assertEqual(self.calm.looks, 1)
        self.assertIsNone(knot())

    def test_without_a_quiet_moment(self) -> None:
        """A server that is never quiet does not fill up: when it has grown there is a look."""
        for _ in range(2):
            self.memory += GROWTH
            self.pass_time(SHORTEST, busy=True)
        self.assertEqual(self.calm.looks, 2)
        self.assertGreater(self.calm.longest, 0.0)

    def test_nothing_grows(self) -> None:
        """The sound is not stopped by a look while memory stays as it is, however long."""
        self.memory += GROWTH - 1
        self.pass_time(7200, busy=True)
        self.assertEqual(self.calm.looks, 0)

    def test_looks_are_rare(self) -> None:
        """While memory grows and grows there is one look a minute."""
        for _ in range(12):
            self.memory += GROWTH
            self.pass_time(10, busy=True)
        self.assertEqual(self.calm.looks, 2)

    def test_the_young_are_looked_through_by_time(self) -> None:
        """What was made and thrown away just now goes soon, however busy; the old is let be."""
        self.pass_time(EVERY, busy=True)
        old, young = Knot(), weakref.ref(Knot())
        self.clock.advance(YOUNG)
        self.assertIsNone(young())
        gone, old = weakref.ref(old), Knot()
        self.clock.advance(YOUNG)
        self.assertIsNotNone(gone())
        self.pass_time(EVERY, busy=False)
        self.assertIsNone(gone())
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_the_start_is_spared(self) -> None:
        """What lives when calls begin to come is never looked at again, until the end."""
        self.assertGreater(gc.get_freeze_count(), 10_000)
        self.assertLess(sys.getswitchinterval(), 0.002)
        self.calm.end()
        self.assertEqual((sys.getswitchinterval(), gc.get_freeze_count()), (self.before[0], 0))
        self.calm.end()

    def test_no_round_of_its_own(self) -> None:
        """The collector does not stop the sound by itself, whatever is made; afterwards it may."""
        self.assertFalse(gc.isenabled())
        self.calm.end()
        self.assertTrue(gc.isenabled())
