"""Mailboxes, PINs, a directory and greetings in memory: no disk, no hashes.

Each of them can be slow or broken: a test says so by `slow` (seconds) and `failing` (what fails).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock, deferLater
from zope.interface import implementer

from tests.kit.fake_office import MemoryGreetings, clip
from umserver.interfaces import (
    Clip,
    Gone,
    IDirectory,
    IGreetingDesk,
    IGreetingTake,
    IMailbox,
    IMailboxes,
    IPins,
    NoSpace,
    SignIn,
    Unavailable,
    Unplayable,
)
from umserver.org.messages import Attachment, VoiceMail
from umserver.org.settings import Mailbox, MailboxPolicy


@define(eq=False)
class Weather:
    """How well everything works."""

    clock: Clock = field(factory=Clock)
    slow: float = 0.0
    failing: set[str] = field(factory=set)

    def through(self, what: str, work: Callable[[], object]) -> Deferred:  # type: ignore[type-arg]
        """The work's result, late or never."""

        def attempt() -> object:
            if what in self.failing:
                raise Unavailable(f"{what} is broken")
            return work()

        if self.slow:
            return deferLater(self.clock, self.slow, attempt)
        try:
            return succeed(attempt())
        except Exception as fault:
            return fail(fault)


@implementer(IMailbox)
@define(eq=False)
class MemoryMailbox:
    """Messages in a list; the sound of each is a clip of five seconds unless it is in `sounds`."""

    mails: list[VoiceMail] = field(factory=list)
    weather: Weather = field(factory=Weather)
    damaged: set[str] = field(factory=set)
    sounds: dict[str, Clip] = field(factory=dict)
    attached: dict[str, Sequence[Attachment]] = field(factory=dict)
    seconds: float = 5.0
    octets: int = 0
    """Its size, as quotas count it."""

    def is_full(self, limit: int | None) -> Deferred[bool]:
        return self.weather.through("quota", lambda: limit is not None and self.octets >= limit)

    def messages(self) -> Deferred[Sequence[VoiceMail]]:
        return self.weather.through(
            "mailbox", lambda: sorted(self.mails, key=lambda mail: -mail.received)
        )

    def sound(self, id: str, pace: float = 1.0) -> Deferred[Clip]:
        def get() -> Clip:
            self._at(id)
            if id in self.damaged:
                raise Unplayable("noise")
            return self.sounds.get(id) or clip(f"sound of {id}", self.seconds / pace)

        return self.weather.through("sound", get)

    def attachments(self, id: str) -> Deferred[Sequence[Attachment]]:
        def get() -> Sequence[Attachment]:
            self._at(id)
            if id in self.attached:
                return self.attached[id]
            if id in self.damaged:
                raise Unplayable("noise")
            return [Attachment(f"{id}.wav", "audio/wav", b"RIFF" + id.encode())]

        return self.weather.through("sound", get)

    def mark_read(self, id: str, read: bool) -> Deferred[None]:
        return self._change(id, new=not read)

    def flag(self, id: str, on: bool) -> Deferred[None]:
        return self._change(id, flagged=on)

    def delete(self, id: str) -> Deferred[None]:
        return self._change(id, deleted=True)

    def undelete(self, id: str) -> Deferred[None]:
        return self._change(id, deleted=False)

    def mail(self, id: str) -> VoiceMail:
        """How a message is now."""
        return self.mails[self._at(id)]

    def _at(self, id: str) -> int:
        for place, mail in enumerate(self.mails):
            if mail.id == id:
                return place
        raise Gone(id)

    def _change(self, id: str, **changes: bool) -> Deferred[None]:
        def change() -> None:
            place = self._at(id)
            self.mails[place] = evolve(self.mails[place], **changes)  # type: ignore[arg-type]

        return self.weather.through("mailbox", change)


@implementer(IMailboxes)
@define(eq=False)
class MemoryMailboxes:
    """Mailboxes by address."""

    boxes: dict[str, MemoryMailbox] = field(factory=dict)
    weather: Weather = field(factory=Weather)
    watched: dict[str, list[Callable[[], object]]] = field(init=False, factory=dict)

    def open(self, address: str) -> MemoryMailbox:
        return self.boxes.setdefault(address, MemoryMailbox(weather=self.weather))

    def watch(self, address: str, changed: Callable[[], object]) -> Callable[[], None]:
        listeners = self.watched.setdefault(address.lower(), [])
        listeners.append(changed)

        def forget() -> None:
            if changed in listeners:
                listeners.remove(changed)

        return forget

    def ring(self, address: str) -> None:
        """Something happened in this mailbox."""
        for changed in list(self.watched.get(address.lower(), ())):
            changed()


@implementer(IPins)
@define(eq=False)
class MemoryPins:
    """PINs in clear text."""

    pins: dict[str, str] = field(factory=dict)
    weather: Weather = field(factory=Weather)
    expired: set[str] = field(factory=set)
    first_time: set[str] = field(factory=set)
    tried: list[tuple[str | None, str]] = field(factory=list)
    callers: list[str] = field(factory=list)

    def sign_in(
        self, mailbox: Mailbox | None, policy: MailboxPolicy, pin: str, caller: str = ""
    ) -> Deferred[SignIn]:
        address = mailbox.address if mailbox else None
        self.callers.append(caller)
        self.tried.append((address, pin))

        def answer() -> SignIn:
            if address is None or self.pins.get(address) != pin:
                return SignIn(False)
            return SignIn(True, address in self.expired, address in self.first_time)

        return self.weather.through("pins", answer)

    def change(self, mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> Deferred[bool]:
        def change() -> bool:
            if len(pin) < policy.min_pin_length:
                return False
            self.pins[mailbox.address] = pin
            self.expired.discard(mailbox.address)
            return True

        return self.weather.through("pins", change)

    def met(self, mailbox: Mailbox) -> Deferred[None]:
        return self.weather.through("pins", lambda: self.first_time.discard(mailbox.address))


@implementer(IDirectory)
@define(eq=False)
class MemoryDirectory:
    """Mailboxes by dial plan and number."""

    people: list[Mailbox] = field(factory=list)
    weather: Weather = field(factory=Weather)

    def find(self, dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        def look() -> Mapping[str, Mailbox]:
            return {
                number: one
                for one in self.people
                for number in numbers
                if one.dial_plan == dial_plan and number in one.numbers
            }

        return self.weather.through("directory", look)


@implementer(IGreetingTake)
@define(eq=False)
class MemoryGreetingTake:
    """A greeting being recorded."""

    desk: MemoryGreetingDesk
    mailbox: str
    kind: str
    audio: bytes = b""

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        if "greeting-disk" in self.desk.weather.failing:
            return fail(NoSpace("disk full"))
        self.audio += data
        return succeed(None)

    def clip(self) -> Deferred[Clip]:
        sound = Clip("own recording", {"PCMU": self.audio, "PCMA": self.audio})
        return self.desk.weather.through("greetings", lambda: sound)

    def erase(self) -> Deferred[None]:
        self.audio = b""
        return self.desk.weather.through("greetings", lambda: None)

    def keep(self) -> Deferred[None]:
        def keep() -> None:
            sound = {"PCMU": self.audio, "PCMA": self.audio}
            self.desk.clips[self.mailbox, self.kind] = Clip(f"recorded-{self.kind}", sound)

        return self.desk.weather.through("greetings", keep)


@implementer(IGreetingDesk)
@define(eq=False)
class MemoryGreetingDesk(MemoryGreetings):
    """Greetings that can be changed."""

    weather: Weather = field(factory=Weather)

    def set_away(self, mailbox: str, on: bool) -> Deferred[None]:
        def switch() -> None:
            (self.away.add if on else self.away.discard)(mailbox)

        return self.weather.through("greetings", switch)

    def begin(self, mailbox: str, kind: str) -> MemoryGreetingTake:
        return MemoryGreetingTake(self, mailbox, kind)

    def remove(self, mailbox: str, kind: str) -> Deferred[None]:
        return self.weather.through("greetings", lambda: self.clips.pop((mailbox, kind), None))


@define(eq=False)
class GreetingsOnDisk(MemoryGreetingDesk):
    """Greetings that are also read from a disk."""

    def recorded(self, mailbox: str, kind: str) -> Deferred[Clip | None]:
        return self.weather.through("greetings", lambda: self.clips.get((mailbox, kind)))

    def is_away(self, mailbox: str) -> Deferred[bool]:
        return self.weather.through("greetings", lambda: mailbox in self.away)
