"""Sockets and addresses as we need them."""

from __future__ import annotations

import socket
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net.sockets import (
    bind,
    family_of,
    is_address,
    is_wildcard,
    local_address_towards,
)


def has_ipv6() -> bool:
    """Whether ::1 can be listened on here."""
    try:
        bind("::1", 0, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


class SocketTests(SynchronousTestCase):
    """Binding, and which address of ours a peer sees."""

    def open(self, host: str, port: int, kind: socket.SocketKind) -> int:
        sock = bind(host, port, kind)
        self.addCleanup(sock.close)
        self.assertFalse(sock.getblocking())
        return int(sock.getsockname()[1])

    def test_addresses_are_told_from_names(self) -> None:
        """Only what needs no look-up counts as an address."""
        for good in ("127.0.0.1", "0.0.0.0", "::1", "2001:db8::1", "fe80::1%eth0"):
            self.assertTrue(is_address(good), good)
        for bad in ("pbx.example.com", "", "1.2.3", "1.2.3.4.5", "[::1]", "::1::", "a\0b"):
            self.assertFalse(is_address(bad), bad)

    def test_families_and_wildcards(self) -> None:
        """A colon makes IPv6; only the addresses of everything are wildcards."""
        self.assertEqual(family_of("::1"), socket.AF_INET6)
        self.assertEqual(family_of("192.0.2.1"), socket.AF_INET)
        self.assertTrue(all(map(is_wildcard, ("0.0.0.0", "::", ""))))
        self.assertFalse(is_wildcard("127.0.0.1"))

    def test_a_busy_port_is_refused(self) -> None:
        """Two servers cannot listen on one port: the second hears at once which one that is."""
        for name, kind in (("UDP", socket.SOCK_DGRAM), ("TCP", socket.SOCK_STREAM)):
            port = self.open("127.0.0.1", 0, kind)
            fault = self.assertRaises(OSError, bind, "127.0.0.1", port, kind)
            self.assertEqual(fault.filename, f"{name} port {port} of 127.0.0.1")

    def test_an_address_of_somebody_else_is_refused(self) -> None:
        """Listening on an address that this machine does not have fails at once."""
        self.assertRaises(OSError, bind, "192.0.2.77", 0, socket.SOCK_DGRAM)

    @skipUnless(has_ipv6(), "no IPv6 here")
    def test_both_families_share_a_port(self) -> None:
        """One port number serves IPv4 and IPv6 side by side."""
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            port = self.open("0.0.0.0", 0, kind)
            self.assertEqual(self.open("::", port, kind), port)

    def test_the_address_that_a_peer_sees(self) -> None:
        """A listener on everything answers from the address on the way to its peer."""
        self.assertEqual(local_address_towards("127.0.0.1", "0.0.0.0"), "127.0.0.1")
        self.assertEqual(local_address_towards("127.0.0.1", "127.0.0.5"), "127.0.0.5")
        self.assertEqual(local_address_towards("::1", "::"), "::1")
        self.assertEqual(local_address_towards("not an address", ""), "127.0.0.1")
