"""The driver: effects first, then the one timer, then the telling, never one in the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from attrs import define, field
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net.driver import LONGEST_SLEEP, Driver
from umserver.wire.sip.effects import Dropped, Effect, Ended, Flow, Send
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.trace import TracedMessage

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))


def ended(name: str) -> Ended:
    return Ended(name, "peer", "BYE")


@define(eq=False)
class ScriptedEndpoint:
    """Answers what the test laid out, and writes down what it was asked."""

    log: list[str]
    deadline: float | None = None
    answers: list[list[Effect]] = field(factory=list)
    fault: Exception | None = None
    times: list[float] = field(factory=list)

    def receive(self, data: bytes, flow: Flow, now: float) -> list[Effect]:
        return self._next("receive", now)

    def wake(self, now: float) -> list[Effect]:
        self.deadline = None
        return self._next("wake", now)

    def lost(self, flow: Flow, now: float) -> list[Effect]:
        return self._next("lost", now)

    def _next(self, what: str, now: float) -> list[Effect]:
        self.log.append(what)
        self.times.append(now)
        if self.fault is not None:
            raise self.fault
        return self.answers.pop(0) if self.answers else []


@define(eq=False)
class LoggingClock(Clock):
    """A clock that writes down when the timer is armed."""

    log: list[str]

    def __attrs_post_init__(self) -> None:
        super().__init__()

    def callLater(self, when: float, what: Callable[..., object], *a: object, **kw: object) -> Any:
        self.log.append(f"arm {when:g}")
        return super().callLater(when, what, *a, **kw)


class DriverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.log: list[str] = []
        self.clock = LoggingClock(self.log)
        self.endpoint = ScriptedEndpoint(self.log)
        self.on_tell: Callable[[Effect], None] | None = None
        self.on_send: Callable[[], None] | None = None
        self.traced: list[TracedMessage] = []
        self.driver = Driver(
            clock=self.clock,
            seconds=lambda: 500.0 + self.clock.seconds(),
            endpoint=cast(Endpoint, self.endpoint),
            tell=self.tell,
            trace=self.traced.append,
        )
        self.driver.transports = {"udp": self}

    def tell(self, effect: Effect) -> None:
        self.log.append(f"tell {getattr(effect, 'call', '?')}")
        if self.on_tell is not None:
            self.on_tell(effect)

    def send(self, data: bytes, flow: Flow) -> None:
        """A transport."""
        self.log.append(f"send {data.decode()}")
        if self.on_send is not None:
            self.on_send()

    def test_order(self) -> None:
        """Everything is sent, then the timer is armed, and only then anybody is told."""
        self.endpoint.deadline = 503.0
        self.endpoint.answers = [[ended("1"), Send(b"a", FLOW), ended("2"), Send(b"b", FLOW)]]
        self.driver.received(b"x", FLOW)
        self.assertEqual(self.log, ["receive", "send a", "send b", "arm 3", "tell 1", "tell 2"])

    def test_telling_is_never_nested(self) -> None:
        """What a listener brings about is sent at once and told after what was told before."""
        self.endpoint.answers = [[ended("1"), ended("2")]]

        def act(effect: Effect) -> None:
            if effect == ended("1"):
                self.driver.perform([Send(b"answer", FLOW), ended("3")])
                self.log.append("listener done")

        self.on_tell = act
        self.driver.received(b"x", FLOW)
        self.assertEqual(
            self.log, ["receive", "tell 1", "send answer", "listener done", "tell 2", "tell 3"]
        )

    def test_listener_that_fails(self) -> None:
        """A listener's bug is logged; the others are told all the same."""
        self.endpoint.answers = [[ended("1"), ended("2")]]

        def fail(effect: Effect) -> None:
            if effect == ended("1"):
                raise RuntimeError("bug")

        self.on_tell = fail
        self.driver.received(b"x", FLOW)
        self.assertEqual(self.log, ["receive", "tell 1", "tell 2"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_endpoint_that_fails(self) -> None:
        """A bug of the endpoint costs one message; the timer still runs."""
        self.endpoint.fault = RuntimeError("bug")
        self.endpoint.deadline = 501.0
        self.driver.received(b"x", FLOW)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.endpoint.fault = None
        self.endpoint.deadline = None
        self.clock.advance(1)
        self.assertEqual(self.log, ["receive", "arm 1", "wake"])

    def test_timer(self) -> None:
        """The endpoint is woken when it wants to, with its own time."""
        self.endpoint.deadline = 502.0
        self.driver.perform([])
        self.clock.advance(1.9)
        self.assertEqual(self.endpoint.times, [])
        self.endpoint.answers = [[Send(b"again", FLOW)]]
        self.clock.advance(0.1)
        self.assertEqual(self.endpoint.times, [502.0])
        self.assertIn("send again", self.log)

    def test_one_timer(self) -> None:
        """There is one timer; it moves with the deadline and stays when the deadline stays."""
        for deadline in (510.0, 505.0, 505.0, 520.0, None):
            self.endpoint.deadline = deadline
            self.driver.perform([])
            self.assertEqual(len(self.clock.getDelayedCalls()), deadline is not None)
        self.assertEqual(self.log, ["arm 10", "arm 5", "arm 20"])

    def test_deadline_that_has_passed(self) -> None:
        """A deadline of the past is due at once, one far away is looked at in between."""
        self.endpoint.deadline = 400.0
        self.driver.perform([])
        self.endpoint.deadline = 500.0 + 10 * LONGEST_SLEEP
        self.driver.perform([])
        self.assertEqual(self.log, ["arm 0", f"arm {LONGEST_SLEEP:g}"])

    def test_flow_lost_while_sending(self) -> None:
        """A transport that fails within a send is heard after the step, not inside of it."""
        self.endpoint.answers = [[Send(b"a", FLOW), Send(b"b", FLOW)]]
        self.on_send = lambda: self.driver.lost(FLOW)
        self.driver.received(b"x", FLOW)
        self.assertEqual([e for e in self.log if e != "arm 0"], ["receive", "send a", "send b"])
        self.clock.advance(0)
        self.assertEqual(self.log[-2:], ["lost", "lost"])

    def test_lost_flow(self) -> None:
        """A flow that is lost at rest is told to the endpoint at once."""
        self.endpoint.answers = [[ended("1")]]
        self.driver.lost(FLOW)
        self.assertEqual(self.log, ["lost", "tell 1"])

    def test_no_such_transport(self) -> None:
        """A flow over a transport that we do not speak is lost, and the operator reads it."""
        events: list[str] = []

        def observe(event: Any) -> None:
            if event.get("log_namespace", "").endswith("net.driver"):
                events.append(event["log_format"])

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.driver.perform([Send(b"a", Flow("tls", ("192.0.2.1", 5061), ("192.0.2.2", 5061)))])
        self.clock.advance(0)
        self.assertEqual(self.log, ["arm 0", "lost"])
        self.assertEqual(len(events), 1)

    def test_counters_and_trace(self) -> None:
        """Messages are counted and traced both ways; what is dropped is counted and not told."""
        self.endpoint.answers = [[Send(b"a", FLOW), Dropped("noise", FLOW.remote)]]
        self.driver.received(b"x", FLOW)
        driver = self.driver
        counts = (driver.received_count, driver.sent_count, driver.dropped_count)
        self.assertEqual(counts, (1, 1, 1))
        ways = [(t.source, t.destination, t.data, t.time) for t in self.traced]
        self.assertEqual(
            ways,
            [(FLOW.remote, FLOW.local, b"x", 500.0), (FLOW.local, FLOW.remote, b"a", 500.0)],
        )
        self.assertNotIn("tell ?", self.log)

    def test_stopped(self) -> None:
        """Once stopped nothing is sent, received or waited for; what is told is still told."""
        self.endpoint.deadline = 505.0
        self.driver.perform([])
        self.driver.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.log.clear()
        self.driver.received(b"x", FLOW)
        self.driver.lost(FLOW)
        self.driver.perform([Send(b"a", FLOW), ended("1")])
        self.assertEqual(self.log, ["tell 1"])
        self.driver.stop()
