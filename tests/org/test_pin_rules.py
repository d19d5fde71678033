"""Which PINs may be chosen (spec 3.6)."""

from __future__ import annotations

from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import POLICY
from umserver.org.pin_rules import is_pattern, made_pin, why_not


class PinRuleTests(SynchronousTestCase):
    """PINs of users with the extension 1001."""

    def test_length(self) -> None:
        """A PIN has the policy's length at least, and 24 digits at most."""
        own = ("1001",)
        self.assertIsNone(why_not("246813", POLICY, own))
        self.assertIn("at least 6 digits", str(why_not("24681", POLICY, own)))
        self.assertIsNone(why_not("2468135790" * 2 + "2468", POLICY, own))
        self.assertIn("at most 24", str(why_not("2468135790" * 2 + "24681", POLICY, own)))
        for pin in ("24681a", "", "٢٤٦٨١٣"):
            self.assertEqual(why_not(pin, POLICY, own), "must be digits only")

    def test_common_patterns(self) -> None:
        """Sequences and repetitions are refused unless the policy lets them pass."""
        loose = evolve(POLICY, allow_common_patterns=True)
        for pin in ("123456", "654321", "111111", "789012", "000000"):
            self.assertTrue(is_pattern(pin))
            self.assertIn("must not be a pattern", str(why_not(pin, POLICY)))
            self.assertIsNone(why_not(pin, loose))
        for pin in ("123457", "112233", "135790", "102030"):
            self.assertIsNone(why_not(pin, POLICY))

    def test_extension(self) -> None:
        """The end of the extension is refused whatever the policy says."""
        loose = evolve(POLICY, allow_common_patterns=True, min_pin_length=4)
        for pin, own in (("1001", "1001"), ("991001", "1001"), ("5001", "75001")):
            self.assertIn("must not be the extension", str(why_not(pin, loose, (own,))))
        self.assertIsNone(why_not("1001", loose, ("", "1002")))

    def test_made_pins(self) -> None:
        """A PIN of chance is as short as allowed, never a pattern, and never the extension."""
        policy = evolve(POLICY, allow_common_patterns=True, min_pin_length=4)
        random = Random(7)
        pins = [made_pin(policy, ("1001",), random) for _ in range(3000)]
        self.assertEqual({len(pin) for pin in pins}, {4})
        self.assertFalse(any(map(is_pattern, pins)))
        self.assertNotIn("1001", pins)
        self.assertGreater(len(set(pins)), 2000)
        self.assertEqual(len(made_pin(POLICY, (), random)), 6)
