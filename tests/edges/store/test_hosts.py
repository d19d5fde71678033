"""Host names of gateways."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG, PBX
from umserver.edges.store.hosts import addresses_of, known_addresses, with_addresses


class HostTests(SynchronousTestCase):
    """The system's resolver, asked for names that need no network."""

    def test_a_name_of_this_machine(self) -> None:
        """A gateway on this machine may be called localhost."""
        self.assertTrue(set(addresses_of("localhost")) & {"127.0.0.1", "::1"})
        here = evolve(ORG, gateways=(evolve(PBX, address="localhost"),))
        known = with_addresses(here)
        self.assertEqual(known.gateway_at[known.host_addresses["localhost"][0]].name, "PBX")

    def test_a_name_that_cannot_be(self) -> None:
        """A name longer than names can be stands for nothing, and that is no fault."""
        self.assertEqual(known_addresses("x" * 64 + ".example.com"), ())

    def test_addresses_are_not_looked_up(self) -> None:
        """An organisation of IP addresses asks nobody."""

        def never(host: str) -> tuple[str, ...]:
            raise AssertionError(host)

        self.assertEqual(with_addresses(ORG, never).host_addresses, {})
