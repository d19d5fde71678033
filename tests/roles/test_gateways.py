"""The watch over gateways: who answers, since when, how fast (spec 9.1)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.log import said_in
from tests.org.examples import ORG, PBX
from umserver.org.settings import IPGateway, Organisation
from umserver.roles.gateways import BETWEEN_FIRST, PROBE_SECONDS, GatewayWatch

WALL = 1_790_000_000.0
SECOND = IPGateway(name="Second", address="192.0.2.20", port=5070)


def having(*gateways: IPGateway, **hosts: tuple[str, ...]) -> Organisation:
    """The example organisation with these gateways and host names."""
    names = {name.replace("_", "."): found for name, found in hosts.items()}
    return evolve(ORG, gateways=gateways, hunt_groups=(), host_addresses=names)


class GatewayWatchTests(SynchronousTestCase):
    """One watch and a network that answers as the test says."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.asked: list[tuple[str, int, str]] = []
        self.waiting: list[Deferred[int | None]] = []
        self.watch = GatewayWatch(self.clock, lambda: WALL + self.clock.seconds(), self.probe)
        self.addCleanup(self.watch.stop)
        self.said = said_in(self, "umserver.roles.gateways")

    def probe(self, host: str, port: int, transport: str, patience: float) -> Deferred[int | None]:
        self.asked.append((host, port, transport))
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def begin(self, *gateways: IPGateway) -> None:
        """These are the gateways; the first questions are out."""
        self.watch.changed(None, having(*gateways))
        self.clock.advance(len(gateways) * BETWEEN_FIRST)

    def answer(self, status: int | None, after: float = 0.25) -> None:
        """The oldest open question is answered."""
        self.clock.advance(after)
        self.waiting.pop(0).callback(status)

    def be_silent(self) -> None:
        """No answer by either transport."""
        self.answer(0, 4.0)
        self.answer(0, 4.0)

    def row(self, name: str = "PBX") -> Mapping[str, object]:
        return next(row for row in self.watch.shown() if row["name"] == name)

    def test_new_gateway(self) -> None:
        """A gateway is asked as soon as it is there, and shown with its round trip (feature 22)."""
        self.begin(PBX)
        self.assertEqual(self.asked, [("192.0.2.10", 5060, "udp")])
        self.assertIsNone(self.row()["reachable"])
        self.answer(200)
        row = self.row()
        self.assertEqual((row["reachable"], row["round_trip_ms"]), (True, 250.0))
        self.assertEqual(row["since"], WALL + self.clock.seconds())
        self.assertEqual(self.said(), [])

    def test_a_secured_gateway(self) -> None:
        """Behind a secured dial plan only TLS is tried, with it as a possibility on port 5061."""
        plans = tuple(evolve(plan, voip_security="SIPSecured") for plan in ORG.dial_plans)
        pbx = evolve(PBX, port=5061)
        self.watch.changed(None, evolve(ORG, gateways=(pbx,), dial_plans=plans))
        self.clock.advance(BETWEEN_FIRST)
        self.assertEqual(self.row()["transport"], "tls")
        self.answer(0, 4.0)
        self.assertEqual(self.asked, [("192.0.2.10", 5061, "tls")])
        self.assertFalse(self.row()["reachable"])
        self.watch.changed(None, evolve(ORG, gateways=(pbx,)))
        self.clock.advance(BETWEEN_FIRST)
        for _ in range(3):
            self.answer(0, 4.0)
        self.assertEqual([asked[2] for asked in self.asked[1:]], ["udp", "tcp", "tls"])

    def test_any_answer_counts(self) -> None:
        """A peer that answers OPTIONS with 405 or 481 is there all the same."""
        self.begin(PBX)
        self.answer(405)
        self.assertEqual((self.row()["reachable"], self.row()["why"]), (True, "answered 405"))

    def test_the_server_itself(self) -> None:
        """A gateway whose address is the server's own is said to be that."""
        self.begin(PBX)
        self.answer(482)
        self.assertIn("this server itself", str(self.row()["why"]))

    def test_silence(self) -> None:
        """A silent gateway is event 1400, once, however long it stays silent (features 22, 190)."""
        self.begin(PBX)
        self.be_silent()
        self.assertEqual([transport for *_, transport in self.asked], ["udp", "tcp"])
        self.assertEqual((self.row()["reachable"], self.row()["round_trip_ms"]), (False, None))
        self.assertEqual(self.watch.silent(), ["PBX"])
        [line] = self.said()
        self.assertIn("event 1400", line)
        self.assertIn("PBX", line)
        for _ in range(3):
            self.clock.advance(PROBE_SECONDS)
            self.be_silent()
        self.assertEqual(len(self.said()), 1)

    def test_back_again(self) -> None:
        """A gateway that comes back is told, and event 1400 comes anew when it goes again."""
        self.begin(PBX)
        self.be_silent()
        self.clock.advance(PROBE_SECONDS)
        self.answer(200)
        self.assertEqual(self.watch.silent(), [])
        self.clock.advance(PROBE_SECONDS)
        self.be_silent()
        self.assertEqual(
            ["1400" if "1400" in line else "back" for line in self.said()], ["1400", "back", "1400"]
        )

    def test_tcp_only(self) -> None:
        """A gateway that speaks TCP only is found, and asked by TCP from then on."""
        self.begin(PBX)
        self.answer(0, 4.0)
        self.answer(200)
        self.assertEqual((self.row()["reachable"], self.row()["transport"]), (True, "tcp"))
        self.clock.advance(PROBE_SECONDS)
        self.assertEqual(self.asked[-1], ("192.0.2.10", 5060, "tcp"))
        self.assertEqual(len(self.asked), 3)

    def test_every_twenty_seconds(self) -> None:
        """Every gateway is asked again twenty seconds after its answer."""
        self.begin(PBX, SECOND)
        self.answer(200)
        self.answer(200)
        self.clock.advance(PROBE_SECONDS - 0.5)
        self.assertEqual(len(self.asked), 2)
        self.clock.advance(0.5)
        self.assertEqual(len(self.asked), 4)

    def test_changed_gateway(self) -> None:
        """A changed gateway is asked at once at its new place, an unchanged one is left alone."""
        self.begin(PBX, SECOND)
        self.answer(200)
        self.answer(200)
        moved = evolve(SECOND, port=5080)
        self.watch.changed(having(PBX, SECOND), having(PBX, moved))
        self.clock.advance(0)
        self.assertEqual(self.asked[2:], [("192.0.2.20", 5080, "udp")])
        self.assertTrue(self.row("PBX")["reachable"])
        self.assertIsNone(self.row("Second")["reachable"])

    def test_late_answer_of_a_removed_gateway(self) -> None:
        """An answer for a gateway that was removed meanwhile is nobody's."""
        self.begin(PBX)
        self.watch.changed(having(PBX), having())
        self.answer(200)
        self.clock.advance(10 * PROBE_SECONDS)
        self.assertEqual((self.watch.shown(), len(self.asked)), ([], 1))

    def test_not_asked(self) -> None:
        """Disabled gateways and those with the port 0 are not asked, and not called silent."""
        self.begin(evolve(PBX, status="Disabled"), evolve(SECOND, port=0))
        self.clock.advance(10 * PROBE_SECONDS)
        self.assertEqual((self.asked, self.watch.silent()), ([], []))

    def test_enabled_again(self) -> None:
        """A gateway that is enabled again is asked at once."""
        off = evolve(PBX, status="Disabled")
        self.begin(off)
        self.watch.changed(having(off), having(PBX))
        self.clock.advance(0)
        self.assertEqual(len(self.asked), 1)

    def test_no_port_leads_there(self) -> None:
        """A gateway that no port of ours reaches is neither silent nor there."""
        self.begin(PBX)
        self.answer(None)
        self.assertIsNone(self.row()["reachable"])
        self.assertEqual((self.watch.silent(), self.said()), ([], []))

    def test_name_without_address(self) -> None:
        """A gateway whose name stands for nothing is silent, and the reason says so."""
        named = evolve(PBX, address="pbx.example.com")
        self.watch.changed(None, having(named, pbx_example_com=()))
        self.clock.advance(0)
        self.assertEqual(self.asked, [])
        self.assertEqual(self.watch.silent(), ["PBX"])
        self.assertIn("no address", self.said()[0])

    def test_names_are_looked_up_elsewhere(self) -> None:
        """A host name is asked at the address it had when the settings came (feature 25)."""
        named = evolve(PBX, address="pbx.example.com")
        self.watch.changed(None, having(named, pbx_example_com=("192.0.2.77",)))
        self.clock.advance(0)
        self.assertEqual(self.asked, [("192.0.2.77", 5060, "udp")])

    def test_why_a_handshake_failed(self) -> None:
        """A gateway that cannot be reached is shown with the reason, where one is known."""
        known: list[tuple[str, float]] = []
        self.watch.explain = lambda *asked: known.append(asked) or "it expired"  # type: ignore[func-returns-value]
        self.begin(PBX)
        self.be_silent()
        self.assertEqual(self.row()["why"], "it expired")
        self.assertIn("event 1400: gateway PBX is silent: it expired", self.said())
        [(address, since)] = known
        self.assertEqual(address, PBX.address)
        self.assertTrue(WALL <= since <= WALL + 1.0)

    def test_two_names_on_one_address(self) -> None:
        """Two gateways on one address are event 1175, said once (feature 26)."""
        twin = evolve(SECOND, address="pbx.example.com")
        org = having(PBX, twin, pbx_example_com=("192.0.2.10",))
        self.watch.changed(None, org)
        self.watch.changed(org, org)
        [line] = self.said()
        self.assertIn("event 1175", line)
        self.assertIn("PBX, Second; calls that prove no name are taken for those of PBX", line)

    def test_the_end(self) -> None:
        """A stopped watch asks nobody, not even what is configured later."""
        self.begin(PBX)
        self.watch.stop()
        self.waiting.pop(0).callback(200)
        self.watch.changed(having(PBX), having(SECOND))
        self.clock.advance(10 * PROBE_SECONDS)
        self.assertEqual(len(self.asked), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
