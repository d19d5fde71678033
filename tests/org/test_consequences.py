"""What is made, removed and refused together with an object (spec 2.1)."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ADA, LOBBY, ORG, PBX, PILOT, PLAN, POLICY, REST
from umserver.org.consequences import (
    changed_with,
    group_made_with,
    policy_made_with,
    removed_with,
    why_not_disabled,
    why_not_removed,
    with_dtmf_map,
    with_rule,
)
from umserver.org.rules import faults_between
from umserver.org.settings import CallAnsweringRule, KeyMapping, Mailbox, Organisation, UMService


class MadeTests(SynchronousTestCase):
    """What comes with a new object."""

    def test_default_policy(self) -> None:
        """A new dial plan brings its default policy (feature 166)."""
        self.assertEqual(policy_made_with(PLAN), POLICY)
        longest = evolve(PLAN, name="x" * 49)
        self.assertEqual(len(policy_made_with(longest).name), 64)

    def test_long_names(self) -> None:
        """A plan whose policy is made with it has a name of at most 49 characters (feature 173)."""
        with self.assertRaisesRegex(ValueError, "must have at most 49 characters, not 50"):
            policy_made_with(evolve(PLAN, name="x" * 50))

    def test_default_hunt_group(self) -> None:
        """A gateway made with a dial plan brings a hunt group for every number (feature 167)."""
        group = group_made_with(PBX, "Boston")
        self.assertEqual(
            (group.gateway, group.dial_plan, group.pilot_identifier), ("PBX", "Boston", ())
        )
        org = Organisation(
            dial_plans=(PLAN,), gateways=(PBX,), hunt_groups=(group,), mailbox_policies=(POLICY,)
        )
        self.assertEqual(faults_between(org), [])

    def test_dtmf_map(self) -> None:
        """The map of names is made once, stays with a new name, and is made anew when told to
        (feature 178)."""
        ada = with_dtmf_map(ADA)
        self.assertIn("firstNameLastName:2323926753", ada.um_dtmf_map)
        renamed = evolve(ada, display_name="Augusta King")
        self.assertEqual(with_dtmf_map(renamed), renamed)
        self.assertIn(
            "lastNameFirstName:54642848782", with_dtmf_map(renamed, again=True).um_dtmf_map
        )


class RemovedTests(SynchronousTestCase):
    """What goes, and what may not go."""

    def test_hunt_groups_go_with_their_gateway(self) -> None:
        """A gateway takes its hunt groups along; nothing else takes anything."""
        self.assertEqual(
            removed_with(ORG, "gateways", "pbx"),
            (("hunt_groups", "PBX\\Pilot"), ("hunt_groups", "PBX\\Rest")),
        )
        self.assertEqual(removed_with(ORG, "dial_plans", "Boston"), ())
        self.assertIsNone(why_not_removed(ORG, "gateways", "PBX"))

    def test_dial_plan_in_use(self) -> None:
        """A dial plan in use is not removed, and the words say by what (feature 168)."""
        self.assertEqual(
            why_not_removed(ORG, "dial_plans", "Boston"),
            "the dial plan Boston is used by the hunt group PBX\\Pilot, the hunt group PBX\\Rest, "
            "the auto attendant Lobby and 3 more",
        )
        self.assertEqual(
            why_not_removed(ORG, "dial_plans", "Boston", users=2),
            "the dial plan Boston is used by 2 mailboxes",
        )
        sip = evolve(PLAN, uri_type="SipName")
        linked = Organisation(dial_plans=(sip,), service=UMService(dial_plans=("Boston",)))
        self.assertIn(
            "the settings of the servers", str(why_not_removed(linked, "dial_plans", "Boston"))
        )
        alone = Organisation(dial_plans=(PLAN,))
        self.assertIsNone(why_not_removed(alone, "dial_plans", "Boston"))

    def test_policy_in_use(self) -> None:
        """A policy of users is not removed; one that nobody has is."""
        said = why_not_removed(ORG, "mailbox_policies", POLICY.name, users=1)
        self.assertEqual(said, "the mailbox policy Boston Default Policy is used by 1 mailbox")
        self.assertIsNone(why_not_removed(ORG, "mailbox_policies", POLICY.name))

    def test_attendant(self) -> None:
        """A removed attendant leaves dial plans that named it; a menu must let go of it first."""
        plan = evolve(PLAN, um_auto_attendant="Lobby")
        org = evolve(ORG, dial_plans=(plan,))
        self.assertIsNone(why_not_removed(org, "auto_attendants", "Lobby"))
        self.assertEqual(changed_with(org, "auto_attendants", "LOBBY"), (("dial_plans", PLAN),))
        self.assertEqual(changed_with(org, "dial_plans", "Boston"), ())
        menu = (KeyMapping(key="1", description="Lobby", auto_attendant="Lobby"),)
        night = evolve(ORG.auto_attendants[1], after_hours_key_mapping=menu)
        org = evolve(org, auto_attendants=(LOBBY, night))
        self.assertEqual(
            why_not_removed(org, "auto_attendants", "Lobby"),
            "the auto attendant Lobby is used by the auto attendant Night",
        )

    def test_disabling_an_attendant(self) -> None:
        """An attendant to which a hunt group of its plan leads is not disabled."""
        self.assertIsNone(why_not_disabled(ORG, LOBBY))
        group = evolve(PILOT, pilot_identifier=("5000", "5001"))
        org = evolve(ORG, hunt_groups=(group, REST))
        self.assertIn("the pilot of the hunt group PBX\\Pilot", str(why_not_disabled(org, LOBBY)))


class RulesTests(SynchronousTestCase):
    """A user's call answering rules in their order."""

    def added(self, *orders: int) -> Mailbox:
        mailbox = ADA
        for number, priority in enumerate(orders, start=1):
            mailbox = with_rule(mailbox, CallAnsweringRule(name=str(number), priority=priority))
        self.assertEqual(faults_between(ORG, (mailbox,)), [])
        return mailbox

    def order(self, *orders: int) -> str:
        return "".join(f"{r.name}{r.priority} " for r in self.added(*orders).call_answering_rules)

    def test_room_is_made(self) -> None:
        """A new rule has its priority; those in its way move behind it, or before it at the end."""
        self.assertEqual(self.order(1, 2), "11 22 ")
        self.assertEqual(self.order(1, 1), "21 12 ")
        self.assertEqual(self.order(1, 2, 1), "31 12 23 ")
        self.assertEqual(self.order(9, 9, 9), "17 28 39 ")
        self.assertEqual(self.order(5, 8, 9, 8), "15 27 48 39 ")

    def test_the_tenth_is_refused(self) -> None:
        """A mailbox has nine rules at most (feature 137)."""
        full = self.added(*[9] * 9)
        self.assertEqual(len(full.call_answering_rules), 9)
        with self.assertRaisesRegex(ValueError, "has 9 rules, and may have no more"):
            with_rule(full, CallAnsweringRule(name="Ten"))
