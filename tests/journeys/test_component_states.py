"""An administrator takes parts of a server out of service, and back (spec 9.2)."""

from __future__ import annotations

from tests.kit.house import HouseCase
from umserver.org.bootstrap import Bootstrap

BOTH = ("UMCallRouter", "UnifiedMessaging")


class ComponentStates(HouseCase):
    """One server with both roles."""

    def options(self, port: int) -> int:
        """What a peer hears that asks whether this port is alive."""
        gateway = self.gateway()
        gateway.send(
            gateway.request("OPTIONS", f"sip:127.0.0.1:{port}", call_id=f"o-{gateway.port}"),
            (self.host, port),
        )
        self.stage.settle()
        return gateway.responses("OPTIONS")[0]

    def state_of(self, component: str) -> str:
        """As Get-ServerComponentState shows it."""
        [row] = self.ask("states", component=component)["components"]
        return str(row["state"])

    def test_router_out_and_back(self) -> None:
        """An inactive router refuses calls with 503, the desk takes direct ones (feature 184)."""
        self.start()
        self.set_state("UMCallRouter", "Inactive")
        gateway = self.gateway()
        gateway.call((self.host, self.router_port))
        answer = gateway.final()
        assert answer is not None
        self.assertEqual((answer.status, answer.header("retry-after")), (503, "30"))
        self.assertEqual((self.options(self.router_port), self.options(self.desk_port)), (503, 200))
        self.dial(port=self.desk_port).hang_up()
        self.set_state("UMCallRouter", "Active")
        self.assertEqual(self.options(self.router_port), 200)
        self.dial().hang_up()

    def test_draining(self) -> None:
        """A running call outlives Draining, new ones do not; what is left is said (feature 185)."""
        self.start()
        caller = self.dial().until_beep()
        for component in BOTH:
            self.set_state(component, "Draining")
        self.assertEqual(self.turned_away(), 503)
        self.assertEqual(self.turned_away(port=self.desk_port), 503)
        caller.say(4.0)
        left = self.ask("states")
        self.assertEqual(left["calls"], 1)
        self.assertGreater(left["oldest_seconds"], 4.0)
        caller.hang_up()
        self.mails()
        self.assertEqual((self.ask("states")["calls"], self.ask("states")["queue"]), (0, 0))

    def test_two_requesters(self) -> None:
        """While one requester wants it Inactive another's Active does not help (feature 186)."""
        self.start()
        self.set_state("UnifiedMessaging", "Inactive", "Sidelined")
        self.set_state("UnifiedMessaging", "Active", "Maintenance")
        self.assertEqual(self.turned_away(port=self.desk_port), 503)
        self.assertEqual(self.turned_away(), 503)
        self.set_state("UnifiedMessaging", "Active", "Sidelined")
        self.dial().hang_up()

    def test_whole_server(self) -> None:
        """ServerWideOffline makes router and desk refuse (feature 187), also after a restart."""
        self.start()
        self.set_state("ServerWideOffline", "Inactive")
        self.assertEqual((self.turned_away(), self.turned_away(port=self.desk_port)), (503, 503))
        self.stop()
        self.console.clear()
        um = self.start()
        self.assertEqual((self.turned_away(), self.turned_away(port=self.desk_port)), (503, 503))
        self.assertIn("component ServerWideOffline is Inactive", um.not_ready())
        self.assertTrue(any("ServerWideOffline" in line for line in self.console))
        self.set_state("ServerWideOffline", "Active")
        self.dial().hang_up()

    def test_places(self) -> None:
        """-LocalOnly and -RemoteOnly write to one place each; the newest acts (feature 188)."""
        self.start()
        words = {"component": "UMCallRouter", "requester": "Functional"}
        self.ask("set-state", **words, state="Inactive", local_only=True)
        [row] = self.ask("states", component="UMCallRouter")["components"]
        self.assertEqual((len(row["local"]), len(row["remote"])), (1, 0))
        self.stage.walk(1.0)
        self.ask("set-state", **words, state="Active", remote_only=True)
        self.assertEqual(self.state_of("UMCallRouter"), "Active")
        self.dial().hang_up()
        self.stop()
        self.start()
        [row] = self.ask("states", component="UMCallRouter")["components"]
        self.assertEqual(row["local"][0]["state"], "Inactive")
        self.assertEqual(row["remote"][0]["state"], "Active")
        self.dial().hang_up()

    def test_queue_held(self) -> None:
        """While HubTransport is Inactive messages stay in the queue; Active delivers them."""
        self.start()
        self.set_state("HubTransport", "Inactive")
        self.dial().until_beep().say(2.0).hang_up()
        self.no_mail()
        self.assertEqual(self.ask("states")["queue"], 1)
        self.set_state("HubTransport", "Active")
        self.mails()

    def test_queue_draining(self) -> None:
        """While HubTransport is Draining what is in the queue is delivered at once."""
        self.start()
        self.set_state("HubTransport", "Inactive")
        self.dial().until_beep().say(2.0).hang_up()
        self.set_state("HubTransport", "Draining")
        self.mails()

    def test_drain_and_resume(self) -> None:
        """`umctl drain` holds until the server ends, `umctl resume` takes calls again."""
        self.start()
        self.ask("drain")
        self.assertEqual((self.turned_away(), self.turned_away(port=self.desk_port)), (503, 503))
        self.ask("resume")
        self.dial().hang_up()
        self.ask("drain")
        self.stop()
        self.start()
        self.dial().hang_up()

    def test_another_server(self) -> None:
        """Whoever means another server is told which one this is."""
        self.start()
        fault = self.assertRaises(LookupError, self.ask, "states", server="um2.example.com")
        self.assertIn("um.example.com", str(fault))
        self.assertEqual(self.ask("states", server="UM")["server"], "um.example.com")


class Stopping(HouseCase):
    """SIGTERM: running calls may finish, within a bound (spec 9.2, our bootstrap setting)."""

    bound = {"server.drain_seconds": 10}

    def test_a_call_finishes(self) -> None:
        """A caller who is speaking when the server stops may finish; nobody new comes in."""
        um = self.start(overrides=self.bound)
        router, desk = self.router_port, self.desk_port
        caller = self.dial().until_beep()
        stopped = um.stopService()
        caller.say(3.0)
        self.assertEqual((self.turned_away(port=router), self.turned_away(port=desk)), (503, 503))
        caller.hang_up()
        began = self.stage.seconds()
        self.stage.run_until(stopped, 60.0)
        self.assertLess(self.stage.seconds() - began, 1.0)
        self.assertTrue(any("1 call may finish" in line for line in self.console))
        self.um = None
        self.start()
        [mail] = self.mails()
        self.assertEqual(mail["X-VoiceMessageDuration"], "3")

    def test_the_bound(self) -> None:
        """A caller who does not stop speaking is ended at the bound; what was said is kept."""
        um = self.start(overrides=self.bound)
        caller = self.dial().until_beep()
        stopped = um.stopService()
        began = self.stage.seconds()
        caller.say(20.0)
        self.assertEqual(caller.over, "peer")
        self.stage.run_until(stopped, 30.0)
        self.assertLess(self.stage.seconds() - began, 23.0)
        self.um = None
        self.start()
        [mail] = self.mails()
        self.assertIn(mail["X-VoiceMessageDuration"], ("10", "11"))

    def test_in_a_hurry(self) -> None:
        """A second signal ends the waiting at once."""
        um = self.start(overrides=self.bound)
        caller = self.dial().until_beep().say(2.0)
        stopped = um.stopService()
        self.stage.walk(1.0)
        self.assertIsNone(caller.over)
        um.goodbye.hurry()
        self.stage.run_until(stopped, 3.0)
        self.assertEqual(caller.over, "peer")
        self.um = None

    def test_default(self) -> None:
        """Without a setting a stop waits ten seconds at most."""
        self.assertEqual(Bootstrap().server.drain_seconds, 10)
