"""A call that is being served now, as `Get-UMActiveCalls` shows it (spec 3.12).

Knows: what the resolver found and since when. Must never know: what is said in the call.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field
from twisted.internet.defer import Deferred

from umserver.calls.call import Call
from umserver.interfaces import IPhone
from umserver.org.peers import gateway_of
from umserver.org.resolve import Route
from umserver.org.settings import Organisation

CALL_TYPES = {
    "leave-message": "Call Answering Voice Message",
    "voice-access": "Subscriber Access",
    "attendant": "Auto Attendant",
    "fax": "Fax",
}
"""The call record's words (spec 3.12) by name of the script; None for others."""


@define(eq=False)
class Serving:
    """One call at the desk, from its offer to its end."""

    phone: IPhone
    since: float
    """Wall time of the offer."""
    org: Organisation
    """The settings that hold for it."""
    over: Deferred[None] = field(factory=Deferred)
    route: Route | None = None
    call: Call | None = None

    @property
    def gateway(self) -> str:
        """Name of the gateway that brought it; empty when it is none of ours."""
        found = gateway_of(self.org, self.phone.facts)
        return "" if found is None else found.name

    @property
    def state(self) -> str:
        """Connecting, Connected or Disconnecting."""
        if self.call is None or not self.call.answered:
            return "Connecting"
        return "Connected" if self.call.ended is None else "Disconnecting"

    def shown(self, now: float) -> Mapping[str, object]:
        """For administrators; `now` is wall time."""
        facts, route = self.phone.facts, self.route
        diverted = next(iter((*facts.diversions, *facts.history)), None)
        return {
            "id": self.phone.id,
            "state": self.state,
            "type": CALL_TYPES.get(route.flow, "None") if route is not None else "None",
            "dialled": facts.called.user,
            "calling": facts.caller.user if facts.caller is not None else "",
            "diverted": diverted.party.user if diverted is not None else "",
            "gateway": self.gateway,
            "dial_plan": route.dial_plan.name if route is not None else "",
            "since": self.since,
            "seconds": round(max(now - self.since, 0.0), 1),
        }
