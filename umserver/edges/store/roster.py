"""The servers of an organisation and what is wanted of their components, in rows (spec 9.2).

Knows: names, states, times. Must never know: what a state means, who may ask for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import define, evolve, field

from umserver.edges.store.statement import Statement, fold
from umserver.interfaces import FleetServer, RequestedState

ROSTER_SCHEMA = """
CREATE TABLE states (
    server {text} NOT NULL, component {text} NOT NULL, requester {text} NOT NULL,
    name {text} NOT NULL, state {text} NOT NULL, at {real} NOT NULL,
    PRIMARY KEY (server, component, requester));
CREATE TABLE servers (
    folded {text} PRIMARY KEY, name {text} NOT NULL, host {text} NOT NULL, roles {text} NOT NULL,
    ports {text} NOT NULL, capacity INTEGER NOT NULL, calls INTEGER NOT NULL, state {text} NOT NULL,
    heartbeat {real} NOT NULL);
"""


class Roster(Protocol):
    """What a transaction sees of the servers, and can write down about them."""

    def states(self, server: str = "") -> Sequence[RequestedState]:
        """What is wanted of this server, of all where none is named; in order of the names."""

    def put_state(self, state: RequestedState) -> bool:
        """Keep it; False and nothing done when the requester said something newer."""

    def servers(self) -> Sequence[FleetServer]:
        """All servers by name."""

    def put_server(self, server: FleetServer) -> None:
        """Keep its description; it has spoken just now."""

    def beat(self, name: str, calls: int, state: str) -> bool:
        """It has spoken just now; False when it is not known."""

    def remove_server(self, name: str) -> bool:
        """Forget its description; False when it is not known."""


@define
class SqlRoster:
    """In tables. See `Roster`."""

    _sql: Statement
    _now: Callable[[], float]
    """Seconds since 1970 by one clock for all servers."""

    def states(self, server: str = "") -> Sequence[RequestedState]:
        """See `Roster`."""
        where, values = (" WHERE server = ?", (fold(server),)) if server else ("", ())
        found = self._sql(
            f"SELECT name, component, requester, state, at FROM states{where} "
            "ORDER BY server, component, requester",
            values,
        )
        return [RequestedState(*row) for row in found.fetchall()]

    def put_state(self, state: RequestedState) -> bool:
        """See `Roster`."""
        values = (fold(state.server), state.component, state.requester, state.server)
        done = self._sql(
            "INSERT INTO states (server, component, requester, name, state, at) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (server, component, requester) DO UPDATE SET "
            "name = excluded.name, state = excluded.state, at = excluded.at "
            "WHERE states.at <= excluded.at",
            (*values, state.state, state.at),
        )
        return done.rowcount > 0

    def servers(self) -> Sequence[FleetServer]:
        """See `Roster`."""
        now = self._now()
        found = self._sql(
            "SELECT name, host, roles, ports, capacity, calls, state, heartbeat FROM servers "
            "ORDER BY folded"
        ).fetchall()
        return [
            FleetServer(
                name,
                host,
                tuple(json.loads(roles)),
                json.loads(ports),
                capacity,
                calls,
                state,
                max(now - heartbeat, 0.0),
            )
            for name, host, roles, ports, capacity, calls, state, heartbeat in found
        ]

    def put_server(self, server: FleetServer) -> None:
        """See `Roster`."""
        self._sql(
            "INSERT INTO servers (folded, name, host, roles, ports, capacity, calls, state, "
            "heartbeat) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folded) DO UPDATE SET "
            "name = excluded.name, host = excluded.host, roles = excluded.roles, "
            "ports = excluded.ports, capacity = excluded.capacity, calls = excluded.calls, "
            "state = excluded.state, heartbeat = excluded.heartbeat",
            (
                fold(server.name),
                server.name,
                server.host,
                json.dumps(list(server.roles)),
                json.dumps(dict(server.ports)),
                server.capacity,
                server.calls,
                server.state,
                self._now(),
            ),
        )

    def beat(self, name: str, calls: int, state: str) -> bool:
        """See `Roster`."""
        done = self._sql(
            "UPDATE servers SET calls = ?, state = ?, heartbeat = ? WHERE folded = ?",
            (calls, state, self._now(), fold(name)),
        )
        return done.rowcount > 0

    def remove_server(self, name: str) -> bool:
        """See `Roster`."""
        return self._sql("DELETE FROM servers WHERE folded = ?", (fold(name),)).rowcount > 0


@define
class MemoryRoster:
    """In dicts. See `Roster`."""

    _now: Callable[[], float]
    _states: dict[tuple[str, str, str], RequestedState] = field(factory=dict)
    _servers: dict[str, tuple[FleetServer, float]] = field(factory=dict)

    def copy(self) -> MemoryRoster:
        """The same, to be changed apart."""
        return MemoryRoster(self._now, dict(self._states), dict(self._servers))

    def states(self, server: str = "") -> Sequence[RequestedState]:
        """See `Roster`."""
        kept = sorted(self._states)
        return [self._states[k] for k in kept if not server or k[0] == fold(server)]

    def put_state(self, state: RequestedState) -> bool:
        """See `Roster`."""
        key = (fold(state.server), state.component, state.requester)
        if key in self._states and self._states[key].at > state.at:
            return False
        self._states[key] = state
        return True

    def servers(self) -> Sequence[FleetServer]:
        """See `Roster`."""
        now = self._now()
        kept = [self._servers[name] for name in sorted(self._servers)]
        return [evolve(server, age=max(now - spoke, 0.0)) for server, spoke in kept]

    def put_server(self, server: FleetServer) -> None:
        """See `Roster`."""
        self._servers[fold(server.name)] = (server, self._now())

    def beat(self, name: str, calls: int, state: str) -> bool:
        """See `Roster`."""
        if fold(name) not in self._servers:
            return False
        server, _ = self._servers[fold(name)]
        self._servers[fold(name)] = (evolve(server, calls=calls, state=state), self._now())
        return True

    def remove_server(self, name: str) -> bool:
        """See `Roster`."""
        return self._servers.pop(fold(name), None) is not None
