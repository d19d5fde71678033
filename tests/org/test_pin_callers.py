"""Callers that guess PINs."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.pin_callers import FORGIVEN_AFTER, MOST_WRONG, Callers, place

BEN, EVE = "2125550142", "2125550143"


class CallersTests(SynchronousTestCase):
    """Each for itself."""

    def guess(self, callers: Callers, caller: str, times: int, now: float = 0.0) -> int:
        """So many wrong PINs; how many were looked at."""
        looked = 0
        for _ in range(times):
            if not callers.is_barred(caller, now):
                callers.charge(caller, now)
                looked += 1
        return looked

    def test_barred(self) -> None:
        """Who guesses too often is barred; others are not (feature 89)."""
        callers = Callers()
        self.assertEqual(self.guess(callers, EVE, 50), MOST_WRONG)
        self.assertTrue(callers.is_barred(EVE, 1.0))
        self.assertFalse(callers.is_barred(BEN, 1.0))

    def test_forgiven(self) -> None:
        """Time heals: one more try for every three minutes, and never more than at first."""
        callers = Callers()
        self.guess(callers, EVE, 50)
        self.assertEqual(self.guess(callers, EVE, 50, FORGIVEN_AFTER), 1)
        self.assertEqual(self.guess(callers, EVE, 50, 1e6), MOST_WRONG)

    def test_the_right_pin(self) -> None:
        """The right PIN costs nothing, and washes nothing off."""
        callers = Callers()
        for _ in range(100):
            callers.charge(BEN, 0.0)
            callers.refund(BEN, 0.0)
        self.assertFalse(callers.is_barred(BEN, 0.0))
        self.guess(callers, EVE, 19)
        for _ in range(5):
            callers.charge(EVE, 0.0)
            callers.refund(EVE, 0.0)
        self.assertEqual(self.guess(callers, EVE, 5), 1)

    def test_callers_without_a_number(self) -> None:
        """Of callers without a number, who share the name of their gateway, one alone does not bar
        all.
        """
        callers = Callers()
        self.assertEqual(self.guess(callers, place("192.0.2.1"), 1000), 10 * MOST_WRONG - 9)
        self.assertFalse(callers.is_barred(place("192.0.2.2"), 0.0))

    def test_clean(self) -> None:
        """Who tried no wrong PIN lately is known for it, and is again after a while."""
        callers = Callers()
        self.assertTrue(callers.is_clean(EVE, 0.0))
        callers.charge(EVE, 0.0)
        self.assertFalse(callers.is_clean(EVE, 1.0))
        self.assertTrue(callers.is_clean(EVE, FORGIVEN_AFTER))

    def test_no_name(self) -> None:
        """Where nothing is known of a caller nobody is barred for it."""
        callers = Callers()
        self.assertEqual(self.guess(callers, "", 100), 100)
        callers.refund("", 0.0)

    def test_very_many_callers(self) -> None:
        """However many numbers somebody invents, the memory stays the same."""
        callers = Callers(most_callers=10)
        for number in range(1000):
            callers.charge(str(number), 0.0)
        self.assertEqual(len(callers._wrong), 10)
        self.guess(callers, "999", 50)
        self.assertTrue(callers.is_barred("999", 0.0))
