"""An office whose spool, shelf and greetings live in memory: no disk, no voice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from umserver.calls.office import Office
from umserver.interfaces import (
    Clip,
    IDraft,
    IGreetings,
    IMessageStore,
    IPromptShelf,
    NoSpace,
    Unavailable,
)
from umserver.org.messages import Choices, Envelope, OutgoingMail, QueueEntry
from umserver.org.settings import Organisation


def clip(name: str, seconds: float = 1.0) -> Clip:
    """A clip of silence with this name and length."""
    count = round(seconds * 8000)
    return Clip(name, {"PCMU": b"\xff" * count, "PCMA": b"\xd5" * count})


@implementer(IPromptShelf)
@define
class MemoryShelf:
    """Says every prompt in one second and remembers in which language it was asked."""

    languages: list[str] = field(factory=list)
    has_voice: bool = True

    def prompt(self, language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        self.languages.append(language)
        if not self.has_voice:
            return fail(Unavailable("no voice"))
        return succeed(clip(name + "".join(f"[{v}]" for v in values.values())))

    def speak(self, language: str, text: str) -> Deferred[Clip]:
        return succeed(clip(text))

    def beep(self) -> Clip:
        return clip("beep", 0.2)


@implementer(IGreetings)
@define
class MemoryGreetings:
    """Greetings by mailbox and kind."""

    clips: dict[tuple[str, str], Clip] = field(factory=dict)
    away: set[str] = field(factory=set)

    def recorded(self, mailbox: str, kind: str) -> Deferred[Clip | None]:
        return succeed(self.clips.get((mailbox, kind)))

    def is_away(self, mailbox: str) -> Deferred[bool]:
        return succeed(mailbox in self.away)


@implementer(IDraft)
@define(eq=False)
class MemoryDraft:
    """A draft that remembers what became of it."""

    envelope: Envelope
    full_after: int = 10**9
    audio: bytes = b""
    fate: str = "open"
    choices: Choices | None = None

    @property
    def id(self) -> str:
        return self.envelope.id

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        if len(self.audio) + len(data) > self.full_after:
            return fail(NoSpace("disk full"))
        self.audio += data
        return succeed(None)

    def clip(self) -> Deferred[Clip]:
        return succeed(Clip("replay", {"PCMU": self.audio, "PCMA": self.audio}))

    def erase(self) -> Deferred[None]:
        self.audio = b""
        return succeed(None)

    def commit(self, choices: Choices) -> Deferred[None]:
        assert self.fate == "open", "a draft ends once"
        self.fate, self.choices = "message", choices
        return succeed(None)

    def miss(self) -> Deferred[None]:
        assert self.fate == "open", "a draft ends once"
        self.fate = "missed"
        return succeed(None)

    def discard(self) -> Deferred[None]:
        assert self.fate == "open", "a draft ends once"
        self.fate = "discarded"
        return succeed(None)


@implementer(IMessageStore)
@define
class MemorySpool:
    """Keeps drafts in a list; delivers nothing."""

    drafts: list[MemoryDraft] = field(factory=list)
    full: bool = False
    full_after: int = 10**9

    def begin(self, envelope: Envelope) -> Deferred[IDraft]:
        if self.full:
            return fail(NoSpace("disk full"))
        draft = MemoryDraft(envelope, full_after=self.full_after)
        self.drafts.append(draft)
        return succeed(draft)

    def recover(self) -> Deferred[int]:
        return succeed(0)

    def due(self, now: float) -> Deferred[Sequence[str]]:
        return succeed(())

    def mail(self, id: str) -> Deferred[OutgoingMail]:
        return fail(KeyError(id))

    def delivered(self, id: str) -> Deferred[None]:
        return succeed(None)

    def defer(self, id: str, why: str, next_try: float) -> Deferred[None]:
        return succeed(None)

    def bury(self, id: str, why: str) -> Deferred[None]:
        return succeed(None)

    def entries(self) -> Deferred[Sequence[QueueEntry]]:
        return succeed(())

    def waiting(self) -> int:
        return 0

    def on_queued(self, notify: Callable[[], object]) -> None:
        pass


def office(settings: Organisation, **parts: object) -> Office:
    """An office of memory parts; name one to replace it."""
    values: dict[str, object] = {
        "settings": settings,
        "shelf": MemoryShelf(),
        "greetings": MemoryGreetings(),
        "spool": MemorySpool(),
        "wall": lambda: 1_790_000_000.0,
        "random": Random(7),
        "host": "um.example.com",
    }
    values.update(parts)
    return Office(**values)  # type: ignore[arg-type]
