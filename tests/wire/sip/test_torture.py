"""The torture messages of RFC 4475 and RFC 5118 against the parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.parse import BadMessage, SipSyntaxError, parse
from umserver.wire.sip.stream import StreamBroken, StreamFramer

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
TORTURE = VECTORS / "rfc4475-5118"
LATER = {"invut.dat", "unkscm.dat", "unksm2.dat"}
"""Well formed; refused by who knows what we support (415, 416, 405)."""
NEVER_WHOLE = {"clerr.dat", "inv2543.dat"}
"""Over a stream their end cannot be told."""


def messages(folder: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((folder / "index.json").read_text())["messages"]
    return listed


def octets(name: str) -> bytes:
    return (TORTURE / "messages" / name).read_bytes()


def request(name: str) -> Request:
    read = parse(octets(name))
    assert isinstance(read, Request)
    return read


class VerdictTests(SynchronousTestCase):
    def test_every_message(self) -> None:
        """Good messages are read, bad ones are refused with the status that the RFC asks for."""
        for each in messages(TORTURE):
            name, verdict = each["file"], each["verdict"]
            try:
                read = parse(octets(name))
            except BadMessage as fault:
                self.assertIn(verdict, ("reject", "either"), name)
                self.assertIn(str(fault.status), each["udp"]["ideal"], name)
                self.assertIsNotNone(fault.via, name)
                continue
            except SipSyntaxError:
                self.fail(f"{name} would not be answered")
            self.assertTrue(verdict != "reject" or name in LATER, name)
            self.assertIsInstance(read, Request if each["kind"] == "request" else Response, name)
            if each["method"]:
                self.assertEqual(read.cseq.method, each["method"], name)

    def test_every_message_in_a_stream(self) -> None:
        """The same messages come whole out of a stream."""
        for each in messages(TORTURE):
            data = octets(each["file"])
            if each["file"] not in NEVER_WHOLE:
                self.assertEqual(StreamFramer().feed(data * 2), [data, data], each["file"])
        self.assertEqual(StreamFramer().feed(octets("clerr.dat")), [])
        framer = StreamFramer()
        self.assertEqual(len(framer.feed(octets("inv2543.dat"))), 1)
        self.assertRaises(StreamBroken, framer.feed, b"")

    def test_every_gateway(self) -> None:
        """What real gateways, exchanges and telephones send is read."""
        folder = VECTORS / "gateway-invites"
        for each in messages(folder):
            data = (folder / "messages" / each["file"]).read_bytes()
            read = parse(data)
            self.assertEqual(read.cseq.method, "INVITE", each["file"])
            self.assertEqual(StreamFramer().feed(data), [data], each["file"])


class DetailTests(SynchronousTestCase):
    def test_short_tortuous_invite(self) -> None:
        """Odd white space, case and short names change nothing (§3.1.1.1)."""
        read = request("wsinv.dat")
        self.assertEqual(str(read.uri), "sip:vivekg@chair-dnrc.example.com;unknownparam")
        self.assertEqual((read.to.tag, read.from_.tag), ("1918181833n", "98asjd8"))
        self.assertEqual(read.from_.name, 'J Rosenberg \\"')
        self.assertEqual(read.max_forwards, 68)
        self.assertEqual(str(read.cseq), "9 INVITE")
        self.assertEqual(read.via.branch, "390skdjuw")
        self.assertEqual(read.headers.get("subject"), "")
        self.assertEqual(
            read.headers.get("newfangledheader"), "newfangled value continued newfangled value"
        )
        assert read.contact is not None
        self.assertEqual(read.contact.name, 'Quoted string ""')
        self.assertEqual(
            read.contact.params, (("newparam", "newvalue"), ("secondparam", None), ("q", "0.33"))
        )
        self.assertEqual(len(read.headers.all("via")), 2)

    def test_escapes(self) -> None:
        """Escapes are resolved in addresses and nowhere else, once (§3.1.1.3, §3.1.1.5)."""
        read = request("esc01.dat")
        self.assertEqual(read.uri.user, "sips:user@example.com")
        self.assertEqual(read.to.uri.user, "user")
        assert read.contact is not None
        self.assertEqual(read.contact.uri.user, "caller")
        self.assertEqual(read.contact.uri.host, "host5.example.net")
        self.assertEqual(read.contact.uri.params, (("lr", None), ("name", "value%41")))
        self.assertEqual(read.from_.uri.user, "I have spaces")
        unknown = request("esc02.dat")
        self.assertEqual((unknown.method, unknown.to.name), ("RE%47IST%45R", "%Z%45"))
        self.assertEqual(len(unknown.contacts), 2)

    def test_long_values(self) -> None:
        """Every one of 34 hops and every character of a long name is kept (§3.1.1.7)."""
        read = request("longreq.dat")
        hops = sum(line.count("SIP/2.0") for line in read.headers.all("via"))
        self.assertEqual(hops, 34)
        self.assertGreater(len(read.to.name), 100)
        self.assertGreater(len(read.from_.tag or ""), 150)

    def test_semicolons_in_the_user_part(self) -> None:
        """The mailbox is user;par=u@example.net (§3.1.1.9)."""
        self.assertEqual(request("semiuri.dat").uri.user, "user;par=u@example.net")

    def test_binary_body(self) -> None:
        """A body with null octets is as long as it says (§3.1.1.11)."""
        read = request("mpart01.dat")
        self.assertIn(b"\0", read.body)
        self.assertEqual(str(len(read.body)), read.headers.get("content-length"))

    def test_contacts(self) -> None:
        """Header parameters and escaped header fields stay where they belong (§3.3.12, 14)."""
        read = request("cparam01.dat").contact
        assert read is not None
        self.assertEqual((read.uri.params, read.params), ((), (("unknownparam", None),)))
        routed = request("regescrt.dat").contact
        assert routed is not None
        self.assertEqual(routed.uri.headers, "Route=%3Csip:sip.example.com%3E")

    def test_old_peer(self) -> None:
        """A request of 1999 is read: no branch, no tag, no length (§3.4.1)."""
        read = request("inv2543.dat")
        self.assertIsNone(read.via.branch)
        self.assertIsNone(read.from_.tag)
        self.assertIn(b"m=audio 49217", read.body)
        self.assertEqual(read.to.params, (("user", "phone"),))
        self.assertEqual(read.record_routes[0].uri.param("maddr"), "ss1.example.com")

    def test_ipv6(self) -> None:
        """IPv6 addresses are read wherever they stand (RFC 5118)."""
        port = request("port-unambiguous.dat").uri
        self.assertEqual((port.host, port.port), ("2001:db8::10", 5070))
        received = request("via-received-param-no-delim.dat").via
        self.assertEqual(received.param("received"), "2001:db8::9:255")
        mapped = request("ipv4-mapped-ipv6.dat")
        self.assertEqual(mapped.via.host, "::ffff:192.0.2.10")
        colons = request("ipv6-correct-abnf-2-colons.dat")
        self.assertEqual(colons.uri.host, "2001:db8::192.0.2.1")
