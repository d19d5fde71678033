"""An office whose spool, shelf and greetings live in memory: no disk, no voice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.task import Clock, deferLater
from zope.interface import implementer

from umserver.calls.flows.not_available import FLOW as NOT_AVAILABLE
from umserver.calls.office import Office
from umserver.interfaces import (
    Clip,
    IDraft,
    IGreetings,
    IGreetingTake,
    IMessageStore,
    IPeople,
    IPromptShelf,
    ISettingsDesk,
    NoSpace,
    Unavailable,
)
from umserver.org.messages import Attachment, Choices, Envelope, OutgoingMail, QueueEntry
from umserver.org.people import NameQuery, last_and_first, matches
from umserver.org.settings import Mailbox, Organisation


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
    files: set[str] = field(factory=set)
    """Names of the prompts that were imported."""
    recorded: dict[tuple[str, str, str], bytes] = field(factory=dict)
    """What was recorded by telephone, by owner, name and file."""
    broken: bool = False
    """Whether nothing recorded can be kept."""

    def prompt(self, language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        self.languages.append(language)
        if not self.has_voice:
            return fail(Unavailable("no voice"))
        return succeed(clip(name + "".join(f"[{v}]" for v in values.values())))

    def speak(self, language: str, text: str) -> Deferred[Clip]:
        return succeed(clip(text))

    def beep(self) -> Clip:
        return clip("beep", 0.2)

    def imported(self, owner: str, name: str, file: str) -> Deferred[Clip | None]:
        found = file in self.files or (owner, name, file) in self.recorded
        return succeed(clip(file) if found else None)

    def record(self, owner: str, name: str, file: str) -> IGreetingTake:
        return MemoryPromptTake(self, (owner, name, file))


@implementer(IGreetingTake)
@define(eq=False)
class MemoryPromptTake:
    """A prompt being recorded."""

    shelf: MemoryShelf
    key: tuple[str, str, str]
    audio: bytes = b""

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        self.audio += data
        return succeed(None)

    def clip(self) -> Deferred[Clip]:
        return succeed(Clip("own recording", {"PCMU": self.audio, "PCMA": self.audio}))

    def erase(self) -> Deferred[None]:
        self.audio = b""
        return succeed(None)

    def keep(self) -> Deferred[None]:
        if self.shelf.broken:
            return fail(NoSpace("disk full"))
        self.shelf.recorded[self.key] = self.audio
        return succeed(None)


@implementer(ISettingsDesk)
@define
class MemorySettingsDesk:
    """Remembers what was changed."""

    changed: list[tuple[str, str, dict[str, object], str]] = field(factory=list)
    failing: bool = False

    def change(
        self, section: str, name: str, changes: Mapping[str, object], by: str, why: str
    ) -> Deferred[None]:
        if self.failing:
            return fail(Unavailable("the store is away"))
        self.changed.append((section, name, dict(changes), by))
        return succeed(None)


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
    enclosed: Sequence[Attachment] = ()

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
    posted: list[Envelope] = field(factory=list)
    full: bool = False
    full_after: int = 10**9

    def begin(self, envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Deferred[IDraft]:
        if self.full:
            return fail(NoSpace("disk full"))
        draft = MemoryDraft(envelope, full_after=self.full_after, enclosed=enclosed)
        self.drafts.append(draft)
        return succeed(draft)

    def post(self, envelope: Envelope) -> Deferred[None]:
        if self.full:
            return fail(NoSpace("disk full"))
        self.posted.append(envelope)
        return succeed(None)

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


@implementer(IPeople)
@define
class MemoryPeople:
    """People in a list, found at once or after `slow` seconds."""

    people: list[Mailbox] = field(factory=list)
    clock: Clock = field(factory=Clock)
    slow: float = 0.0
    failing: bool = False

    def spelled(self, query: NameQuery, most: int) -> Deferred[Sequence[Mailbox]]:
        found = sorted((one for one in self.people if matches(query, one)), key=last_and_first)
        return self._answer(found[:most])

    def person(self, address: str) -> Deferred[Mailbox | None]:
        found = [one for one in self.people if one.address == address]
        return self._answer(found[0] if found else None)

    def _answer(self, found: Any) -> Deferred[Any]:
        def answer() -> Any:
            if self.failing:
                raise Unavailable("the store is away")
            return found

        return deferLater(self.clock, self.slow, answer) if self.slow else execute(answer)


def office(settings: Organisation, **parts: object) -> Office:
    """An office of memory parts; name one to replace it."""
    from tests.kit.fake_mailbox import (
        MemoryDirectory,
        MemoryGreetingDesk,
        MemoryMailboxes,
        MemoryPins,
    )

    values: dict[str, object] = {
        "settings": settings,
        "shelf": MemoryShelf(),
        "greetings": MemoryGreetingDesk(),
        "spool": MemorySpool(),
        "mailboxes": MemoryMailboxes(),
        "pins": MemoryPins(),
        "directory": MemoryDirectory(),
        "people": MemoryPeople(),
        "desk": MemorySettingsDesk(),
        "flows": {"not-available": NOT_AVAILABLE},
        "wall": lambda: 1_790_000_000.0,
        "random": Random(7),
        "host": "um.example.com",
    }
    values.update(parts)
    return Office(**values)  # type: ignore[arg-type]
