"""Calls whose gateway names caller and forwarding late (spec 3.3, 4.3 order 5)."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_phone import FakePhone
from tests.org.examples import ORG, PBX, forwarded, offer
from tests.roles.parts import Directory
from umserver.org.facts import CallFacts, Party
from umserver.org.resolve import Resolution
from umserver.org.routes import LeaveMessage, Rejected, VoiceAccess
from umserver.org.tokens import Claim
from umserver.roles.resolving import LATE_SECONDS, resolution_for

LATE = evolve(ORG, gateways=(evolve(PBX, delayed_source_party_info_enabled=True),))
BARE = offer("5000", caller=None)
"""A call of the pilot that names nobody."""


class LateTests(SynchronousTestCase):
    """DelayedSourcePartyInfoEnabled."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.org = LATE

    def call(
        self, facts: CallFacts, claim: Claim | None = None
    ) -> tuple[FakePhone, Deferred[Resolution]]:
        """A call being classified."""
        phone = FakePhone(self.clock, facts=facts)
        work = resolution_for(self.org, Directory(), phone, claim)
        return phone, Deferred.fromCoroutine(work)

    def test_named_in_time(self) -> None:
        """It rings until the gateway names who forwarded the call: Ada (feature 40)."""
        phone, found = self.call(BARE)
        self.assertEqual(phone.heard, ["(ringing)"])
        self.clock.advance(LATE_SECONDS - 0.5)
        self.assertNoResult(found)
        phone.name_late(evolve(BARE, diversions=(forwarded("1001"),), caller=Party("3125550142")))
        route = self.successResultOf(found).route
        assert isinstance(route, LeaveMessage)
        self.assertEqual((route.mailbox.extension, route.reason), ("1001", "DivertNoAnswer"))
        self.assertEqual(route.caller.number, "3125550142")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_never_named(self) -> None:
        """After three seconds the call is what it is without names (feature 40)."""
        _, found = self.call(BARE)
        self.clock.advance(LATE_SECONDS)
        self.assertIsInstance(self.successResultOf(found).route, VoiceAccess)

    def test_given_up(self) -> None:
        """A caller who gives up while it rings keeps nobody waiting."""
        phone, found = self.call(BARE)
        phone.hang_up_now()
        self.successResultOf(found)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nobody_else_waits(self) -> None:
        """Not where somebody is named, a router has decided, or the gateway is no such one."""
        claim = Claim(flow="voice-access", dial_plan="Boston", called="5000")
        for org, facts, decided in (
            (ORG, BARE, None),
            (LATE, offer("5000"), None),
            (LATE, evolve(BARE, diversions=(forwarded("1001"),)), None),
            (LATE, BARE, claim),
        ):
            self.org = org
            phone, found = self.call(facts, decided)
            self.successResultOf(found)
            self.assertEqual(phone.heard, [])

    def test_strangers_are_turned_away_at_once(self) -> None:
        """Whoever is no gateway of ours keeps nothing waiting."""
        phone, found = self.call(offer("5000", caller=None, source="203.0.113.9"))
        self.assertIsInstance(self.successResultOf(found).route, Rejected)
        self.assertEqual(phone.heard, [])
