"""What a running server answers to umctl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.acts import acts_of
from umserver.edges.admin.asks import ServerActs
from umserver.org.messages import QueueEntry

ENTRY = QueueEntry("id-1", "deferred", "ada@example.com", "voice", 1.0, 3, 9.0, "refused")


@define
class Server:
    """Remembers what it was told."""

    told: list[str] = field(factory=list)

    def acts(self) -> ServerActs:
        def entries() -> Deferred[Sequence[QueueEntry]]:
            return succeed([ENTRY])

        def one(name: str) -> Any:
            def act(id: str) -> Deferred[bool]:
                self.told.append(f"{name} {id}")
                return succeed(id == "id-1")

            return act

        def poll() -> Deferred[None]:
            self.told.append("poll")
            return succeed(None)

        async def health() -> Sequence[Mapping[str, object]]:
            return [{"name": "UMMonitor"}]

        async def probe(name: str) -> Mapping[str, object]:
            return {"probe": name}

        def hang_up(gateway: str) -> int:
            self.told.append(f"hang up {gateway}")
            return 2

        def plain(name: str) -> Any:
            return lambda: self.told.append(name)

        return acts_of(
            status=lambda: {"calls": 3},
            entries=entries,
            retry=one("retry"),
            drop=one("drop"),
            kick=plain("kick"),
            poll=poll,
            settings=lambda: (7, "gateways.PBX: wrong"),
            is_me=lambda name: name == "um1",
            name=lambda: "um1",
            states=lambda component: {"server": "um1", "components": [component]},
            set_state=self.set_state,
            active_calls=lambda: [{"id": "c1"}],
            health=health,
            probe=probe,
            gateways=lambda: [{"name": "PBX"}],
            hang_up_gateway=hang_up,
            servers=lambda: [{"name": "um1"}],
            drain=plain("drain"),
            resume=plain("resume"),
        )

    async def set_state(self, *words: object) -> None:
        self.told.append(" ".join(map(str, words)))


class AsksTests(SynchronousTestCase):
    """One ask after the other."""

    def setUp(self) -> None:
        self.server = Server()
        self.asks = self.server.acts().asks()

    def answer(self, name: str, **details: object) -> Any:
        return self.successResultOf(maybeDeferred(self.asks[name], {"ask": name, **details}))

    def test_views(self) -> None:
        """Status and queue are what the server says."""
        self.assertEqual(self.answer("status"), {"calls": 3})
        self.assertEqual(self.answer("queue")[0]["why"], "refused")

    def test_messages(self) -> None:
        """One message, or all that wait, are tried; a dead one is dropped."""
        self.answer("retry", id="id-1")
        self.answer("retry", id="all")
        self.answer("drop", id="id-1")
        self.assertEqual(self.server.told, ["retry id-1", "kick", "drop id-1"])
        for name in ("retry", "drop"):
            missing = maybeDeferred(self.asks[name], {"ask": name, "id": "id-2"})
            self.failureResultOf(missing, LookupError)
            nothing = maybeDeferred(self.asks[name], {"ask": name})
            self.failureResultOf(nothing, ValueError)

    def test_settings(self) -> None:
        """A poll answers with what is in force after it."""
        self.assertEqual(self.answer("poll"), {"revision": 7, "problem": "gateways.PBX: wrong"})
        self.assertEqual(self.server.told, ["poll"])

    def test_drain(self) -> None:
        """A server is drained and comes back."""
        self.answer("drain")
        self.answer("resume")
        self.assertEqual(self.server.told, ["drain", "resume"])

    def refused(self, name: str, fault: type[Exception], **details: object) -> str:
        """What somebody hears who asks wrongly."""
        asked = maybeDeferred(self.asks[name], {"ask": name, **details})
        return str(self.failureResultOf(asked, fault).value.args[0])

    def test_states(self) -> None:
        """States are shown, all or one; a state is set in both places or in one."""
        self.assertEqual(self.answer("states")["components"], [""])
        words = {"component": "HubTransport", "requester": "Functional", "state": "Active"}
        self.assertEqual(self.answer("set-state", **words)["components"], ["HubTransport"])
        self.answer("set-state", **words, local_only=True)
        self.answer("set-state", **words, remote_only=True)
        self.assertEqual(
            [told.rpartition("Active ")[2] for told in self.server.told],
            ["True True", "True False", "False True"],
        )

    def test_states_half_said(self) -> None:
        """Whoever leaves a word out is told which."""
        words = {"component": "HubTransport", "requester": "Functional", "state": "Active"}
        for missing in words:
            rest = {name: word for name, word in words.items() if name != missing}
            self.assertIn(missing, self.refused("set-state", ValueError, **rest))
        self.assertEqual(self.server.told, [])

    def test_what_runs(self) -> None:
        """Running calls, health, gateways and servers are rows; a probe says its result."""
        for name, key in (
            ("active-calls", "id"),
            ("health", "name"),
            ("gateways", "name"),
            ("servers", "name"),
        ):
            self.assertEqual(list(self.answer(name)[0]), [key])
        self.assertEqual(self.answer("probe", probe="UM\\Test")["probe"], "UM\\Test")
        self.assertIn("which probe", self.refused("probe", ValueError))

    def test_calls_of_a_gateway(self) -> None:
        """The calls of one gateway are ended and counted."""
        self.assertEqual(self.answer("hang-up-gateway", gateway="PBX"), 2)
        self.assertIn("gateway", self.refused("hang-up-gateway", ValueError, gateway=7))
        self.assertEqual(self.server.told, ["hang up PBX"])

    def test_another_server(self) -> None:
        """Nothing is done for whoever means another server."""
        self.assertEqual(self.answer("active-calls", server="um1"), [{"id": "c1"}])
        self.assertIn("um1", self.refused("drain", LookupError, server="um2"))
        self.assertEqual(self.server.told, [])
