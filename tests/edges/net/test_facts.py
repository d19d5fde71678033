"""What offers of real equipment state about themselves: caller, called, and who forwarded."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net.facts import facts_from, with_late
from umserver.edges.net.forwardings import MOST_FORWARDINGS
from umserver.edges.net.stated import party_of
from umserver.org.facts import CallFacts, Diversion
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import SipSyntaxError, parse
from umserver.wire.sip.uri import Uri

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "gateway-invites"
FLOW = Flow("tcp", ("192.0.2.30", 5070), ("192.0.2.10", 5060))


def read(data: bytes) -> CallFacts:
    """The facts of an INVITE as it stands on the wire."""
    request = parse(data)
    assert isinstance(request, Request)
    return facts_from(request, FLOW)


def invite(
    *lines: str,
    uri: str = "sip:5000@192.0.2.10",
    caller: str = "<sip:1002@pbx.example.com>",
) -> CallFacts:
    """The facts of a plain INVITE with these further header lines."""
    head = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/TCP 192.0.2.30:5060;branch=z9hG4bK1",
        "Max-Forwards: 70",
        f"From: {caller};tag=1",
        "To: <sip:5000@192.0.2.10>",
        "Call-ID: call-1@pbx.example.com",
        "CSeq: 1 INVITE",
        *lines,
        "Content-Length: 0",
    ]
    return read(("\r\n".join(head) + "\r\n\r\n").encode())


def chain(diversions: tuple[Diversion, ...]) -> list[tuple[str, str]]:
    """Users and reasons, the last forwarding first."""
    return [(entry.party.user, entry.reason) for entry in diversions]


HISTORY = {
    "sonus-sip-i-multipart.sip": [("+12125550112", "user-busy")],
    "avaya-sm-history-info.sip": [("5111", "unconditional")],
    "lync-mediation-server.sip": [("+12125550113", "unconditional")],
    "ip-gateway-history-info-timeout.sip": [("5111", "no-answer")],
    "ims-mgcf-cause-parameter.sip": [
        ("+12125550113", "user-busy"),
        ("+12125550112", "unconditional"),
    ],
}
"""What the History-Info of these messages means (RFC 7044, RFC 4458), our own entry left out."""


class VectorTests(SynchronousTestCase):
    """Messages of fifteen kinds of equipment."""

    def messages(self) -> list[tuple[str, dict[str, Any], CallFacts]]:
        index = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
        return [
            (
                entry["file"],
                entry["facts"],
                read((VECTORS / "messages" / entry["file"]).read_bytes()),
            )
            for entry in index["messages"]
        ]

    def test_callers(self) -> None:
        """The mail names the number that each of them sends, and the name where there is one."""
        for file, stated, facts in self.messages():
            if stated["caller"].startswith("anonymous"):
                self.assertIsNone(facts.caller, file)
                continue
            assert facts.caller is not None
            self.assertEqual(facts.caller.user, stated["caller"], file)
            if "caller_name" in stated:
                self.assertEqual(facts.caller.name, stated["caller_name"], file)

    def test_diversions(self) -> None:
        """Whoever forwarded is known, the last one first, with the reason."""
        for file, stated, facts in self.messages():
            wanted = stated.get("diversions", [])
            self.assertEqual(
                [entry.party.user for entry in facts.diversions],
                [entry["user"] for entry in wanted],
                file,
            )
            for entry, want in zip(facts.diversions, wanted, strict=True):
                self.assertEqual(entry.reason, (want["reason"] or "").partition(" ")[0], file)
                self.assertEqual(entry.party.name, want.get("name", entry.party.name), file)

    def test_history(self) -> None:
        """History-Info is read the other way round, and its broken form is passed over."""
        for file, _, facts in self.messages():
            self.assertEqual(chain(facts.history), HISTORY.get(file, []), file)
            self.assertEqual(bool(facts.problems), file == "cisco-cvp-junk-history-info.sip", file)

    def test_called(self) -> None:
        """The called number is the pilot in all of them, however it is written."""
        for file, _, facts in self.messages():
            self.assertIn(facts.called.user, ("5100", "+12125550100"), file)
            self.assertEqual(
                (facts.source, facts.source_port, facts.transport), ("192.0.2.30", 5070, "tcp")
            )


class CallerTests(SynchronousTestCase):
    """Which header names the caller."""

    def caller(self, *lines: str, **parts: str) -> tuple[str, str] | None:
        facts = invite(*lines, **parts)
        return (facts.caller.user, facts.caller.name) if facts.caller else None

    def test_order(self) -> None:
        """P-Asserted-Identity beats Remote-Party-ID, that beats From."""
        remote = 'Remote-Party-ID: "R" <sip:1003@pbx.example.com>;party=calling'
        asserted = 'P-Asserted-Identity: "A" <sip:1004@pbx.example.com>'
        self.assertEqual(self.caller(), ("1002", ""))
        self.assertEqual(self.caller(remote), ("1003", "R"))
        self.assertEqual(self.caller(remote, asserted), ("1004", "A"))

    def test_anonymous(self) -> None:
        """Whoever hides is nobody: by From, by Privacy, by Remote-Party-ID's privacy."""
        asserted = "P-Asserted-Identity: <sip:1004@pbx.example.com>"
        hidden = "Remote-Party-ID: <sip:1003@pbx.example.com>;privacy=full"
        self.assertIsNone(self.caller(caller="<sip:anonymous@anonymous.invalid>"))
        self.assertIsNone(self.caller(caller="<sip:x@anonymous.invalid>"))
        self.assertIsNone(self.caller(caller="<sip:pbx.example.com>"))
        self.assertIsNone(self.caller(asserted, "Privacy: id;critical"))
        self.assertIsNone(self.caller(asserted, "Privacy: header, user"))
        self.assertIsNone(self.caller(hidden))
        self.assertEqual(self.caller(asserted, "Privacy: none"), ("1004", ""))
        self.assertEqual(self.caller(hidden.replace("full", "off")), ("1003", ""))

    def test_called_party_is_no_caller(self) -> None:
        """A Remote-Party-ID of the called side says nothing about the caller."""
        self.assertEqual(
            self.caller("Remote-Party-ID: <sip:1003@pbx.example.com>;party=called"), ("1002", "")
        )

    def test_name_at_the_other_identity(self) -> None:
        """A name that stands at the tel form belongs to the sip form too."""
        line = 'P-Asserted-Identity: <sip:1004@pbx.example.com>, "Grace" <tel:+13125550142>'
        self.assertEqual(self.caller(line), ("1004", "Grace"))

    def test_unreadable_identity(self) -> None:
        """A broken identity is passed over, named as a problem, and From counts."""
        facts = invite('P-Asserted-Identity: "A <sip:1004@pbx.example.com>')
        assert facts.caller is not None
        self.assertEqual(facts.caller.user, "1002")
        self.assertTrue(facts.problems[0].startswith("P-Asserted-Identity: "))

    def test_endless_numbers(self) -> None:
        """A number of very many digits that is none after all is read in no time: nobody keeps the
        server busy with it.
        """
        began = time.process_time()
        user = "1" * 40_000 + "x"
        self.assertEqual(party_of(Uri("sip", user, "pbx.example.com")).user, user)
        self.assertLess(time.process_time() - began, 0.5)

    def test_numbers_are_compact(self) -> None:
        """Separators and parameters inside a number are no part of it (RFC 3966 §5)."""
        facts = invite(caller="<tel:+1-212-555-0111;phone-context=x>", uri="sip:(5)0.00@192.0.2.10")
        assert facts.caller is not None
        self.assertEqual((facts.caller.user, facts.called.user), ("+12125550111", "5000"))
        facts = invite(caller="<sip:ada.example-1@pbx.example.com;user=ip>")
        assert facts.caller is not None
        self.assertEqual(facts.caller.user, "ada.example-1")


class ForwardingTests(SynchronousTestCase):
    """Diversion and History-Info."""

    def test_broken_entry_in_a_list(self) -> None:
        """One broken entry does not cost the others."""
        facts = invite("Diversion: <sip:1001@pbx.example.com>;reason=user-busy, <sip:1@2")
        self.assertEqual(chain(facts.diversions), [("1001", "user-busy")])
        self.assertEqual(len(facts.problems), 1)

    def test_quoted_and_capital_reason(self) -> None:
        """Quotes and capitals of a reason do not matter."""
        facts = invite('Diversion: <sip:1001@pbx.example.com>;reason="No-Answer"')
        self.assertEqual(chain(facts.diversions), [("1001", "no-answer")])

    def test_endless_chain(self) -> None:
        """Of an endless chain only the nearest entries are read."""
        lines = [f"Diversion: <sip:{n}@pbx.example.com>" for n in range(1000, 1060)]
        entries = invite(*lines).diversions
        self.assertEqual((len(entries), entries[0].party.user), (MOST_FORWARDINGS, "1000"))

    def test_lines_that_are_only_there_to_keep_us_busy(self) -> None:
        """Of many lines, and of a broken line, no more is read than a chain can have."""
        hidden = "<sip:anonymous@pbx.example.com>, " * MOST_FORWARDINGS + "<sip:1009@a>, ,"
        facts = invite(f"P-Asserted-Identity: {hidden}", *["Diversion: ,"] * 60)
        assert facts.caller is None
        self.assertEqual(len(facts.problems), 1 + MOST_FORWARDINGS)

    def history(self, *entries: str, uri: str = "sip:5000@192.0.2.10") -> list[tuple[str, str]]:
        return chain(invite("History-Info: " + ", ".join(entries), uri=uri).history)

    def test_one_entry(self) -> None:
        """A single entry is a forwarding, unless it is the called number itself."""
        self.assertEqual(self.history("<sip:1001@192.0.2.10>;index=1"), [("1001", "")])
        self.assertEqual(self.history("<sip:5000@192.0.2.10>;index=1"), [])
        self.assertEqual(self.history("<sip:+12125555000@192.0.2.10>;index=1"), [])
        self.assertEqual(self.history("<sip:000@192.0.2.10>;index=1"), [])
        self.assertEqual(self.history("<sip:00@192.0.2.10>;index=1"), [("00", "")])

    def test_entries_that_say_nothing(self) -> None:
        """An entry without a user, or of the called number, forwarded nothing."""
        entries = (
            "<sip:1001@192.0.2.10>",
            "<sip:5000@192.0.2.9>",
            "<sip:192.0.2.8>",
            "<sip:1002@b>",
        )
        numbered = [f"{entry};index=1.{n}" for n, entry in enumerate(entries)]
        self.assertEqual(self.history(*numbered), [("1001", "")])

    def test_order_of_the_indexes(self) -> None:
        """Entries count in the order of their indexes; without clear ones as they came."""
        first = "<sip:1001@192.0.2.10>;index=1"
        second = "<sip:1002@192.0.2.10;cause=408>;index=1.1"
        last = "<sip:5000@192.0.2.10;cause=486>;index=1.10"
        wanted = [("1002", "user-busy"), ("1001", "no-answer")]
        self.assertEqual(self.history(first, second, last), wanted)
        self.assertEqual(self.history(last, second, first), wanted)
        for index in ("1", "x", "", "123456"):
            odd = second.replace("index=1.1", f"index={index}" if index else "mp=1")
            self.assertEqual(self.history(first, odd, last), wanted, index)

    def test_reasons_inside(self) -> None:
        """Why an entry was left stands in its own URI: SIP, Q.850, and what equipment invents."""
        for inside, word in (
            ("Reason=SIP%3Bcause%3D486", "user-busy"),
            ("Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%22", "unconditional"),
            ("Privacy=none&reason=Q.850%3bcause%3d19", "no-answer"),
            ("Reason=Redirection%3Bcause%3DCFNR", "no-answer"),
            ("Reason=SIP%3Bcause%3D999", ""),
            ("Reason=SIP%3Btext%3D486", ""),
            ("Reason=SIP%3Bcause%3D999%3Bcause%3D486", "user-busy"),
            ("Reason=Moon%3Bcause%3D1", ""),
            ("Reason=SIP", ""),
        ):
            entry = f"<sip:1001@192.0.2.10?{inside}>;index=1"
            self.assertEqual(
                self.history(entry, "<sip:5000@192.0.2.10>;index=1.1"), [("1001", word)], inside
            )

    def test_same_user_twice(self) -> None:
        """A user who stands twice, as line and as mailbox, forwarded once."""
        name = '"Ada" <sip:1001@192.0.2.10>;index=1'
        why = "<sip:1001@pbx.example.com?Reason=SIP%3Bcause%3D408>;index=1.1"
        own = "<sip:5000@192.0.2.10>;index=1.1.1"
        facts = invite(f"History-Info: {name}, {why}, {own}")
        self.assertEqual(chain(facts.history), [("1001", "no-answer")])
        self.assertEqual(facts.history[0].party.name, "Ada")
        why = why.replace("<", '"Ada B." <', 1)
        facts = invite(f"History-Info: {name}, {why}, {own}")
        self.assertEqual(facts.history[0].party.name, "Ada B.")

    def test_token(self) -> None:
        """The signed result of a call router comes with the request."""
        self.assertEqual(invite(uri="sip:5000@192.0.2.10;um-route=1.2.x.y").route_token, "1.2.x.y")
        self.assertIsNone(invite(uri="sip:5000@192.0.2.10;um-route").route_token)
        self.assertIsNone(invite().route_token)

    @given(
        st.sampled_from(["Diversion", "History-Info", "P-Asserted-Identity", "Remote-Party-ID"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=120),
    )
    def test_whatever_a_peer_sends(self, header: str, value: str) -> None:
        """No value of these headers, however broken, costs the call."""
        try:
            facts = invite(f"{header}: {value}")
        except SipSyntaxError:
            return
        self.assertEqual(facts.call_id, "call-1@pbx.example.com")


class LateTests(SynchronousTestCase):
    """Gateways that say only after the INVITE who calls and who forwarded (feature 40)."""

    def late(self, first: str, *later: str) -> CallFacts:
        """The facts of an INVITE with this header, and an UPDATE with these."""
        head = (
            "{} sip:5000@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.30;branch=z9hG4bK1\r\n"
            "From: <sip:anonymous@anonymous.invalid>;tag=1\r\nTo: <sip:5000@192.0.2.10>\r\n"
            "Call-ID: 1\r\nCSeq: 1 {}\r\nMax-Forwards: 70\r\n{}\r\n\r\n"
        )
        requests = [
            parse(head.format(method, method, "\r\n".join(lines)).encode())
            for method, lines in (("INVITE", [first]), ("UPDATE", later))
        ]
        invite, update = (one for one in requests if isinstance(one, Request))
        return with_late(facts_from(invite, FLOW), invite, update)

    def test_named_late(self) -> None:
        """Caller and forwardings of the later request are taken (feature 40)."""
        facts = self.late(
            "Subject: nothing",
            'P-Asserted-Identity: "Grace" <sip:2125550142@pbx.example.com>',
            "Diversion: <sip:1001@pbx.example.com>;reason=user-busy",
            "History-Info: <sip:1002@pbx.example.com>;index=1",
            "History-Info: <sip:5000@pbx.example.com>;index=1.1",
        )
        assert facts.caller is not None
        self.assertEqual((facts.caller.user, facts.caller.name), ("2125550142", "Grace"))
        self.assertEqual(chain(facts.diversions), [("1001", "user-busy")])
        self.assertEqual([entry.party.user for entry in facts.history], ["1002"])

    def test_what_was_named_first_stays(self) -> None:
        """A later request adds to the facts and replaces nothing."""
        facts = self.late(
            "Diversion: <sip:1002@pbx.example.com>",
            "Diversion: <sip:1001@pbx.example.com>",
        )
        self.assertEqual(chain(facts.diversions), [("1002", "")])
        self.assertIsNone(facts.caller)

    def test_privacy_holds(self) -> None:
        """A caller who asked not to be named is not named by what comes late."""
        facts = self.late("Privacy: id", "P-Asserted-Identity: <sip:2125550142@pbx.example.com>")
        self.assertIsNone(facts.caller)

    def test_broken(self) -> None:
        """A broken later header is named among the problems and costs nothing else."""
        facts = self.late("Subject: nothing", "Diversion: <<sip:")
        self.assertEqual((facts.diversions, facts.caller), ((), None))
        self.assertEqual(len(facts.problems), 1)
