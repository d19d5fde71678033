"""What waits to be delivered, and what never will be, as it is remembered in the reactor thread.

Knows: which messages there are, when each may be tried, how people see them. Must never know: the
disk, threads, how often to try. Whoever changes a message on the disk says so here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import define, field

from umserver.edges.mail.spool.cabinet import Letter
from umserver.edges.mail.spool.record import Tries
from umserver.org.messages import Envelope, QueueEntry

CLOCK_JUMP = 7200.0
"""Seconds; a next try further ahead than this was set by another clock and is due now."""


@define(eq=False)
class Queue:
    """Letters by the ids of their envelopes."""

    letters: dict[str, Letter] = field(init=False, factory=dict)
    """Those that wait."""
    dead: dict[str, Letter] = field(init=False, factory=dict)
    """Those that nobody would take."""
    _gone: set[str] | None = field(init=False, default=None)
    """Ids that left while the disk is read."""
    _listeners: list[Callable[[], object]] = field(init=False, factory=list)

    # what becomes of letters

    def put(self, *letters: Letter) -> None:
        """Let these wait, in the place of what has the same id; listeners are told."""
        for letter in letters:
            self.letters[letter.envelope.id] = letter
        if letters:
            self._notify()

    def put_off(self, letter: Letter) -> None:
        """Let it wait for its next try; nobody is told."""
        self.letters[letter.envelope.id] = letter

    def divide(self, letter: Letter, copies: Sequence[Letter]) -> None:
        """Put copies in its place, unless it left meanwhile."""
        if self.letters.pop(letter.envelope.id, None) is not None:
            self.put(*copies)

    def remove(self, id: str) -> None:
        """It is delivered, or dead."""
        self.letters.pop(id, None)
        if self._gone is not None:
            self._gone.add(id)

    def bury(self, letter: Letter) -> None:
        """It is dead."""
        self.remove(letter.envelope.id)
        self.dead[letter.envelope.id] = letter

    def revive(self, letter: Letter) -> None:
        """A dead one waits again."""
        self.dead.pop(letter.envelope.id, None)
        self.put(letter)

    # the start

    def await_reading(self) -> None:
        """The disk is being read; what leaves from now on stays away."""
        self._gone = set()

    def fill(self, found: Iterable[Letter]) -> None:
        """The disk was read; what is known already is known better."""
        gone, self._gone = self._gone or set(), None
        for letter in found:
            if letter.envelope.id not in gone:
                room = self.dead if letter.dead else self.letters
                room.setdefault(letter.envelope.id, letter)
        if self.letters:
            self._notify()

    # views

    def due(self, now: float) -> list[str]:
        """Ids that may be tried at this wall time, oldest first."""
        return sorted(
            id
            for id, letter in self.letters.items()
            if not letter.envelope.also and not now < letter.tries.next_try < now + CLOCK_JUMP
        )

    def undivided(self) -> list[Letter]:
        """Messages to several people of which the copies are not made yet."""
        return [letter for letter in self.letters.values() if letter.envelope.also]

    def entries(self, drafts: Iterable[Envelope]) -> list[QueueEntry]:
        """Everything and these drafts, oldest first."""
        recording = [_entry(envelope, "recording", "voice", Tries()) for envelope in drafts]
        letters = [
            _entry(letter.envelope, _state(letter), letter.fate.kind.value, letter.tries)
            for letter in [*self.letters.values(), *self.dead.values()]
        ]
        return sorted([*recording, *letters], key=lambda entry: (entry.received, entry.id))

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
