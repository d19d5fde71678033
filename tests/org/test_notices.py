"""Mails about mailboxes: what goes into them, and how they are kept."""

from __future__ import annotations

import json
from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG, PLAN, POLICY, user
from umserver.org.envelope_text import BadRecord, dump_envelope, load_envelope
from umserver.org.messages import Envelope, Notice
from umserver.org.notices import ENABLED, FAILURES, access_numbers, notice_of, sent_to
from umserver.org.settings import HuntGroup, Organisation

ADA = user("Ada", "1001")


def notice(
    organisation: Organisation = ORG, occasion: str = ENABLED, numbers: tuple[str, ...] = ()
) -> Envelope:
    """A mail to Ada."""
    told = Notice(occasion, ADA.address, "802641", True, numbers)
    at, host = 1_790_000_000.0, "um.example.com"
    return notice_of(organisation, ADA, told, at=at, host=host, random=Random(7))


class NoticeTests(SynchronousTestCase):
    """Settings that end up in a mail."""

    def test_texts_of_the_policy(self) -> None:
        """The welcome has the policy's UMEnabledText, a new PIN its ResetPINText (feature 73)."""
        policy = evolve(POLICY, um_enabled_text="Hello.", reset_pin_text="Again.")
        organisation = evolve(ORG, mailbox_policies=(policy,))
        self.assertEqual(notice(organisation).extra_text, "Hello.")
        self.assertEqual(notice(organisation, FAILURES).extra_text, "Again.")
        self.assertEqual(notice(evolve(ORG, mailbox_policies=())).extra_text, "")

    def test_language(self) -> None:
        """The mail speaks the user's language, or the plan's."""
        french = evolve(PLAN, default_language="fr-FR")
        self.assertEqual(notice(evolve(ORG, dial_plans=(french,))).language, "fr-FR")

    def test_access_numbers(self) -> None:
        """The plan's access numbers are told; without any, pilots that no menu answers; or the one
        that the administrator names (feature 74).
        """
        plan = evolve(PLAN, access_telephone_numbers=("5000", "+12125550100"))
        organisation = evolve(ORG, dial_plans=(plan,))
        self.assertEqual(access_numbers(organisation, plan), ("5000", "+12125550100"))
        bare = evolve(PLAN, access_telephone_numbers=(), pilot_identifier_list=("5005",))
        group = HuntGroup(
            name="G", dial_plan=PLAN.name.lower(), gateway="PBX", pilot_identifier=("5000", "5005")
        )
        other = evolve(group, dial_plan="Elsewhere", pilot_identifier=("7000",))
        menu = evolve(ORG.auto_attendants[0], pilot_identifier_list=("5000",))
        few = evolve(ORG, dial_plans=(bare,), hunt_groups=(group, other), auto_attendants=(menu,))
        self.assertEqual(access_numbers(few, bare), ("5005",))
        told = notice(few, numbers=("5077",)).notice
        assert told is not None
        self.assertEqual(told.access_numbers, ("5077",))

    def test_somebody_else(self) -> None:
        """A mail may go to somebody else and still says whose mailbox it is about (feature 75)."""
        mail = sent_to(notice(), "desk@example.com")
        assert mail.notice is not None
        self.assertEqual((mail.mailbox, mail.notice.address), ("desk@example.com", ADA.address))
        self.assertEqual(sent_to(notice(), ""), notice())

    def test_no_pin_in_words(self) -> None:
        """Whoever prints such a mail into a log prints no PIN."""
        self.assertNotIn("802641", repr(notice()))


class TextTests(SynchronousTestCase):
    """On the disk."""

    def test_there_and_back(self) -> None:
        """What is kept is what was to be sent."""
        for envelope in (notice(), evolve(notice(), notice=None)):
            self.assertEqual(load_envelope(dump_envelope(envelope)), envelope)

    def test_damage(self) -> None:
        """A damaged one is said to be so."""
        for damage in (
            "PIN",
            {"occasion": "enabled"},
            {"occasion": 1, "address": "a@example.com", "pin": "1"},
            {"occasion": "x", "address": "a", "pin": "1", "access_numbers": [1]},
        ):
            values = json.loads(dump_envelope(notice()))
            values["notice"] = damage
            self.assertRaises(BadRecord, load_envelope, json.dumps(values).encode())
        values = json.loads(dump_envelope(notice()))
        for damaged in (
            b"{",
            b"[]",
            b"[" * 100_000,
            json.dumps({**values, "id": "../1"}).encode(),
            json.dumps({**values, "received": "today"}).encode(),
            json.dumps({**values, "also": "nobody"}).encode(),
            json.dumps({name: values[name] for name in values if name != "mailbox"}).encode(),
        ):
            self.assertRaises(BadRecord, load_envelope, damaged)
