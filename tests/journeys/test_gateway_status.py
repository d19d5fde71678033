"""An administrator changes a gateway while its calls run (spec 2.5, 9.1)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase
from tests.kit.log import said_in

LOOPBACK = 'address = "127.0.0.1"'
SECOND = '\n[[gateways]]\nname = "Second"\naddress = "127.0.0.9"\n'


class GatewayStatus(HouseCase):
    """The gateway of the softphone, and a second one."""

    def status(self, word: str) -> None:
        """Give the softphone's gateway this status."""
        before = 'status = "' if f"{LOOPBACK}\nstatus" in self.changed else ""
        if before:
            rest = self.changed.partition(f"{LOOPBACK}\nstatus")[2].partition("\n")[0]
            self.change(f"{LOOPBACK}\nstatus{rest}", f'{LOOPBACK}\nstatus = "{word}"')
        else:
            self.change(LOOPBACK, f'{LOOPBACK}\nstatus = "{word}"')

    def test_disabled(self) -> None:
        """A disabled gateway brings no new call; its running call goes on (feature 9)."""
        self.start()
        caller = self.dial().until_beep()
        self.status("Disabled")
        self.assertEqual(self.turned_away(), 403)
        self.assertEqual(self.turned_away(port=self.desk_port), 403)
        caller.say(2.0).hang_up()
        self.mails()
        self.status("Enabled")
        self.dial().hang_up()

    def test_no_new_calls(self) -> None:
        """With NoNewCalls a running call survives and a new one hears 503 (feature 10)."""
        self.start()
        caller = self.dial().until_beep()
        self.status("NoNewCalls")
        self.assertEqual(self.turned_away(), 503)
        caller.say(2.0).hang_up()
        self.mails()

    def test_immediate(self) -> None:
        """-Immediate ends running calls of that gateway, what was said is kept (feature 11)."""
        self.start()
        caller = self.dial().until_beep().say(3.0)
        self.status("Disabled")
        self.assertEqual(self.ask("hang-up-gateway", gateway="LOOPBACK"), 1)
        caller.until_over(5.0)
        self.assertEqual(caller.over, "peer")
        self.assertEqual(self.mails()[0]["X-VoiceMessageDuration"], "3")

    def test_immediate_spares_others(self) -> None:
        """Calls of other gateways go on, and a gateway that is none is told (feature 11)."""
        self.start(lambda text: text + SECOND)
        caller = self.dial().until_beep()
        self.assertEqual(self.ask("hang-up-gateway", gateway="Second"), 0)
        self.assertRaises(LookupError, self.ask, "hang-up-gateway", gateway="Third")
        self.assertIsNone(caller.over)
        caller.hang_up()

    def test_a_new_gateway(self) -> None:
        """A gateway that is added brings calls without a restart (feature 183)."""
        self.start()
        peer = Gateway(self.stage, "127.0.0.9")
        self.addCleanup(peer.media.close)
        peer.call((self.host, self.desk_port))
        self.assertEqual(peer.final().status, 403)  # type: ignore[union-attr]
        hunt = '\n[[hunt_groups]]\nname = "More"\ndial_plan = "Demo"\ngateway = "Second"\n'
        self.fill(self.changed + SECOND + hunt)
        self.ask("poll")
        peer.call((self.host, self.desk_port))
        self.assertEqual(peer.final().status, 200)  # type: ignore[union-attr]
        peer.hang_up()


class GatewayProbe(HouseCase):
    """OPTIONS to gateways."""

    def peer(self, **replies: int | None) -> Gateway:
        """A gateway at an address and port of its own, not yet known to the server."""
        peer = Gateway(self.stage, "127.0.0.9", replies=dict(replies))
        self.addCleanup(peer.media.close)
        return peer

    def add(self, peer: Gateway) -> None:
        """An administrator adds it."""
        self.fill(self.changed + f"{SECOND}port = {peer.port}\n")
        self.ask("poll")

    def row(self) -> Mapping[str, object]:
        """As Get-UMIPGateway shows it."""
        return next(row for row in self.ask("gateways") if row["name"] == "Second")

    def test_a_new_gateway_is_asked(self) -> None:
        """OPTIONS goes to a new gateway at once and every twenty seconds (feature 22)."""
        self.start()
        peer = self.peer()
        self.add(peer)
        self.stage.walk(1.0)
        self.assertEqual(len(peer.requests("OPTIONS")), 1)
        self.assertTrue(self.row()["reachable"])
        self.stage.walk(40.0)
        self.assertEqual(len(peer.requests("OPTIONS")), 3)

    def test_a_silent_gateway(self) -> None:
        """A gateway that does not answer is event 1400 and shows as silent (features 22, 190)."""
        said = said_in(self, "umserver.roles.gateways")
        self.start()
        self.add(self.peer(OPTIONS=None))
        self.stage.walk(12.0)
        self.assertIs(self.row()["reachable"], False)
        [line] = [line for line in said() if "Second" in line]
        self.assertIn("event 1400", line)

    def test_two_names_for_one_address(self) -> None:
        """Two gateways at one address are event 1175 (feature 26)."""
        said = said_in(self, "umserver.roles.gateways")
        second = SECOND.replace("127.0.0.9", "localhost")
        self.start(lambda text: text + second)
        self.assertTrue([line for line in said() if "event 1175" in line], said())
