"""How many calls a server takes, which ones run, and whether it is well (spec 9.3, 3.12, 9.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.kit.house import DIVERTED, HouseCase
from tests.kit.log import said_in
from umserver.wire.sip.headers import parse_name_addr


class Limits(HouseCase):
    """MaxCallsAllowed on both roles."""

    def test_the_last_place(self) -> None:
        """Call number MaxCallsAllowed is taken, the next hears Retry-After (feature 30)."""
        self.start(lambda text: text + "\n[service]\nmax_calls_allowed = 2\n")
        callers = [self.dial(), self.dial()]
        for port in (self.router_port, self.desk_port):
            self.assertEqual(self.turned_away(port=port), 503)
        callers.pop().hang_up()
        self.stage.walk(1.0)
        callers.append(self.dial())
        for caller in callers:
            caller.hang_up()

    def test_no_calls_at_all(self) -> None:
        """MaxCallsAllowed 0 refuses every call, on either role (feature 31)."""
        self.start(lambda text: text + "\n[service]\nmax_calls_allowed = 0\n")
        self.assertEqual(self.turned_away(port=self.desk_port), 503)
        self.assertEqual(self.turned_away(), 503)
        limits = "max_calls_allowed = 100\n\n[call_router]\nmax_calls_allowed = 0\n"
        self.change("max_calls_allowed = 0\n", limits)
        gateway = self.gateway()
        gateway.call((self.host, self.router_port))
        answer = gateway.final()
        assert answer is not None
        self.assertEqual((answer.status, answer.header("retry-after")), (503, "30"))
        self.dial(port=self.desk_port).hang_up()

    def test_a_new_limit_during_calls(self) -> None:
        """A lowered limit ends no call; it holds for the next one."""
        self.start()
        callers = [self.dial(), self.dial()]
        self.fill(self.changed + "\n[service]\nmax_calls_allowed = 1\n")
        self.ask("poll")
        self.assertEqual(self.turned_away(), 503)
        self.assertEqual([caller.over for caller in callers], [None, None])
        for caller in callers:
            caller.hang_up()


class ActiveCalls(HouseCase):
    """Get-UMActiveCalls."""

    def test_a_running_call(self) -> None:
        """A running call is shown with everything an administrator looks for (feature 198)."""
        self.start()
        self.assertEqual(self.ask("active-calls"), [])
        caller = self.dial(
            "5000",
            headers=DIVERTED,
            from_=parse_name_addr("<sip:2125550142@pbx.example.com>"),
        ).until_beep()
        [row] = self.ask("active-calls")
        shown = {name: row[name] for name in row if name not in ("id", "since", "seconds")}
        self.assertEqual(
            shown,
            {
                "state": "Connected",
                "type": "Call Answering Voice Message",
                "dialled": "5000",
                "calling": "2125550142",
                "diverted": "1001",
                "gateway": "loopback",
                "dial_plan": "Demo",
                "server": "um.example.com",
            },
        )
        self.assertGreater(row["seconds"], 1.0)
        caller.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(self.ask("active-calls"), [])


class Health(HouseCase):
    """Get-ServerHealth and Invoke-MonitoringProbe."""

    def monitor(self, name: str) -> Mapping[str, Any]:
        """One row of Get-ServerHealth."""
        [row] = [row for row in self.ask("health") if row["name"] == name]
        return row

    def test_well(self) -> None:
        """A server that takes calls is healthy in every health set but for silent gateways."""
        self.start()
        rows = [row for row in self.ask("health") if row["name"] != "UMIPGatewayMonitor"]
        self.assertEqual(
            {row["health_set"] for row in rows}, {"UM.CallRouter", "UM.Protocol", "UM"}
        )
        self.assertEqual({row["value"] for row in rows}, {"Healthy"})
        self.assertEqual({row["state"] for row in rows}, {"Online"})

    def test_most_calls_rejected(self) -> None:
        """More than half of the last hour rejected: the router is unhealthy (feature 191)."""
        name = "UMCallRouterRecentRejectedCallsMonitor"
        self.start()
        for _ in range(5):
            self.assertEqual(self.turned_away("7777"), 404)
        self.assertEqual(self.monitor(name)["value"], "Unhealthy")
        self.assertIn("5 of 5", self.monitor(name)["why"])
        self.stage.walk(3700.0)
        self.assertEqual(self.monitor(name)["value"], "Healthy")

    def test_no_calls_allowed(self) -> None:
        """A role whose MaxCallsAllowed is 0 is not well, before anybody has called."""
        self.start(lambda text: text + "\n[service]\nmax_calls_allowed = 0\n")
        desk = self.monitor("UMServiceRecentRejectedCallsMonitor")
        why = "MaxCallsAllowed is 0: every call is refused"
        self.assertEqual((desk["value"], desk["why"]), ("Unhealthy", why))
        self.assertEqual(self.monitor("UMCallRouterRecentRejectedCallsMonitor")["value"], "Healthy")

    def test_probe(self) -> None:
        """A probe says Succeeded while a role is in service and Failed while it is not."""
        self.start()
        router, desk = "UM.CallRouter\\UMCallRouterTestProbe", "um.protocol\\umselftestprobe"
        for probe in (router, desk):
            self.assertEqual(self.ask("probe", probe=probe)["result"], "Succeeded")
        self.set_state("UMCallRouter", "Inactive")
        answer = self.ask("probe", probe=router)
        self.assertEqual((answer["result"], answer["why"]), ("Failed", "answered 503"))
        self.assertEqual(self.ask("probe", probe=desk)["result"], "Succeeded")
        self.assertRaises(LookupError, self.ask, "probe", probe="UM\\Nothing")

    def test_nothing_is_linked(self) -> None:
        """Without a dial plan linked to a gateway the server says so everywhere."""
        text = self.demo()
        head, *parts = text.split("[[hunt_groups]]")
        rest = "".join("[[" + part.partition("[[")[2] for part in parts if "[[" in part)
        um = self.start(lambda _: head + rest)
        self.assertTrue(any("linked to a gateway" in line for line in self.console))
        self.assertEqual(self.monitor("UMDialPlanLinkedMonitor")["value"], "Unhealthy")
        self.assertTrue(any("linked to a gateway" in reason for reason in um.not_ready()))
        self.fill(text)
        self.ask("poll")
        self.assertEqual(list(um.not_ready()), [])
        self.assertEqual(self.monitor("UMDialPlanLinkedMonitor")["value"], "Healthy")


class Events(HouseCase):
    """Numbers that administrators look for in the log (spec 9.5)."""

    def test_rejected(self) -> None:
        """A refused call is event 1021, a wrong forwarding 1109 (features 35, 190)."""
        said = said_in(self, "umserver.roles")
        self.start()
        headers = (("Diversion", "<sip:77@pbx.example.com>;reason=no-answer"),)
        self.assertEqual(self.turned_away("5000", headers=headers), 404)
        lines = said()
        [line] = [line for line in lines if "event 1109" in line]
        self.assertEqual(line.count("1109"), 1)
        self.assertIn("77", line)
        self.assertTrue(any("event 1021" in line for line in lines), lines)

    def test_broken_forwarding(self) -> None:
        """A broken Diversion is event 1021, once at each port, and ignored; the call is taken
        (feature 24).
        """
        said = said_in(self)
        self.start()
        for number in ("1001", "5000"):
            before = len(said())
            caller = self.dial(number, headers=(("Diversion", "<<sip:"),))
            lines = [line for line in said()[before:] if "event 1021" in line]
            self.assertEqual(len(lines), 2, lines)
            caller.hang_up()
