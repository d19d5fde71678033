"""The server's certificate in daily life: missing, replaced, spoiled, soon over (spec 1.3, 9.4)."""

from __future__ import annotations

import socket
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred

from tests.interop.peers import free_port
from tests.kit.certificates import Authority, Issued
from tests.kit.house import DIVERTED
from tests.kit.log import said_in
from tests.kit.secured import GATEWAY, SecuredCase
from tests.kit.stage import WALL
from tests.kit.tls_gateway import TlsGateway
from umserver.edges.net.softphone.probe import (
    CRITICAL,
    OK,
    WARNING,
    Verdict,
    arguments,
    check,
)

ROUTER_PROBE = "UM.CallRouter\\UMCallRouterTestProbe"
DESK_PROBE = "UM.Protocol\\UMSelfTestProbe"


def is_open(port: int) -> bool:
    """Whether somebody listens there with TCP."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class CertificateCase(SecuredCase):
    """What administrators and peers see of the certificate."""

    def setUp(self) -> None:
        super().setUp()
        self.said = said_in(self, "umserver.service")

    def monitor(self, name: str = "UMCertificateMonitor") -> tuple[str, str]:
        """A row of Get-ServerHealth."""
        [row] = [row for row in self.ask("health") if row["name"] == name]
        return row["value"], row["why"]

    def connect(self, port: int = 0) -> TlsGateway:
        """A gateway that has shaken hands with the router, or not."""
        gateway = self.tls_gateway(self.peer)
        there = ("127.0.0.1", port or self.router_tls)
        gateway.pipe_to(there)
        self.stage.run_until(lambda: gateway.faults or gateway.pipes[there].shaken, 5.0)
        return gateway

    def shown(self) -> bytes:
        """The certificate that the router shows now."""
        [pipe] = self.connect().pipes.values()
        found = pipe.shown()
        assert found is not None
        return found


class Modes(CertificateCase):
    """UMStartupMode, given a certificate."""

    def ports(self, mode: str) -> tuple[bool, bool, bool, bool]:
        """Which ports of router and desk are open: plain, TLS; plain, TLS."""
        self.MODE = mode
        self.plain, self.tls, self.desk, self.mbx_tls = (free_port() for _ in range(4))
        self.open(**{"listen.sip": self.plain, "listen.sip_tls": self.tls,
                     "listen.mbx": self.desk, "listen.mbx_tls": self.mbx_tls})  # fmt: skip
        return tuple(map(is_open, (self.plain, self.tls, self.desk, self.mbx_tls)))  # type: ignore[return-value]

    def test_tcp(self) -> None:
        """In mode TCP the TLS ports are closed, certificate or not (feature 18)."""
        self.assertEqual(self.ports("TCP"), (True, False, True, False))

    def test_tls(self) -> None:
        """In mode TLS the plain ports are closed, and all is well (feature 18)."""
        self.assertEqual(self.ports("TLS"), (False, True, False, True))
        assert self.um is not None
        self.assertEqual(list(self.um.not_ready()), [])
        self.assertEqual(self.monitor("UMStartupModeMonitor"), ("Healthy", ""))
        for probe in (ROUTER_PROBE, DESK_PROBE):
            self.assertEqual(self.ask("probe", probe=probe)["result"], "Succeeded", probe)
        self.assertTrue(any(f":{self.tls};transport=tls" in line for line in self.console))
        phone = self.phone = self.tls_phone(self.peer)
        self.dial(port=self.tls, transport="tls", headers=DIVERTED).hang_up()
        self.assertTrue(phone.station.tls)

    def test_tcp_and_a_secured_plan(self) -> None:
        """A secured plan that nobody can call is told at the start, and in health (spec 1.3)."""
        self.ports("TCP")
        value, why = self.monitor("UMStartupModeMonitor")
        self.assertEqual(value, "Degraded")
        self.assertIn("nobody can call Demo, since the startup mode of the call router is TCP", why)
        self.assertTrue(any("nobody can call Demo" in line for line in self.console))

    def test_dual(self) -> None:
        """In mode Dual all of them are open (feature 18)."""
        self.assertEqual(self.ports("Dual"), (True, True, True, True))
        self.assertEqual(self.monitor()[0], "Healthy")

    def test_the_settings_name_the_port(self) -> None:
        """SipTlsListeningPort decides where the bootstrap file says nothing (features 18, 20)."""
        port = free_port()
        self.install(self.own)
        self.start(
            lambda toml: self.secured(toml) + f"sip_tls_listening_port = {port}\n",
            {"listen.mbx_tls": 0},
        )
        self.assertEqual(self.router_tls, port)


class Daily(CertificateCase):
    """A server that runs while its files change."""

    def test_late(self) -> None:
        """Without a certificate the TLS port waits, and opens when there is one."""
        self.start(self.secured, {"listen.sip_tls": 0, "listen.mbx_tls": 0})
        self.assertEqual((self.router_tls, self.desk_tls), (0, 0))
        value, why = self.monitor()
        self.assertEqual(value, "Unhealthy")
        self.assertIn("tls/certificate.pem cannot be read: No such file", why)
        self.assertTrue(any("its TLS port stays closed" in line for line in self.console))
        self.install(self.own)
        self.stage.walk(31.0)
        self.assertEqual(self.monitor("UMStartupModeMonitor"), ("Healthy", ""))
        self.assertEqual(self.shown(), _der(self.own))
        self.dial_by_tls()

    def test_renewed(self) -> None:
        """A new certificate is shown within half a minute; running connections stay."""
        self.open()
        old = self.connect()
        old.remote = ("127.0.0.1", self.router_tls)
        old.send(old.request("OPTIONS", "sip:127.0.0.1;transport=tls", call_id="o1"))
        fresh = self.authority.issue("um.example.com", ("um.example.com",))
        self.assertEqual(self.shown(), _der(self.own))
        self.install(fresh)
        self.stage.walk(31.0)
        self.assertEqual(self.shown(), _der(fresh))
        [pipe] = old.pipes.values()
        self.assertFalse(pipe.lost)
        self.assertTrue(any("is in use until" in line for line in self.said()))

    def test_at_once(self) -> None:
        """Update-UMCertificate and SIGHUP do not wait for the half minute."""
        self.open()
        for act in (lambda: self.ask("certificate", again=True), self.hang_up_signal):
            fresh = self.authority.issue("um.example.com", ("um.example.com",))
            self.install(fresh)
            act()
            self.stage.walk(0.1)
            self.assertEqual(self.shown(), _der(fresh))

    def hang_up_signal(self) -> None:
        """What SIGHUP does."""
        assert self.um is not None
        self.um.goodbye.hung_up()

    def test_spoiled(self) -> None:
        """Files that cannot be used are said to be so, once; the one in use stays."""
        self.open()
        folder = self.state / "tls"
        cases = (
            ("certificate.pem", b"nonsense", "holds no certificates in PEM form"),
            ("key.pem", b"nonsense", "holds no private key in PEM form"),
            ("key.pem", self.peer.key_pem, "is not the key of the certificate"),
            ("authorities.pem", b"", "holds no certificates in PEM form"),
            ("crl.pem", b"nonsense", "holds no revocation lists in PEM form"),
        )
        for name, text, why in cases:
            self.install(self.own)
            self.stage.walk(31.0)
            before = len(self.said())
            (folder / name).write_bytes(text)
            self.stage.walk(95.0)
            value, told = self.monitor()
            self.assertEqual(value, "Degraded")
            self.assertIn(str(folder / name), told)
            self.assertIn(why, told)
            complaints = [line for line in self.said()[before:] if "cannot be used" in line]
            self.assertEqual(len(complaints), 1, complaints)
            self.assertEqual(self.shown(), _der(self.own))

    def test_a_revoked_gateway(self) -> None:
        """A gateway that its authority's list names loses its connection within half a minute,
        cannot come back, and administrators see why; another one goes on.
        """
        self.open()
        bad = self.authority.issue("bad", (GATEWAY,))
        there, uri = ("127.0.0.1", self.router_tls), "sip:127.0.0.1;transport=tls"
        (revoked, old), (other, good) = [
            (gateway, gateway.pipe_to(there))
            for gateway in (self.tls_gateway(bad), self.tls_gateway(self.peer))
        ]
        self.stage.run_until(lambda: old.shaken and good.shaken, 5.0)
        for gateway in (revoked, other):
            gateway.send(gateway.request("OPTIONS", uri, call_id="o1"), there)
        (self.state / "tls" / "crl.pem").write_bytes(self.authority.revoked(bad))
        self.stage.walk(31.0)
        self.assertEqual((old.lost, good.lost), (True, False))
        revoked.invite(there)
        self.stage.run_until(lambda: revoked.faults, 10.0)
        certificate = self.ask("certificate")
        self.assertEqual([row["revoked"] for row in certificate["crl"]], [1])
        [trouble] = certificate["latest_trouble"]
        why = "its certificate bad is refused: its authority Example Authority has revoked it"
        self.assertEqual((trouble["peer"], trouble["why"]), ("127.0.0.1", why))

    def test_soon_over(self) -> None:
        """Close to its end there is an alert, and a warning in the log (feature 192)."""
        authority = Authority(now=WALL)
        self.authority = authority
        for days, value in ((45, "Healthy"), (20, "Degraded"), (3, "Unhealthy")):
            names = ("um.example.com", "127.0.0.1")
            self.install(authority.issue("um.example.com", names, days=days))
            if self.um is None:
                self.start(self.secured, {"listen.sip_tls": 0, "listen.mbx_tls": 0})
            before = len(self.warnings())
            self.ask("certificate", again=True)
            self.assertEqual(self.monitor()[0], value)
            self.assertIn("the certificate um.example.com ends in", self.monitor()[1])
            self.assertEqual(len(self.warnings()) - before, int(value != "Healthy"))
            self.assertEqual(self.ask("certificate")["status"], value)

    def warnings(self) -> list[str]:
        """What the log says about the end."""
        return [line for line in self.said() if "ends in" in line]

    def dial_by_tls(self) -> None:
        """A call comes through."""
        self.phone = self.tls_phone(self.peer)
        self.dial(port=self.router_tls, transport="tls", headers=DIVERTED).hang_up()


class Probe(CertificateCase):
    """`um-probe` from outside."""

    def probe(self, *words: str, **settings: Any) -> Verdict:
        """One check of the router by TLS."""
        options = arguments(["-p", str(self.router_tls), "-T", "tls", *words])
        phone = self.tls_phone(None, **settings)
        return self.stage.run_until(Deferred.fromCoroutine(check(phone, options)), 60.0)

    def test_the_end_is_watched(self) -> None:
        """The probe warns when the certificate that it is shown ends soon (feature 192)."""
        self.open()
        for days, state in (("30,7", OK), ("100,7", WARNING), ("200,100", CRITICAL)):
            verdict = self.probe("-D", days)
            self.assertEqual(verdict.state, state, verdict.line)
            self.assertIn("the certificate ends in 90 days", verdict.line)
            self.assertRegex(verdict.line, r"certificate=(89.9|90.0)d;\d+;\d+$")

    def test_why_not(self) -> None:
        """A server that is not believed, or another one, is CRITICAL with the reason."""
        self.open()
        verdict = self.probe(tls_name="other.example.com")
        self.assertEqual(verdict.state, CRITICAL)
        self.assertIn("and it should be other.example.com", verdict.line)
        self.authority = Authority("Stranger")
        verdict = self.probe()
        self.assertEqual(verdict.state, CRITICAL)
        self.assertIn("authority Example Authority is not among those", verdict.line)


class Names(CertificateCase):
    """What peers are told to call."""

    def test_by_name(self) -> None:
        """A server with a name that its certificate proves tells it to peers (spec 4.2)."""
        self.open(**{"server.host_name": "um.example.com"})
        self.assertIn(f"@um.example.com:{self.desk_tls};transport=tls", self.contact())

    def test_by_address(self) -> None:
        """A name that the certificate is not for is told to nobody."""
        self.open(**{"server.host_name": "other.example.com"})
        self.assertIn(f"@127.0.0.1:{self.desk_tls};transport=tls", self.contact())
        self.assertEqual(self.monitor()[0], "Healthy")

    def test_neither(self) -> None:
        """An address that the certificate is not for is told in health: peers may refuse it."""
        self.open(self.authority.issue("um.example.com", ("um.example.com",)))
        value, why = self.monitor()
        self.assertEqual(value, "Degraded")
        self.assertIn("peers are sent to 127.0.0.1, and the certificate is for um.example", why)

    def contact(self) -> str:
        """Of a redirect."""
        gateway = self.tls_gateway(self.peer)
        gateway.call(("127.0.0.1", self.router_tls), "1001", headers=DIVERTED)
        final = gateway.final()
        assert final is not None
        return final.contact

    def test_the_gateway_is_asked_by_tls(self) -> None:
        """It hears OPTIONS over TLS, and must be who it says (feature 22)."""
        self.listening = self.tls_gateway(self.peer)
        self.open_beside(self.listening)
        row = self.gateway_row()
        self.assertEqual((row["reachable"], row["transport"]), (True, "tls"))
        [pipe] = self.listening.taken
        self.assertIsNotNone(pipe.shown())

    def test_an_impostor_at_the_gateways_place(self) -> None:
        """Who answers with another certificate is not the gateway, and the log says why."""
        told = said_in(self, "umserver.edges.net.tls")
        other = self.authority.issue("", ("evil.example.net",))
        self.open_beside(self.tls_gateway(other))
        self.assertFalse(self.gateway_row()["reachable"])
        self.assertIn(f"is for evil.example.net, and it should be {GATEWAY}", told()[-1])

    def open_beside(self, gateway: TlsGateway) -> None:
        """Start with this gateway's port in the settings, and let it be asked."""
        self.install(self.own)
        name = f'address = "{GATEWAY}"'
        self.start(
            lambda toml: self.secured(toml).replace(name, f"{name}\nport = {gateway.port}"),
            {"listen.sip_tls": 0, "listen.mbx_tls": 0},
        )
        self.stage.walk(10.0)

    def gateway_row(self) -> dict[str, Any]:
        """What Get-UMIPGateway shows."""
        return next(row for row in self.ask("gateways") if row["name"] == "loopback")


def _der(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.DER)
