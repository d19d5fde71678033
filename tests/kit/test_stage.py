"""The stage keeps its promises: time stands until everything else rests."""

from __future__ import annotations

import os
import socket
import sys
from threading import Event
from time import monotonic

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import DatagramProtocol, ProcessProtocol, Protocol, ServerFactory
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.stage import Stage, TooLate, threads_at_work
from umserver.edges.threads import Pool


class Echo(DatagramProtocol):
    """Answers a ping and remembers what it got when."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.heard: list[tuple[float, bytes]] = []

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append((self.stage.seconds(), data))
        assert self.transport is not None
        if data == b"ping":
            self.transport.write(data + b"!", addr)


class Lines(Protocol):
    """Remembers what it got."""

    def __init__(self) -> None:
        self.got = b""

    def dataReceived(self, data: bytes) -> None:
        self.got += data


class StageTests(SynchronousTestCase):
    """Time, sockets, threads and processes on a stage."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.addCleanup(self.stage.close)

    def test_time_walks_from_deadline_to_deadline(self) -> None:
        """Calls happen in order, each at its own moment, also those made meanwhile."""
        start, seen = self.stage.seconds(), []

        def note(name: str) -> None:
            seen.append((name, round(self.stage.seconds() - start, 6)))
            if name == "b":
                self.stage.callLater(0.5, note, "d")

        self.stage.callLater(3.0, note, "c")
        self.stage.callLater(1.0, note, "b")
        self.stage.callLater(0.0, note, "a")
        self.stage.walk(2.0)
        self.assertEqual(seen, [("a", 0.0), ("b", 1.0), ("d", 1.5)])
        self.assertEqual(self.stage.seconds() - start, 2.0)
        self.stage.walk(1.0)
        self.assertEqual(seen[-1], ("c", 3.0))

    def test_an_hour_takes_no_time(self) -> None:
        """Simulated hours do not cost real ones; wall time walks along."""
        real, wall = monotonic(), self.stage.wall()
        self.stage.walk(3600.0)
        self.assertEqual(self.stage.wall() - wall, 3600.0)
        self.assertLess(monotonic() - real, 5.0)

    def test_packets_arrive_before_time_moves(self) -> None:
        """A question and its answer over loopback happen at one simulated moment."""
        one, other = Echo(self.stage), Echo(self.stage)
        here = self.stage.listenUDP(0, one, "127.0.0.1")
        self.stage.listenUDP(0, other, "127.0.0.1")
        assert other.transport is not None
        self.stage.callLater(
            1.0, other.transport.write, b"ping", ("127.0.0.1", here.getHost().port)
        )
        begun = self.stage.seconds()
        self.stage.run_until(lambda: other.heard)
        self.assertEqual(one.heard, [(begun + 1.0, b"ping")])
        self.assertEqual(self.stage.seconds(), begun + 1.0)
        self.assertEqual(other.heard[0][1], b"ping!")

    def test_streams_too(self) -> None:
        """A megabyte over TCP arrives at the moment at which it was sent."""
        line = Lines()
        factory = ServerFactory()
        factory.buildProtocol = lambda addr: line  # type: ignore[method-assign,assignment]
        factory.noisy = False
        port = self.stage.listenTCP(0, factory, interface="127.0.0.1")
        begun = self.stage.seconds()
        with socket.create_connection(("127.0.0.1", port.getHost().port)) as peer:
            peer.setblocking(False)
            sent = peer.send(bytes(100_000))
            self.stage.walk(0.0)
            self.assertEqual(len(line.got), sent)
        self.assertEqual(self.stage.seconds(), begun)

    def test_time_stands_while_threads_work(self) -> None:
        """What a thread of any pool does takes no simulated time, however long it takes."""
        mine = ThreadPool(0, 2, "mine")
        mine.start()
        self.addCleanup(mine.stop)
        for pool in (self.stage.getThreadPool(), mine):
            begun = self.stage.seconds()
            alarm = self.stage.callLater(0.001, lambda: None)
            pause = Event()
            done: Deferred[bool] = deferToThreadPool(self.stage, pool, pause.wait, 0.05)
            self.assertTrue(threads_at_work())
            self.stage.settle()
            self.assertEqual(self.successResultOf(done), False)
            self.assertEqual(self.stage.seconds(), begun)
            self.assertTrue(alarm.active())
            self.assertFalse(threads_at_work())
            alarm.cancel()

    def test_works_of_ours(self) -> None:
        """Neither does what a pool of the server does, fault or not."""
        pool = Pool(self.stage, 2, "ours")
        self.addCleanup(pool.stop)
        begun = self.stage.seconds()
        done, fault = pool.run(Event().wait, 0.05), pool.run(int, "x")
        self.assertEqual(self.stage.errands, 2)
        self.stage.settle()
        self.assertEqual(self.successResultOf(done), False)
        self.failureResultOf(fault, ValueError)
        self.assertEqual((self.stage.errands, self.stage.seconds()), (0, begun))

    def test_many_short_works(self) -> None:
        """Works that make further works all end at the moment at which they began."""
        count = 0

        def again(_: object) -> Deferred[object] | None:
            nonlocal count
            count += 1
            if count >= 300:
                return None
            return deferToThreadPool(
                self.stage, self.stage.getThreadPool(), sum, range(50)
            ).addCallback(again)

        begun = self.stage.seconds()
        alarm = self.stage.callLater(0.001, lambda: None)
        again(None)
        self.stage.settle()
        self.assertEqual((count, self.stage.seconds()), (300, begun))
        alarm.cancel()

    def test_a_child_process_is_waited_for_in_real_time(self) -> None:
        """`wait` lets a process do its work while simulated time stands."""
        ended: Deferred[bytes] = Deferred()

        class Child(ProcessProtocol):
            got = b""

            def outReceived(self, data: bytes) -> None:
                self.got += data

            def processEnded(self, reason: Failure) -> None:
                ended.callback(self.got)

        begun = self.stage.seconds()
        command = [sys.executable, "-c", "print('hello')"]
        self.stage.spawnProcess(Child(), command[0], command, env=dict(os.environ))
        self.assertEqual(self.stage.wait(ended), b"hello\n")
        self.assertEqual(self.stage.seconds(), begun)

    def test_results_and_failures(self) -> None:
        """A Deferred's value comes back, its failure is raised, and lateness says so."""
        self.assertEqual(self.stage.run_until(succeed(5)), 5)
        broken: Deferred[None] = Deferred()
        self.stage.callLater(1.0, broken.errback, KeyError("x"))
        self.assertRaises(KeyError, self.stage.run_until, broken)
        never: Deferred[None] = Deferred()
        self.assertRaises(TooLate, self.stage.run_until, never, 3.0)
        self.assertRaises(TooLate, self.stage.wait, never, 0.02)

    def test_a_loop_without_end_is_found(self) -> None:
        """Calls that always make another at the same moment do not hang a test."""

        def again() -> None:
            self.stage.callLater(0, again)

        again()
        self.assertRaises(TooLate, self.stage.walk, 1.0)

    def test_nothing_is_left(self) -> None:
        """A closed stage holds no socket, no call, no thread."""
        before = len(os.listdir("/proc/self/fd"))
        stage = Stage()
        stage.listenUDP(0, Echo(stage), "127.0.0.1")
        stage.callLater(5.0, self.fail)
        done = deferToThreadPool(stage, stage.getThreadPool(), sum, (1, 2))
        self.assertEqual(stage.run_until(done), 3)
        stage.close()
        stage.close()
        self.assertEqual(stage.getDelayedCalls(), [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
