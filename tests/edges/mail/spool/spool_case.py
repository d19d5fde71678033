"""A spool to try things on: its disk can be filled, its threads can be kept waiting."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import RECEIVED, envelope, speech
from tests.edges.mail.spool.faulty_disk import SmallDisk
from umserver.edges.mail.spool.cabinet import Cabinet
from umserver.edges.mail.spool.spool import Spool
from umserver.edges.threads import Here
from umserver.org.messages import Choices, OutgoingMail

P = ParamSpec("P")
T = TypeVar("T")


class Patient(Here):
    """Works at once, and after `pause` not before it is told to go on."""

    def __init__(self) -> None:
        self.is_paused = False
        self.waiting: list[Deferred[Any]] = []

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Fires at once, or after `go_on`."""
        if not self.is_paused:
            return super().run(work, *args, **kwargs)
        waiting: Deferred[Any] = Deferred()
        self.waiting.append(waiting)
        return waiting.addCallback(lambda _: work(*args, **kwargs))

    def pause(self) -> None:
        """Be busy with something else."""
        self.is_paused = True

    def go_on(self) -> None:
        """Do all that waits; what comes then waits for the next time."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.callback(None)


class SpoolCase(SynchronousTestCase):
    """A spool on a disk whose room can be set."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.disk = SmallDisk()
        self.threads = Patient()
        self.spool = self.open()

    def open(self) -> Spool:
        """A process that works on it."""
        cabinet = Cabinet(self.folder, self.disk, reserve_octets=4096)
        spool = Spool(cabinet, self.threads, Here(), max_waiting=5)
        spool.open()
        self.addCleanup(spool.cabinet.close)
        return spool

    def restart(self) -> int:
        """End the process and start another; says how many drafts became messages."""
        self.spool.cabinet.close()
        self.spool = self.open()
        return int(self.got(self.spool.recover()))

    def got(self, deferred: Deferred[Any]) -> Any:
        """Its result."""
        return self.successResultOf(deferred)

    def draft(self, number: int = 1, seconds: float = 2.0, **changes: object) -> Any:
        """A draft with so much said in it."""
        draft = self.got(self.spool.begin(envelope(number, **changes)))
        if seconds:
            self.got(draft.append("PCMU", speech(seconds)))
        return draft

    def message(self, number: int = 1, **changes: object) -> str:
        """A message in the queue; its id."""
        draft = self.draft(number, **changes)
        self.got(draft.commit(Choices()))
        return str(draft.id)

    def due(self, now: float = RECEIVED) -> list[str]:
        """What may be tried."""
        return list(self.got(self.spool.due(now)))

    def mail(self, id: str) -> OutgoingMail:
        """Its mail."""
        mail: OutgoingMail = self.got(self.spool.mail(id))
        return mail

    def kind(self, id: str) -> str:
        """The class of its mail."""
        return str(message_from_bytes(self.mail(id).data)["Content-Class"])

    def states(self) -> list[tuple[str, str]]:
        """The queue's view."""
        return [(entry.state, entry.kind) for entry in self.got(self.spool.entries())]

    def names(self, room: str) -> list[str]:
        """What is in one of its folders."""
        return sorted(path.name for path in (self.folder / room).iterdir())
