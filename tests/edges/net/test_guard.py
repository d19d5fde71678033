"""Floods of strangers cost a glance at their address; whoever is expected is never held up."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net import guard
from umserver.edges.net.guard import BURST, CROWD_BURST, CROWD_RATE, RATE, Guard
from umserver.wire.sip.effects import Flow

INVITE = b"INVITE sip:1001@192.0.2.1 SIP/2.0\r\nUser-Agent: PBX\r\n\r\n"
GATEWAY = "192.0.2.10"


class GuardTests(SynchronousTestCase):
    """One gateway is known."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.guard = Guard(lambda host: host == GATEWAY, self.clock.seconds)

    def admitted(self, host: str, count: int) -> int:
        return sum(self.guard.admits(host, INVITE) for _ in range(count))

    def test_gateways_are_never_held_up(self) -> None:
        """A known gateway may send as much as it likes, also during a flood."""
        self.admitted("203.0.113.9", 100_000)
        self.assertEqual(self.admitted(GATEWAY, 20_000), 20_000)

    def test_a_stranger_may_say_a_little(self) -> None:
        """A stranger is answered as long as it does not flood; its room grows again."""
        self.assertEqual(self.admitted("203.0.113.9", 1000), BURST)
        self.assertEqual(self.guard.dropped, 1000 - BURST)
        self.clock.advance(1.0)
        self.assertEqual(self.admitted("203.0.113.9", 1000), RATE)
        self.assertEqual(self.admitted("203.0.113.8", 10), 10)

    def test_a_flood_from_everywhere(self) -> None:
        """Forged addresses by the ten thousand come no further than all strangers together may."""
        hosts = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(20_000)]
        self.assertEqual(sum(self.admitted(host, 1) for host in hosts), CROWD_BURST)
        self.assertLessEqual(len(self.guard._strangers), guard.MOST_STRANGERS)
        self.clock.advance(1.0)
        self.assertEqual(sum(self.admitted(host, 1) for host in hosts), CROWD_RATE)

    def test_scanners_hear_nothing(self) -> None:
        """Whoever calls itself a scanner is not answered, not even once, not even a gateway."""
        for name in (b"friendly-scanner", b"sipvicious", b"sipcli/v1.8", b"VaxSIPUserAgent/3.1"):
            for host in ("203.0.113.9", GATEWAY):
                self.assertFalse(self.guard.admits(host, INVITE.replace(b"PBX", name)))
        self.assertEqual(self.guard.dropped, 8)
        shouted = INVITE.replace(b"User-Agent: PBX", b"user-agent:FRIENDLY-scanner")
        self.assertFalse(self.guard.admits(GATEWAY, shouted))

    def test_callers_may_have_any_name(self) -> None:
        """A gateway's caller who is called like a scanner is put through: it is no program."""
        caller = b'From: "Iwar" <sip:100@192.0.2.10>;tag=1\r\nUser-Agent: PBX'
        self.assertTrue(self.guard.admits(GATEWAY, INVITE.replace(b"User-Agent: PBX", caller)))
        self.assertTrue(self.guard.admits(GATEWAY, b"INVITE sip:iwar@192.0.2.1 SIP/2.0\r\n\r\n"))

    def test_names_of_programs_are_bounded(self) -> None:
        """However many names a gateway gives itself, few are kept in mind."""
        for n in range(10_000):
            self.assertTrue(self.guard.admits(GATEWAY, INVITE.replace(b"PBX", b"PBX %d" % n)))
        self.assertTrue(self.guard.admits(GATEWAY, INVITE.replace(b"PBX", b"x" * 10_000)))
        self.assertLessEqual(len(self.guard._decent), guard.MOST_NAMES)
        self.assertLessEqual(max(map(len, self.guard._decent)), guard.LONGEST_NAME)

    def test_who_takes_part_in_a_call_is_expected(self) -> None:
        """Requests within our calls are not held up, wherever they come from; for an hour."""
        self.guard.trust(Flow("udp", ("203.0.113.9", 5060), ("192.0.2.1", 5062)))
        self.assertEqual(self.admitted("203.0.113.9", 1000), 1000)
        self.clock.advance(guard.TRUST_SECONDS + 1)
        self.assertEqual(self.admitted("203.0.113.9", 1000), BURST)

    def test_members_are_bounded(self) -> None:
        """However many take part in calls, no more are kept in mind than may be."""
        for n in range(10_000):
            host = f"10.0.{n >> 8}.{n & 255}"
            self.guard.trust(Flow("udp", (host, 5060), ("192.0.2.1", 5062)))
        self.assertLessEqual(len(self.guard._members), guard.MOST_MEMBERS)
