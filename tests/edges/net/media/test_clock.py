"""What wakes the engine."""

from __future__ import annotations

import os
import time

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactor
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from umserver.edges.net.media.clock import CallLaterPulse, TimerPulse, open_pulse


class TimerTests(SynchronousTestCase):
    """The kernel's timer, read as the reactor would."""

    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.woken = 0
        self.pulse = TimerPulse(self.reactor, self.wake)
        self.addCleanup(self.pulse.close)

    def wake(self) -> None:
        self.woken += 1

    def test_a_moment_in_the_past_wakes_at_once(self) -> None:
        """A tick that is already late is not lost; one wake-up for one moment."""
        verifyObject(IReadDescriptor, self.pulse)
        self.assertIn(self.pulse, self.reactor.getReaders())
        self.assertEqual(self.pulse.logPrefix(), "media clock")
        self.pulse.doRead()
        self.assertEqual(self.woken, 0)
        for moment in (self.pulse.now() - 1.0, 0.0):
            self.pulse.arm(moment)
            self.pulse.doRead()
        self.assertEqual(self.woken, 2)
        self.pulse.doRead()
        self.assertEqual(self.woken, 2)

    def test_a_moment_to_come(self) -> None:
        """What lies ahead does not wake yet, and not at all when it was taken back."""
        self.assertApproximates(self.pulse.now(), time.monotonic(), 0.5)
        self.pulse.arm(self.pulse.now() + 1000.0)
        self.pulse.doRead()
        self.pulse.arm(self.pulse.now() - 1.0)
        self.pulse.disarm()
        self.pulse.doRead()
        self.assertEqual(self.woken, 0)

    def test_the_end(self) -> None:
        """Closed, by us or by the reactor's end, it gives its descriptor back."""
        fd = self.pulse.fileno()
        self.pulse.connectionLost(Failure(RuntimeError("the end")))
        self.pulse.close()
        self.assertNotIn(self.pulse, self.reactor.getReaders())
        with self.assertRaises(OSError):
            os.fstat(fd)


class CallLaterTests(SynchronousTestCase):
    """The same by callLater."""

    def test_one_moment_at_a_time(self) -> None:
        """Arming again replaces the moment; disarmed or closed nothing comes."""
        clock, woken = Clock(), list[float]()
        pulse = CallLaterPulse(clock, lambda: woken.append(clock.seconds()))
        pulse.arm(1.0)
        pulse.arm(2.0)
        clock.pump([1.0, 1.0, 1.0])
        self.assertEqual(woken, [2.0])
        pulse.arm(1.0)
        clock.advance(0.0)
        self.assertEqual(woken, [2.0, 3.0])
        for end in (pulse.disarm, pulse.close):
            pulse.arm(9.0)
            end()
            end()
        clock.advance(10.0)
        self.assertEqual(woken, [2.0, 3.0])

    def test_which_one(self) -> None:
        """With a reactor it is the timer, in tests and where there is none callLater."""
        pulse = open_pulse(Clock(), MemoryReactor(), lambda: None)
        self.addCleanup(pulse.close)
        self.assertIsInstance(pulse, TimerPulse)
        self.assertIsInstance(open_pulse(Clock(), None, lambda: None), CallLaterPulse)

        class Unable(MemoryReactor):
            def addReader(self, reader: object) -> None:
                raise OSError("no")

        self.assertIsInstance(open_pulse(Clock(), Unable(), lambda: None), CallLaterPulse)
