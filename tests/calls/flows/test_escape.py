"""The star key in a greeting (spec 6.1)."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from tests.calls.rehearsal import ADA, PLAN, ROUTE, Rehearsal, RehearsalCase
from tests.kit.fake_office import MemoryPeople
from umserver.calls.call import Call
from umserver.calls.office import Flow, Office
from umserver.org.messages import CallerId
from umserver.org.routes import Attendant, LeaveMessage, Route, VoiceAccess
from umserver.org.settings import AutoAttendant, Organisation


def escaping(
    route: LeaveMessage = ROUTE, *attendants: AutoAttendant
) -> tuple[Rehearsal, list[Any]]:
    """A call, and the routes that it goes on with."""
    routes: list[Any] = []

    async def run(call: Call, office: Office, onward: Route) -> str:
        routes.append(onward)
        return onward.flow

    flows = {name: Flow(name, run) for name in ("voice-access", "attendant")}
    rehearsal = Rehearsal(route)
    rehearsal.office = evolve(
        rehearsal.office,
        flows=flows,
        people=MemoryPeople([ADA]),
        settings=Organisation(auto_attendants=attendants),
        count=lambda group, name: rehearsal.counted.append(name),
    )
    return rehearsal, routes


class EscapeTests(RehearsalCase):
    """Out of call answering."""

    def test_star_leaves_call_answering(self) -> None:
        """Feature 57: * leads to voice access, escapes are counted, and the user learns of the
        call.
        """
        call, routes = escaping()
        call.dial().press("*").to_the_end()
        self.assertEqual(call.outcome, "voice-access")
        (route,) = routes
        assert isinstance(route, VoiceAccess)
        self.assertIsNone(route.mailbox)
        self.assertIs(call.office.facts["escaped"], True)
        self.assertEqual(call.counted.count("escapes"), 1)
        self.check(call)

    def test_star_on_an_own_telephone(self) -> None:
        """Feature 57: whose telephone is known is known at voice access too."""
        own = CallerId("1001", "Ada Example", ADA.address)
        call, routes = escaping(evolve(ROUTE, caller=own))
        call.dial().press("*").to_the_end()
        self.assertEqual([route.mailbox for route in routes], [ADA])

    def test_star_where_the_plan_has_an_attendant(self) -> None:
        """Feature 57: the attendant of the plan is entered, where it has one that is enabled."""
        for status, entered in (("Enabled", Attendant), ("Disabled", VoiceAccess)):
            reception = AutoAttendant(name="Reception", dial_plan="Demo", status=status)
            plan = evolve(PLAN, um_auto_attendant="Reception")
            call, routes = escaping(evolve(ROUTE, dial_plan=plan), reception)
            call.dial().press("*").to_the_end()
            self.assertEqual([type(route) for route in routes], [entered])
