"""The small conversations: a menu's patience, and words for those who wait."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_office import MemoryShelf, clip
from tests.kit.fake_phone import FakePhone
from umserver.calls.call import Call
from umserver.calls.dialogs import MOST_REPEATS, menu, patiently
from umserver.calls.prompts import Speaker
from umserver.interfaces import HungUp, Unavailable


class DialogTests(SynchronousTestCase):
    """One caller in a small conversation."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.phone = FakePhone(self.clock)
        self.call = Call(self.phone, self.clock)
        self.shelf = MemoryShelf()
        self.speaker = Speaker(self.shelf, "en-US")

    def menu(self, **choices: str) -> Deferred[str | None]:
        """A menu of `k1="one"` …, with three tries."""
        by_key = {key[1:]: value for key, value in choices.items()}
        return Deferred.fromCoroutine(
            menu(self.call, self.speaker, [clip("menu")], by_key, tries=3)
        )

    def test_choice(self) -> None:
        """The key that was pressed is the choice that was made."""
        done = self.menu(k1="one", k2="two")
        self.phone.press("2")
        self.assertEqual(self.successResultOf(done), "two")

    def test_mistakes_and_silence_count_together(self) -> None:
        """Two wrong keys and one silence end a menu of three tries."""
        done = self.menu(k1="one")
        self.phone.press("99")
        self.clock.pump([0.5] * 30)
        self.assertIsNone(self.successResultOf(done))
        self.assertEqual(self.phone.heard.count("invalid-key"), 1)

    def test_repeating_is_no_mistake(self) -> None:
        """0 repeats, and the tries stay as they were."""
        done = self.menu(k1="one")
        self.phone.press("0" * MOST_REPEATS + "9" + "1")
        self.assertEqual(self.successResultOf(done), "one")

    def test_repeating_without_end(self) -> None:
        """A stuck 0 key ends a menu like other mistakes do."""
        done = self.menu(k1="one")
        self.phone.press("0" * (MOST_REPEATS + 2))
        self.assertNoResult(done)
        self.phone.press("0")
        self.assertIsNone(self.successResultOf(done))

    def test_repeat_key_as_a_choice(self) -> None:
        """Where 0 is a choice it is one."""
        done = self.menu(k0="operator")
        self.phone.press("0")
        self.assertEqual(self.successResultOf(done), "operator")

    def test_patience_passes_the_result_on(self) -> None:
        """Whoever waits hears from time to time that it takes a moment, and then gets the
        result.
        """
        work: Deferred[str] = Deferred()
        done = Deferred.fromCoroutine(patiently(self.call, self.speaker, work))
        self.clock.pump([0.5] * 12)
        work.callback("ready")
        self.clock.pump([0.5] * 4)
        self.assertEqual(self.successResultOf(done), "ready")
        self.assertEqual(set(self.phone.heard), {"one-moment"})
        self.assertGreaterEqual(len(self.phone.heard), 2)

    def test_keys_wait_as_well(self) -> None:
        """What was pressed before and during the words about a moment is not forgotten."""
        work: Deferred[str] = Deferred()
        done = Deferred.fromCoroutine(patiently(self.call, self.speaker, work))
        self.phone.press("1")
        self.clock.pump([0.5] * 4)
        self.assertEqual(self.phone.heard, ["one-moment"])
        self.phone.press("2")
        self.clock.pump([0.5] * 2)
        work.callback("ready")
        self.successResultOf(done)
        self.assertEqual(self.phone.heard, ["one-moment"])
        for key in "12":
            self.assertEqual(self.successResultOf(Deferred.fromCoroutine(self.call.key(1.0))), key)

    def test_patience_passes_trouble_on(self) -> None:
        """Trouble that comes at once needs no waiting."""
        work: Deferred[str] = Deferred()
        done = Deferred.fromCoroutine(patiently(self.call, self.speaker, work))
        work.errback(Unavailable("the disk is broken"))
        self.failureResultOf(done, Unavailable)
        self.assertEqual(self.phone.heard, [])

    def test_impatient_caller(self) -> None:
        """Whoever hangs up while waiting is gone; what comes afterwards disturbs nobody."""
        work: Deferred[str] = Deferred()
        done = Deferred.fromCoroutine(patiently(self.call, self.speaker, work))
        self.clock.pump([0.5] * 4)
        self.phone.hang_up_now()
        self.failureResultOf(done, HungUp)
        work.errback(Unavailable("too late"))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tone_where_there_is_no_voice(self) -> None:
        """Without a voice the tone stands in for each prompt."""
        self.shelf.has_voice = False
        clips = self.successResultOf(Deferred.fromCoroutine(self.speaker.clips("a", "b")))
        self.assertEqual([one.name for one in clips], ["beep", "beep"])
        named = Deferred.fromCoroutine(self.speaker.try_clip("greeting", name="Ada"))
        self.assertIsNone(self.successResultOf(named))
