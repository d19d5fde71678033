"""Connections with TLS: who is let in, who is reached, and what a handshake may cost."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from random import Random
from typing import Any

from twisted.internet.protocol import ClientFactory, Factory, Protocol

from tests.kit.certificates import Authority, Issued, context_of, spoilt
from tests.kit.journey import JourneyCase
from tests.kit.log import said_in
from tests.kit.tls_gateway import TlsGateway
from umserver.edges.net.connection import Limits
from umserver.edges.net.guard import BURST, Guard
from umserver.edges.net.tls.complaints import Complaints
from umserver.edges.net.tls.connections import Identity, TlsConnections
from umserver.edges.net.tls.credentials import Credentials
from umserver.edges.net.tls.pem import CertificateFault
from umserver.org.peers import proves
from umserver.wire.sip.effects import Flow

HOST = "127.0.0.1"
AUTHORITY = Authority()
OWN = AUTHORITY.issue("um.example.com", ("um.example.com",))
PEER = AUTHORITY.issue("", ("pbx.example.com", "*.pool.example.com"))
OPTIONS = (
    b"OPTIONS sip:um.example.com SIP/2.0\r\nVia: SIP/2.0/TLS a;branch=z9hG4bK1\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def credentials(issued: Issued | None) -> Credentials:
    """To be shown, with the authority of the story."""
    chain = () if issued is None else (issued.certificate,)
    key = None if issued is None else issued.key
    return Credentials(chain, key, (AUTHORITY.own.certificate,))


class ConnectionCase(JourneyCase):
    """Our side of TLS on a stage."""

    LIMITS = Limits()

    def setUp(self) -> None:
        super().setUp()
        self.said = said_in(self, "umserver.edges.net.tls")
        self.received: list[tuple[bytes, Flow]] = []
        self.lost: list[Flow] = []
        self.names: Sequence[str] = ("pbx.example.com",)
        self.identity = Identity(
            expected=lambda address: self.names,
            proves=proves,
            complaints=Complaints(self.stage.seconds, self.stage.wall),
        )
        self.identity.take(credentials(OWN))
        self.tls = TlsConnections(
            self.stage,
            lambda data, flow: self.received.append((data, flow)),
            self.lost.append,
            self.LIMITS,
            identity=self.identity,
            complaints=self.identity.complaints,
        )
        self.port = self.tls.listen(HOST, 0)
        self.addCleanup(self.stage.settle)
        self.addCleanup(self.tls.close)

    def gateway(self, own: Issued | None = PEER, **contexts: Any) -> TlsGateway:
        """A peer with another TLS stack."""
        folder = self.folder()
        client = context_of(folder, own, AUTHORITY.own)
        server = context_of(folder, own or PEER, AUTHORITY.own, server=True)
        settings = {"client": client, "server": server, **contexts}
        gateway = TlsGateway(self.stage, HOST, **settings)
        self.addCleanup(gateway.close)
        return gateway

    def connected(self, gateway: TlsGateway) -> Any:
        """Its connection to us, once the handshake is over."""
        pipe = gateway.pipe_to((HOST, self.port))
        self.stage.run_until(lambda: pipe.shaken or gateway.faults, 5.0)
        self.stage.settle()
        return pipe

    def raw(self, data: bytes = b"") -> Raw:
        """A peer that opens a TCP connection, sends this and then nothing."""
        peer = Raw(data)
        self.stage.connectTCP(HOST, self.port, _Once(peer))
        self.stage.settle()
        return peer


class Raw(Protocol):
    """Octets."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.over = False

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self.data)

    def connectionLost(self, reason: Any = None) -> None:
        self.over = True


class _Once(ClientFactory):
    noisy = False

    def __init__(self, peer: Raw) -> None:
        self.peer = peer

    def buildProtocol(self, addr: object) -> Raw:
        return self.peer


class Accepting(ConnectionCase):
    """Peers that come."""

    def test_names(self) -> None:
        """What a peer proved is known for every message; without a certificate that is nothing."""
        for own, names in ((PEER, ("pbx.example.com", "*.pool.example.com")), (None, ())):
            gateway = self.gateway(own)
            self.connected(gateway).write(OPTIONS)
            self.stage.settle()
            data, flow = self.received[-1]
            self.assertEqual((data, flow.transport), (OPTIONS, "tls"))
            self.assertEqual(self.tls.names(flow), names)
        self.assertEqual(self.said(), [])

    def test_a_certificate_is_no_welcome(self) -> None:
        """Who proves a name that we expect may say as much as it likes; who proves another one, as
        everybody can, is a stranger.
        """
        for name, heard in (("pbx.example.com", 200), ("sbc.example.com", BURST)):
            self.tls.guard = Guard(lambda h: False, self.stage.seconds, lambda ns, n=name: n in ns)
            pipe = self.connected(self.gateway())
            self.received.clear()
            pipe.write(OPTIONS * 200)
            self.stage.settle()
            self.assertEqual(len(self.received), heard)

    def test_answers_go_the_same_way(self) -> None:
        """What is sent to a peer's flow arrives over the connection that it opened."""
        gateway = self.gateway()
        pipe = self.connected(gateway)
        pipe.write(OPTIONS)
        self.stage.settle()
        self.tls.send(OPTIONS, self.received[0][1])
        self.stage.settle()
        self.assertEqual(len(gateway.requests("OPTIONS")), 1)
        self.assertEqual((len(self.tls), len(gateway.taken)), (1, 0))

    def test_versions(self) -> None:
        """TLS 1.2 and 1.3 with forward secrecy are spoken, nothing older, nothing weaker."""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            gateway = self.gateway()
            gateway.client.maximum_version = gateway.client.minimum_version = version
            pipe = self.connected(gateway)
            self.assertEqual(pipe.version, version.name.replace("_", "."))
            self.assertTrue(pipe.cipher.startswith(("ECDHE", "TLS_")), pipe.cipher)
        for ciphers in ("AES128-SHA:@SECLEVEL=0", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"):
            gateway = self.gateway()
            gateway.client.maximum_version = ssl.TLSVersion.TLSv1_2
            gateway.client.set_ciphers(ciphers)
            self.connected(gateway)
            self.assertTrue(gateway.faults, ciphers)
        self.assertIn("no cipher in common", self.said()[-1])

    def test_old_version(self) -> None:
        """Who speaks only TLS 1.1 is turned away in words."""
        gateway = self.gateway()
        gateway.client.set_ciphers("ALL:@SECLEVEL=0")
        gateway.client.minimum_version = ssl.TLSVersion.TLSv1
        gateway.client.maximum_version = ssl.TLSVersion.TLSv1_1
        self.connected(gateway)
        self.assertTrue(gateway.faults)
        self.assertIn("only TLS older than 1.2", self.said()[-1])

    def test_no_tls_at_all(self) -> None:
        """Plain SIP or HTTP at the TLS port is said to be that, and the connection ends."""
        for data in (OPTIONS, b"GET / HTTP/1.1\r\n\r\n"):
            self.assertTrue(self.raw(data).over)
        self.assertIn("speaks no TLS", self.said()[0])
        self.assertEqual(len(self.tls), 0)

    def test_certificates_that_cannot_be_read(self) -> None:
        """What OpenSSL takes for a certificate and no other library does is refused in words, and
        fills no log.
        """
        odd = Authority("QQQQ").own
        for der in (
            spoilt(odd, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),  # version 8
            spoilt(odd, b"\x0c\x04QQQQ", b"\x03\x04\x00QQQ"),  # a name of bits
        ):
            gateway = self.gateway()
            file, key = self.folder() / "odd.pem", odd.write(self.folder(), "odd")[1]
            file.write_text(ssl.DER_cert_to_PEM_cert(der))
            gateway.client.load_cert_chain(file, key)
            self.connected(gateway)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertIn("its certificate cannot be read", self.said()[0])
        self.assertIn("its certificate nobody is refused: it is self-signed", self.said()[1])
        self.assertEqual((len(self.tls), len(self.tls.shaking)), (0, 0))

    def test_rubbish(self) -> None:
        """Random octets, also dressed up as a handshake, end the connection and nothing else."""
        random = Random(7)
        for _ in range(150):
            body = random.randbytes(random.randrange(1, 300))
            head = b"\x16\x03\x01" + len(body).to_bytes(2) + b"\x01\x00"
            self.raw(random.choice((head, b"")) + body)
        self.stage.walk(31.0)
        self.assertEqual((len(self.tls), len(self.tls.shaking), self.received), (0, 0, []))
        self.assertTrue(self.connected(self.gateway()).shaken)


class Slow(ConnectionCase):
    """Peers that let us wait."""

    LIMITS = Limits(handshake=5.0, first_message=8.0, connections=20, connections_per_host=10)

    def test_half_open(self) -> None:
        """A connection without a handshake ends when its time is over, and is told once."""
        peers = [self.raw(), self.raw(b"\x16\x03\x01\x02\x00\x01")]
        self.stage.walk(4.9)
        self.assertEqual([peer.over for peer in peers], [False, False])
        self.stage.walk(0.2)
        self.assertEqual([peer.over for peer in peers], [True, True])
        self.assertEqual(self.said(), [f"TLS with {HOST} failed: no handshake within 5 s"])
        self.assertEqual(len(self.tls), 0)

    def test_a_trickle_does_not_help(self) -> None:
        """An octet now and then does not buy time."""
        peer = self.raw(b"\x16")
        for octet in b"\x03\x01\x40\x00\x01":
            self.stage.walk(1.1)
            if peer.transport is not None:
                peer.transport.write(bytes([octet]))
        self.stage.walk(0.1)
        self.assertTrue(peer.over)

    def test_silent_after_the_handshake(self) -> None:
        """A peer that shook hands and says nothing has the time of every stream."""
        pipe = self.connected(self.gateway())
        self.stage.walk(7.9)
        self.assertFalse(pipe.lost)
        self.stage.walk(0.2)
        self.assertTrue(pipe.lost)

    def test_handshakes_count(self) -> None:
        """Connections that have not shaken hands yet take the room of their host."""
        peers = [self.raw() for _ in range(12)]
        self.assertEqual(sum(peer.over for peer in peers), 2)
        self.assertEqual((len(self.tls), self.tls.refused), (10, 2))
        self.stage.walk(5.1)
        self.assertEqual(len(self.tls), 0)


class Crowd(ConnectionCase):
    """Many strangers at the door."""

    LIMITS = Limits(handshakes=5)

    def test_expected_peers_get_through(self) -> None:
        """When too many shake hands at once, those that we know may still come in."""
        expected, self.names = self.names, ()
        peers = [self.raw() for _ in range(7)]
        self.assertEqual([peer.over for peer in peers], [False] * 5 + [True] * 2)
        self.assertEqual((len(self.tls.shaking), self.tls.refused), (5, 2))
        self.names = expected
        self.assertTrue(self.connected(self.gateway()).shaken)
        self.stage.walk(10.1)
        self.assertEqual((len(self.tls.shaking), len(self.tls)), (0, 1))
        self.names = ()
        self.assertTrue(self.connected(self.gateway()).shaken)


class Opening(ConnectionCase):
    """Peers that we call."""

    def send(self, gateway: TlsGateway) -> Flow:
        """A message for the gateway's own port."""
        flow = Flow("tls", (HOST, gateway.port), (HOST, 0))
        self.tls.send(OPTIONS, flow)
        self.stage.settle()
        return flow

    def test_reached(self) -> None:
        """We show our certificate, and what is sent arrives; a second message opens nothing new."""
        gateway = self.gateway()
        for _ in range(2):
            self.send(gateway)
        self.assertEqual(len(gateway.requests("OPTIONS")), 2)
        [pipe] = gateway.taken
        self.assertIsNotNone(pipe.shown())
        self.assertEqual((self.lost, self.said()), ([], []))

    def test_stars(self) -> None:
        """A pool's certificate is one for each of its servers."""
        self.names = ("fe1.pool.example.com",)
        gateway = self.gateway()
        self.send(gateway)
        self.assertEqual(len(gateway.requests("OPTIONS")), 1)

    def test_an_impostor(self) -> None:
        """Nothing is sent to a server of another name; both names are told."""
        self.names = ("sbc.example.com",)
        gateway = self.gateway()
        flow = self.send(gateway)
        self.assertEqual((gateway.got, self.lost), ([], [flow]))
        why = "its certificate is for pbx.example.com, *.pool.example.com, and it should be sbc"
        self.assertIn(why, self.said()[0])

    def test_a_server_that_nobody_vouches_for(self) -> None:
        """A server whose authority is strange gets nothing."""
        strange = Authority("Strange").issue("", ("pbx.example.com",))
        gateway = self.gateway(strange)
        flow = self.send(gateway)
        self.assertEqual((gateway.got, self.lost), ([], [flow]))
        self.assertIn("the authority Strange is not among those that we trust", self.said()[0])

    def test_our_certificate_is_refused(self) -> None:
        """A server that does not believe us says so after the handshake (TLS 1.3) or in it: why is
        told.
        """
        versions = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
        for count, version in enumerate(versions, 1):
            server = context_of(self.folder(), PEER, Authority("Strange").own, server=True)
            server.minimum_version = server.maximum_version = version
            flow = self.send(self.gateway(server=server))
            self.assertIn(flow, self.lost)
            self.assertEqual(self.identity.complaints.count, count)
        why = "the peer does not trust the authority of our certificate"
        self.assertEqual(self.said(), [f"TLS with {HOST} failed: {why}"])

    def test_nobody_known_there(self) -> None:
        """Where no name is known, no connection is opened."""
        self.names = ()
        gateway = self.gateway()
        flow = self.send(gateway)
        self.assertEqual((gateway.taken, self.lost), ([], [flow]))
        self.assertIn("no host name is known", self.said()[0])

    def test_no_certificate_of_our_own(self) -> None:
        """A server without a certificate opens nothing, and says why."""
        self.identity.client = None
        flow = self.send(self.gateway())
        self.assertEqual(self.lost, [flow])
        self.assertIn("we have no certificate to show", self.said()[0])

    def test_a_peer_that_never_answers(self) -> None:
        """A handshake that does not come about gives the message up."""
        silent = Factory.forProtocol(Protocol)
        port = self.stage.listenTCP(0, silent, interface=HOST)
        flow = Flow("tls", (HOST, port.getHost().port), (HOST, 0))
        self.tls.send(OPTIONS, flow)
        self.stage.walk(10.1)
        self.assertEqual(self.lost, [flow])

    def test_unchecked(self) -> None:
        """Somebody who looks for a fault may believe whoever answers."""
        self.identity.check = False
        self.identity.take(credentials(None))
        self.names = ()
        strange = Authority("Strange").issue("", ("x.example.com",))
        gateway = self.gateway(server=context_of(self.folder(), strange, None, server=True))
        self.send(gateway)
        self.assertEqual(len(gateway.requests("OPTIONS")), 1)


class Renewing(ConnectionCase):
    """Another certificate while connections stand."""

    def test_new_ones_see_it(self) -> None:
        """Connections that come later see the new one; a bad one changes nothing."""
        fresh = AUTHORITY.issue("um.example.com", ("new.example.com",))
        old = self.connected(self.gateway())
        self.identity.take(credentials(fresh))
        new = self.connected(self.gateway())
        self.assertNotEqual(old.shown(), new.shown())
        self.assertFalse(old.lost)
        other = Credentials((fresh.certificate,), OWN.key, ())
        self.assertRaises(CertificateFault, self.identity.take, other)
        again = self.connected(self.gateway())
        self.assertEqual(again.shown(), new.shown())
