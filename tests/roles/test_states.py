"""Component states of a running server: two places, one state (spec 3.11, 9.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from umserver.interfaces import RequestedState, Unavailable
from umserver.org.states import Wish, wish
from umserver.roles.states import ComponentStates, RemotePlace


@define
class Place:
    """A place for wishes, in memory; can be out of order."""

    wishes: list[Wish] = field(factory=list)
    broken: bool = False

    async def read(self) -> Sequence[Wish]:
        if self.broken:
            raise Unavailable("the place is not there")
        return list(self.wishes)

    async def keep(self, wish: Wish) -> None:
        if self.broken:
            raise Unavailable("the place is not there")
        self.wishes.append(wish)


@define
class Store:
    """States of many servers, as the store keeps them."""

    kept: list[RequestedState] = field(factory=list)

    def states(self, server: str) -> Deferred[Sequence[RequestedState]]:
        return succeed([state for state in self.kept if state.server == server])

    def set_state(self, state: RequestedState) -> Deferred[bool]:
        self.kept.append(state)
        return succeed(True)


class ComponentStatesTests(SynchronousTestCase):
    """One server."""

    def setUp(self) -> None:
        self.now = 100.0
        self.local, self.remote = Place(), Place()
        self.changes = 0
        self.states = ComponentStates(
            "um1", ("cas", "mbx"), lambda: self.now, self.local, self.remote, self.changed
        )

    def changed(self) -> None:
        self.changes += 1

    def run_to_end(self, work: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def set(self, *words: str, **places: bool) -> None:
        self.run_to_end(self.states.set(*words, **places))

    def row(self, component: str) -> Mapping[str, Any]:
        [row] = self.states.shown(component)
        return row

    def test_both_places(self) -> None:
        """A state that is set stands in both places and acts at once (feature 184)."""
        self.set("umcallrouter", "maintenance", "inactive")
        self.assertEqual(self.states.state("UMCallRouter"), "Inactive")
        self.assertEqual(self.states.role_state("cas"), "Inactive")
        self.assertEqual(self.states.role_state("mbx"), "Active")
        self.assertEqual(self.local.wishes, self.remote.wishes)
        self.assertEqual(self.changes, 1)

    def test_one_place_only(self) -> None:
        """-LocalOnly and -RemoteOnly write to one place only (feature 188)."""
        self.set("UMCallRouter", "Functional", "Draining", remote=False)
        self.assertEqual((len(self.local.wishes), len(self.remote.wishes)), (1, 0))
        self.now += 1
        self.set("UMCallRouter", "Functional", "Active", local=False)
        self.assertEqual((len(self.local.wishes), len(self.remote.wishes)), (1, 1))
        self.assertEqual(self.states.state("UMCallRouter"), "Active")

    def test_neither_place(self) -> None:
        """Both switches together are refused."""
        refused = self.states.set("UMCallRouter", "Functional", "Active", local=False, remote=False)
        fault = self.failureResultOf(Deferred.fromCoroutine(refused), ValueError)
        self.assertIn("exclude", str(fault.value))

    def test_everybody_is_listed(self) -> None:
        """All requesters' states are shown with their times, place by place (feature 189)."""
        self.set("UMCallRouter", "Maintenance", "Draining")
        self.now = 160.0
        self.set("UMCallRouter", "Sidelined", "Active", remote=False)
        row = self.row("umcallrouter")
        self.assertEqual((row["server"], row["state"]), ("um1", "Draining"))
        self.assertEqual(
            row["local"],
            [
                {"requester": "Maintenance", "state": "Draining", "at": 100.0},
                {"requester": "Sidelined", "state": "Active", "at": 160.0},
            ],
        )
        self.assertEqual([one["requester"] for one in row["remote"]], ["Maintenance"])
        self.assertEqual(len(self.states.shown()), 4)
        self.assertRaises(LookupError, self.states.shown, "Router")

    def test_after_a_restart(self) -> None:
        """A restart does not put a server back into service."""
        self.local.wishes.append(wish("ServerWideOffline", "Maintenance", "Inactive", 5.0))
        self.run_to_end(self.states.refresh())
        self.assertEqual(self.states.state("HubTransport"), "Inactive")
        self.assertEqual(self.changes, 1)
        self.run_to_end(self.states.refresh())
        self.assertEqual(self.changes, 1)

    def test_asked_for_elsewhere(self) -> None:
        """What another machine wrote into the store acts with the next look."""
        self.remote.wishes.append(wish("UnifiedMessaging", "HealthAPI", "Inactive", 5.0))
        self.run_to_end(self.states.look_away())
        self.assertEqual(self.states.role_state("mbx"), "Inactive")

    def test_store_that_is_down(self) -> None:
        """With the store down the last known states stay, and the server's own file still acts."""
        self.set("UMCallRouter", "Functional", "Inactive", local=False)
        self.remote.broken = True
        self.run_to_end(self.states.refresh())
        self.assertEqual(self.states.state("UMCallRouter"), "Inactive")
        self.now += 1
        work = self.states.set("UMCallRouter", "Functional", "Active")
        self.failureResultOf(Deferred.fromCoroutine(work), Unavailable)
        self.assertEqual(self.states.state("UMCallRouter"), "Active")

    def test_clock_set_back(self) -> None:
        """A newer wish holds even when the clock was set back meanwhile."""
        self.set("UMCallRouter", "Functional", "Inactive")
        self.now = 10.0
        self.set("UMCallRouter", "Functional", "Active")
        self.run_to_end(self.states.refresh())
        self.assertEqual(self.states.state("UMCallRouter"), "Active")

    def test_wrong_words(self) -> None:
        """A word that is none changes nothing."""
        work = self.states.set("UMCallRouter", "Functional", "Off")
        self.failureResultOf(Deferred.fromCoroutine(work), ValueError)
        self.assertEqual((self.local.wishes, self.changes), ([], 0))


class RemotePlaceTests(SynchronousTestCase):
    """The organisation's store as a place."""

    def test_there_and_back(self) -> None:
        """What is kept for a server comes back for it alone; names of a newer version do not."""
        store = Store()
        place = RemotePlace(store, "um1")  # type: ignore[arg-type]
        new = wish("HubTransport", "Maintenance", "Draining", 7.0)
        self.successResultOf(Deferred.fromCoroutine(place.keep(new)))
        store.kept.append(RequestedState("um1", "Toaster", "Maintenance", "Inactive", 9.0))
        self.assertEqual(self.successResultOf(place.read()), [new])
        other = RemotePlace(store, "um2")  # type: ignore[arg-type]
        self.assertEqual(self.successResultOf(other.read()), [])
