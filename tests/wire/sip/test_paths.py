"""Where messages go, by the addresses in them."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import TCP, UDP
from umserver.wire.sip.headers import parse_via
from umserver.wire.sip.paths import is_answerable, is_hidden, next_hop, reply_fallback, reply_flow
from umserver.wire.sip.uri import parse_uri


class NextHopTests(SynchronousTestCase):
    def hop(self, text: str, flow: object = UDP) -> tuple[str, tuple[str, int]]:
        found = next_hop(parse_uri(text), flow)  # type: ignore[arg-type]
        return found.transport, found.remote

    def test_addresses(self) -> None:
        """An address in the URI is where the request goes, with port, transport and maddr."""
        self.assertEqual(self.hop("sip:192.0.2.9"), ("udp", ("192.0.2.9", 5060)))
        self.assertEqual(self.hop("sip:192.0.2.9:5070"), ("udp", ("192.0.2.9", 5070)))
        tcp = self.hop("sip:192.0.2.9;transport=tcp")
        self.assertEqual(tcp, ("tcp", ("192.0.2.9", 5060)))
        self.assertEqual(self.hop("sips:192.0.2.9"), ("tls", ("192.0.2.9", 5061)))
        self.assertEqual(
            self.hop("sip:a.example.com;maddr=192.0.2.9"), ("udp", ("192.0.2.9", 5060))
        )
        self.assertEqual(self.hop("sip:192.0.2.9;transport=sctp"), ("udp", ("192.0.2.9", 5060)))

    def test_names(self) -> None:
        """A name, a group or another family leads nowhere new: the known way is kept."""
        for uri in ("sip:pbx.example.com", "sip:239.1.1.1", "sip:0.0.0.0", "sip:[2001:db8::1]"):
            self.assertEqual(self.hop(uri), ("udp", UDP.remote), uri)
        self.assertEqual(self.hop("tel:+12125550142"), ("udp", UDP.remote))

    def test_living_connection(self) -> None:
        """A connection to that host is used, whatever port the URI names."""
        self.assertEqual(next_hop(parse_uri("sip:192.0.2.1:5060;transport=tcp"), TCP), TCP)
        self.assertEqual(next_hop(parse_uri("sip:192.0.2.1:5060"), UDP), UDP)

    def test_hidden(self) -> None:
        """Only an address that is nobody's outside, and not the peer's own, is hidden."""
        for uri, hidden in (
            ("sip:10.1.2.3", True),
            ("sip:100.64.0.1:5070", True),
            ("sip:[fd00::1]", True),
            ("sip:pbx.example.com;maddr=10.1.2.3", True),
            ("sip:pbx.example.com", False),
            ("sip:8.8.8.8", False),
            (f"sip:{UDP.remote[0]}:5070", False),
        ):
            self.assertEqual(is_hidden(parse_uri(uri), UDP), hidden, uri)


class ReplyTests(SynchronousTestCase):
    def test_ports(self) -> None:
        """The Via's port counts over UDP unless it is none."""
        for text, port in (
            ("SIP/2.0/UDP 192.0.2.1:5070", 5070),
            ("SIP/2.0/UDP 192.0.2.1", 5060),
            ("SIP/2.0/UDP 192.0.2.1:0", 41234),
            ("SIP/2.0/UDP 192.0.2.1:5070;rport", 41234),
        ):
            flow = evolve(UDP, remote=("192.0.2.1", 41234))
            self.assertEqual(reply_flow(parse_via(text), flow).remote, ("192.0.2.1", port), text)
        self.assertEqual(reply_flow(None, UDP), UDP)
        self.assertIsNone(reply_fallback(None, TCP))

    def test_nobody(self) -> None:
        """Groups, broadcast, the null address and port 0 are nobody, mapped ones too."""
        for host in ("239.0.0.1", "0.0.0.0", "255.255.255.255", "::ffff:239.0.0.1", "ff02::1"):
            self.assertFalse(is_answerable(evolve(UDP, remote=(host, 5060))), host)
        for host in ("192.0.2.1", "::1", "2001:db8::1", "no-address"):
            self.assertTrue(is_answerable(evolve(UDP, remote=(host, 5060))), host)
