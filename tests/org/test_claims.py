"""What a call router decided, on the answering desk whose peer forgot half of it."""

from __future__ import annotations

from attrs import evolve

from tests.org.examples import (
    ADA,
    CLOSED,
    forwarded,
    offer,
)
from tests.org.resolving import ResolveTestCase, claim_of
from umserver.org import refusals
from umserver.org.facts import CallFacts
from umserver.org.routes import LeaveMessage, Rejected
from umserver.org.tokens import Claim


class ClaimTests(ResolveTestCase):
    """Results that are carried along."""

    def assertSurvives(self, facts: CallFacts, bare: CallFacts) -> None:
        """The bare second offer is served as the first one was classified."""
        route = self.resolve(facts).route
        assert not isinstance(route, Rejected)
        resolution = self.resolve(bare, claim_of(route, facts))
        self.assertEqual(resolution.route, route)

    def test_diversion_is_dropped(self) -> None:
        """A PBX that drops Diversion, number and name of the caller loses nothing."""
        full = offer("5000", forwarded("1001", "user-busy"), name="Grace")
        self.assertSurvives(full, offer("5000", caller=None))
        self.assertSurvives(full, offer("9999", caller="1002"))
        self.assertSurvives(offer("5000", forwarded("1001"), caller=None), offer("5000"))
        self.assertSurvives(
            offer("1001", caller="grace@example.com"), offer("5000", caller="anonymous")
        )

    def test_every_kind_of_call(self) -> None:
        """Attendants, test numbers and voice access survive too."""
        self.assertSurvives(offer("5000", forwarded("5001")), offer("5000"))
        self.assertSurvives(offer("5001"), offer("5000"))
        self.assertSurvives(offer("5008"), offer("5000", caller=None))
        self.assertSurvives(offer("5000", caller="1001"), offer("1002", caller=None))

    def test_settings_changed_meanwhile(self) -> None:
        """A result whose user or attendant is gone is not believed; the facts decide."""
        call = offer("5000", forwarded("1001"))
        claim = Claim(
            flow="leave-message", dial_plan="Boston", mailbox="1009", mailbox_plan="Boston"
        )
        self.assertAnsweredFor(ADA, "DivertNoAnswer", call)
        route = self.resolve(call, claim).route
        assert isinstance(route, LeaveMessage)
        self.assertEqual(route.mailbox, ADA)
        gone = Claim(flow="attendant", dial_plan="Boston", attendant="Gone", called="5002")
        self.assertEqual(
            self.resolve(offer("5000"), gone).route, Rejected(refusals.ATTENDANT_DISABLED)
        )
        closed = evolve(gone, attendant=CLOSED.name)
        self.assertEqual(
            self.resolve(offer("5000"), closed).route, Rejected(refusals.ATTENDANT_DISABLED)
        )

    def test_the_door_stays_shut(self) -> None:
        """A signed result opens no door: a stranger who has one is refused."""
        facts = offer("5000", forwarded("1001"), source="203.0.113.9")
        claim = Claim(
            flow="leave-message", dial_plan="Boston", mailbox="1001", mailbox_plan="Boston"
        )
        self.assertEqual(self.resolve(facts, claim).route, Rejected(refusals.UNKNOWN_GATEWAY))
