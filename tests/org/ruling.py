"""What the tests of the rules share."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG
from umserver.org.rules import faults_between, mailbox_faults
from umserver.org.settings import DialPlan, Mailbox, Organisation

PARIS = DialPlan(name="Paris", number_of_digits_in_extension=5, country_or_region_code="33")


class RulesTestCase(SynchronousTestCase):
    """The example organisation with something changed."""

    def assertFaults(self, organisation: Organisation, *lines: str) -> None:
        self.assertEqual([str(fault) for fault in faults_between(organisation)], list(lines))

    def assertMailboxFaults(
        self, *mailboxes: Mailbox, lines: list[str], org: Organisation = ORG
    ) -> None:
        self.assertEqual([str(fault) for fault in mailbox_faults(org, mailboxes)], lines)
