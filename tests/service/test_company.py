"""Names and company of servers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.bootstrap import Bootstrap, parse_bootstrap
from umserver.service.company import has_company, name_of

BOTH = ("cas", "mbx")


def bootstrap(**settings: object) -> Bootstrap:
    """A bootstrap file with these settings, `section_key`."""
    return parse_bootstrap("", {name.replace("__", "."): v for name, v in settings.items()})


class NameTests(SynchronousTestCase):
    """By which name a server is known."""

    def test_its_own_name(self) -> None:
        """A server that was given a name has that one, whatever its roles."""
        named = bootstrap(server__host_name="um1.example.com")
        for roles in (BOTH, ("cas",)):
            self.assertEqual(name_of(named, roles, "box"), "um1.example.com")

    def test_the_machines_name(self) -> None:
        """A server with both roles has its machine's name."""
        self.assertEqual(name_of(Bootstrap(), BOTH, "box"), "box")

    def test_several_on_a_machine(self) -> None:
        """Servers of one role on one machine differ by where they listen."""
        first = bootstrap(listen__hosts=["127.0.0.2"])
        self.assertEqual(name_of(first, ("mbx",), "box"), "127.0.0.2:5062")
        second = bootstrap(listen__hosts=["0.0.0.0", "::"], listen__sip=5070)
        self.assertEqual(name_of(second, ("cas",), "box"), "box:5070")


class CompanyTests(SynchronousTestCase):
    """Whether other servers are looked for."""

    def test_alone(self) -> None:
        """A server with both roles and a store of its own looks for nobody."""
        self.assertFalse(has_company(Bootstrap(), BOTH))

    def test_not_alone(self) -> None:
        """A single role or a shared store means that there are others."""
        self.assertTrue(has_company(Bootstrap(), ("mbx",)))
        self.assertTrue(has_company(bootstrap(server__store="postgresql:///um"), BOTH))
