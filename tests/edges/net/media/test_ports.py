"""Pairs of sockets, and the stamps of what they receive."""

from __future__ import annotations

import socket
from random import Random
from struct import pack

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.media import EngineCase, noise
from umserver.edges.net.media.ports import STAMPED, NoPorts, is_reachable, open_pair
from umserver.edges.net.media.reports import age_of


class PairTests(SynchronousTestCase):
    """RTP even, RTCP next."""

    def test_dscp(self) -> None:
        """Packets are marked for expedited forwarding where that is wanted, in both families."""
        for host, level, option in (
            ("127.0.0.1", socket.IPPROTO_IP, socket.IP_TOS),
            ("::1", socket.IPPROTO_IPV6, socket.IPV6_TCLASS),
        ):
            pair = open_pair(host, range(31_421, 31_440), Random(1), dscp=46)
            self.addCleanup(pair.close)
            self.assertEqual(pair.port % 2, 0)
            for sock, port in ((pair.rtp, pair.port), (pair.rtcp, pair.port + 1)):
                self.assertEqual(sock.getsockname()[:2], (host, port))
                self.assertEqual(sock.getsockopt(level, option), 46 << 2)
                self.assertFalse(sock.getblocking())

    def test_a_range_without_a_pair(self) -> None:
        """A range that holds no even port with its successor is an error in words."""
        for ports in (range(0), range(31_441, 31_443), range(31_442, 31_443)):
            with self.assertRaisesRegex(NoPorts, "no even port"):
                open_pair("127.0.0.1", ports, Random(1))

    def test_the_second_port_is_taken(self) -> None:
        """When somebody else has the odd port the pair is passed over, and nothing leaks."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 31_445))
            with self.assertRaisesRegex(NoPorts, "no free pair"):
                open_pair("127.0.0.1", range(31_444, 31_446), Random(1))
        open_pair("127.0.0.1", range(31_444, 31_446), Random(1)).close()

    def test_an_address_that_is_not_ours(self) -> None:
        """It says at once that the address cannot be used."""
        with self.assertRaisesRegex(NoPorts, "192.0.2.1"):
            open_pair("192.0.2.1", range(31_446, 31_460), Random(1))

    def test_reachable(self) -> None:
        """Names, wildcards and impossible ports are nobody's address."""
        for host, port in (("192.0.2.1", 4000), ("2001:db8::1", 65535)):
            self.assertTrue(is_reachable(host, port))
        for host, port in (
            ("0.0.0.0", 4000),
            ("::", 4000),
            ("pbx.example.com", 4000),
            ("192.0.2.1\0", 4000),
            ("192.0.2.1", 0),
            ("192.0.2.1", 65536),
        ):
            self.assertFalse(is_reachable(host, port))


class StampTests(EngineCase):
    """When a report came, though it is read only once a second."""

    def test_age(self) -> None:
        """The kernel's stamp tells how long a packet waited; without one it counts as fresh."""
        stamp = pack("@ll", 1000, 250_000_000)
        self.assertEqual(age_of([(socket.SOL_SOCKET, STAMPED, stamp)], 1000.75), 0.5)
        self.assertEqual(age_of([(socket.SOL_SOCKET, STAMPED, stamp)], 900.0), 0.0)
        self.assertEqual(age_of([(socket.SOL_SOCKET, STAMPED, stamp)], 9000.0), 2.0)
        self.assertEqual(age_of([(0, STAMPED, stamp), (1, 1, b"")], 1000.75), 0.0)

    def test_ipv6(self) -> None:
        """A call over IPv6 is heard like any other."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
            leg = self.engine.open("::1")
            peer = self.peer()
            first, second = peer.packet(noise(0.02), 0, 0), peer.packet(noise(0.02), 0, 160)
            sock.sendto(first, ("::1", leg.port))
            port = sock.getsockname()[1]
            leg.connect(peer.plan(remote_host="::1", remote_port=port))
            sock.sendto(second, ("::1", leg.port))
            self.step(0.05)
            self.assertEqual(leg.close().packets_received, 2)
