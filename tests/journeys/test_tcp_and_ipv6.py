"""The same call over other roads."""

from __future__ import annotations

from unittest import skipUnless

from tests.edges.net.test_sockets import has_ipv6
from tests.kit.house import DIVERTED, HouseCase


class OverTcp(HouseCase):
    """SIP over TCP."""

    def test_tcp(self) -> None:
        """A peer that speaks TCP is redirected to TCP and leaves its message."""
        self.start()
        caller = self.dial("5000", transport="tcp", headers=DIVERTED)
        caller.until_beep().say(2.0).hang_up()
        self.mails()
        self.assertEqual({m.transport for m in self.trace.everything()}, {"tcp"})
        self.assertIn("302 Moved Temporarily [INVITE]", self.titles())


@skipUnless(has_ipv6(), "no IPv6 here")
class OverIpv6(HouseCase):
    """IPv6 all the way."""

    host = "::1"

    def test_ipv6(self) -> None:
        """A peer on IPv6 reaches router, desk and sound over IPv6 (feature 27)."""
        self.start()
        for transport in ("udp", "tcp"):
            caller = self.dial("5000", transport=transport, headers=DIVERTED)
            caller.until_beep().say(2.0).hang_up()
        self.mails(count=2)
        self.assertEqual({m.source[0] for m in self.trace.everything()}, {"::1"})
