"""The log on the console."""

from __future__ import annotations

import time
from io import StringIO
from typing import Any

from attrs import define, field
from twisted.logger import ILogObserver, Logger, LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from umserver import logs


@define
class Watched:
    """A console and a logger that speaks to it alone."""

    out: StringIO = field(factory=StringIO)

    def logger(self, namespace: str = "umserver.roles.mbx") -> Logger:
        observer = logs.ConsoleObserver(self.out, local_time=time.gmtime)
        return Logger(namespace, observer=observer)

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()


def event(**fields: Any) -> dict[str, Any]:
    """An event of ours at a known time."""
    return {
        "log_time": 1700000000.25,
        "log_level": LogLevel.info,
        "log_namespace": "umserver.roles.mbx",
        **fields,
    }


class ConsoleTests(SynchronousTestCase):
    """What a person sees who watches the server run."""

    def setUp(self) -> None:
        self.watched = Watched()

    def test_one_readable_line(self) -> None:
        """Time, level, place, call and text stand in one line."""
        logs.ConsoleObserver(self.watched.out, local_time=time.gmtime)(
            event(log_format="call over: {outcome}", outcome="message", call="abc@pbx")
        )
        self.assertEqual(
            self.watched.lines,
            ["2023-11-14 22:13:20.250 info  roles.mbx      [abc@pbx] call over: message"],
        )

    def test_what_comes_by_the_thousand(self) -> None:
        """A peer cannot fill the disk with lines; what is left out is counted, the rest is told."""
        observer = logs.ConsoleObserver(self.watched.out, local_time=time.gmtime)
        for n in range(100_000):
            observer(event(log_format="refused: {why}", why=n, log_time=1700000000 + n / 10_000))
        observer(event(log_format="call over", log_time=1700000010.0))
        self.assertLess(len(self.watched.lines), 2 * (200 + 50) + 2)
        self.assertIn("call over", self.watched.lines[-1])
        observer(event(log_format="refused: {why}", why="last", log_time=1700000300.0))
        self.assertIn("refused: last", self.watched.lines[-2])
        lines = self.watched.lines
        told = [int(line.split("… ")[1].split()[0]) for line in lines if "left out" in line]
        refused = sum("refused: " in line for line in self.watched.lines)
        self.assertEqual(sum(told) + refused, 100_001)

    def test_kinds_are_bounded(self) -> None:
        """However many kinds of lines there are, few are kept in mind."""
        observer = logs.ConsoleObserver(self.watched.out, local_time=time.gmtime)
        for n in range(5000):
            observer(event(log_format=f"kind {n}"))
        self.assertEqual(len(self.watched.lines), 5000)
        self.assertLessEqual(len(observer._kinds), logs.MOST_KINDS)

    def test_no_secret_is_shown(self) -> None:
        """A PIN, key or password that slips into an event is masked."""
        self.watched.logger().warn("wrong {pin} with {key}", pin="246813", key=b"topsecret")
        self.assertNotIn("246813", self.watched.out.getvalue())
        self.assertNotIn("topsecret", self.watched.out.getvalue())
        self.assertIn("wrong ••• with •••", self.watched.lines[0])

    def test_what_came_from_outside_cannot_forge_a_line(self) -> None:
        """A caller's name with line ends or terminal codes stays one harmless line."""
        self.watched.logger().info("call from {name}", name="Eve\r\n\x1b[2Jfake\u2028line")
        self.assertEqual(len(self.watched.lines), 1)
        self.assertNotIn("\x1b", self.watched.out.getvalue())
        self.assertIn("Eve\\r\\n\\x1b[2Jfake\\u2028line", self.watched.lines[0])

    def test_braces_from_outside_are_text(self) -> None:
        """A value that looks like a format is not formatted again."""
        self.watched.logger().info("name {name}", name="{log_time}")
        self.assertIn("name {log_time}", self.watched.lines[0])

    def test_the_framework_is_quiet(self) -> None:
        """Ports opened and factories started are nobody's concern; its warnings are."""
        self.watched.logger("twisted.internet.udp").info("Protocol starting on 5060")
        self.watched.logger("umserverish.other").info("not ours")
        self.assertEqual(self.watched.lines, [])
        self.watched.logger("twisted.internet.udp").warn("unusual")
        self.assertIn("warn  udp", self.watched.lines[0])

    def test_debug_is_hidden_unless_wanted(self) -> None:
        """Details appear only for those who ask for them."""
        self.watched.logger().debug("detail")
        self.assertEqual(self.watched.lines, [])
        logs.ConsoleObserver(self.watched.out, LogLevel.debug)(
            event(log_level=LogLevel.debug, log_format="detail")
        )
        self.assertEqual(len(self.watched.lines), 1)

    def test_a_fault_comes_with_its_traceback(self) -> None:
        """A bug is shown with where it happened, below its line."""
        try:
            raise ValueError("broken\nline")
        except ValueError:
            self.watched.logger().failure("the script failed", call="c1")
        self.assertIn("ERROR", self.watched.lines[0])
        self.assertIn("the script failed", self.watched.lines[0])
        self.assertTrue(all(line.startswith("    | ") for line in self.watched.lines[1:]))
        self.assertIn("test_logs.py", self.watched.out.getvalue())

    def test_faults_of_the_framework_are_shown(self) -> None:
        """An unhandled error in a Deferred is seen, whoever logs it."""
        logs.ConsoleObserver(self.watched.out)(
            {"isError": 1, "log_failure": Failure(ValueError("lost")), "log_format": "Unhandled"}
        )
        self.assertIn("Unhandled", self.watched.lines[0])

    def test_endless_text_is_cut(self) -> None:
        """One event cannot flood the screen."""
        self.watched.logger().info("{text}", text="x" * 100_000)
        self.assertLess(len(self.watched.lines[0]), 2200)

    def test_twistd_can_use_it(self) -> None:
        """`--logger=umserver.logs.console` names something that makes an observer."""
        self.assertTrue(verifyObject(ILogObserver, logs.console()))
