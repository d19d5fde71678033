"""What calls are, found out at once where that can be: from the snapshot and from memory.

Knows: which parts of a decision may be used again, and how long. Must never know: the rules
(`umserver.org.resolve`), SIP. A decision is remembered apart from who calls, so that a thousand
callers of a thousand users are two thousand entries; all are forgotten with every change of the
settings or of a user, and after a minute. Nothing here waits: where the directory would have to be
asked, or more be waited for, there is no answer. A decision costs under 1 µs from memory and some
60 without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from attrs import define, evolve, field

from umserver.interfaces import IDirectory
from umserver.org.callers import Caller, caller_of
from umserver.org.claims import claim_for
from umserver.org.facts import CallFacts, Party
from umserver.org.resolve import Decision, decide, names_nobody, numbers_to_look_up
from umserver.org.routes import Rejected
from umserver.org.settings import DialPlan, Mailbox, Organisation
from umserver.org.tokens import Form, form_of
from umserver.roles.resolving import tell_dead_ends

MOST = 20_000
"""Entries of each memory; a full one begins anew."""
SECONDS = 60.0


class Decided(NamedTuple):
    """A call's decision, and who calls."""

    decision: Decision
    form: Form | None
    """To be signed for who calls; None where the call is rejected, as is the caller."""
    caller: Caller | None


@define(eq=False)
class Decisions:
    """The memory of one role."""

    directory: IDirectory
    wall: Callable[[], float]
    revision: Callable[[], int] = lambda: 0
    """Rises with every change, also of users, who are not in the snapshot."""
    most: int = MOST
    """Entries of each of the two memories."""
    _org: Organisation | None = field(init=False, default=None)
    _of: int = field(init=False, default=-1)
    _until: float = field(init=False, default=0.0)
    _ways: dict[CallFacts, tuple[Decision, Form | None]] = field(init=False, factory=dict)
    _callers: dict[tuple[str, Party | None], Caller] = field(init=False, factory=dict)

    def now(self, org: Organisation, way: CallFacts, calling: Party | None) -> Decided | None:
        """What a call is that came this way; None where that cannot be said at once.

        `way` is what the call states apart from its Call-ID, its source port and who calls.
        """
        self._forget_old(org)
        decided = self._ways.get(way) or self._decide(org, way)
        if decided is None:
            return None
        decision, form = decided
        entrance, route = decision.entrance, decision.route
        if entrance is not None and calling is None and names_nobody(entrance.gateway, way):
            return None
        if isinstance(route, Rejected):
            return Decided(decision, None, None)
        plan = route.dial_plan
        caller = self._callers.get((plan.name, calling)) or self._call(org, way, plan, calling)
        return None if caller is None else Decided(decision, form, caller)

    def _forget_old(self, org: Organisation) -> None:
        now = self.wall()
        fresh = self._until - SECONDS <= now < self._until
        if not fresh or org is not self._org or self.revision() != self._of:
            self._org, self._of, self._until = org, self.revision(), now + SECONDS
            self._ways.clear()
            self._callers.clear()

    def _decide(self, org: Organisation, way: CallFacts) -> tuple[Decision, Form | None] | None:
        found = self._find(org, way)
        if found is None:
            return None
        decision = decide(org, way, found)
        tell_dead_ends(decision.reasons)
        route = decision.route
        form = None
        if not isinstance(route, Rejected):
            form = form_of(claim_for(route, route.caller, way.called, None))
        self._keep(self._ways, way, (decision, form))
        return decision, form

    def _call(
        self, org: Organisation, way: CallFacts, plan: DialPlan, calling: Party | None
    ) -> Caller | None:
        found = self._find(org, _calling(way, calling))
        if found is None:
            return None
        caller = caller_of(plan, org, calling, found)
        self._keep(self._callers, (plan.name, calling), caller)
        return caller

    def _keep(self, memory: dict[Any, Any], key: object, value: object) -> None:
        if len(memory) >= self.most:
            memory.clear()
        memory[key] = value

    def _find(
        self, org: Organisation, facts: CallFacts
    ) -> Mapping[tuple[str, str], Mailbox] | None:
        """What the directory says without being waited for."""
        found: dict[tuple[str, str], Mailbox] = {}
        for plan, numbers in numbers_to_look_up(org, facts):
            known = self._ask(plan, numbers)
            if known is None:
                return None
            found.update({(plan, number): mailbox for number, mailbox in known.items()})
        return found

    def _ask(self, plan: str, numbers: Sequence[str]) -> Mapping[str, Mailbox] | None:
        answers: list[Mapping[str, Mailbox]] = []
        self.directory.find(plan, numbers).addCallbacks(answers.append, _not_now)
        return answers[0] if answers else None


def _not_now(failure: Any) -> None:
    """Whoever asks again and waits will be told."""


def _calling(way: CallFacts, calling: Party | None) -> CallFacts:
    return evolve(way, caller=calling)
