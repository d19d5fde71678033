"""Peers whose certificates have been revoked, in both directions (RFC 5280 §6.3)."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve
from twisted.internet.protocol import ClientFactory

from tests.edges.net.tls.test_connections import (
    AUTHORITY,
    HOST,
    OPTIONS,
    OWN,
    PEER,
    ConnectionCase,
    credentials,
)
from tests.kit.certificates import Authority, Issued
from tests.kit.tls_gateway import Pipe, TlsGateway
from umserver.edges.net.tls.revocations import Revocations, revocations_in
from umserver.wire.sip.effects import Flow

NAMES = ("pbx.example.com",)
BETWEEN = Authority("Between", above=AUTHORITY)
BAD = AUTHORITY.issue("", NAMES)
VERSIONS = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Hesitant(Pipe):
    """A peer that does not look at our part of the handshake until it is told to."""

    held = b""

    def dataReceived(self, data: bytes) -> None:
        """For later."""
        self.held += data

    def go_on(self, message: bytes) -> None:
        """Shake hands, and send this at once."""
        super().dataReceived(self.held)
        self.write(message)


class _Once(ClientFactory):
    noisy = False

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe

    def buildProtocol(self, addr: object) -> Pipe:
        return self.pipe


def below(authority: Authority) -> Issued:
    """A peer that shows the authority between itself and ours."""
    return evolve(authority.issue("", NAMES), above=authority.own.pem)


class RevokedCase(ConnectionCase):
    """Our side of TLS, with lists."""

    def revoke(self, *lists: bytes, trusted: Sequence[Issued] = ()) -> None:
        """From now on these lists count, and these are trusted beside the authority."""
        file = Path(self.folder()) / "crl.pem"
        file.write_bytes(b"".join(lists))
        known = (AUTHORITY.own.certificate, *(one.certificate for one in trusted))
        found = revocations_in(file, known) if lists else Revocations()
        held = evolve(credentials(OWN), authorities=known, revocations=found)
        self.identity.take(held)

    def come(self, issued: Issued, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bool:
        """Whether this peer is heard when it calls us."""
        self.received.clear()
        gateway = self.gateway(issued)
        gateway.client.minimum_version = gateway.client.maximum_version = version
        gateway.send(OPTIONS.decode(), (HOST, self.port))
        self.stage.run_until(lambda: bool(self.received or not gateway.pipes), 5.0)
        self.stage.settle()
        self.faults = gateway.faults
        return bool(self.received)

    def go(self, issued: Issued, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bool:
        """Whether this peer gets what we send it."""
        gateway = self.gateway(issued)
        assert gateway.server is not None
        gateway.server.minimum_version = gateway.server.maximum_version = version
        flow = Flow("tls", (HOST, gateway.port), (HOST, 0))
        self.tls.send(OPTIONS, flow)
        self.stage.run_until(lambda: bool(gateway.got or self.lost), 5.0)
        self.stage.settle()
        self.assertEqual(flow in self.lost, not gateway.got)
        self.faults = gateway.faults
        return bool(gateway.got)


class Refusing(RevokedCase):
    """Connections that begin."""

    def test_both_ways(self) -> None:
        """A revoked peer is neither heard nor told anything, and both sides are told why; another
        one of the same authority is served.
        """
        self.revoke(AUTHORITY.revoked(BAD))
        for version in VERSIONS:
            for way in (self.come, self.go):
                with self.subTest(version=version.name, way=way.__name__):
                    self.assertTrue(way(PEER, version))
                    self.assertFalse(way(BAD, version))
                    self.assertIn("CERTIFICATE_REVOKED", self.faults[0])
        why = "its certificate nobody is refused: its authority Example Authority has revoked it"
        self.assertEqual(self.said(), [f"TLS with {HOST} failed: {why}"])
        self.assertEqual(self.identity.complaints.count, 4)

    def test_authority_between(self) -> None:
        """A revoked authority takes everybody below it along."""
        self.revoke(AUTHORITY.revoked(BETWEEN.own))
        for way in (self.come, self.go):
            self.assertFalse(way(below(BETWEEN)))
        self.assertIn("Between above its certificate is refused: its authority", self.said()[0])
        self.assertTrue(self.come(below(Authority("Another", above=AUTHORITY))))

    def test_list_of_the_authority_between(self) -> None:
        """An authority that peers bring along may have a list too."""
        good, bad = below(BETWEEN), below(BETWEEN)
        self.revoke(BETWEEN.revoked(bad))
        for way in (self.come, self.go):
            self.assertTrue(way(good))
            self.assertFalse(way(bad))

    def test_unsigned_list_of_the_authority_between(self) -> None:
        """Where we cannot know who signed a list, it counts, and harms nobody else."""
        good, bad = below(BETWEEN), below(BETWEEN)
        self.revoke(Authority("Between").revoked(bad))
        for way in (self.come, self.go):
            self.assertTrue(way(good))
            self.assertFalse(way(bad))

    def test_authority_without_a_list(self) -> None:
        """An authority without a list has revoked nothing, while another one has."""
        other = Authority("Other")
        peer, bad = other.issue("", NAMES), AUTHORITY.issue("", NAMES)
        self.revoke(AUTHORITY.revoked(bad), trusted=[other.own])
        for way in (self.come, self.go):
            self.assertTrue(way(peer))
            self.assertFalse(way(bad))

    def test_no_certificate(self) -> None:
        """Lists do not keep out a peer that shows no certificate, as none did before."""
        self.revoke(AUTHORITY.revoked(BAD))
        self.assertTrue(self.connected(self.gateway(None)).shaken)
        self.assertEqual((len(self.tls), self.said()), (1, []))

    def test_old_list(self) -> None:
        """A list past its next update counts on: what it revoked is refused, the rest is served."""
        self.revoke(AUTHORITY.revoked(BAD, begins=-20, days=-10))
        for way in (self.come, self.go):
            self.assertTrue(way(PEER))
            self.assertFalse(way(BAD))

    def test_early_list(self) -> None:
        """So does one whose time has not come by our clock."""
        self.revoke(AUTHORITY.revoked(BAD, begins=1, days=10))
        self.assertTrue(self.come(PEER))
        self.assertFalse(self.come(BAD))

    def test_trusted_for_itself(self) -> None:
        """A certificate that stands among the authorities is refused as well, once revoked."""
        for trusted in ([BAD], [BAD, PEER]):
            self.revoke(AUTHORITY.revoked(BAD), trusted=trusted)
            for way in (self.come, self.go):
                self.assertFalse(way(BAD))
                self.assertTrue(way(PEER))
        self.assertEqual(len(set(self.said())), 1)
        self.assertIn("its authority Example Authority has revoked it", self.said()[0])

    def test_trusted_without_its_authority(self) -> None:
        """A certificate that we trust while we do not know its authority: its list counts, too."""
        unknown = Authority("Unknown")
        good, bad = (unknown.issue("", NAMES) for _ in range(2))
        self.revoke(unknown.revoked(bad), trusted=[good, bad])
        for way in (self.come, self.go):
            self.assertTrue(way(good))
            self.assertFalse(way(bad))

    def test_unchecked(self) -> None:
        """Somebody who looks for a fault may believe a revoked one."""
        self.identity.check = False
        self.revoke(AUTHORITY.revoked(BAD))
        self.assertTrue(self.go(BAD))


class Standing(RevokedCase):
    """Connections that stand when a list comes."""

    def opened(self, issued: Issued) -> tuple[TlsGateway, list[object]]:
        """One that the peer opened, and one that we opened."""
        gateway = self.gateway(issued)
        pipe = self.connected(gateway)
        self.tls.send(OPTIONS, Flow("tls", (HOST, gateway.port), (HOST, 0)))
        self.stage.settle()
        return gateway, [pipe, *gateway.taken]

    def test_ended(self) -> None:
        """Those of revoked peers end, whoever opened them, and it is said why; others go on."""
        _, bad = self.opened(BAD)
        _, good = self.opened(PEER)
        half = self.raw()
        self.assertEqual(len(self.tls), 5)
        self.revoke(AUTHORITY.revoked(BAD))
        self.tls.end_revoked()
        self.stage.settle()
        self.assertEqual([pipe.lost for pipe in (*bad, *good)], [True, True, False, False])
        self.assertFalse(half.over)
        self.assertIn("has revoked it", self.said()[0])

    def test_during_the_handshake(self) -> None:
        """A list that comes while hands are shaken counts already."""
        gateway = self.gateway(BAD)
        pipe = Hesitant(gateway, gateway.client, False)
        self.stage.connectTCP(HOST, self.port, _Once(pipe))
        self.stage.run_until(lambda: bool(pipe.held), 5.0)
        self.revoke(AUTHORITY.revoked(BAD))
        pipe.go_on(OPTIONS)
        self.stage.run_until(lambda: pipe.lost, 5.0)
        self.stage.settle()
        self.assertEqual((self.received, len(self.tls)), ([], 0))
        self.assertIn("has revoked it", self.said()[0])

    def test_taken_back(self) -> None:
        """Who is no longer on the list is served again."""
        self.revoke(AUTHORITY.revoked(BAD))
        self.assertFalse(self.come(BAD))
        self.revoke()
        self.assertTrue(self.come(BAD))
