"""The laws of a call's verbs."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_office import MemoryDraft, clip
from tests.kit.fake_phone import FakePhone
from umserver.calls.call import (
    QUIET_SECONDS,
    Call,
    TimeUp,
    handed_on,
)
from umserver.calls.keypad import SecondWaiter
from umserver.interfaces import HungUp, ITake, Recorded


@define(eq=False)
class SlowToEnd(FakePhone):
    """A phone whose recordings end when the test says so."""

    taking: Deferred[Recorded] = field(factory=Deferred)

    def record(self, take: ITake, idle: float, limit: float) -> Deferred[Recorded]:
        return self.taking

    def stop_recording(self) -> None:
        pass


class CallTests(SynchronousTestCase):
    """One call, its keys and its end."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.phone = FakePhone(self.clock)
        self.call = Call(self.phone, self.clock)

    def run_verb(self, verb: object) -> Deferred[object]:
        return Deferred.fromCoroutine(verb)  # type: ignore[arg-type]

    def take(self) -> MemoryDraft:
        return MemoryDraft(envelope=None)  # type: ignore[arg-type]

    def test_prompt_is_heard_to_the_end(self) -> None:
        """A caller who presses nothing hears the whole prompt."""
        done = self.run_verb(self.call.play(clip("welcome", 2)))
        self.assertNoResult(done)
        self.clock.advance(2)
        self.assertTrue(self.successResultOf(done))

    def test_key_cuts_prompt_and_is_kept(self) -> None:
        """A key pressed during a menu stops the prompt and counts as the answer."""
        done = self.run_verb(self.call.play(clip("menu", 9)))
        self.phone.press("3")
        self.assertFalse(self.successResultOf(done))
        self.assertEqual(self.successResultOf(self.run_verb(self.call.key(5))), "3")

    def test_typed_ahead_key_skips_the_prompt(self) -> None:
        """Whoever knows the menu need not listen to it."""
        self.phone.press("12")
        self.assertFalse(self.successResultOf(self.run_verb(self.call.play(clip("menu")))))
        self.assertEqual(self.phone.heard, [])
        self.assertEqual(self.successResultOf(self.run_verb(self.call.key(5))), "1")
        self.assertEqual(self.successResultOf(self.run_verb(self.call.key(5))), "2")

    def test_keys_that_mean_nothing_do_not_cut(self) -> None:
        """A greeting goes on when a key without meaning is pressed."""
        done = self.run_verb(self.call.play(clip("greeting", 2), keys="#"))
        self.phone.press("5")
        self.clock.advance(2)
        self.assertTrue(self.successResultOf(done))
        pressed = self.run_verb(self.call.key(1))
        self.clock.advance(1)
        self.assertIsNone(self.successResultOf(pressed))

    def test_waiting_for_a_key_ends(self) -> None:
        """A silent caller is not waited for longer than said."""
        done = self.run_verb(self.call.key(5))
        self.clock.advance(4.9)
        self.assertNoResult(done)
        self.clock.advance(0.2)
        self.assertIsNone(self.successResultOf(done))

    def test_two_waiters_are_an_error(self) -> None:
        """A script that waits twice at once is told so."""
        self.run_verb(self.call.key(5))
        self.failureResultOf(self.run_verb(self.call.key(5)), SecondWaiter)
        self.phone.press("1")

    def test_hang_up_ends_every_verb_but_record(self) -> None:
        """A script learns at its next verb that the caller is gone."""
        playing = self.run_verb(self.call.play(clip("menu", 5)))
        self.phone.hang_up_now()
        self.failureResultOf(playing, HungUp)
        self.failureResultOf(self.run_verb(self.call.key(5)), HungUp)
        self.failureResultOf(self.run_verb(self.call.transfer("1002")), HungUp)

    def test_hang_up_while_waiting_for_a_key(self) -> None:
        """Nobody waits for a key of a caller who left."""
        done = self.run_verb(self.call.key(5))
        self.phone.hang_up_now()
        self.failureResultOf(done, HungUp)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_hang_up_ends_record_normally(self) -> None:
        """What was said before the caller hung up is a recording like any other."""
        done = self.run_verb(self.call.record(self.take(), idle=5, limit=60))
        self.phone.talk(2)
        self.phone.hang_up_now()
        result = self.successResultOf(done)
        assert isinstance(result, Recorded)
        self.assertEqual((round(result.seconds), result.ended_by), (2, "hangup"))

    def test_only_the_end_key_ends_a_recording(self) -> None:
        """Keys pressed while speaking do not cut the message, except #."""
        done = self.run_verb(self.call.record(self.take(), idle=5, limit=60))
        self.phone.talk(1)
        self.phone.press("5")
        self.assertNoResult(done)
        self.phone.press("#")
        result = self.successResultOf(done)
        assert isinstance(result, Recorded)
        self.assertEqual(result.ended_by, "stopped")

    def test_time_up_ends_prompts_and_recordings(self) -> None:
        """No call outlives its longest duration, and what was recorded is kept."""
        self.call.allow(10)
        done = self.run_verb(self.call.record(self.take(), idle=60, limit=600))
        self.phone.talk(11)
        result = self.successResultOf(done)
        assert isinstance(result, Recorded)
        self.assertEqual(result.ended_by, "limit")
        self.failureResultOf(self.run_verb(self.call.play(clip("menu"))), TimeUp)
        self.failureResultOf(self.run_verb(self.call.key(1)), TimeUp)

    def test_time_limit_goes_with_the_call(self) -> None:
        """A call that ended leaves no timer behind."""
        self.call.allow(10)
        self.phone.hang_up_now()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_other_typed_ahead_keys_do_not_hide_a_meant_one(self) -> None:
        """A wrong key before the right one does not make the right one unheard."""
        self.phone.press("5#")
        self.assertFalse(self.successResultOf(self.run_verb(self.call.play(clip("a"), keys="#"))))
        self.assertEqual(self.successResultOf(self.run_verb(self.call.key(5))), "#")

    def test_keys_after_the_end_of_a_recording_are_kept(self) -> None:
        """Whoever types #1# gets all three keys heard, however long the disk takes."""
        taking: Deferred[Recorded] = Deferred()
        self.phone = SlowToEnd(self.clock, taking=taking)
        self.call = Call(self.phone, self.clock)
        done = self.run_verb(self.call.record(self.take(), idle=5, limit=60))
        self.phone.press("4#1#")
        self.assertNoResult(done)
        taking.callback(Recorded(2.0, 2.0, "stopped"))
        self.successResultOf(done)
        for key in "1#":
            self.assertEqual(self.successResultOf(self.run_verb(self.call.key(5))), key)

    def test_last_word_after_the_time_is_up(self) -> None:
        """When the time is up during a recording the last word is heard to its end."""
        self.call.answered = True
        self.call.allow(10)
        done = self.run_verb(self.record_then_last_word())
        self.clock.pump([1.0] * 14)
        self.successResultOf(done)
        self.assertEqual(self.phone.heard, ["last-word"])

    async def record_then_last_word(self) -> None:
        await self.call.record(self.take(), idle=60, limit=600)
        await self.call.say_last([clip("last-word", 2)])

    def test_ready_in_time(self) -> None:
        """What is done soon is waited for without a word."""
        work: Deferred[str] = Deferred()
        result = handed_on(work)
        done = self.run_verb(self.call.ready(work))
        self.clock.advance(1.0)
        work.errback(ValueError("broken"))
        self.assertTrue(self.successResultOf(done))
        self.failureResultOf(result, ValueError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_ready_in_time(self) -> None:
        """What takes longer than a caller bears in silence is said to; the wait counts from the
        last sound.
        """
        work: Deferred[str] = Deferred()
        said = self.run_verb(self.call.play(clip("prompt", 5)))
        self.clock.advance(5)
        self.successResultOf(said)
        self.clock.advance(1.0)
        done = self.run_verb(self.call.ready(work))
        self.clock.advance(QUIET_SECONDS - 1.1)
        self.assertNoResult(done)
        self.clock.advance(0.2)
        self.assertFalse(self.successResultOf(done))
        again = self.run_verb(self.call.ready(work))
        self.clock.advance(0.1)
        self.assertFalse(self.successResultOf(again))
        work.callback("late")

    def test_phone_without_a_listener(self) -> None:
        """A phone that stops playing by itself has no caller any more; nothing spins."""
        done = self.run_verb(self.call.play(clip("menu", 5)))
        self.phone.stop_playing()
        self.failureResultOf(done, HungUp)
