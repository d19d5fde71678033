"""The spool: every message until a mail server has it; nothing lost, nothing twice.

Knows: which step on the disk goes with which change of the queue. Must never know: calls, the mail
server, how often to try. Folders and steps are `cabinet`'s, the memory of them is `queue`'s,
drafts are `intake`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.mail.attachment import Encode, encode_here
from umserver.edges.mail.encoder import Encoder
from umserver.edges.mail.spool.arrears import Arrears
from umserver.edges.mail.spool.cabinet import Cabinet, Letter, SpoolInUse, trouble
from umserver.edges.mail.spool.dividing import Dividing
from umserver.edges.mail.spool.intake import Intake
from umserver.edges.mail.spool.outgoing import mail_of
from umserver.edges.mail.spool.queue import Queue
from umserver.edges.mail.spool.record import TRIES, Tries
from umserver.edges.mail.spool.recovery import recover
from umserver.edges.threads import Pool, Threads
from umserver.interfaces import IDraft, IMessageStore
from umserver.org.messages import Attachment, Envelope, OutgoingMail, QueueEntry

log = Logger()

__all__ = ["Spool", "SpoolInUse", "open_spool"]


@implementer(IMessageStore)
@define(eq=False)
class Spool:
    """See `IMessageStore`. Call `open` before anything else, then `recover`; `close` at the end."""

    cabinet: Cabinet
    threads: Threads
    """For the disk."""
    compose_in: Threads
    """For making mails."""
    encode: Encode = encode_here
    at_close: Callable[[], None] = lambda: None
    max_waiting: int = 10_000
    """Messages and drafts together; more calls are turned away (spec 8.8, pipeline full)."""
    min_free_bytes: int = 2 * 1024 * 1024
    """No draft begins with less room than this; recordings stop at a quarter of it."""
    _queue: Queue = field(init=False, factory=Queue)
    _arrears: Arrears = field(init=False, factory=Arrears)
    _intake: Intake = field(init=False)
    _dividing: Dividing = field(init=False)

    def __attrs_post_init__(self) -> None:
        rooms = self.cabinet, self.threads, self._queue
        self._dividing = Dividing(*rooms)
        self._intake = Intake(*rooms, self._arrears, self.max_waiting, self.min_free_bytes)

    def open(self) -> None:
        """Make and lock the folders (blocks for a moment). Raises SpoolInUse or OSError."""
        self.cabinet.open()

    def close(self) -> None:
        """Let go of the folder. Open drafts stay on disk and are recovered by the next start."""
        self.at_close()
        self.compose_in.stop()
        self.threads.stop()
        self.cabinet.close()

    def recover(self) -> Deferred[int]:
        """Make messages of what a crash left, and read the queue; says how many were made."""
        self._queue.await_reading()
        read = self.threads.run(recover, self.cabinet, self._intake.busy)
        return read.addCallback(self._recovered)

    def _recovered(self, read: tuple[int, list[Letter]]) -> int:
        count, letters = read
        if count:
            log.info("recovered {count} messages of an interrupted run", count=count)
        self._queue.fill(letters)
        return count

    # messages come in

    def begin(self, envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Deferred[IDraft]:
        """See `IMessageStore`."""
        return self._intake.begin(envelope, enclosed)

    def post(self, envelope: Envelope) -> Deferred[None]:
        """See `IMessageStore`."""
        return self._intake.post(envelope)

    # and go out

    def due(self, now: float) -> Deferred[Sequence[str]]:
        """See `IMessageStore`; what the disk refused is tried again at this moment, too."""
        self._arrears.try_again()
        self._dividing.try_again()
        return succeed(self._queue.due(now))

    def mail(self, id: str) -> Deferred[OutgoingMail]:
        """Compose the mail.

        Fails with KeyError, Unavailable, or PermanentFailure when it is damaged.
        """
        letter = self._queue.letters.get(id)
        if letter is None:
            return fail(KeyError(id))
        return self.compose_in.run(mail_of, letter, self.cabinet, self.encode)

    def delivered(self, id: str) -> Deferred[None]:
        """Forget the message, durably; where the disk refuses, it is not due again all the same."""
        letter = self._queue.letters.get(id)
        if letter is None:
            return succeed(None)
        self._queue.remove(id)
        return self._throw_away(letter)

    def _throw_away(self, letter: Letter) -> Deferred[None]:
        gone = self.threads.run(_on_disk, self.cabinet.discard, letter.path)
        return gone.addErrback(self._stays, letter)

    def _stays(self, failure: Failure, letter: Letter) -> Failure:
        told = "a delivered message still cannot be removed"
        self._arrears.add(told, letter.envelope.id, lambda: self._throw_away(letter))
        return failure

    def defer(self, id: str, why: str, next_try: float) -> Deferred[None]:
        """Try again at this wall time."""
        letter = self._queue.letters.get(id)
        if letter is None:
            return succeed(None)
        tries = Tries(letter.tries.attempts + 1, next_try, why[:500])
        self._queue.put_off(evolve(letter, tries=tries))
        return self.threads.run(self.cabinet.note, letter.path / TRIES, tries.dump())

    def bury(self, id: str, why: str) -> Deferred[None]:
        """Move it to the dead letters."""
        letter = self._queue.letters.get(id)
        if letter is None:
            return succeed(None)
        tries = Tries(letter.tries.attempts + 1, 0.0, why[:500])

        def bury() -> Path:
            self.cabinet.note(letter.path / TRIES, tries.dump())
            return self.cabinet.bury(letter.path, why)

        def buried(path: Path) -> None:
            self._queue.bury(evolve(letter, path=path, tries=tries, dead=True))

        return self.threads.run(_on_disk, bury).addCallback(buried)

    # what an operator does

    def retry(self, id: str) -> Deferred[bool]:
        """Make a deferred or dead message due now; False when there is none of that id."""
        if (letter := self._queue.letters.get(id)) is not None:
            self._queue.put(evolve(letter, tries=evolve(letter.tries, next_try=0.0)))
            return succeed(True)
        dead = self._queue.dead.get(id)
        if dead is None or not dead.envelope.mailbox:
            return succeed(False)

        def revived(path: Path) -> bool:
            self._queue.revive(evolve(dead, path=path, tries=Tries(), dead=False))
            return True

        return self.threads.run(_on_disk, self.cabinet.revive, dead.path).addCallback(revived)

    def drop(self, id: str) -> Deferred[bool]:
        """Delete a dead letter for good; False when there is none of that id."""
        dead = self._queue.dead.get(id)
        if dead is None:
            return succeed(False)

        def dropped(_: object) -> bool:
            self._queue.dead.pop(id, None)
            return True

        return self.threads.run(_on_disk, self.cabinet.discard, dead.path).addCallback(dropped)

    # views

    def entries(self) -> Deferred[Sequence[QueueEntry]]:
        """Everything in the spool, oldest first."""
        return succeed(self._queue.entries(self._intake.envelopes()))

    def waiting(self) -> int:
        """Messages that wait for delivery."""
        return len(self._queue.letters)

    def on_queued(self, notify: Callable[[], object]) -> None:
        """Call `notify()` whenever a message became due at once."""
        self._queue.on_queued(notify)


def _on_disk(work: Callable[..., Any], *args: Any) -> Any:
    try:
        return work(*args)
    except OSError as fault:
        raise trouble(fault, "the spool") from None


def open_spool(
    reactor: Any,
    folder: Path,
    *,
    max_waiting: int = 10_000,
    min_free_bytes: int = 2 * 1024 * 1024,
) -> Spool:
    """A spool with threads and an encoding process of its own, opened.

    Raises SpoolInUse or OSError.
    """
    encoder = Encoder()
    spool = Spool(
        Cabinet(folder),
        Pool(reactor, 8, "spool"),
        Pool(reactor, 2, "compose"),
        encoder.encode,
        encoder.stop,
        max_waiting=max_waiting,
        min_free_bytes=min_free_bytes,
    )
    spool.open()
    return spool
