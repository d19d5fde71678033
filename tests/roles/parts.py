"""What a call-taking role needs, in memory: a directory of the example users and a call log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from tests.org.examples import USERS
from umserver.interfaces import ICallLog, IDirectory
from umserver.org.settings import Mailbox


@implementer(IDirectory)
@define
class Directory:
    """Finds the example users; can be broken, or slow."""

    users: tuple[Mailbox, ...] = USERS
    broken: Exception | None = None
    waiting: list[Deferred[None]] | None = None
    """With a list every question waits until its Deferred here is fired."""

    def find(self, dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        if self.broken is not None:
            return fail(self.broken)
        known = {number: user for user in self.users for number in user.numbers}
        found = {number: known[number] for number in numbers if number in known}
        if self.waiting is None:
            return succeed(found)
        gate: Deferred[None] = Deferred()
        self.waiting.append(gate)
        return gate.addCallback(lambda _: found)


@implementer(ICallLog)
@define
class CallLog:
    """Keeps entries in a list."""

    entries: list[Mapping[str, object]] = field(factory=list)

    def record(self, entry: Mapping[str, object]) -> None:
        self.entries.append(entry)
