"""The spool: every message until a mail server has it; nothing lost, nothing twice.

Knows: which messages there are and when each may be tried. Must never know: calls, the mail server,
how often to try. Folders and steps are `cabinet`'s; this is the memory of them in the reactor
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.mail.attachment import Encode, encode_here, sound_file
from umserver.edges.mail.cabinet import Cabinet, Letter, SpoolInUse, trouble
from umserver.edges.mail.compose import compose, sender_address
from umserver.edges.mail.copies import enclosed_in, naming, original_of
from umserver.edges.mail.draft import Draft
from umserver.edges.mail.encoder import Encoder
from umserver.edges.mail.notice import compose_notice
from umserver.edges.mail.record import TRIES, Fate, Tries
from umserver.edges.threads import Pool, Threads
from umserver.interfaces import IDraft, IMessageStore, NoSpace, PermanentFailure
from umserver.org.messages import Attachment, Envelope, Kind, OutgoingMail, QueueEntry

log = Logger()

__all__ = ["Spool", "SpoolInUse", "open_spool"]

CLOCK_JUMP = 7200.0
"""Seconds; a next try further ahead than this was set by another clock and is due now."""


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
    _letters: dict[str, Letter] = field(init=False, factory=dict)
    _dead: dict[str, Letter] = field(init=False, factory=dict)
    _drafts: dict[str, Draft] = field(init=False, factory=dict)
    _busy: set[str] = field(init=False, factory=set)
    """Ids of drafts that belong to a call; recovery looks at it from its thread."""
    _stranded: dict[str, tuple[Draft, Fate | None]] = field(init=False, factory=dict)
    """Drafts whose end the disk refused; tried again by and by."""
    _leaving: dict[str, Letter] = field(init=False, factory=dict)
    """Delivered, and not yet off the disk; tried again by and by, never delivered again."""
    _dividing: set[str] = field(init=False, factory=set)
    """Ids of messages to several people of which copies are being made."""
    _gone: set[str] | None = field(init=False, default=None)
    """Ids that left the queue while recovery reads it."""
    _listeners: list[Callable[[], object]] = field(init=False, factory=list)

    def open(self) -> None:
        """Make and lock the folders (blocks for a moment). Raises SpoolInUse or OSError."""
        self.cabinet.open()

    def close(self) -> None:
        """Let go of the folder. Open drafts stay on disk and are recovered by the next start."""
        self.at_close()
        self.compose_in.stop()
        self.threads.stop()
        self.cabinet.close()

    # drafts

    def begin(self, envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Deferred[IDraft]:
        """Open a draft. Fails with NoSpace when disk or queue are full."""
        envelope = evolve(envelope, enclosed=naming(enclosed))
        taken = len(self._letters) + len(self._busy) + len(envelope.also)
        if taken >= self.max_waiting:
            return fail(NoSpace(f"pipeline full: {taken} messages wait"))
        if envelope.id in self._busy or envelope.id in self._letters:
            return fail(ValueError(f"there is a message {envelope.id} already"))
        self._busy.add(envelope.id)
        begun = self.threads.run(self._begin, envelope, enclosed)
        return begun.addCallbacks(self._opened, self._not_begun, (envelope,), {}, (envelope,))

    def _not_begun(self, failure: Failure, envelope: Envelope) -> Failure:
        self._busy.discard(envelope.id)
        return failure

    def _begin(self, envelope: Envelope, enclosed: Sequence[Attachment]) -> Path:
        try:
            free = self.cabinet.free()
            if free < self.min_free_bytes:
                raise NoSpace(f"only {free} octets are free on the disk that holds the spool")
            self.cabinet.keep_reserve()
            return self.cabinet.begin(envelope, enclosed)
        except OSError as fault:
            raise trouble(fault, "beginning a message") from None

    def _opened(self, path: Path, envelope: Envelope) -> IDraft:
        floor = self.min_free_bytes // 4
        draft = Draft(envelope, path, self.cabinet, self.threads, floor, self._end)
        self._drafts[envelope.id] = draft
        return cast(IDraft, draft)

    def _end(self, draft: Draft, fate: Fate | None) -> Deferred[None]:
        """Bring a draft to its end; where the disk refuses, remember to."""
        settling = self.threads.run(self._settle, draft, fate)
        settling.addErrback(self._strand, draft, fate)
        return settling.addCallback(self._settled, draft)

    def _strand(self, failure: Failure, draft: Draft, fate: Fate | None) -> Failure:
        self._stranded[draft.id] = (draft, fate)
        return failure

    def _settle(self, draft: Draft, fate: Fate | None) -> list[Letter]:
        try:
            fate = self._fitting(draft, fate)
            if fate is None:
                self.cabinet.discard(draft.path)
                return []
            path = self.cabinet.settle(draft.path, draft.id, fate)
            return self._each(Letter(path, draft.envelope, fate, Tries()))
        except FileNotFoundError as fault:
            if draft.path.exists():
                raise trouble(fault, "keeping a message") from None
            log.error("somebody removed the draft {path}", path=str(draft.path))
            return []
        except OSError as fault:
            raise trouble(fault, "keeping a message") from None

    def _fitting(self, draft: Draft, fate: Fate | None) -> Fate | None:
        """A voice message whose sound the disk never took is a missed call."""
        if fate is None or fate.kind is not Kind.VOICE or not draft.path.exists():
            return fate
        if draft.envelope.enclosed or self.cabinet.has_sound(draft.path):
            return fate
        return Fate(Kind.MISSED) if draft.envelope.missed_call_wanted else None

    def _settled(self, letters: Sequence[Letter], draft: Draft) -> None:
        self._drafts.pop(draft.id, None)
        self._busy.discard(draft.id)
        for letter in letters:
            self._letters[letter.envelope.id] = letter
        if letters:
            self._notify()

    def post(self, envelope: Envelope) -> Deferred[None]:
        """See `IMessageStore`."""
        if envelope.id in self._letters or envelope.id in self._dead:
            return succeed(None)
        draft = self.begin(envelope)
        return draft.addCallback(lambda draft: self._end(cast(Draft, draft), Fate(Kind.NOTICE)))

    # the queue

    def recover(self) -> Deferred[int]:
        """Make messages of what a crash left, and read the queue; says how many were made."""
        self._gone = set()
        return self.threads.run(self._recover).addCallback(self._recovered)

    def _recover(self) -> tuple[int, list[Letter]]:
        try:
            count = self.cabinet.recover(self._busy)
            found = [one for letter in self.cabinet.letters() for one in self._each(letter)]
        except OSError as fault:
            raise trouble(fault, "reading the spool") from None
        whole = {letter.envelope.id for letter in found if letter.envelope.also}
        return count, [one for one in found if original_of(one.envelope) not in whole]

    def _each(self, letter: Letter) -> list[Letter]:
        """A message to several people, divided; as it is where the disk refuses, then by and by.

        Either way it is safe on the disk.
        """
        if letter.dead or not letter.envelope.also:
            return [letter]
        try:
            return self.cabinet.spread(letter)
        except OSError as fault:
            log.error("{path} waits to be copied: {fault}", path=str(letter.path), fault=fault)
            return [letter]

    def _recovered(self, found: tuple[int, list[Letter]]) -> int:
        count, letters = found
        gone, self._gone = self._gone or set(), None
        for letter in letters:
            if letter.envelope.id in gone:
                continue
            (self._dead if letter.dead else self._letters).setdefault(letter.envelope.id, letter)
        if count:
            log.info("recovered {count} messages of an interrupted run", count=count)
        if self._letters:
            self._notify()
        return count

    def due(self, now: float) -> Deferred[Sequence[str]]:
        """Ids that may be tried at this wall time, oldest first."""
        stranded, self._stranded = self._stranded, {}
        for draft, fate in stranded.values():
            self._end(draft, fate).addErrback(self._still_stranded)
        leaving, self._leaving = self._leaving, {}
        for letter in leaving.values():
            self._throw_away(letter).addErrback(self._still_leaving)
        self._divide()
        return succeed(
            sorted(
                id
                for id, letter in self._letters.items()
                if not letter.envelope.also and not now < letter.tries.next_try < now + CLOCK_JUMP
            )
        )

    def _divide(self) -> None:
        """Try again to make the copies that the disk refused; of each message once at a time."""
        for id, letter in list(self._letters.items()):
            if letter.envelope.also and id not in self._dividing:
                self._dividing.add(id)
                made = self.threads.run(self._each, letter).addCallback(self._divided, letter)
                made.addErrback(self._undivided).addBoth(
                    lambda _, id: self._dividing.discard(id), id
                )

    def _divided(self, letters: Sequence[Letter], letter: Letter) -> None:
        if letter in letters:
            return
        if self._letters.pop(letter.envelope.id, None) is not None:
            self._letters.update({one.envelope.id: one for one in letters})
            self._notify()

    def _undivided(self, failure: Failure) -> None:
        log.error("a message to several people waits to be copied: {why}", why=failure.value)

    def _still_stranded(self, failure: Failure) -> None:
        log.error("a message still cannot be put in its place: {why}", why=failure.value)

    def _still_leaving(self, failure: Failure) -> None:
        log.error("a delivered message still cannot be removed: {why}", why=failure.value)

    def mail(self, id: str) -> Deferred[OutgoingMail]:
        """Compose the mail.

        Fails with KeyError, Unavailable, or PermanentFailure when it is damaged.
        """
        letter = self._letters.get(id)
        if letter is None:
            return fail(KeyError(id))
        return self.compose_in.run(self._compose, letter)

    def _compose(self, letter: Letter) -> OutgoingMail:
        envelope, attached, enclosed = letter.envelope, None, list[Attachment]()
        if letter.fate.kind is Kind.VOICE:
            try:
                codec, sound = self.cabinet.sound(letter.path)
                enclosed = enclosed_in(letter.path, envelope)
            except OSError as fault:
                raise trouble(fault, "reading a message") from None
            if not sound and not enclosed:
                raise PermanentFailure("the sound of this message is gone")
            if sound:
                attached = sound_file(envelope.audio_codec, codec, sound, self.encode)
        if letter.fate.kind is Kind.NOTICE:
            data = compose_notice(envelope)
        else:
            data = compose(envelope, letter.fate.choices, letter.fate.kind, attached, enclosed)
        return OutgoingMail(
            envelope.id, envelope.message_id, sender_address(envelope), envelope.mailbox, data
        )

    def delivered(self, id: str) -> Deferred[None]:
        """Forget the message, durably; where the disk refuses, it is not due again all the same."""
        letter = self._letters.get(id)
        if letter is None:
            return succeed(None)
        self._forget(id)
        return self._throw_away(letter)

    def _throw_away(self, letter: Letter) -> Deferred[None]:
        gone = self.threads.run(self._on_disk, self.cabinet.discard, letter.path)
        return gone.addErrback(self._stays, letter)

    def _stays(self, failure: Failure, letter: Letter) -> Failure:
        self._leaving[letter.envelope.id] = letter
        return failure

    def defer(self, id: str, why: str, next_try: float) -> Deferred[None]:
        """Try again at this wall time."""
        letter = self._letters.get(id)
        if letter is None:
            return succeed(None)
        tries = Tries(letter.tries.attempts + 1, next_try, why[:500])
        self._letters[id] = evolve(letter, tries=tries)
        return self.threads.run(self.cabinet.note, letter.path / TRIES, tries.dump())

    def bury(self, id: str, why: str) -> Deferred[None]:
        """Move it to the dead letters."""
        letter = self._letters.get(id)
        if letter is None:
            return succeed(None)
        tries = Tries(letter.tries.attempts + 1, 0.0, why[:500])

        def bury() -> Path:
            self.cabinet.note(letter.path / TRIES, tries.dump())
            return self.cabinet.bury(letter.path, why)

        def buried(path: Path) -> None:
            self._forget(id)
            self._dead[id] = evolve(letter, path=path, tries=tries, dead=True)

        return self.threads.run(self._on_disk, bury).addCallback(buried)

    def retry(self, id: str) -> Deferred[bool]:
        """Make a deferred or dead message due now; False when there is none of that id."""
        if (letter := self._letters.get(id)) is not None:
            self._letters[id] = evolve(letter, tries=evolve(letter.tries, next_try=0.0))
            self._notify()
            return succeed(True)
        dead = self._dead.get(id)
        if dead is None or not dead.envelope.mailbox:
            return succeed(False)

        def revived(path: Path) -> bool:
            self._dead.pop(id, None)
            self._letters[id] = evolve(dead, path=path, tries=Tries(), dead=False)
            self._notify()
            return True

        revive = self.threads.run(self._on_disk, self.cabinet.revive, dead.path)
        return revive.addCallback(revived)

    def drop(self, id: str) -> Deferred[bool]:
        """Delete a dead letter for good; False when there is none of that id."""
        dead = self._dead.get(id)
        if dead is None:
            return succeed(False)

        def dropped(_: object) -> bool:
            self._dead.pop(id, None)
            return True

        gone = self.threads.run(self._on_disk, self.cabinet.discard, dead.path)
        return gone.addCallback(dropped)

    def _on_disk(self, work: Callable[..., Any], *args: Any) -> Any:
        try:
            return work(*args)
        except OSError as fault:
            raise trouble(fault, "the spool") from None

    def _forget(self, id: str) -> None:
        self._letters.pop(id, None)
        if self._gone is not None:
            self._gone.add(id)

    # views

    def entries(self) -> Deferred[Sequence[QueueEntry]]:
        """Everything in the spool, oldest first."""
        drafts = [_entry(d.envelope, "recording", "voice", Tries()) for d in self._drafts.values()]
        letters = [
            _entry(letter.envelope, _state(letter), letter.fate.kind.value, letter.tries)
            for letter in [*self._letters.values(), *self._dead.values()]
        ]
        return succeed(sorted([*drafts, *letters], key=lambda entry: (entry.received, entry.id)))

    def waiting(self) -> int:
        """Messages that wait for delivery."""
        return len(self._letters)

    def on_queued(self, notify: Callable[[], object]) -> None:
        """Call `notify()` whenever a message became due at once."""
        self._listeners.append(notify)

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def _state(letter: Letter) -> str:
    if letter.dead:
        return "dead"
    return "deferred" if letter.tries.attempts else "queued"


def _entry(envelope: Envelope, state: str, kind: str, tries: Tries) -> QueueEntry:
    return QueueEntry(
        id=envelope.id,
        state=state,
        mailbox=envelope.mailbox,
        kind=kind,
        received=envelope.received,
        attempts=tries.attempts,
        next_try=tries.next_try,
        why=tries.why,
    )


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
