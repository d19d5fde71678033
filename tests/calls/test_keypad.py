"""Keys between the caller who presses them and the script that asks for them."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.calls.keypad import MOST_TYPED_AHEAD, Keypad, SecondWaiter


class KeypadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.keypad = Keypad(self.clock)

    def wait(self, timeout: float = 5.0) -> Deferred[str | None]:
        """A script that waits."""
        return Deferred.fromCoroutine(self.keypad.wait(timeout))

    def keep(self, keys: str) -> None:
        """Type these ahead."""
        for key in keys:
            self.keypad.keep(key)

    def taken(self) -> str:
        """All that was typed ahead."""
        return "".join(self.keypad.take() for _ in range(self.keypad.ahead))

    def test_more_keys_than_anybody_types(self) -> None:
        """A machine that presses keys without end fills no memory."""
        self.keep("1" * 1000)
        self.assertEqual(self.taken(), "1" * MOST_TYPED_AHEAD)

    def test_in_their_order(self) -> None:
        """Keys are heard in the order in which they were pressed; what is put back comes first."""
        self.keep("345")
        self.keypad.put_back("12")
        self.assertEqual(self.taken(), "12345")

    def test_keys_without_meaning(self) -> None:
        """Keys before the first that means something are forgotten, those behind it are not."""
        self.keep("77#7")
        self.keypad.drop_until("#*")
        self.assertEqual(self.taken(), "#7")
        self.keep("777")
        self.keypad.drop_until("#*")
        self.assertEqual(self.keypad.ahead, 0)

    def test_who_waits_gets_the_key(self) -> None:
        """A script that waits has the key at once, and nobody waits any more."""
        pressed = self.wait()
        self.assertTrue(self.keypad.is_awaited)
        self.keypad.wake("7")
        self.assertEqual(self.successResultOf(pressed), "7")
        self.assertFalse(self.keypad.is_awaited)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nobody_presses(self) -> None:
        """The wait is as long as was said, and may begin anew."""
        for _ in range(2):
            pressed = self.wait(5.0)
            self.clock.advance(4.9)
            self.assertNoResult(pressed)
            self.clock.advance(0.1)
            self.assertIsNone(self.successResultOf(pressed))

    def test_two_scripts(self) -> None:
        """The second of two that wait is told so; the first gets its key."""
        first = self.wait()
        self.failureResultOf(self.wait(), SecondWaiter)
        self.keypad.wake("1")
        self.assertEqual(self.successResultOf(first), "1")

    def test_a_script_that_is_cancelled(self) -> None:
        """Who gives up waiting leaves no alarm, and the next may wait."""
        pressed = self.wait()
        pressed.cancel()
        self.failureResultOf(pressed)
        self.assertEqual((self.keypad.is_awaited, self.clock.getDelayedCalls()), (False, []))

    def test_quiet(self) -> None:
        """How long no key came is counted from the last one, typed ahead or not."""
        self.keypad.touch()
        self.clock.advance(1.5)
        self.assertEqual(self.keypad.quiet_seconds, 1.5)
