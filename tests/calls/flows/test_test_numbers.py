"""The smallest scripts: echo, announcement, and the apology for what is not there yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.calls.rehearsal import PLAN
from tests.kit.fake_office import MemoryShelf, office
from tests.kit.fake_phone import FakePhone
from umserver import discover
from umserver.calls import flows
from umserver.calls.call import Call, TimeUp
from umserver.calls.flows.announcement import announce
from umserver.calls.flows.echo import echo
from umserver.calls.flows.not_available import apologise
from umserver.calls.office import Flow, Office
from umserver.interfaces import HungUp
from umserver.org.routes import Route, TestCall
from umserver.org.settings import Organisation

Script = Callable[[Call, Office, Route], Awaitable[str]]


class SmallScriptTests(SynchronousTestCase):
    """One call to each number."""

    def dial(self, script: Script, longest: float = 60.0, has_voice: bool = True) -> Deferred[str]:
        self.clock = Clock()
        self.phone = FakePhone(self.clock)
        self.shelf = MemoryShelf(has_voice=has_voice)
        self.call = Call(self.phone, self.clock)
        self.call.allow(longest)
        route = TestCall(dial_plan=PLAN, flow="echo")
        desk = office(Organisation(), shelf=self.shelf)
        return Deferred.fromCoroutine(script(self.call, desk, route))  # type: ignore[arg-type]

    def test_echo(self) -> None:
        """5008: the caller hears how it works, then itself, whatever is pressed, until it hangs
        up.
        """
        done = self.dial(echo)
        self.assertFalse(self.phone.echoing)
        self.clock.advance(1.1)
        self.assertTrue(self.phone.echoing)
        self.phone.press("12#")
        self.assertNoResult(done)
        self.phone.hang_up_now()
        self.failureResultOf(done, HungUp)
        self.assertEqual(self.phone.heard, ["(answered)", "echo-instructions"])

    def test_echo_has_an_end(self) -> None:
        """5008: the call's longest duration also ends an echo."""
        done = self.dial(echo, longest=30.0)
        self.clock.pump([0.5] * 60)
        self.failureResultOf(done, TimeUp)
        self.assertFalse(self.phone.echoing)

    def test_announcement(self) -> None:
        """5009: speech without a pause, whatever is pressed, until the caller hangs up."""
        done = self.dial(announce)
        for _ in range(100):
            self.clock.advance(0.1)
            self.phone.press("1")
            self.assertTrue(self.phone.playing)
        self.assertGreaterEqual(self.phone.heard.count("announcement-test"), 9)
        self.phone.hang_up_now()
        self.failureResultOf(done, HungUp)

    def test_announcement_without_a_voice(self) -> None:
        """5009: without a voice there is a tone now and then, and the server goes on breathing."""
        done = self.dial(announce, has_voice=False)
        self.clock.pump([0.1] * 50)
        self.assertLessEqual(self.phone.heard.count("beep"), 6)
        self.phone.hang_up_now()
        self.failureResultOf(done, HungUp)

    def test_not_available(self) -> None:
        """5000, 5001: a number without a service yet says so and ends the call."""
        done = self.dial(apologise)
        self.clock.advance(2.1)
        self.assertEqual(self.successResultOf(done), "not-available")
        self.assertEqual(self.phone.heard, ["(answered)", "service-not-available", "goodbye"])

    def test_every_script_is_found(self) -> None:
        """A script is added by adding its module; all that are there are found by name."""
        found = {flow.name for flow in discover.constants(flows, "FLOW") if isinstance(flow, Flow)}
        self.assertLessEqual({"leave-message", "echo", "announcement", "not-available"}, found)
