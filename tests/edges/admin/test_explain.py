"""What a call would be, asked from a command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG, user
from umserver.edges.admin.explain import decision, decision_text, explain, facts_of, party
from umserver.edges.admin.line import Mistyped, take_apart
from umserver.org.facts import Diversion, Party
from umserver.org.settings import Mailbox

ADA = user("Ada", "1001")


class Users:
    """A directory with Ada."""

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, Mailbox]:
        return {"1001": ADA} if "1001" in numbers else {}


class ExplainTests(SynchronousTestCase):
    """Numbers in, reasons out."""

    def told(self, text: str) -> str:
        """What is said about a call from the PBX."""
        facts = facts_of(take_apart([*text.split(), "--source", "192.0.2.10"]))
        return decision_text(decision(explain(ORG, Users(), facts)))

    def test_a_forwarded_call(self) -> None:
        """A forwarded call is explained step by step."""
        told = self.told("--to 5000 --from +12125550199 --diversion 1001;reason=no-answer")
        first, *because = told.splitlines()
        self.assertIn("leave-message: mailbox ada@example.com, reason DivertNoAnswer", first)
        self.assertIn("  - 192.0.2.10 is the gateway PBX", because)

    def test_a_refused_call(self) -> None:
        """A refused call says what the peer would be answered."""
        self.assertIn("404", self.told("--to 4711"))
        facts = facts_of(take_apart(["--to", "5000", "--source", "198.51.100.1"]))
        told = decision(explain(ORG, Users(), facts))
        self.assertEqual(told["decision"], "refused")

    def test_a_secured_plan(self) -> None:
        """What the peer proves can be said, and what it lacks is told."""
        plans = tuple(evolve(plan, voip_security="SIPSecured") for plan in ORG.dial_plans)
        org = evolve(ORG, dial_plans=plans)
        for words, told in (
            ("--transport udp", "the call came by udp"),
            ("--transport tls", "showed no certificate"),
            ("--certificate pbx.example.net", "is for pbx.example.net"),
            ("--certificate 192.0.2.10", "with a certificate for 192.0.2.10 is the gateway PBX"),
        ):
            line = take_apart(f"--to 1001 --source 192.0.2.10 {words}".split())
            self.assertIn(told, decision_text(decision(explain(org, Users(), facts_of(line)))))

    def test_an_attendant(self) -> None:
        """An attendant is named."""
        self.assertIn("attendant: attendant Lobby, caller anonymous", self.told("--to 5001"))

    def test_forms_of_numbers(self) -> None:
        """Numbers and addresses may be written as a peer would."""
        for text, expected in (
            ("1001", Party("1001", uri="1001")),
            ("tel:+12125550111", Party("+12125550111", uri="tel:+12125550111")),
            ("sip:ada@example.com;x=1", Party("ada", "example.com", uri="sip:ada@example.com;x=1")),
            ('"Ada" <sip:1001@pbx>', Party("1001", "pbx", "Ada", "sip:1001@pbx")),
        ):
            self.assertEqual(party(text), expected)
        facts = facts_of(take_apart(["--to", "1", "--diversion", "1001;reason=Busy", "1002"]))
        self.assertEqual(
            facts.diversions,
            (Diversion(party("1001"), "busy"), Diversion(party("1002"))),
        )

    def test_what_is_missing(self) -> None:
        """A question that says too little or too much is helped."""
        for text, word in (
            ("", "which number is called"),
            ("5000", "write --to 5000"),
            ("--to", "--to needs a value"),
            ("--divertion 1001", "did you mean diversion"),
        ):
            with self.assertRaisesRegex(Mistyped, word):
                facts_of(take_apart(text.split()))
