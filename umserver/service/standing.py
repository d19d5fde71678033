"""Whether a server takes calls, role by role, and what it says of itself to the others.

Knows: what the process is doing, the component states, the limits. Must never know: how calls are
routed or answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field

from umserver.org.refusals import OUT_OF_SERVICE, Refusal
from umserver.org.settings import Organisation
from umserver.org.states import Component, State, components_of
from umserver.roles.states import ComponentStates

NOT_LINKED = "no dial plan is linked to a gateway: no call can come in"


def is_linked(org: Organisation) -> bool:
    """Whether any hunt group leads from a gateway in use to a dial plan (spec 9.1)."""
    used = {gateway.name for gateway in org.gateways if gateway.status != "Disabled"}
    return any(group.gateway in used for group in org.hunt_groups)


@define(eq=False)
class Standing:
    """What stands between this process and calls."""

    roles: Sequence[str]
    states: ComponentStates | None = None
    """None until they are known."""
    doing: str = "the server has not been started"
    """What the whole process does instead of taking calls; empty when it takes them."""
    draining: bool = False
    """Whether an administrator wants no new calls until the process ends."""
    linked: bool = True
    """Whether any gateway leads to a dial plan; without that no call can come in (spec 9.1)."""
    shut: Mapping[str, str] = field(init=False, factory=dict)
    """Roles that no call can reach until the process is started anew, each with the reason."""
    on_change: Callable[[], object] = field(default=lambda: None)

    def now(self, doing: str) -> None:
        """The process does this now; nothing when it takes calls."""
        self.doing = doing
        self.on_change()

    def drain(self, on: bool) -> None:
        """Take no new calls while running ones go on, or take them again."""
        self.draining = on
        self.on_change()

    def state(self, role: str) -> State:
        """Of a role, everything considered."""
        if self.doing or self.states is None or role in self.shut:
            return "Inactive"
        state = self.states.role_state(role)
        return "Draining" if self.draining and state == "Active" else state

    def closed(self, role: str) -> Refusal | None:
        """A refusal while this role takes no new calls."""
        return None if self.state(role) == "Active" else OUT_OF_SERVICE

    def answers(self, role: str) -> bool:
        """Whether peers that ask with OPTIONS hear that they may call this role."""
        return self.linked and self.closed(role) is None

    def reasons(self) -> Sequence[str]:
        """Why calls are not taken, in words."""
        if self.doing or self.states is None:
            return [self.doing] if self.doing else []
        reasons = ["the server is draining: no new calls are taken"] if self.draining else []
        reasons += self.shut.values()
        names: list[Component] = ["ServerWideOffline"]
        for role in self.roles:
            names += [n for n in components_of(role, self.roles) if n not in names]
        for name in names:
            state = self.states.state(name)
            if state != "Active":
                reasons.append(f"component {name} is {state}")
        return reasons
