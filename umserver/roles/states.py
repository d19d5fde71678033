"""The component states of this server, as they are asked for here and elsewhere (spec 9.2).

Knows: the two places where wishes are kept, and when to look. Must never know: files, tables, what
a role does about its state (it is told). A place that cannot be read keeps its last known wishes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.interfaces import IFleet, RequestedState, Unavailable
from umserver.org.states import (
    COMPONENTS,
    Component,
    State,
    Wish,
    Wishes,
    in_force,
    role_state,
    state_of,
    wish,
)

log = Logger()

SMALLEST_STEP = 0.001
"""Seconds by which a wish is newer than the one it replaces, however the clock was set."""


class WishPlace(Protocol):
    """Where wishes for this server are kept."""

    def read(self) -> Awaitable[Sequence[Wish]]:
        """All of them. Raises Unavailable."""

    def keep(self, wish: Wish) -> Awaitable[None]:
        """In the place of an older one. Raises Unavailable."""


@frozen
class RemotePlace:
    """The organisation's store (WishPlace)."""

    fleet: IFleet
    server: str

    def read(self) -> Deferred[Sequence[Wish]]:
        """See `WishPlace`."""
        return self.fleet.states(self.server).addCallback(_understood)

    async def keep(self, wish: Wish) -> None:
        """See `WishPlace`."""
        await self.fleet.set_state(
            RequestedState(self.server, wish.component, wish.requester, wish.state, wish.at)
        )


def _understood(states: Sequence[RequestedState]) -> Sequence[Wish]:
    """Those with names that we know; others are of a newer version's."""
    known = []
    for state in states:
        try:
            known.append(wish(state.component, state.requester, state.state, state.at))
        except ValueError:
            continue
    return known


@define(eq=False)
class ComponentStates:
    """What is wanted of this server. `refresh` before the first use."""

    server: str
    roles: Sequence[str]
    wall: Callable[[], float]
    """Seconds since 1970."""
    local: WishPlace
    remote: WishPlace
    on_change: Callable[[], object] = lambda: None
    """Told after any state may have changed."""
    _local: Sequence[Wish] = field(init=False, default=())
    _remote: Sequence[Wish] = field(init=False, default=())
    _role_states: dict[str, State] = field(init=False, factory=dict)
    """What was made of these two places, asked with every call."""
    _made_of: tuple[Sequence[Wish], Sequence[Wish]] = field(init=False, default=((), ()))

    @property
    def wishes(self) -> Wishes:
        """Those that count."""
        return in_force(self._local, self._remote)

    def state(self, component: Component) -> State:
        """Of one component."""
        return state_of(component, self.wishes)

    def role_state(self, role: str) -> State:
        """Of `cas` or `mbx`."""
        local, remote = self._made_of
        if local is not self._local or remote is not self._remote:
            self._made_of = (self._local, self._remote)
            self._role_states.clear()
        state = self._role_states.get(role)
        if state is None:
            state = self._role_states[role] = role_state(role, self.roles, self.wishes)
        return state

    async def refresh(self) -> None:
        """Look in both places; never fails."""
        before = self.wishes
        self._local = await self._read(self.local, self._local)
        self._remote = await self._read(self.remote, self._remote)
        self._compare(before)

    async def look_away(self) -> None:
        """Look in the organisation's store alone; never fails."""
        before = self.wishes
        self._remote = await self._read(self.remote, self._remote)
        self._compare(before)

    async def _read(self, place: WishPlace, last: Sequence[Wish]) -> Sequence[Wish]:
        try:
            return await place.read()
        except Unavailable as fault:
            log.warn("component states cannot be read: {why}", why=str(fault))
            return last

    async def set(
        self,
        component: object,
        requester: object,
        state: object,
        *,
        local: bool = True,
        remote: bool = True,
    ) -> None:
        """Want this state. Raises ValueError for words that are none, Unavailable."""
        if not (local or remote):
            raise ValueError("LocalOnly and RemoteOnly exclude each other")
        new = wish(component, requester, state, self.wall())
        known = self.wishes.get((new.component, new.requester))
        if known is not None and new.at <= known.at:
            new = wish(component, requester, state, known.at + SMALLEST_STEP)
        before = self.wishes
        try:
            if local:
                await self.local.keep(new)
                self._local = [*self._local, new]
            if remote:
                await self.remote.keep(new)
                self._remote = [*self._remote, new]
        finally:
            self._compare(before)

    def _compare(self, before: Wishes) -> None:
        now = self.wishes
        for component in COMPONENTS:
            old, new = state_of(component, before), state_of(component, now)
            if old != new:
                log.info(
                    "component {component} is {new}, it was {old}",
                    component=component,
                    new=new,
                    old=old,
                )
        if before != now:
            self.on_change()

    def shown(self, component: str = "") -> Sequence[Mapping[str, object]]:
        """As `Get-ServerComponentState` shows it: state, and every requester's in both places.

        Raises LookupError for a component that is none.
        """
        names = [n for n in COMPONENTS if component.casefold() in ("", n.casefold())]
        if not names:
            raise LookupError(f"there is no component {component[:60]!r}; {', '.join(COMPONENTS)}")
        return [
            {
                "server": self.server,
                "component": name,
                "state": self.state(name),
                "local": _listed(name, self._local),
                "remote": _listed(name, self._remote),
            }
            for name in names
        ]


def _listed(component: Component, wishes: Sequence[Wish]) -> Sequence[Mapping[str, object]]:
    """The newest of every requester."""
    kept = in_force(wishes, ()).values()
    return [
        {"requester": one.requester, "state": one.state, "at": one.at}
        for one in sorted(kept, key=lambda one: one.requester)
        if one.component == component
    ]
