"""What a running server answers at its control socket, made of what the server can do.

Knows: the names and details of asks, as `umserver.command` uses them. Must never know: how anything
is done; callables are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import asdict, define
from twisted.internet.defer import Deferred

from umserver.edges.admin.control import Asks
from umserver.org.messages import QueueEntry


@define
class ServerActs:
    """What the server does when it is asked."""

    status: Callable[[], Mapping[str, object]]
    """The same as the status page shows."""
    entries: Callable[[], Deferred[Sequence[QueueEntry]]]
    retry: Callable[[str], Deferred[bool]]
    """Make a message due now; False when there is none of that id."""
    drop: Callable[[str], Deferred[bool]]
    """Delete a dead letter; False when there is none of that id."""
    kick: Callable[[], object]
    """Try everything that waits now."""
    poll: Callable[[], Deferred[None]]
    """Look for new settings; see `umserver.roles.poller`."""
    settings: Callable[[], tuple[int, str]]
    """The revision in force, and why a newer one is not."""
    drain: Callable[[], object]
    """Take no new calls."""
    resume: Callable[[], object]
    """Take calls again."""

    def asks(self) -> Asks:
        """For `umserver.edges.admin.control.open_control`."""
        return {
            "status": lambda question: dict(self.status()),
            "queue": lambda question: Deferred.fromCoroutine(self._queue()),
            "retry": lambda question: Deferred.fromCoroutine(self._retry(_id(question))),
            "drop": lambda question: Deferred.fromCoroutine(self._drop(_id(question))),
            "poll": lambda question: Deferred.fromCoroutine(self._poll()),
            "drain": lambda question: _done(self.drain),
            "resume": lambda question: _done(self.resume),
        }

    async def _queue(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in await self.entries()]

    async def _retry(self, id: str) -> None:
        """One message, also a dead one; or all that wait."""
        if id == "all":
            self.kick()
        elif not await self.retry(id):
            raise LookupError(f"there is no message {id} that can be tried")

    async def _drop(self, id: str) -> None:
        if not await self.drop(id):
            raise LookupError(f"there is no dead letter {id}")

    async def _poll(self) -> dict[str, Any]:
        await self.poll()
        revision, problem = self.settings()
        return {"revision": revision, "problem": problem}


def _id(question: Mapping[str, Any]) -> str:
    id = question.get("id")
    if not isinstance(id, str):
        raise ValueError("say which message: an id")
    return id


def _done(act: Callable[[], object]) -> None:
    act()
