"""How faults in settings are told."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.faults import MOST_SHOWN, Fault, SettingsFaults, nearest, unknown


class FaultTests(SynchronousTestCase):
    """What an administrator reads."""

    def test_lines(self) -> None:
        """One line a fault, with its path; a fault of the whole has none."""
        faults = SettingsFaults([Fault("a.b", "is missing"), Fault("", "this is not TOML")])
        self.assertEqual(str(faults), "a.b: is missing\nthis is not TOML")
        self.assertEqual(len(faults.faults), 2)

    def test_thousands(self) -> None:
        """Of thousands of faults the first are shown and the rest counted."""
        faults = SettingsFaults(Fault(str(n), "is missing") for n in range(1000))
        lines = str(faults).splitlines()
        self.assertEqual((len(lines), lines[-1]), (MOST_SHOWN + 1, "… and 950 more"))
        self.assertEqual(len(faults.faults), 1000)

    def test_nearest_word(self) -> None:
        """A mistyped word is met by the nearest right one, whatever the capitals."""
        self.assertEqual(nearest("BOSTN", ["Boston", "Paris"]), "Boston")
        self.assertIsNone(nearest("Rome", ["Boston", "Paris"]))
        self.assertEqual(
            unknown("p", "bostn", {"Boston"}, "dial plan").what,
            "there is no dial plan 'bostn'; did you mean 'Boston'?",
        )

    def test_no_near_word(self) -> None:
        """Without a near one the known words are listed, but not a thousand of them."""
        self.assertEqual(
            unknown("p", "x", ["b", "a"], "dial plan").what,
            "there is no dial plan 'x'; there are: a, b",
        )
        self.assertTrue(unknown("p", "x", [], "dial plan").what.endswith("there are: none"))
        many = unknown("p", "x", [f"plan {n}" for n in range(1000)], "dial plan").what
        self.assertTrue(many.endswith(", …"))
        self.assertLess(len(many), 300)
