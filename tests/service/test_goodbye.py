"""How a server ends: calls may finish, unless somebody is in a hurry."""

from __future__ import annotations

import signal
from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.service.goodbye import Goodbye


@define(eq=False)
class Reactor(Clock):
    """A clock that can be stopped, and is told things by signal handlers."""

    running: bool = True
    stops: int = 0
    told: list[Callable[[], object]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        super().__init__()

    def callFromThread(self, act: Callable[[], object]) -> None:
        self.told.append(act)

    def stop(self) -> None:
        self.stops += 1
        self.running = False

    def turn(self) -> None:
        """Do what was told."""
        told, self.told = self.told, []
        for act in told:
            act()


class WaitingTests(SynchronousTestCase):
    """Waiting for calls."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.goodbye = Goodbye(self.reactor)
        self.calls: Deferred[None] = Deferred()
        self.waited = Deferred.fromCoroutine(self.goodbye.wait_for(self.calls, 10.0))

    def test_calls_end(self) -> None:
        """When the calls end the waiting does."""
        self.assertNoResult(self.waited)
        self.calls.callback(None)
        self.assertTrue(self.successResultOf(self.waited))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_bound(self) -> None:
        """Calls that do not end are waited for until the bound."""
        self.reactor.advance(9.9)
        self.assertNoResult(self.waited)
        self.reactor.advance(0.1)
        self.assertFalse(self.successResultOf(self.waited))

    def test_hurry(self) -> None:
        """A second signal ends the waiting, and what is waited for after that."""
        self.goodbye.hurry()
        self.assertFalse(self.successResultOf(self.waited))
        later = Deferred.fromCoroutine(self.goodbye.wait_for(Deferred(), 10.0))
        self.assertFalse(self.successResultOf(later))
        self.goodbye.hurry()


class SignalTests(SynchronousTestCase):
    """SIGTERM, Ctrl-C, and SIGHUP."""

    def setUp(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        self.reactor = Reactor()
        self.readings = 0
        self.goodbye = Goodbye(self.reactor, self.read_again)
        self.goodbye.listen_to_signals()

    def read_again(self) -> None:
        """What SIGHUP asks for."""
        self.readings += 1

    def test_hang_up(self) -> None:
        """SIGHUP ends nothing: it has the certificate read again."""
        for count in (1, 2):
            signal.raise_signal(signal.SIGHUP)
            self.reactor.turn()
            self.assertEqual((self.readings, self.reactor.stops), (count, 0))

    def test_first_and_second(self) -> None:
        """The first signal stops the server, the second ends the waiting; a third does no harm."""
        signal.raise_signal(signal.SIGTERM)
        self.reactor.turn()
        self.assertEqual((self.reactor.stops, self.goodbye.in_a_hurry), (1, False))
        signal.raise_signal(signal.SIGINT)
        self.reactor.turn()
        self.assertEqual((self.reactor.stops, self.goodbye.in_a_hurry), (1, True))
        signal.raise_signal(signal.SIGTERM)
        self.reactor.turn()
        self.assertEqual(self.reactor.stops, 1)
