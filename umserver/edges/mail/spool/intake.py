"""Messages that are being made: from a caller's first word to a place in the queue.

Knows: which drafts there are, and what may become of each. Must never know: mail, when something is
tried. A draft whose end the disk refuses is ended by and by.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.mail.spool.arrears import Arrears
from umserver.edges.mail.spool.cabinet import Cabinet, Letter, trouble
from umserver.edges.mail.spool.copies import naming
from umserver.edges.mail.spool.dividing import divided
from umserver.edges.mail.spool.draft import Draft
from umserver.edges.mail.spool.queue import Queue
from umserver.edges.mail.spool.record import Fate
from umserver.edges.threads import Threads
from umserver.interfaces import IDraft, NoSpace
from umserver.org.messages import Attachment, Envelope, Kind

log = Logger()


@define(eq=False)
class Intake:
    """The way into the queue. Begins drafts and takes them over at their end."""

    cabinet: Cabinet
    threads: Threads
    queue: Queue
    arrears: Arrears
    max_waiting: int
    """Messages and drafts together."""
    min_free_bytes: int
    """No draft begins with less room than this."""
    busy: set[str] = field(init=False, factory=set)
    """Ids of drafts that belong to a call; recovery looks at it from its thread."""
    _drafts: dict[str, Draft] = field(init=False, factory=dict)

    def begin(self, envelope: Envelope, enclosed: Sequence[Attachment]) -> Deferred[IDraft]:
        """Open a draft. Fails with NoSpace when disk or queue are full."""
        envelope = evolve(envelope, enclosed=naming(enclosed))
        taken = len(self.queue.letters) + len(self.busy) + len(envelope.also)
        if taken >= self.max_waiting:
            return fail(NoSpace(f"pipeline full: {taken} messages wait"))
        if envelope.id in self.busy or envelope.id in self.queue.letters:
            return fail(ValueError(f"there is a message {envelope.id} already"))
        self.busy.add(envelope.id)
        begun = self.threads.run(self._begin, envelope, enclosed)
        return begun.addCallbacks(self._opened, self._not_begun, (envelope,), {}, (envelope,))

    def post(self, envelope: Envelope) -> Deferred[None]:
        """Queue a notice, unless it is there already."""
        if envelope.id in self.queue.letters or envelope.id in self.queue.dead:
            return succeed(None)
        draft = self.begin(envelope, ())
        return draft.addCallback(lambda draft: self._end(cast(Draft, draft), Fate(Kind.NOTICE)))

    def envelopes(self) -> list[Envelope]:
        """Those of the drafts."""
        return [draft.envelope for draft in self._drafts.values()]

    def _opened(self, path: Path, envelope: Envelope) -> IDraft:
        floor = self.min_free_bytes // 4
        draft = Draft(envelope, path, self.cabinet, self.threads, floor, self._end)
        self._drafts[envelope.id] = draft
        return cast(IDraft, draft)

    def _not_begun(self, failure: Failure, envelope: Envelope) -> Failure:
        self.busy.discard(envelope.id)
        return failure

    def _end(self, draft: Draft, fate: Fate | None) -> Deferred[None]:
        """Bring a draft to its end; where the disk refuses, remember to."""
        settling = self.threads.run(self._settle, draft, fate)
        settling.addErrback(self._stranded, draft, fate)
        return settling.addCallback(self._settled, draft)

    def _stranded(self, failure: Failure, draft: Draft, fate: Fate | None) -> Failure:
        told = "a message still cannot be put in its place"
        self.arrears.add(told, draft.id, lambda: self._end(draft, fate))
        return failure

    def _settled(self, letters: Sequence[Letter], draft: Draft) -> None:
        self._drafts.pop(draft.id, None)
        self.busy.discard(draft.id)
        self.queue.put(*letters)

    # in a thread

    def _begin(self, envelope: Envelope, enclosed: Sequence[Attachment]) -> Path:
        try:
            free = self.cabinet.free()
            if free < self.min_free_bytes:
                raise NoSpace(f"only {free} octets are free on the disk that holds the spool")
            self.cabinet.keep_reserve()
            return self.cabinet.begin(envelope, enclosed)
        except OSError as fault:
            raise trouble(fault, "beginning a message") from None

    def _settle(self, draft: Draft, fate: Fate | None) -> list[Letter]:
        try:
            fate = self._fitting(draft, fate)
            if fate is None:
                self.cabinet.discard(draft.path)
                return []
            path = self.cabinet.settle(draft.path, draft.id, fate)
            return divided(self.cabinet, Letter(path, draft.envelope, fate))
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
