"""Cmdlets that speak to a running server."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.edges.admin.desk import DEMO, Typed
from umserver.command import DONE, FAILED, WRONG_USE
from umserver.edges.admin.cmdlets.states import in_words
from umserver.edges.admin.control import open_control

CALL = {
    "id": "c-1", "state": "Connected", "type": "Auto Attendant", "dialled": "5001",
    "calling": "+12125550100", "diverted": "", "gateway": "loopback", "dial_plan": "Demo",
    "since": 1.7e9, "seconds": 12.5, "server": "um1",
}  # fmt: skip
MONITOR = {
    "server": "um1", "state": "Online", "name": "UMSelfTestMonitor", "health_set": "UM.Protocol",
    "value": "Healthy", "component": "UnifiedMessaging", "why": "answered 200",
}  # fmt: skip
LAMP = {
    "mailbox": "ada@example.com", "extension": "1001", "dial_plan": "Demo", "lit": True,
    "new": 2, "saved": 1, "urgent_new": 0, "urgent_saved": 0, "told": 1.79e9,
    "problem": "loopback did not answer",
}  # fmt: skip


@define
class Server:
    """Answers as a server would, and remembers what it was asked."""

    asked: list[dict[str, Any]] = field(factory=list)
    calls: list[int] = field(factory=list)
    """How many are left each time somebody asks; the last one stays."""
    ill: bool = False

    def asks(self) -> dict[str, Any]:
        """By name."""
        answers = {
            "poll": lambda q: {"revision": 2, "problem": ""},
            "active-calls": lambda q: [CALL, {**CALL, "id": "c-2", "gateway": "loopback6"}],
            "health": lambda q: [{**MONITOR, "value": "Unhealthy" if self.ill else "Healthy"}],
            "probe": self._probe,
            "states": self._states,
            "set-state": lambda q: {},
            "hang-up-gateway": lambda q: 3,
            "servers": lambda q: [{"name": "um1", "host": "192.0.2.1", "roles": ["cas", "mbx"],
                                   "state": "Active", "calls": 2, "capacity": 100}],
            "lamps": lambda q: [LAMP],
            "gateways": lambda q: [],
        }  # fmt: skip
        return {name: self._noted(answer) for name, answer in answers.items()}

    def _noted(self, answer: Any) -> Any:
        def noted(question: dict[str, Any]) -> Any:
            self.asked.append(question)
            return answer(question)

        return noted

    def _probe(self, question: dict[str, Any]) -> dict[str, Any]:
        if self.ill:
            return {"result": "Failed", "why": "no answer", "milliseconds": 4000}
        return {"result": "Succeeded", "why": "answered 200", "milliseconds": 2}

    def _states(self, question: dict[str, Any]) -> dict[str, Any]:
        if question.get("server") not in (None, "", "um1"):
            raise LookupError("this server is um1")
        left = self.calls.pop(0) if len(self.calls) > 1 else self.calls[0] if self.calls else 0
        wish = {"requester": "Maintenance", "state": "Draining", "at": 1.7e9}
        names = ("ServerWideOffline", "UMCallRouter", "UnifiedMessaging", "HubTransport")
        wanted = question.get("component") or ""
        components = [
            {"component": name, "state": "Draining" if name == "UMCallRouter" else "Active",
             "local": [wish] if name == "UMCallRouter" else [], "remote": []}
            for name in names if wanted in ("", name)
        ]  # fmt: skip
        return {"server": "um1", "components": components, "calls": left,
                "oldest_seconds": 95.0, "queue": 0}  # fmt: skip


class RunningTests(TestCase):
    """A server that answers."""

    timeout = 60.0

    def setUp(self) -> None:
        self.state = Path(self.mktemp()) / "state"
        self.assertEqual(Typed(self.state, ("import", DEMO), io.StringIO()).code, DONE)
        self.server = Server()
        socket = open_control(reactor, self.state, self.server.asks())
        self.addCleanup(socket.close)

    async def typed(self, *words: str) -> Typed:
        """Run one command while the server goes on."""
        return await deferToThread(Typed, self.state, words, io.StringIO())

    def told(self, name: str) -> list[dict[str, Any]]:
        """What the server was asked under this name."""
        return [question for question in self.server.asked if question["ask"] == name]

    async def test_active_calls(self) -> None:
        """A running call is shown with who calls whom, by which gateway (feature 198)."""
        typed = await self.typed("Get-UMActiveCalls", "--json")
        first = json.loads(typed.out)[0]
        self.assertEqual((first["dialled"], first["dial_plan"]), ("5001", "Demo"))
        typed = await self.typed("Get-UMActiveCalls", "-IPGateway", "LOOPBACK6", "-Format", "List")
        self.assertIn("CallId         : c-2", typed.out)
        self.assertNotIn("c-1", typed.out)
        typed = await self.typed("Get-UMActiveCalls", "-DialPlan", "Paris")
        self.assertNotIn("5001", typed.out)

    async def test_health(self) -> None:
        """Monitors are shown, with the reason where one is not well; the exit code says it too."""
        typed = await self.typed("Get-ServerHealth")
        self.assertEqual((typed.code, typed.err), (DONE, ""))
        self.assertIn("UMSelfTestMonitor", typed.out)
        self.server.ill = True
        typed = await self.typed("Get-ServerHealth", "-HealthSet", "um.protocol")
        self.assertEqual(typed.code, FAILED)
        self.assertIn("Unhealthy", typed.out)
        self.assertIn("UMSelfTestMonitor: answered 200", typed.err)
        typed = await self.typed("Get-ServerHealth", "-HealthSet", "UM.Nothing")
        self.assertEqual(typed.code, WRONG_USE)

    async def test_probes(self) -> None:
        """A probe succeeds or fails, with the reason and the exit code."""
        probe = "um.callrouter\\umcallroutertestprobe"
        typed = await self.typed("Invoke-MonitoringProbe", probe)
        self.assertEqual(typed.code, DONE)
        self.assertIn("Result          : Succeeded", typed.out)
        self.server.ill = True
        typed = await self.typed("Invoke-MonitoringProbe", probe)
        self.assertEqual(typed.code, FAILED)
        self.assertIn("no answer", typed.out)
        self.assertEqual(self.told("probe")[0]["probe"], "UM.CallRouter\\UMCallRouterTestProbe")

    async def test_gateways_at_once(self) -> None:
        """Disable-UMIPGateway -Immediate changes the setting, then ends the calls (feature 11)."""
        words = ("Disable-UMIPGateway", "loopback", "-Confirm:$false")
        typed = await self.typed(*words, "-Immediate", "$true")
        self.assertIn("Gateway loopback is disabled, 3 calls are ended.", typed.out)
        names = [question["ask"] for question in self.server.asked]
        self.assertLess(names.index("poll"), names.index("hang-up-gateway"))
        self.assertEqual(self.told("hang-up-gateway")[0]["gateway"], "loopback")
        self.assertEqual(len(self.told("poll")), 1)
        await self.typed(*words)
        self.assertEqual(len(self.told("hang-up-gateway")), 1)

    async def test_states(self) -> None:
        """States of a running server come from it, with all requesters (feature 189)."""
        typed = await self.typed("Get-ServerComponentState")
        self.assertIn("um1     UMCallRouter       Draining", typed.out)
        typed = await self.typed("Get-ServerComponentState", "um1", "-Component", "UMCallRouter")
        self.assertIn("LocalStates  : Maintenance:Draining:2023-11-14T22:13:20Z", typed.out)
        words = ("-Component", "umcallrouter", "-Requester", "maintenance", "-State", "active")
        typed = await self.typed("Set-ServerComponentState", *words, "-RemoteOnly")
        self.assertEqual(typed.code, DONE)
        (question,) = self.told("set-state")
        self.assertEqual(
            (question["component"], question["state"], question["local_only"],
             question["remote_only"]),
            ("UMCallRouter", "Active", False, True),
        )  # fmt: skip

    async def test_another_server(self) -> None:
        """The state of another server is written where that server looks for it (feature 188)."""
        words = ("-Component", "UMCallRouter", "-Requester", "Sidelined", "-State", "Inactive")
        typed = await self.typed("Set-ServerComponentState", "um2", *words)
        self.assertEqual((typed.code, self.told("set-state")), (DONE, []))
        typed = await self.typed("Get-ServerComponentState", "um2", "-Component", "UMCallRouter")
        self.assertIn("RemoteStates : Sidelined:Inactive:", typed.out)
        typed = await self.typed("Set-ServerComponentState", "um2", *words, "-LocalOnly")
        self.assertEqual(typed.code, WRONG_USE)

    async def test_maintenance(self) -> None:
        """Maintenance drains mail, router and desk, waits for calls, then takes the server out."""
        self.server.calls = [2, 1, 0]
        typed = await self.typed("Start-MaintenanceMode")
        self.assertEqual(typed.code, DONE)
        wanted = [(q["component"], q["state"]) for q in self.told("set-state")]
        self.assertEqual(
            wanted,
            [("HubTransport", "Draining"), ("UMCallRouter", "Draining"),
             ("UnifiedMessaging", "Draining"), ("ServerWideOffline", "Inactive")],
        )  # fmt: skip
        self.assertEqual({q["requester"] for q in self.told("set-state")}, {"Maintenance"})
        typed = await self.typed("Stop-MaintenanceMode")
        self.assertEqual(typed.code, DONE)
        self.assertIn("warning: UMCallRouter is Draining", typed.err)

    async def test_maintenance_that_takes_too_long(self) -> None:
        """What is left after the time is told, and the server stays draining."""
        self.server.calls = [2]
        typed = await self.typed("Start-MaintenanceMode", "-TimeoutInSeconds", "0")
        self.assertEqual(typed.code, FAILED)
        self.assertIn("2 calls left, the oldest for 95 s", typed.out)
        self.assertNotIn("ServerWideOffline", [q["component"] for q in self.told("set-state")])
        typed = await self.typed("Start-MaintenanceMode", "-TimeoutInSeconds", "0", "-Force")
        self.assertEqual(typed.code, DONE)

    async def test_servers(self) -> None:
        """The servers of the organisation are shown with their calls."""
        typed = await self.typed("Get-UMServerFleet")
        self.assertIn("um1   192.0.2.1  cas, mbx  Active  2      100", typed.out)

    async def test_lamps(self) -> None:
        """What telephones were told is shown, and why they could not be told (feature 153)."""
        typed = await self.typed("Get-UMMessageWaiting", "ada@example.com", "-Format", "List")
        self.assertIn("MessagesWaiting     : True", typed.out)
        self.assertIn("WhenTold            : 2026-09-21 14:13:20Z", typed.out)
        self.assertIn("Problem             : loopback did not answer", typed.out)
        self.assertEqual(self.told("lamps")[-1]["mailbox"], "ada@example.com")

    def test_words(self) -> None:
        """What a draining server has left is said in words."""
        for standing, words in (
            ({"calls": 0, "queue": 0}, ""),
            ({"calls": 1, "oldest_seconds": 7.4}, "1 call left, the oldest for 7 s"),
            ({"queue": 2}, "2 messages to be delivered"),
        ):
            self.assertEqual(in_words(standing), words)


class StoppedTests(TestCase):
    """No server runs."""

    def test_states_of_a_stopped_server(self) -> None:
        """States are kept beside the server and in the store, or in one only (feature 188)."""
        state = Path(self.mktemp()) / "state"

        def typed(*words: str) -> Typed:
            return Typed(state, words, io.StringIO())

        typed("import", DEMO)
        words = ("-Component", "UMCallRouter", "-Requester", "Functional", "-State", "Inactive")
        for switch, there, not_there in (
            ("-LocalOnly", "LocalStates  : Functional", "RemoteStates : Functional"),
            ("-RemoteOnly", "RemoteStates : Functional", ""),
        ):
            self.assertEqual(typed("Set-ServerComponentState", *words, switch).code, DONE)
            told = typed("Get-ServerComponentState", "-Component", "UMCallRouter").out
            self.assertIn(there, told)
            self.assertTrue(not not_there or not_there not in told)
            self.assertIn("State        : Inactive", told)
        both = typed("Set-ServerComponentState", *words, "-LocalOnly", "-RemoteOnly")
        self.assertEqual(both.code, WRONG_USE)
        self.assertEqual(typed("Set-ServerComponentState", *words[:4]).code, WRONG_USE)
        typed("Set-ServerComponentState", *words, "-WhatIf")
        self.assertEqual(typed("Start-MaintenanceMode").code, DONE)
        for row in json.loads(typed("--json", "Get-ServerComponentState").out):
            self.assertEqual(row["state"], "Inactive")
