"""Forwardings that equipment states wrongly, or in places of its own, and what they plainly mean.

The shapes are those of public documents and reports; names and numbers are ours.
"""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from tests.edges.net.test_facts import chain, invite
from umserver.edges.net.forwardings import MOST_FORWARDINGS
from umserver.edges.net.stated import mended
from umserver.org.resolve import reason_of

OWN = "<sip:5000@192.0.2.10>;index=1.1"


class DiversionTests(SynchronousTestCase):
    """A slip of the pen does not cost the caller the mailbox (spec 4.3, event 1021)."""

    def test_what_equipment_writes(self) -> None:
        """Stray quotes, empty parameters, blanks and brackets: user and reason are told."""
        for value in (
            '"Ada Example <sip:1001@pbx.example.com>;reason=no-answer',
            'Ada Example" <sip:1001@pbx.example.com>;reason=no-answer',
            "<sip:1001@pbx.example.com>;reason=no-answer;",
            "<sip:1001@pbx.example.com>;;reason=no-answer;counter=1",
            "<sip:1001@pbx.example.com>;reason=no-answer,",
            "<<sip:1001@pbx.example.com>>;reason=no-answer",
            "< sip:1001@pbx.example.com >;reason=no answer",
            "<sip:1001@pbx.example.com>;reason=no-answer (timeout)",
            "<1001@pbx.example.com>;reason=no-answer",
            "<sip:10 01@pbx.example.com>;reason=no-answer",
            '"Ada" <sip:1001@pbx.example.com?Reason=SIP;text="x">;reason=no-answer',
        ):
            facts = invite(f"Diversion: {value}")
            self.assertEqual([entry.party.user for entry in facts.diversions], ["1001"], value)
            self.assertEqual(reason_of(facts.diversions[0]), "DivertNoAnswer", value)
            self.assertEqual(len(facts.problems), 1, value)

    def test_names_and_neighbours(self) -> None:
        """The name survives its broken quotes, and a good entry its broken neighbour."""
        line = '"Ada Example <sip:1001@a>;reason=user-busy, "Ben, B." <sip:1002@c>;x=1;, sip:1003@b'
        facts = invite(f"Diversion: {line}")
        self.assertEqual(
            chain(facts.diversions), [("1001", "user-busy"), ("1002", ""), ("1003", "")]
        )
        names = [entry.party.name for entry in facts.diversions]
        self.assertEqual(names, ["Ada Example", "Ben, B.", ""])

    def test_what_was_cut_off(self) -> None:
        """A number that may go on is no number; rubbish is none either."""
        for value in (
            "<sip:1001@pbx;reason=no-answer",
            "<sip:1001",
            "<\\u95>",
            "<>",
            "<sip:>",
            ">1<",
        ):
            self.assertEqual(invite(f"Diversion: {value}").diversions, (), value)

    def test_identities_are_not_mended(self) -> None:
        """A caller who is called `<sip:1001@…>` does not come in as 1001."""
        line = 'P-Asserted-Identity: "x" <sip:1001@a>" <sip:1003@pbx.example.com>'
        facts = invite(line)
        assert facts.caller is not None
        self.assertEqual(facts.caller.user, "1002")

    def test_early_name(self) -> None:
        """CC-Diversion, as the header was called first and a proxy's manual still has it."""
        facts = invite("CC-Diversion: sip:1001@pbx.example.com;reason=user-busy")
        self.assertEqual(chain(facts.diversions), [("1001", "user-busy")])
        both = invite("CC-Diversion: <sip:1001@a>", "Diversion: <sip:1002@a>")
        self.assertEqual(chain(both.diversions), [("1002", "")])

    def test_endless_rubbish(self) -> None:
        """Broken lines of many brackets keep nobody busy."""
        began = time.process_time()
        for text in ("<>" * 4000, "<" * 8000, '<sip:1@a>;"' * 700, '"' * 8000, ";" * 8000 + "<"):
            self.assertLessEqual(len(mended(text)), 2 * MOST_FORWARDINGS)
            invite(*[f"Diversion: {text}"] * 3)
        self.assertLess(time.process_time() - began, 1.0)


class HistoryTests(SynchronousTestCase):
    """Why a call was forwarded is known, also where the Reason is not escaped as RFC 7044 asks."""

    def history(self, *lines: str) -> list[tuple[str, str]]:
        return chain(invite(*(f"History-Info: {line}" for line in lines)).history)

    def test_reason_that_is_not_escaped(self) -> None:
        """Semicolons, quotes and blanks as they are (RFC 4244 §4.5; Microsoft, Direct Routing)."""
        for text in (
            'Reason=SIP;cause=486;text="Busy Here"',
            "Reason=SIP;cause=486;text=\u201dUser Busy\u201d",
            'Reason=SIP;cause=486;text="Busy, very"',
            'Reason=SIP%3Bcause%3D486%3Btext="Busy Here"',
            "Reason=SIP; cause=486",
            "Reason=SIP%3Bcause%3D486%3Btext%3D100%",
            "Reason=Q.850%3Bcause%3D16%2CSIP%3Bcause%3D486",
            "Privacy=history&Reason=SIP%3B\\cause%3D486",
        ):
            entry = f"<sip:1001@example.com;user=phone?{text}>;index=1"
            self.assertEqual(self.history(f"{entry}, {OWN}"), [("1001", "user-busy")], text)
            self.assertEqual(self.history(entry, OWN), [("1001", "user-busy")], text)
            self.assertEqual(self.history(f"{entry} {OWN}"), [("1001", "user-busy")], text)

    def test_reason_in_another_place(self) -> None:
        """As a parameter of the entry, or of its URI."""
        outside = '<sip:1001@a>;index=1;Reason=SIP;cause=408;text="Request Timeout"'
        self.assertEqual(self.history(f"{outside}, {OWN}"), [("1001", "no-answer")])
        for inside in ("Reason=SIP%3Bcause%3D408", "text=Request%20Timeout;cause=408;Reason=SIP"):
            entry = f"<sip:1001@a;{inside}>;index=1"
            self.assertEqual(self.history(f"{entry}, {OWN}"), [("1001", "no-answer")], inside)

    def test_the_reason_that_tells_more(self) -> None:
        """Beside the bare fact of a redirect Avaya tells why (Session Manager, CS1000 adapter)."""
        moved = "Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%20Temporarily%22"
        for more, word in (
            ("Reason=Redirection%3BCause%3DCFI", "unconditional"),
            ("Reason=Redirection%3Bcause%3DCFB", "user-busy"),
            (
                "Reason=Redirection%3Bcause%3DNORMAL%3Bavaya-cm-reason%3D%22cover-no-reply%22",
                "no-answer",
            ),
            (
                "Reason=Redirection%3Bcause%3DNORMAL%3Bavaya-cm-reason%3D%22cover-busy%22"
                "%3Bavaya-cm-vm-address-digits%3D15000",
                "user-busy",
            ),
            ("Reason=Q.850%3Bcause%3D99", "unconditional"),
        ):
            entry = f"<sip:1001@a?{moved}&{more}>;index=1.1"
            lines = f'"Ada" <sip:1001@a>;index=1, {entry}, <sip:5000@a>;index=1.2'
            self.assertEqual(self.history(lines), [("1001", word)], more)

    def test_telephone_number_with_a_reason(self) -> None:
        """A tel URI has no header fields (RFC 3966), and is sent with them all the same."""
        entry = "<tel:+12125550111?Reason=Q.850%3Bcause%3D19>;index=1"
        self.assertEqual(self.history(f"{entry}, {OWN}"), [("+12125550111", "no-answer")])


class TargetTests(SynchronousTestCase):
    """A service that is called for a mailbox says whose it is (RFC 4458 §4)."""

    def test_target(self) -> None:
        """`target` is the mailbox and `cause` the reason."""
        for parameters, wanted in (
            ("target=bob%40example.com;cause=486", ("bob", "user-busy")),
            ("target=sip:bob%40example.com;cause=408", ("bob", "no-answer")),
            ("target=tel:+1-212-555-0111;cause=302", ("+12125550111", "unconditional")),
            ("target=sip:%2B12125550111%40example.com;user=phone", ("+12125550111", "")),
        ):
            facts = invite(uri=f"sip:5000@192.0.2.10;{parameters}")
            self.assertEqual(chain(facts.history), [wanted], parameters)

    def test_nobody(self) -> None:
        """A target that is none, or the called number itself, forwarded nothing."""
        for parameters in ("target", "target=", "target=5000", "target=sip:5000%40a", "target=%22"):
            self.assertEqual(
                invite(uri=f"sip:5000@192.0.2.10;{parameters}").history, (), parameters
            )

    def test_chain_first(self) -> None:
        """Where the chain itself is told, it counts."""
        facts = invite(
            f"History-Info: <sip:1001@a>;index=1,{OWN}", uri="sip:5000@b;target=1003%40a"
        )
        self.assertEqual(chain(facts.history), [("1001", "")])


class PrivacyTests(SynchronousTestCase):
    """What a Remote-Party-ID does not want told (draft-ietf-sip-privacy §6.1)."""

    def test_forms(self) -> None:
        """Each aspect alone, with its keeper, or several at once."""
        for privacy, wanted in (
            ("off", ("1003", "Ada")),
            ("name", ("1003", "")),
            ("name-network", ("1003", "")),
            ("full-network", None),
            ("uri-network", None),
            ('"name,uri"', None),
        ):
            line = f'Remote-Party-ID: "Ada" <sip:1003@a>;party=calling;privacy={privacy}'
            caller = invite(line).caller
            self.assertEqual((caller.user, caller.name) if caller else None, wanted, privacy)
