"""Get-UMIPGateway shows how gateways are, where a server runs."""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.admin.ask import NotRunning, Refused
from umserver.edges.admin.reach import reach_of

ROWS = [
    {
        "name": "PBX",
        "reachable": True,
        "since": 1_790_000_000.0,
        "round_trip_ms": 1.5,
        "why": "answered 200",
    },
    {"name": "Quiet", "reachable": False, "since": 0.0, "why": "does not answer OPTIONS"},
    {"name": "New", "reachable": None, "since": None, "why": "not asked yet"},
]


@define
class Desk:
    """A desk with a server that answers this."""

    answer: Any

    def ask(self, name: str, **details: object) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        assert name == "gateways"
        return self.answer


class ReachTests(SynchronousTestCase):
    """What the server knows of gateways."""

    def test_states(self) -> None:
        """A gateway answers, is silent, or nobody knows yet; with the time and the round trip."""
        found = {
            name: {one.name: one.value for one in record}
            for name, record in reach_of(Desk(ROWS)).items()  # type: ignore[arg-type]
        }
        self.assertEqual([found[n]["Reachable"] for n in found], ["yes", "no", "unknown"])
        self.assertEqual(found["PBX"]["RoundTripTime"], 1.5)
        self.assertEqual(found["PBX"]["ReachableSince"], "2026-09-21T14:13:20Z")
        self.assertEqual(found["New"]["ReachableSince"], "")
        self.assertIn("OPTIONS", found["Quiet"]["ReachableReason"])

    def test_no_server(self) -> None:
        """Where no server runs, or it is just starting, the gateways are shown without it."""
        for fault in (NotRunning("none"), Refused("the server is starting")):
            self.assertEqual(reach_of(Desk(fault)), {})  # type: ignore[arg-type]
