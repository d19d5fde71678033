"""Callers who go round in circles from script to script."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.roles.test_random_calls import demo
from tests.roles.whole_desk import DeskCall
from umserver.calls.office import MOST_FOLLOWED


class CircleTests(SynchronousTestCase):
    """A greeting that leads to an attendant that leads to the greeting."""

    def test_round_and_round(self) -> None:
        """Who presses the star key in every greeting hears goodbye in the end, and no trouble."""
        organisation, users = demo()
        (reception,) = organisation.auto_attendants
        call = DeskCall(
            number="1001",
            users=users,
            organisation=evolve(
                organisation,
                dial_plans=(evolve(organisation.dial_plans[0], um_auto_attendant="Reception"),),
                auto_attendants=(
                    evolve(
                        reception,
                        forward_calls_to_default_mailbox=True,
                        default_mailbox=users[0].address,
                    ),
                ),
            ),
        )
        call.dial()
        for _ in range(MOST_FOLLOWED // 2 + 1):  # each round goes on twice
            call.until("record-instructions").press("*").tick()
        call.to_the_end()
        self.assertEqual(call.heard[-1], "goodbye")
        self.assertEqual(call.outcome, "gave-up")
        self.assertEqual({draft.fate for draft in call.spool.drafts}, {"missed"})
