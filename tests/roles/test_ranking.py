"""Which desk takes a call, and where the call is sent."""

from __future__ import annotations

from collections import Counter

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.roles.desks import desk
from umserver.interfaces import FleetServer
from umserver.roles.ranking import ranked, redirects


class RedirectTests(SynchronousTestCase):
    """Where a call is sent on to."""

    def test_tls_stays_tls(self) -> None:
        """What came by TLS is sent on to the TLS port, 5063, of desks that have one (feature 2)."""
        ports = {"mbx": 5062, "mbx-tls": 5063}
        desks = [evolve(desk("a"), ports=ports), desk("b"), evolve(desk("c"), ports=ports)]
        targets = redirects(desks, "tls", "token", lambda server: server.host)
        self.assertEqual(
            [(t.host, t.port, t.transport, t.token, t.weight) for t in targets],
            [
                ("a.example.com", 5063, "tls", "token", 1.0),
                ("c.example.com", 5063, "tls", "token", 0.5),
            ],
        )

    def test_plain_stays_plain(self) -> None:
        """What came by UDP or TCP goes to the plain port, 5062, by the same way."""
        desks = [evolve(desk("a"), ports={"mbx": 5062, "mbx-tls": 5063})]
        for transport in ("udp", "tcp"):
            [target] = redirects(desks, transport, "token", lambda server: server.host)
            self.assertEqual((target.port, target.transport), (5062, transport))

    def test_nowhere(self) -> None:
        """Without a desk that can be reached that way there is nowhere to go."""
        self.assertEqual(redirects([desk("a")], "tls", "token", lambda server: server.host), [])


class RankingTests(SynchronousTestCase):
    """Which desk is the best of a mailbox."""

    keys = [f"user{n}@example.com" for n in range(2000)]

    def best(self, *desks: FleetServer) -> list[str]:
        return [ranked(desks, key)[0].name for key in self.keys]

    def test_sticky(self) -> None:
        """The same mailbox goes to the same desk, whatever the order and a few calls more."""
        before = self.best(desk("a"), desk("b"), desk("c"))
        after = self.best(desk("c", calls=5), desk("a", calls=1), desk("b", calls=7))
        self.assertEqual(before, after)

    def test_one_goes(self) -> None:
        """When a desk goes only its own mailboxes move, and to both others."""
        before = self.best(desk("a"), desk("b"), desk("c"))
        after = self.best(desk("a"), desk("b"))
        moved = Counter(new for old, new in zip(before, after, strict=True) if old == "c")
        stayed = [old == new for old, new in zip(before, after, strict=True) if old != "c"]
        self.assertTrue(all(stayed))
        self.assertEqual(set(moved), {"a", "b"})

    def test_weight(self) -> None:
        """A desk with three times the room gets about three quarters of the mailboxes."""
        shares = Counter(self.best(desk("big", capacity=300), desk("small", capacity=100)))
        self.assertLess(abs(shares["big"] / len(self.keys) - 0.75), 0.04)

    def test_busy(self) -> None:
        """A desk that is three quarters full gets fewer new mailboxes than an idle one."""
        shares = Counter(self.best(desk("busy", calls=75), desk("idle")))
        self.assertLess(abs(shares["busy"] / len(self.keys) - 0.2), 0.04)

    def test_nothing_to_offer(self) -> None:
        """A desk that allows no calls at all is still ranked, at the very end."""
        self.assertEqual(self.best(desk("a", capacity=0), desk("b"))[:20].count("b"), 20)
