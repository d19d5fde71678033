"""Who may dial what, and what is dialled then (spec 4.9)."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import PLAN, POLICY
from umserver.org.dialing import (
    across_plans,
    allowed_to_dial,
    bare,
    candidates,
    rule_fault,
    transformed,
)
from umserver.org.settings import DialingRule


def rule(mask: str, dialled: str, name: str = "Local") -> DialingRule:
    """One dialing rule."""
    return DialingRule(name=name, number_mask=mask, dialed_number=dialled)


class MaskTests(SynchronousTestCase):
    """What rules make of numbers."""

    def test_table(self) -> None:
        """Masks transform numbers as the table of the documentation says (feature 146)."""
        for mask, dialled, given_, dialed in (
            ("*", "*", "2065550100", "2065550100"),
            ("1425xxxxxxx", "91425xxxxxxx", "14255551234", "914255551234"),
            ("xxxxxxx", "1425xxxxxxx", "5551234", "14255551234"),
            ("91425*", "91*", "9-1-425-555-1234", "915551234"),
            ("9xxxxxxxxxx", "91xxxxxxxxxx", "94255551234", "914255551234"),
            ("901144*", "901144*", "9011442075550123", "9011442075550123"),
        ):
            self.assertEqual(transformed(rule(mask, dialled), bare(given_)), dialed, mask)

    def test_what_does_not_fit(self) -> None:
        """A mask fits numbers of its length only, or longer ones with *, digit by digit."""
        for mask, number in (
            ("1425xxxxxxx", "1425555123"),
            ("1425xxxxxxx", "142555512345"),
            ("1425xxxxxxx", "12065551234"),
            ("91425*", "9142"),
            ("", "1"),
        ):
            self.assertIsNone(transformed(rule(mask, "*"), number), mask)
        self.assertEqual(transformed(rule("911", "911"), "911"), "911")
        self.assertEqual(transformed(rule("0*", "112"), "0123"), "112")
        self.assertEqual(transformed(rule("1X2x", "xX"), "1324"), "34")

    def test_faults_of_rules(self) -> None:
        """A rule has as many x on both sides, and a * on the right only with one on the left."""
        self.assertIsNone(rule_fault(rule("1xx*", "9xx*")))
        self.assertIsNone(rule_fault(rule("*", "112")))
        self.assertIn("as many x", str(rule_fault(rule("1xx", "9x"))))
        self.assertIn("must have no *", str(rule_fault(rule("1xx", "9xx*"))))

    @given(st.text("0123456789", min_size=1, max_size=30), st.integers(0, 30))
    def test_nothing_is_lost(self, number: str, fixed: int) -> None:
        """A rule that repeats its mask leaves every number that it fits as it is."""
        head = number[:fixed]
        for mask in (head + "x" * len(number[fixed:]), head + "*"):
            self.assertEqual(transformed(rule(mask, mask), number), number)

    def test_other_plans(self) -> None:
        """The last digits of a directory number fill the x's of another plan's form."""
        self.assertEqual(across_plans("1425xxxxxxx", "+1 206 555 0142"), "14255550142")
        self.assertIsNone(across_plans("", "5550142"))
        self.assertIsNone(across_plans("1425xxxxxxx", "50142"))


class CandidateTests(SynchronousTestCase):
    """What a number may be."""

    plan = evolve(
        PLAN,
        country_or_region_code="49",
        national_number_prefix="0",
        international_access_code="00",
        outside_line_access_code="9",
    )

    def test_prefixes(self) -> None:
        """Numbers with + are also tried as one dials them, each with an outside line too."""
        self.assertEqual(candidates(self.plan, "2065550100"), ("2065550100", "92065550100"))
        self.assertEqual(
            candidates(self.plan, "+49305550100"),
            ("49305550100", "0305550100", "949305550100", "90305550100"),
        )
        self.assertEqual(
            candidates(self.plan, "+12065550100"),
            ("12065550100", "0012065550100", "912065550100", "90012065550100"),
        )
        self.assertEqual(candidates(PLAN, "+442075550100"), ("442075550100",))

    def test_bare(self) -> None:
        """Everything but digits goes, and a + at the beginning stays."""
        self.assertEqual(bare(" +1 (425) 555-1234 "), "+14255551234")
        self.assertEqual(bare("9,1+2٣"), "912")


class LadderTests(SynchronousTestCase):
    """Who may dial what."""

    plan = evolve(
        PLAN,
        configured_in_country_or_region_groups=(
            rule("xxxxxxx", "1425xxxxxxx"),
            rule("1206*", "91206*", "Seattle"),
        ),
        configured_international_groups=(rule("44*", "901144*", "World"),),
        international_access_code="011",
    )

    def test_matrix(self) -> None:
        """Users and extensions are allowed each by its own switch (feature 149)."""
        for subscribers, extensions, user_ok, extension_ok in (
            (True, True, True, True),
            (True, False, True, False),
            (False, True, True, True),
            (False, False, False, False),
        ):
            policy = evolve(
                POLICY, allow_dial_plan_subscribers=subscribers, allow_extensions=extensions
            )
            for is_user, allowed in ((True, user_ok), (False, extension_ok)):
                said = allowed_to_dial(self.plan, policy, "1002", is_user=is_user)
                self.assertEqual(said.allowed, allowed, (subscribers, extensions, is_user))
                self.assertEqual(said.number, "1002" if allowed else None)
                self.assertTrue(said.reasons)

    def test_only_internal(self) -> None:
        """Without rules only internal calls are allowed (feature 147)."""
        said = allowed_to_dial(self.plan, POLICY, "5551234", is_user=False)
        self.assertIsNone(said.number)
        self.assertEqual(said.reasons, ("no dialing rules are allowed: internal calls only",))

    def test_groups(self) -> None:
        """Rules of allowed groups decide, the first that fits; others are refused (feature 147)."""
        policy = evolve(
            POLICY,
            allowed_in_country_or_region_groups=("LOCAL",),
            allowed_international_groups=("World",),
        )
        for number, dialed in (
            ("555-1234", "14255551234"),
            ("+44 20 7555 0123", "9011442075550123"),
            ("12065550100", None),
        ):
            said = allowed_to_dial(self.plan, policy, number, is_user=False)
            self.assertEqual(said.number, dialed)
        self.assertIn("fits none of 2 allowed dialing rules", said.reasons[-1])

    def test_whose_settings(self) -> None:
        """Who did not log in has the plan's rules, who did the policy's."""
        plan = evolve(self.plan, allowed_in_country_or_region_groups=("Seattle",))
        policy = evolve(POLICY, allowed_in_country_or_region_groups=("Local",))
        number = "12065550100"
        self.assertEqual(allowed_to_dial(plan, plan, number, is_user=False).number, "912065550100")
        self.assertIsNone(allowed_to_dial(plan, policy, number, is_user=False).number)
        self.assertIsNone(allowed_to_dial(plan, plan, "1002", is_user=False).number)

    def test_nothing_to_dial(self) -> None:
        """No digits, and far too many, are refused."""
        policy = evolve(POLICY, allowed_in_country_or_region_groups=("Local",))
        for number in ("", "+", "abc", "1" * 65):
            said = allowed_to_dial(self.plan, policy, number, is_user=True)
            self.assertFalse(said.allowed, number)
