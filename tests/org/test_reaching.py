"""From one dial plan to a user of another (spec 4.9)."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ADA, ORG, PLAN
from umserver.org.reaching import number_of

SEATTLE = evolve(
    PLAN,
    name="Seattle",
    in_country_or_region_number_format="1425555xxxx",
    international_number_format="+1425555xxxx",
)
LYON = evolve(PLAN, name="Lyon", country_or_region_code="33")
MANY = evolve(ORG, dial_plans=(PLAN, SEATTLE, LYON))
EVA = evolve(ADA, dial_plan="Seattle", extension="7788", secondary_numbers=("+14255551234",))


class ReachingTests(SynchronousTestCase):
    """What is dialled for somebody who was found by name."""

    def test_the_same_plan(self) -> None:
        """A user of the same plan is reached by extension."""
        self.assertEqual(number_of(MANY, PLAN, ADA), "1001")

    def test_formats(self) -> None:
        """The target's plan says how it is dialled from its own country and from others: the x's
        are the last digits of the user's number.
        """
        self.assertEqual(number_of(MANY, PLAN, EVA), "14255551234")
        self.assertEqual(number_of(MANY, LYON, EVA), "+14255551234")

    def test_only_an_extension(self) -> None:
        """A user without a whole number lends the digits of the extension."""
        self.assertEqual(number_of(MANY, PLAN, evolve(EVA, secondary_numbers=())), "14255557788")

    def test_no_format(self) -> None:
        """Without a format the whole number is dialled, else the extension."""
        marie = evolve(EVA, dial_plan="Lyon")
        self.assertEqual(number_of(MANY, PLAN, marie), "+14255551234")
        self.assertEqual(number_of(MANY, PLAN, evolve(marie, secondary_numbers=())), "7788")
        self.assertEqual(number_of(MANY, PLAN, evolve(marie, dial_plan="Gone")), "+14255551234")

    def test_too_few_digits(self) -> None:
        """A format that wants more digits than the number has is passed over."""
        short = evolve(EVA, extension="7", secondary_numbers=())
        self.assertEqual(number_of(MANY, PLAN, short), "7")
