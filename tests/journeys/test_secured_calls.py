"""Calls over TLS: who may call a secured dial plan, and where they are answered (spec 2.4, 4.2)."""

from __future__ import annotations

import ssl

from attrs import evolve
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.kit.certificates import CLIENT, SERVER, Authority, Issued
from tests.kit.house import DIVERTED
from tests.kit.log import said_in
from tests.kit.raw_sip import Raw
from tests.kit.secured import GATEWAY, SecuredCase
from tests.kit.tls_gateway import TlsGateway


def reason(message: Raw | None) -> str:
    """What ms-diagnostics says."""
    assert message is not None
    return message.header("ms-diagnostics").partition('reason="')[2].rstrip('"')


class SipSecured(SecuredCase):
    """A dial plan that wants TLS, with ordinary sound."""

    def test_a_message_over_tls(self) -> None:
        """A gateway calls, follows the redirect by TLS, leaves a message (features 2, 16)."""
        self.open()
        gateway = self.tls_gateway(self.peer)
        router = ("127.0.0.1", self.router_tls)
        gateway.invite(router, "1001", body="", headers=DIVERTED)
        self.stage.run_until(lambda: gateway.final(), 10.0)
        answer = gateway.final()
        assert answer is not None
        self.assertEqual(answer.status, 302)
        self.assertIn(f"@127.0.0.1:{self.desk_tls};transport=tls", answer.contact)
        gateway.call(("127.0.0.1", self.desk_tls), "1001", uri=answer.contact, headers=DIVERTED)
        final = gateway.final()
        assert final is not None
        self.assertEqual((final.status, final.source[1]), (200, self.desk_tls))
        self.assertIn(f":{self.desk_tls};transport=tls", final.contact)
        gateway.keep_silent(6.0)
        gateway.play(b"\x20\xa0" * 12_000)
        gateway.hang_up()
        self.mails()

    def test_the_softphone_calls_by_tls(self) -> None:
        """Our own telephone shows a certificate and is answered (feature 16)."""
        self.open()
        phone = self.phone = self.tls_phone(self.peer)
        caller = self.dial(port=self.router_tls, transport="tls", headers=DIVERTED)
        self.assertEqual(caller.call.flow.transport, "tls")
        self.assertEqual(caller.call.flow.remote[1], self.desk_tls)
        caller.until_beep().say(2.0).hang_up()
        self.mails()
        self.assertEqual(phone.station.tls and phone.station.tls.identity.complaints.count, 0)

    def test_plain_sip_is_refused(self) -> None:
        """The same gateway without TLS is turned away by both roles (feature 14)."""
        self.open()
        for transport in ("udp", "tcp"):
            for port in (self.router_port, self.desk_port):
                caller = self.place(port=port, transport=transport)
                self.stage.run_until(lambda: caller.call.failure, 20.0)  # noqa: B023
                failure = caller.call.failure
                assert failure is not None
                self.assertEqual(failure.status, 403)

    def test_no_certificate(self) -> None:
        """A peer that shows no certificate is refused by both roles in words (feature 17)."""
        said = said_in(self, "umserver.roles")
        self.open()
        for port in (self.router_tls, self.desk_tls):
            final = self.call(None, port)
            self.assertEqual(final.status, 403)
            self.assertIn("showed no certificate", reason(final))
            self.assertIn("event 1021: call of 127.0.0.1 refused", said()[-1])
            self.assertIn("showed no certificate", said()[-1])

    def test_a_certificate_of_somebody_else(self) -> None:
        """One for another name is refused, and both names are told (feature 17)."""
        self.open()
        other = self.authority.issue("", ("sbc.example.net",))
        for port in (self.router_tls, self.desk_tls):
            final = self.call(other, port)
            self.assertEqual(final.status, 403)
            self.assertIn("is for sbc.example.net", reason(final))
            self.assertIn(f"gateway is {GATEWAY}", reason(final))

    def test_who_may_show_what(self) -> None:
        """Certificates made for servers only will do, as Lync's are."""
        self.open()
        for uses in ((SERVER,), (CLIENT,), ()):
            mine = self.authority.issue("gateway", (GATEWAY,), uses=uses)
            self.assertEqual(self.call(mine, self.router_tls).status, 302, uses)

    def test_a_known_certificate_of_nobody(self) -> None:
        """A self-signed one is believed once it stands among the authorities itself."""
        own = self.authority.issue("gateway", (GATEWAY,), self_signed=True)
        self.install(self.own)
        file = self.state / "tls" / "both.pem"
        file.write_bytes(self.authority.own.pem + own.pem)
        self.open(**{"tls.authorities": str(file)})
        self.assertEqual(self.call(own, self.router_tls).status, 302)

    def test_options_are_answered(self) -> None:
        """Whoever speaks TLS hears that the server is there (feature 21)."""
        self.open()
        gateway = self.tls_gateway(None)
        for port in (self.router_tls, self.desk_tls):
            gateway.remote = ("127.0.0.1", port)
            uri = f"sip:127.0.0.1:{port};transport=tls"
            gateway.send(gateway.request("OPTIONS", uri, call_id=f"o{port}"))
        self.stage.run_until(lambda: len(gateway.responses("OPTIONS")) == 2, 5.0)
        self.assertEqual(gateway.responses("OPTIONS"), [200, 200])

    def call(self, own: Issued | None, port: int) -> Raw:
        """Call there showing this certificate; the final answer."""
        gateway = self.tls_gateway(own)
        gateway.call(("127.0.0.1", port), "1001", headers=DIVERTED)
        final = gateway.final()
        assert final is not None
        return final


class BadCertificates(SecuredCase):
    """Certificates that are not believed: the handshake ends, and the log says why, once."""

    def setUp(self) -> None:
        super().setUp()
        self.said = said_in(self, "umserver.edges.net.tls")

    def refused(self, own: Issued) -> str:
        """Why the log says that this one is refused; the peer hears so, too."""
        self.open()
        before = len(self.said())
        gateways = [self.fails(own), self.fails(own)]
        said = self.said()[before:]
        self.assertEqual(len(said), 1, said)
        for gateway in gateways:
            self.assertTrue(gateway.faults, "the handshake went well")
        self.assertIn("127.0.0.1", said[0])
        return said[0]

    def fails(self, own: Issued) -> TlsGateway:
        """A gateway whose connection is turned away."""
        gateway = self.tls_gateway(own)
        gateway.invite(("127.0.0.1", self.router_tls))
        self.stage.run_until(lambda: gateway.faults, 10.0)
        return gateway

    def test_expired(self) -> None:
        """It says when it expired."""
        why = self.refused(self.authority.issue("gateway", (GATEWAY,), days=-3))
        self.assertIn("its certificate gateway is refused: it expired on 20", why)

    def test_not_yet(self) -> None:
        """It says when it begins."""
        why = self.refused(self.authority.issue("gateway", (GATEWAY,), begins=3))
        self.assertIn("it is not valid before 20", why)

    def test_unknown_authority(self) -> None:
        """It says whose certificate it is."""
        other = Authority("Evil Authority")
        why = self.refused(other.issue("gateway", (GATEWAY,)))
        self.assertIn("the authority Evil Authority is not among those that we trust", why)

    def test_self_signed(self) -> None:
        """It says that it is self-signed."""
        why = self.refused(self.authority.issue("gateway", (GATEWAY,), self_signed=True))
        self.assertIn("it is self-signed and not among", why)

    def test_made_by_no_authority(self) -> None:
        """A good certificate makes no other ones good."""
        forger = Authority()
        forger.own = self.peer
        forged = evolve(forger.issue("forged", (GATEWAY,)), above=self.peer.pem)
        self.assertIn("gateway is no authority, and made a certificate", self.refused(forged))

    def test_another_purpose(self) -> None:
        """A certificate for signing programs says nothing about calls."""
        uses = (ExtendedKeyUsageOID.CODE_SIGNING,)
        why = self.refused(self.authority.issue("gateway", (GATEWAY,), uses=uses))
        self.assertIn("it is for another purpose", why)

    def test_a_peer_that_does_not_believe_us(self) -> None:
        """The log says that it is the peer who refuses."""
        self.open()
        gateway = self.tls_gateway(self.peer)
        stranger = Authority("Stranger")
        gateway.client = _believing(stranger.own)
        gateway.invite(("127.0.0.1", self.router_tls))
        self.stage.run_until(lambda: gateway.faults, 10.0)
        self.assertIn("does not trust the authority of our certificate", self.said()[-1])


class Asked(SecuredCase):
    """Gateways that the server asks whether they are there."""

    port = 0

    def secured(self, toml: str) -> str:
        """The gateway is asked where it listens."""
        name = f'address = "{GATEWAY}"'
        return super().secured(toml).replace(name, f"{name}\nport = {self.port}", 1)

    def test_why_one_is_silent(self) -> None:
        """A gateway with a bad certificate is shown with that reason (event 1400, feature 22)."""
        said = said_in(self, "umserver.roles.gateways")
        gateway = self.tls_gateway(self.authority.issue("gateway", (GATEWAY,), days=-3))
        self.port = gateway.port
        um = self.open()
        self.stage.run_until(said, 10.0)
        [why] = [row["why"] for row in um.gateways.shown() if row["address"] == GATEWAY]
        self.assertIn("its certificate gateway is refused: it expired on 20", str(why))
        self.assertIn(str(why), said()[0])


def _believing(authority: Issued) -> ssl.SSLContext:
    """What a peer speaks TLS with that believes only this authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=authority.pem.decode())
    return context


class Onward(SecuredCase):
    """Callers of a secured gateway who are sent on."""

    def by_key(self, method: str, **replies: int | None) -> TlsGateway:
        """A gateway in a call with Reception, that has pressed 1 and waits."""
        gateway = self.tls_gateway(self.peer)
        gateway.replies.update(replies)
        self.port = gateway.port
        self.method = method
        self.open()
        gateway.call(("127.0.0.1", self.desk_tls), "5001")
        gateway.keep_silent(1.0)
        gateway.press("1")
        return gateway

    def secured(self, toml: str) -> str:
        """With the port of the gateway, and how it sends callers on."""
        name = f'address = "{GATEWAY}"'
        more = f'{name}\nport = {self.port}\ntransfer_method = "{self.method}"'
        return super().secured(toml).replace(name, more)

    def until(self, gateway: TlsGateway, method: str) -> Raw:
        """Keep the line open until we are asked for this."""
        for _ in range(60):
            if gateway.requests(method):
                break
            gateway.keep_silent(0.5)
        return gateway.requests(method)[0]

    def test_refer(self) -> None:
        """The REFER comes over the connection of the call."""
        gateway = self.by_key("Refer", REFER=202)
        refer = self.until(gateway, "REFER")
        self.assertEqual(refer.source[1], self.desk_tls)
        self.assertIn("1001", refer.header("Refer-To"))

    def test_bridge(self) -> None:
        """A second call reaches the gateway's own port by TLS, with a certificate of ours."""
        gateway = self.by_key("Bridge", INVITE=486)
        invite = self.until(gateway, "INVITE")
        self.assertIn("SIP/2.0/TLS", invite.header("Via"))
        self.assertIn("transport=tls", invite.header("Contact"))
        pipe = gateway.pipes[invite.source]
        self.assertIn(pipe, gateway.taken)
        self.assertIsNotNone(pipe.shown())
