"""Who a peer is, and whether a secured dial plan may take its call (spec 2.4, 4.2)."""

from __future__ import annotations

from typing import Literal

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.org import refusals
from umserver.org.facts import CallFacts, Party
from umserver.org.peers import gateway_of, hosts_at, proves, translated_networks
from umserver.org.security import needs_srtp, signalling_refusal, sound_refusal
from umserver.org.settings import DialPlan, IPGateway, Organisation

Kind = Literal["Unsecured", "SIPSecured", "Secured"]
KINDS: tuple[Kind, ...] = ("SIPSecured", "Secured")
CASES: tuple[tuple[Kind, bool, refusals.Refusal | None], ...] = (
    ("Secured", False, refusals.SOUND_NOT_SECURED),
    ("Secured", True, None),
    ("SIPSecured", False, None),
    ("SIPSecured", True, None),
    ("Unsecured", False, None),
)
POOL = IPGateway(name="Pool", address="pool.example.com")
PBX = IPGateway(name="PBX", address="192.0.2.7")
SBC = IPGateway(name="SBC", address="sbc.example.com")
ORG = Organisation(
    gateways=(POOL, PBX, SBC),
    host_addresses={"pool.example.com": ("192.0.2.10", "2001:db8::10")},
)
PLAN = DialPlan(name="HQ", number_of_digits_in_extension=4, country_or_region_code="1")


def call(source: str = "192.0.2.10", *names: str, transport: str = "tls") -> CallFacts:
    """An offer from there, by a peer that proves these names."""
    me = Party("5000")
    return CallFacts("c1", source, 5061, transport, me, me, peer_names=names)


class Translated(SynchronousTestCase):
    """Which gateways stand behind address translators."""

    def test_by_address_and_name(self) -> None:
        """The setting of the gateway at an address counts, or of the one whose name is proved."""
        pool = evolve(POOL, media_behind_nat=True, media_networks=("198.51.100.0/24",))
        org = evolve(ORG, gateways=(pool, PBX, evolve(SBC, media_behind_nat=True)))
        self.assertEqual(translated_networks(org, "192.0.2.10"), ("198.51.100.0/24",))
        self.assertEqual(translated_networks(org, "2001:db8:0::10"), ("198.51.100.0/24",))
        self.assertEqual(translated_networks(org, "203.0.113.1", ("sbc.example.com",)), ())
        self.assertIsNone(translated_networks(org, "192.0.2.7"))
        self.assertIsNone(translated_networks(org, "203.0.113.1"))
        self.assertIsNone(translated_networks(ORG, "192.0.2.10"))

    def test_networks_alone(self) -> None:
        """Networks without the setting allow nothing."""
        pbx = evolve(PBX, media_networks=("198.51.100.0/24",))
        self.assertIsNone(translated_networks(evolve(ORG, gateways=(pbx,)), PBX.address))


class Names(SynchronousTestCase):
    """For which hosts a certificate is."""

    def test_same_name(self) -> None:
        """Small and big letters and the last dot make no difference; another name does."""
        self.assertTrue(proves(("pool.example.com",), "POOL.example.com."))
        self.assertTrue(proves(("other.example.com", "pool.example.com"), "pool.example.com"))
        for name in ("pool.example.org", "example.com", "apool.example.com", ""):
            self.assertFalse(proves((name,), "pool.example.com"), name)

    def test_a_star_is_one_label(self) -> None:
        """A star stands for the first label, never for none, for several or for a part."""
        self.assertTrue(proves(("*.example.com",), "pool.example.com"))
        for host in ("example.com", "fe1.pool.example.com", "pool.example.org", "com"):
            self.assertFalse(proves(("*.example.com",), host), host)
        for name in ("p*.example.com", "*", "pool.*.com", "*.com"):
            self.assertFalse(proves((name,), "pool.example.com"), name)

    def test_addresses(self) -> None:
        """An address is proved by the same address, however it is spelled, and by no star."""
        self.assertTrue(proves(("2001:db8:0::10",), "[2001:db8::10]"))
        self.assertFalse(proves(("*.0.2.7",), "192.0.2.7"))


class Gateways(SynchronousTestCase):
    """Which gateway offers a call."""

    def test_by_address(self) -> None:
        """Without a certificate the address says who it is."""
        self.assertEqual(gateway_of(ORG, call("192.0.2.7", transport="udp")), PBX)
        self.assertEqual(gateway_of(ORG, call("::ffff:192.0.2.10")), POOL)
        self.assertIsNone(gateway_of(ORG, call("192.0.2.99")))

    def test_by_certificate(self) -> None:
        """A server of a pool is its gateway, wherever it calls from."""
        self.assertEqual(gateway_of(ORG, call("192.0.2.99", "pool.example.com")), POOL)
        self.assertEqual(gateway_of(ORG, call("192.0.2.10", "sbc.example.com")), SBC)

    def test_the_address_decides_between_what_is_proved(self) -> None:
        """With a star for both, the one at this address is meant."""
        org = evolve(ORG, gateways=(SBC, POOL))
        self.assertEqual(gateway_of(org, call("192.0.2.10", "*.example.com")), POOL)

    def test_one_machine_with_and_without_tls(self) -> None:
        """A PBX that called by its address goes on to, when it becomes a gateway by name as well;
        calls that prove the name are the new one's, and a disabled gateway is in nobody's way.
        """
        also = IPGateway(name="Also", address="also.example.com")
        names = {"sbc.example.com": (PBX.address,), "also.example.com": (PBX.address,)}
        org = Organisation(gateways=(PBX, SBC, also), host_addresses=names)
        for gateways in ((PBX, SBC, also), (SBC, also, PBX)):
            org = evolve(org, gateways=gateways)
            self.assertEqual(gateway_of(org, call(PBX.address, transport="udp")), PBX)
            self.assertEqual(gateway_of(org, call(PBX.address, "sbc.example.com")), SBC)
        org = evolve(org, gateways=(evolve(PBX, status="Disabled"), SBC, also))
        self.assertEqual(gateway_of(org, call(PBX.address, transport="udp")), SBC)

    def test_a_strange_certificate(self) -> None:
        """A certificate for somebody else leaves the address to say who it is."""
        self.assertEqual(gateway_of(ORG, call("192.0.2.10", "evil.example.net")), POOL)
        self.assertIsNone(gateway_of(ORG, call("192.0.2.99", "evil.example.net")))

    def test_hosts_at(self) -> None:
        """The names that a server at an address may prove."""
        self.assertEqual(hosts_at(ORG, "2001:DB8::10"), ["pool.example.com"])
        self.assertEqual(hosts_at(ORG, "192.0.2.7"), [])


class Secured(SynchronousTestCase):
    """What the kinds of VoIPSecurity ask for."""

    def test_unsecured(self) -> None:
        """A plan that is not secured takes calls however they come."""
        for transport in ("udp", "tcp", "tls"):
            facts = call(transport=transport)
            self.assertIsNone(signalling_refusal(PLAN, POOL, facts))

    def test_tls_is_asked_for(self) -> None:
        """Secured plans take no call by UDP or TCP (feature 14)."""
        for transport in ("udp", "tcp"):
            self.assertIs(
                self.refusal(call(transport=transport)), refusals.SECURITY_MISMATCH, transport
            )

    def test_no_certificate(self) -> None:
        """TLS without a certificate is not enough (feature 17)."""
        self.assertIs(self.refusal(call()), refusals.NO_CERTIFICATE)

    def test_wrong_certificate(self) -> None:
        """A certificate for another host is refused in words that name both (feature 17)."""
        refusal = self.refusal(call("192.0.2.10", *(f"h{n}.example.net" for n in range(9))))
        assert refusal is not None
        self.assertEqual((refusal.status, refusal.diagnostics), (403, 15020))
        self.assertIn("h0.example.net", refusal.reason)
        self.assertIn("pool.example.com", refusal.reason)
        self.assertNotIn("h3.", refusal.reason)

    def test_right_certificate(self) -> None:
        """The gateway's own name opens the plan (feature 16)."""
        self.assertIsNone(self.refusal(call("192.0.2.99", "pool.example.com")))

    def test_sound(self) -> None:
        """Only the type Secured wants SRTP (features 15, 16)."""
        for kind, srtp, refused in CASES:
            plan = evolve(PLAN, voip_security=kind)
            self.assertEqual(sound_refusal(plan, srtp), refused, (kind, srtp))
            self.assertEqual(needs_srtp(plan), kind == "Secured")

    def refusal(self, facts: CallFacts) -> refusals.Refusal | None:
        """Of both secured kinds, which never differ."""
        found = {
            kind: signalling_refusal(evolve(PLAN, voip_security=kind), POOL, facts)
            for kind in KINDS
        }
        self.assertEqual(found["SIPSecured"], found["Secured"])
        return found["Secured"]
