"""Which ports are open, and when a change of them acts (spec 1.3, 3.10)."""

from __future__ import annotations

import socket

from tests.interop.peers import free_port
from tests.kit.house import HouseCase
from tests.kit.log import said_in
from umserver.service import UnifiedMessaging

ROUTER_PROBE = "UM.CallRouter\\UMCallRouterTestProbe"


def is_open(port: int) -> bool:
    """Whether somebody listens there with TCP."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


NO_PORT = {"listen.sip": None}
"""A bootstrap file that says nothing of the router's port."""


class PortCase(HouseCase):
    """A house whose router takes its ports from the organisation's settings."""

    def setUp(self) -> None:
        super().setUp()
        self.plain, self.tls = free_port(), free_port()

    def open(self, mode: str = "TCP", desk_mode: str = "TCP") -> UnifiedMessaging:
        """Start with these startup modes; the ports of the router are `plain` and `tls`."""
        settings = (
            f'\n[service]\num_startup_mode = "{desk_mode}"\n'
            f'\n[call_router]\num_startup_mode = "{mode}"\n'
            f"sip_tcp_listening_port = {self.plain}\nsip_tls_listening_port = {self.tls}\n"
        )
        return self.start(lambda text: text + settings, NO_PORT)

    def again(self) -> UnifiedMessaging:
        """Restart the server, with the settings as they have become."""
        self.stop()
        self.demo = lambda: self.changed  # type: ignore[method-assign]
        return self.start(overrides=NO_PORT)

    def monitor(self) -> tuple[str, str]:
        """What Get-ServerHealth says about ports."""
        [row] = [row for row in self.ask("health") if row["name"] == "UMStartupModeMonitor"]
        return row["value"], row["why"]


class Ports(PortCase):
    """SipTcpListeningPort of the call router."""

    def test_the_settings_name_the_port(self) -> None:
        """The router really listens where its settings say (feature 20)."""
        self.open()
        self.assertEqual(self.router_port, self.plain)
        self.assertTrue(is_open(self.plain))
        self.dial(port=self.plain).hang_up()

    def test_another_port_after_a_restart(self) -> None:
        """A changed port is said to wait for a restart, and acts after it (features 19, 20)."""
        said = said_in(self, "umserver.service")
        self.open()
        second = free_port()
        self.change(f"tcp_listening_port = {self.plain}", f"tcp_listening_port = {second}")
        self.assertEqual(self.router_port, self.plain)
        self.assertFalse(is_open(second))
        self.dial(port=self.plain).hang_up()
        self.assertEqual(self.monitor()[0], "Degraded")
        self.assertIn("after a restart", self.monitor()[1])
        self.assertEqual(len([line for line in said() if "after a restart" in line]), 1)
        self.again()
        self.assertEqual(self.router_port, second)
        self.assertFalse(is_open(self.plain))
        self.assertEqual(self.monitor(), ("Healthy", ""))
        self.dial(port=second).hang_up()

    def test_the_bootstrap_file_outranks_the_settings(self) -> None:
        """A port that the bootstrap file names is the one, whatever the settings say."""
        other = free_port()
        setting = f"\n[call_router]\nsip_tcp_listening_port = {self.plain}\n"
        self.start(lambda text: text + setting, {"listen.sip": other})
        self.assertEqual(self.router_port, other)
        self.assertFalse(is_open(self.plain))


class StartupModes(PortCase):
    """UMStartupMode of both roles, as long as there is no certificate."""

    def test_tcp(self) -> None:
        """In mode TCP the plain port is open and the TLS port is closed (feature 18)."""
        um = self.open("TCP")
        self.assertTrue(is_open(self.plain))
        self.assertFalse(is_open(self.tls))
        self.assertEqual((list(um.not_ready()), self.monitor()), ([], ("Healthy", "")))

    def test_tls(self) -> None:
        """In mode TLS the plain port is closed; the server says what TLS lacks (feature 18).

        It is not ready, and says why on its console, in its log, its health and to `/readyz`.
        """
        said = said_in(self, "umserver.service")
        um = self.open("TLS")
        self.assertFalse(is_open(self.plain))
        self.assertFalse(is_open(self.tls))
        [reason] = um.not_ready()
        self.assertIn("call router is TLS, and its TLS port stays closed", reason)
        self.assertIn("tls/certificate.pem cannot be read: No such file", reason)
        self.assertEqual(self.monitor(), ("Unhealthy", reason))
        for lines in (said(), self.console):
            self.assertTrue(any(reason in line for line in lines), lines)
        self.assertEqual(self.ask("status")["ready"], False)
        self.assertEqual(self.ask("probe", probe=ROUTER_PROBE)["result"], "Failed")

    def test_dual(self) -> None:
        """In mode Dual the plain port takes calls; what TLS lacks is said (feature 18)."""
        um = self.open("Dual")
        self.assertTrue(is_open(self.plain))
        self.assertFalse(is_open(self.tls))
        self.assertEqual(list(um.not_ready()), [])
        value, why = self.monitor()
        self.assertEqual(value, "Degraded")
        self.assertIn("call router is Dual, and its TLS port stays closed", why)
        self.assertTrue(any(why in line for line in self.console), self.console)
        self.dial(port=self.plain).hang_up()

    def test_a_desk_without_a_plain_port(self) -> None:
        """A desk in mode TLS is sent no calls: the router says that nobody can take them."""
        self.open(desk_mode="TLS")
        self.assertEqual(self.turned_away(port=self.plain), 503)

    def test_after_a_restart(self) -> None:
        """A changed startup mode acts after a restart, and not before (feature 19)."""
        self.open()
        router = '[call_router]\num_startup_mode = "TCP"'
        self.change(router, router.replace("TCP", "TLS"))
        self.assertTrue(is_open(self.plain))
        self.assertIn("after a restart", self.monitor()[1])
        self.dial(port=self.plain).hang_up()
        self.again()
        self.assertFalse(is_open(self.plain))
