"""Whose messages are expected at a SIP port."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG, PBX
from umserver.service.expected import Expected


class ExpectedTests(SynchronousTestCase):
    """The settings of the examples."""

    def setUp(self) -> None:
        self.org = ORG
        self.expected = Expected(lambda: self.org)

    def test_addresses(self) -> None:
        """Gateways and this machine are expected; so is a gateway that is new in the settings."""
        for host in (PBX.address, "127.0.0.1", "::1"):
            self.assertTrue(self.expected.knows(host), host)
        self.assertFalse(self.expected.knows("203.0.113.9"))
        self.org = evolve(ORG, gateways=(*ORG.gateways, evolve(PBX, address="203.0.113.9")))
        self.assertTrue(self.expected.knows("203.0.113.9"))

    def test_names(self) -> None:
        """A certificate for a gateway is expected, with a star too; one for others is not."""
        sbc = evolve(PBX, name="SBC", address="sbc.example.com")
        self.org = evolve(ORG, gateways=(*ORG.gateways, sbc))
        for name in ("sbc.example.com", "*.example.com"):
            self.assertTrue(self.expected.knows_names((name,)), name)
        for names in ((), ("example.com",), ("sbc.example.org", "*.org")):
            self.assertFalse(self.expected.knows_names(names), names)
