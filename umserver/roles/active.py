"""A call that is being served now, as `Get-UMActiveCalls` shows it (spec 3.12).

Knows: what the resolver found and since when. Must never know: what is said in the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred

from umserver.calls.call import Call
from umserver.interfaces import IPhone
from umserver.org.peers import gateway_of
from umserver.org.routes import Route
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

    @property
    def is_bridging(self) -> bool:
        """Whether a second call is placed for its caller, or joined with it."""
        call = self.call
        sent = call.sent_on if call is not None and call.ended is None else None
        return sent is not None and sent.method == "Bridge"

    @property
    def gateways(self) -> Sequence[str]:
        """Names of the gateways that carry it, folded."""
        sent = self.call.sent_on if self.call is not None else None
        return [self.gateway.casefold(), *([sent.gateway.casefold()] if sent is not None else [])]

    def rows(self, now: float) -> Sequence[Mapping[str, object]]:
        """For administrators; `now` is wall time. A caller who was joined with somebody is two."""
        mine = self.shown(now)
        call = self.call
        if call is None or call.sent_on is None or not self.is_bridging:
            return [mine]
        sent = call.sent_on
        placed = {
            "id": f"{self.phone.id}#2",
            "state": "Connected" if sent.is_joined else "Connecting",
            "type": "Transfer",
            "dialled": sent.target,
            "diverted": "",
            "gateway": sent.gateway,
        }
        return [mine, {**mine, **placed}]

    def shown(self, now: float) -> Mapping[str, object]:
        """The call that was offered to us."""
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
