"""Which parts of a server are in service: a state per component and requester (spec 3.11, 9.2).

Knows: names, and how several requesters' wishes in two places come to one state. Must never know:
where states are kept, what a component does. Every requester speaks for itself: a component is
Active only when none of them wants it otherwise. The same wish stands in two places, beside the
server and in the organisation's store; the newer one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from attrs import frozen

Component: TypeAlias = Literal[
    "ServerWideOffline", "UMCallRouter", "UnifiedMessaging", "HubTransport"
]
Requester: TypeAlias = Literal["HealthAPI", "Maintenance", "Sidelined", "Functional", "Deployment"]
State: TypeAlias = Literal["Active", "Draining", "Inactive"]

COMPONENTS: tuple[Component, ...] = get_args(Component)
REQUESTERS: tuple[Requester, ...] = get_args(Requester)
STATES: tuple[State, ...] = get_args(State)
"""From the best to the worst."""


@frozen(kw_only=True)
class Wish:
    """What one requester wants of one component."""

    component: Component
    requester: Requester
    state: State
    at: float
    """Wall time, seconds since 1970."""


Wishes: TypeAlias = Mapping[tuple[Component, Requester], Wish]


def wishes_of(entries: Iterable[Wish]) -> dict[tuple[Component, Requester], Wish]:
    """The newest wish of every requester for every component; of equals in time the first."""
    newest: dict[tuple[Component, Requester], Wish] = {}
    for wish in entries:
        known = newest.get((wish.component, wish.requester))
        if known is None or wish.at > known.at:
            newest[wish.component, wish.requester] = wish
    return newest


def in_force(local: Iterable[Wish], remote: Iterable[Wish]) -> Wishes:
    """The wishes that count, out of both places; of equals in time the local one."""
    return wishes_of([*local, *remote])


def own_state(component: Component, wishes: Wishes) -> State:
    """The worst that any requester wants of this component alone; Active when nobody asked."""
    wanted = {wish.state for wish in wishes.values() if wish.component == component}
    return max(wanted, key=STATES.index, default="Active")


def state_of(component: Component, wishes: Wishes) -> State:
    """The component's state; what is wanted of the whole server holds for every component."""
    both = (own_state(component, wishes), own_state("ServerWideOffline", wishes))
    return max(both, key=STATES.index)


def components_of(role: str, roles: Sequence[str]) -> tuple[Component, ...]:
    """The components that stand for the role `cas` or `mbx` of a server with these roles.

    Where only one role runs, administrators find either name in the documents (spec 12, 19): both
    mean it.
    """
    if len(roles) == 1:
        return ("UMCallRouter", "UnifiedMessaging")
    return ("UMCallRouter",) if role == "cas" else ("UnifiedMessaging",)


def role_state(role: str, roles: Sequence[str], wishes: Wishes) -> State:
    """The state of a role: the worst of its components."""
    states = [state_of(component, wishes) for component in components_of(role, roles)]
    return max(states, key=STATES.index)


def wish(component: object, requester: object, state: object, at: float) -> Wish:
    """A wish of these words, however they are capitalised. Raises ValueError, told in words."""
    return Wish(
        component=_word("component", component, COMPONENTS),  # type: ignore[arg-type]
        requester=_word("requester", requester, REQUESTERS),  # type: ignore[arg-type]
        state=_word("state", state, STATES),  # type: ignore[arg-type]
        at=at,
    )


def _word(kind: str, given: object, words: Sequence[str]) -> str:
    for word in words:
        if isinstance(given, str) and given.casefold() == word.casefold():
            return word
    raise ValueError(f"there is no {kind} {str(given)[:60]!r}; there are {', '.join(words)}")
