"""What the tests of resolving share."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG, PBX, USERS
from umserver.org.claims import claim_for
from umserver.org.facts import CallFacts
from umserver.org.refusals import Refusal
from umserver.org.resolve import Resolution, numbers_to_look_up, resolve
from umserver.org.routes import LeaveMessage, Rejected, Route
from umserver.org.settings import Mailbox, Organisation
from umserver.org.tokens import Claim


def looked_up(
    org: Organisation, facts: CallFacts, claim: Claim | None, users: tuple[Mailbox, ...]
) -> dict[tuple[str, str], Mailbox]:
    """What a directory of these users answers; nothing that was not asked."""
    known = {place: user for user in users for place in user.index}
    asked = [(p, n) for p, numbers in numbers_to_look_up(org, facts, claim) for n in numbers]
    return {question: known[question] for question in asked if question in known}


def claim_of(route: Route, facts: CallFacts) -> Claim:
    """What a router tells of this call."""
    return claim_for(route, route.caller, facts.called, facts.caller)


class ResolveTestCase(SynchronousTestCase):
    """Calls to the example organisation."""

    org = ORG
    users: tuple[Mailbox, ...] = USERS

    def resolve(self, facts: CallFacts, claim: Claim | None = None) -> Resolution:
        found = looked_up(self.org, facts, claim, self.users)
        return resolve(self.org, facts, found, claim)

    def assertAnsweredFor(self, mailbox: Mailbox, reason: str, facts: CallFacts) -> LeaveMessage:
        route = self.resolve(facts).route
        assert isinstance(route, LeaveMessage), route
        self.assertEqual((route.mailbox, route.reason), (mailbox, reason))
        return route

    def assertRejected(self, refusal: Refusal, facts: CallFacts) -> Resolution:
        resolution = self.resolve(facts)
        self.assertEqual(resolution.route, Rejected(refusal))
        return resolution

    def prefer(self, preference: str) -> None:
        """Let the gateway prefer these diversions."""
        gateway = evolve(PBX, diversion_preference=preference)  # type: ignore[arg-type]
        self.org = evolve(self.org, gateways=(gateway,))
