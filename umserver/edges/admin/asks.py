"""What a running server answers at its control socket, made of what the server can do.

Knows: the names and details of asks, as `umserver.command` uses them. Must never know: how anything
is done; callables are handed in.

    status                                    as on the status page
    queue; retry id; drop id                  messages on their way
    poll                                      look for new settings
    drain; resume                             no new calls until the process ends; again
    states [component]                        {"server", "components": [{component, state, local,
                                              remote}], "calls", "oldest_seconds", "queue"}
    set-state component requester state       the same; [local_only] [remote_only] are true or false
    active-calls                              [{id, state, type, dialled, calling, diverted,
                                              gateway, dial_plan, since, seconds, server}]
    health                                    [{server, state, name, health_set, value, component,
                                              why}]
    probe probe                               {"result", "why", "milliseconds"}; the probe is
                                              "UM.CallRouter\\UMCallRouterTestProbe" or alike
    gateways                                  [{name, address, port, status, reachable, since,
                                              round_trip_ms, transport, why}]
    hang-up-gateway gateway                   how many calls were ended
    lamps [mailbox]                           [{mailbox, extension, dial_plan, lit, new, saved,
                                              urgent_new, urgent_saved, told, problem}]
    servers                                   [{name, host, roles, state, calls, capacity, …}]
    heard attendant [at] [hours] [part]       {"words", "wav"}; see `umserver.service.hearing`
          [business_name] [sound]

Any of them may carry `server`: another server than this one is then refused by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from attrs import asdict, define
from twisted.internet.defer import Deferred

from umserver.edges.admin.control import Asks
from umserver.org.messages import QueueEntry

Rows = Sequence[Mapping[str, object]]
Question = Mapping[str, Any]


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
    poll: Callable[[], Awaitable[None]]
    """Look for new settings; see `umserver.roles.poller`."""
    settings: Callable[[], tuple[int, str]]
    """The revision in force, and why a newer one is not."""
    drain: Callable[[], object]
    """Take no new calls."""
    resume: Callable[[], object]
    """Take calls again."""
    is_me: Callable[[str], bool]
    """Whether this is a name of this server."""
    name: Callable[[], str]
    states: Callable[[str], Mapping[str, object]]
    """Of this component, of all when it is empty. Raises LookupError."""
    set_state: Callable[[str, str, str, bool, bool], Awaitable[None]]
    """Component, requester, state, in the local place, in the remote place. Raises ValueError."""
    active_calls: Callable[[], Rows]
    health: Callable[[], Awaitable[Rows]]
    probe: Callable[[str], Awaitable[Mapping[str, object]]]
    """Raises LookupError for a probe that is none."""
    gateways: Callable[[], Rows]
    hang_up_gateway: Callable[[str], int]
    """Raises LookupError for a gateway that is none."""
    servers: Callable[[], Rows]
    lamps: Callable[[str], Awaitable[Rows]]
    """Of this mailbox; those that burn or cannot be set when it is empty. Raises LookupError."""
    heard: Callable[[Question], Awaitable[Mapping[str, object]]]
    """What callers of an attendant hear. Raises LookupError, ValueError, Unavailable."""
    certificate: Callable[[bool], Awaitable[Mapping[str, object]]]
    """What is known of the server's certificate; True reads it again before."""

    def asks(self) -> Asks:
        """For `umserver.edges.admin.control.open_control`."""
        answers: dict[str, Callable[[Question], Any]] = {
            "status": lambda question: dict(self.status()),
            "queue": lambda question: self._queue(),
            "retry": lambda question: self._retry(_word(question, "id", "which message: an id")),
            "drop": lambda question: self._drop(_word(question, "id", "which message: an id")),
            "poll": lambda question: self._poll(),
            "drain": lambda question: _done(self.drain),
            "resume": lambda question: _done(self.resume),
            "states": lambda question: self.states(str(question.get("component") or "")),
            "set-state": self._set_state,
            "active-calls": lambda question: self.active_calls(),
            "health": lambda question: self.health(),
            "probe": lambda question: self.probe(_word(question, "probe", "which probe")),
            "gateways": lambda question: self.gateways(),
            "hang-up-gateway": lambda question: self.hang_up_gateway(
                _word(question, "gateway", "which gateway: its name")
            ),
            "servers": lambda question: self.servers(),
            "lamps": lambda question: self.lamps(str(question.get("mailbox") or "")),
            "heard": self.heard,
            "certificate": lambda question: self.certificate(bool(question.get("again"))),
        }
        return {name: self._meant_for_us(answer) for name, answer in answers.items()}

    def _meant_for_us(self, answer: Callable[[Question], Any]) -> Callable[[Question], Any]:
        def answered(question: Question) -> Any:
            server = question.get("server")
            if server and not self.is_me(str(server)):
                raise LookupError(f"this server is {self.name()}, not {str(server)[:60]}")
            return answer(question)

        return answered

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

    async def _set_state(self, question: Question) -> Mapping[str, object]:
        component = _word(question, "component", "which component")
        requester = _word(question, "requester", "who asks: a requester")
        state = _word(question, "state", "which state")
        local_only, remote_only = (
            bool(question.get("local_only")),
            bool(question.get("remote_only")),
        )
        await self.set_state(component, requester, state, not remote_only, not local_only)
        return self.states(component)


def _word(question: Question, name: str, what: str) -> str:
    word = question.get(name)
    if not isinstance(word, str) or not word:
        raise ValueError(f"say {what}")
    return word


def _done(act: Callable[[], object]) -> None:
    act()
