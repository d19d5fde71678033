"""Component states: several requesters, two places, one state (spec 3.11, 9.2)."""

from __future__ import annotations

from itertools import permutations, product

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.states import (
    COMPONENTS,
    REQUESTERS,
    STATES,
    State,
    Wish,
    components_of,
    in_force,
    own_state,
    role_state,
    state_of,
    wish,
    wishes_of,
)


def wanted(component: str, state: str, requester: str = "Maintenance", at: float = 1.0) -> Wish:
    """A wish in short."""
    return wish(component, requester, state, at)


class OneStateTests(SynchronousTestCase):
    """What several wishes come to."""

    def test_nobody_asked(self) -> None:
        """Without any wish everything is in service."""
        self.assertEqual([state_of(name, {}) for name in COMPONENTS], ["Active"] * 4)

    def test_table_of_two_requesters(self) -> None:
        """Whatever two requesters want, the worse of both holds (feature 186)."""
        table: dict[tuple[State, State], State] = {
            ("Active", "Active"): "Active",
            ("Active", "Draining"): "Draining",
            ("Active", "Inactive"): "Inactive",
            ("Draining", "Active"): "Draining",
            ("Draining", "Draining"): "Draining",
            ("Draining", "Inactive"): "Inactive",
            ("Inactive", "Active"): "Inactive",
            ("Inactive", "Draining"): "Inactive",
            ("Inactive", "Inactive"): "Inactive",
        }
        self.assertEqual(len(table), len(STATES) ** 2)
        for (first, second), state in table.items():
            wishes = wishes_of(
                [
                    wanted("UMCallRouter", first, "Functional"),
                    wanted("UMCallRouter", second, "Sidelined"),
                ]
            )
            self.assertEqual(state_of("UMCallRouter", wishes), state, (first, second))

    def test_every_requester_counts(self) -> None:
        """One requester of five takes a component out of service, in whatever order they spoke."""
        for order in permutations(REQUESTERS):
            entries = [
                wanted("UnifiedMessaging", "Inactive" if n == 2 else "Active", name, at=n)
                for n, name in enumerate(order)
            ]
            self.assertEqual(state_of("UnifiedMessaging", wishes_of(entries)), "Inactive")

    def test_whole_server(self) -> None:
        """ServerWideOffline holds for every component, and never makes one better (feature 187)."""
        for all, one in product(STATES, STATES):
            wishes = wishes_of([wanted("ServerWideOffline", all), wanted("HubTransport", one)])
            worst = max(all, one, key=STATES.index)
            self.assertEqual(state_of("HubTransport", wishes), worst)
            self.assertEqual(state_of("UMCallRouter", wishes), all)
            self.assertEqual(own_state("UMCallRouter", wishes), "Active")

    def test_other_components_untouched(self) -> None:
        """Taking the router out of service leaves the answering desk in service (feature 184)."""
        wishes = wishes_of([wanted("UMCallRouter", "Inactive")])
        self.assertEqual(role_state("cas", ("cas", "mbx"), wishes), "Inactive")
        self.assertEqual(role_state("mbx", ("cas", "mbx"), wishes), "Active")

    def test_either_name_on_a_server_of_one_role(self) -> None:
        """Where one role runs, both documented names of the component mean it."""
        for role in ("cas", "mbx"):
            for name in ("UMCallRouter", "UnifiedMessaging"):
                wishes = wishes_of([wanted(name, "Draining")])
                self.assertEqual(role_state(role, (role,), wishes), "Draining")
        self.assertEqual(components_of("mbx", ("cas", "mbx")), ("UnifiedMessaging",))


class TwoPlacesTests(SynchronousTestCase):
    """The server's own file and the organisation's store."""

    def test_newest_wins(self) -> None:
        """Of what one requester said in both places the newer holds (feature 188)."""
        old, new = wanted("UMCallRouter", "Inactive", at=1), wanted("UMCallRouter", "Active", at=2)
        for local, remote in (([old], [new]), ([new], [old])):
            self.assertEqual(state_of("UMCallRouter", in_force(local, remote)), "Active")

    def test_same_moment(self) -> None:
        """Of two at the same moment the server's own file holds."""
        here, there = wanted("HubTransport", "Draining"), wanted("HubTransport", "Active")
        self.assertEqual(state_of("HubTransport", in_force([here], [there])), "Draining")

    def test_each_requester_by_itself(self) -> None:
        """A newer wish of one requester does not undo the older one of another."""
        local = [wanted("UMCallRouter", "Inactive", "Maintenance", at=1)]
        remote = [wanted("UMCallRouter", "Active", "Functional", at=9)]
        self.assertEqual(state_of("UMCallRouter", in_force(local, remote)), "Inactive")

    def test_only_in_one_place(self) -> None:
        """What stands in one place only counts as well."""
        one = [wanted("UMCallRouter", "Inactive")]
        self.assertEqual(state_of("UMCallRouter", in_force(one, [])), "Inactive")
        self.assertEqual(state_of("UMCallRouter", in_force([], one)), "Inactive")


class WordsTests(SynchronousTestCase):
    """What administrators type."""

    def test_capitals(self) -> None:
        """Names are understood however they are capitalised."""
        self.assertEqual(
            wish("umcallrouter", "healthapi", "INACTIVE", 5.0),
            Wish(component="UMCallRouter", requester="HealthAPI", state="Inactive", at=5.0),
        )

    def test_wrong_words(self) -> None:
        """A wrong word is answered with the right ones."""
        for words, right in (
            (("Router", "Functional", "Active"), "UMCallRouter"),
            (("UMCallRouter", "Me", "Active"), "Sidelined"),
            (("UMCallRouter", "Functional", "Off"), "Draining"),
            (("UMCallRouter", "Functional", None), "Draining"),
        ):
            fault = self.assertRaises(ValueError, wish, *words, 1.0)
            self.assertIn(right, str(fault))
