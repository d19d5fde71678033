"""Component states of a server that runs here, runs elsewhere or does not run (spec 3.11, 9.2).

Knows: the control socket, the file beside the server, the organisation's store. Must never know:
what a state means. A running server keeps its own states; for another one, and while none runs, the
wishes are written where the server will look for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from umserver.edges.admin.ask import NotRunning, ask
from umserver.edges.store.archive import Archive
from umserver.edges.store.component_file import keep_state, read_states
from umserver.interfaces import RequestedState
from umserver.org.states import COMPONENTS, Wish, in_force, state_of, wish

Shown = Sequence[Mapping[str, Any]]


def shown(state: Path, archive: Archive, server: str, here: bool, component: str) -> Shown:
    """Every component (or the named one) with its state and everybody's wishes in both places."""
    if here:
        try:
            answer: Mapping[str, Any] = ask(state, "states", component=component)
            return [{"server": answer.get("server", server), **r} for r in answer["components"]]
        except NotRunning:
            pass
    local = read_states(state) if here else []
    remote = _understood(archive.states(server))
    names = [n for n in COMPONENTS if component.casefold() in ("", n.casefold())]
    wishes = in_force(local, remote)
    return [
        {
            "server": server,
            "component": name,
            "state": state_of(name, wishes),
            "local": _listed(name, local),
            "remote": _listed(name, remote),
        }
        for name in names
    ]


def keep(
    state: Path,
    archive: Archive,
    server: str,
    here: bool,
    words: tuple[str, str, str],
    *,
    local: bool,
    remote: bool,
) -> None:
    """Want a state: component, requester, state. Raises ValueError for words that are none."""
    component, requester, wanted = words
    if here:
        try:
            details: dict[str, Any] = {
                "component": component,
                "requester": requester,
                "state": wanted,
            }
            ask(state, "set-state", **details, local_only=not remote, remote_only=not local)
            return
        except NotRunning:
            pass
    new = wish(component, requester, wanted, time.time())
    if local and here:
        keep_state(state, new)
    if remote:
        archive.set_state(RequestedState(server, new.component, new.requester, new.state, new.at))


def _understood(states: Iterable[RequestedState]) -> list[Wish]:
    known = []
    for one in states:
        try:
            known.append(wish(one.component, one.requester, one.state, one.at))
        except ValueError:
            continue
    return known


def _listed(component: str, wishes: Iterable[Wish]) -> Shown:
    kept = sorted(in_force(wishes, ()).values(), key=lambda one: one.requester)
    return [
        {"requester": one.requester, "state": one.state, "at": one.at}
        for one in kept
        if one.component == component
    ]
