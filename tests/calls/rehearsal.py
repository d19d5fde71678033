"""A stage for call scripts: a caller, a mailbox, and whatever can go wrong around them.

The script runs as the answering desk runs it: a hang-up ends it, and when the call's time is up the
caller is told so. Time passes only when the test says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_office import MemoryDraft, MemoryGreetings, MemoryShelf, MemorySpool, office
from tests.kit.fake_phone import SPEECH, FakePhone
from umserver.calls.call import Call, TimeUp
from umserver.calls.flows.leave_message import leave_message
from umserver.calls.office import Office
from umserver.interfaces import Clip, HungUp, IDraft, Unavailable
from umserver.org.messages import Attachment, CallerId, Choices, Envelope
from umserver.org.outcalls import Exit, Onward
from umserver.org.routes import LeaveMessage
from umserver.org.settings import DialPlan, Mailbox, MailboxPolicy, Organisation

PLAN = DialPlan(name="Demo", number_of_digits_in_extension=4, country_or_region_code="1")
POLICY = MailboxPolicy(name="Demo Default Policy", dial_plan="Demo")
ADA = Mailbox(
    display_name="Ada Example",
    address="ada@example.com",
    extension="1001",
    dial_plan="Demo",
    policy="Demo Default Policy",
)
ROUTE = LeaveMessage(
    mailbox=ADA,
    policy=POLICY,
    dial_plan=PLAN,
    reason="DivertNoAnswer",
    caller=CallerId(number="2125550142"),
)
PRIVATE_POLICY = evolve(POLICY, protect_unauthenticated_voice_mail="Private")

T = TypeVar("T")
SECONDS = {"message-menu": 3.0, "message-options": 3.0, "message-options-private": 3.0}
"""How long prompts are that do not take one second."""


@define(eq=False)
class ShakyDraft(MemoryDraft):
    """A draft on a disk that may be slow, or refuse what `failing` names: clip, erase, end."""

    clock: Clock = field(factory=Clock)
    failing: set[str] = field(factory=set)
    slow: float = 0.0

    def clip(self) -> Deferred[Clip]:
        return self._later("clip", super().clip)

    def erase(self) -> Deferred[None]:
        return self._later("erase", super().erase)

    def commit(self, choices: Choices) -> Deferred[None]:
        return self._later("end", lambda: MemoryDraft.commit(self, choices))

    def miss(self) -> Deferred[None]:
        return self._later("end", super().miss)

    def _later(self, what: str, work: object) -> Deferred:  # type: ignore[type-arg]
        if what in self.failing:
            work = lambda: fail(Unavailable("the disk is broken"))  # noqa: E731
        return deferLater(self.clock, self.slow, work) if self.slow else work()  # type: ignore


@define
class ShakySpool(MemorySpool):
    """Opens shaky drafts."""

    clock: Clock = field(factory=Clock)
    failing: set[str] = field(factory=set)
    slow: float = 0.0

    def begin(self, envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Deferred[IDraft]:
        if "begin" in self.failing:
            return fail(Unavailable("the disk is broken"))
        begun = super().begin(envelope, enclosed)
        if not self.full:
            self.drafts[-1] = draft = ShakyDraft(
                envelope,
                self.full_after,
                enclosed=enclosed,
                clock=self.clock,
                failing=self.failing,
                slow=self.slow,
            )
            if self.slow:
                return deferLater(self.clock, self.slow, lambda: draft)
            return begun.addCallback(lambda _: draft)
        return begun


@define
class ShakyShelf(MemoryShelf):
    """Menus take longer than other prompts; free speech and recordings take `slow` seconds."""

    clock: Clock = field(factory=Clock)
    slow: float = 0.0

    def prompt(self, language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        said = super().prompt(language, name, values)
        said.addCallback(lambda clip: _stretched(clip, SECONDS.get(name, 1.0)))
        return self._late(said) if values else said

    def speak(self, language: str, text: str) -> Deferred[Clip]:
        return self._late(super().speak(language, text))

    def imported(self, owner: str, name: str, file: str) -> Deferred[Clip | None]:
        return self._late(super().imported(owner, name, file))

    def _late(self, said: Deferred[T]) -> Deferred[T]:
        return deferLater(self.clock, self.slow, lambda: said) if self.slow else said  # type: ignore


def _stretched(clip: Clip, seconds: float) -> Clip:
    count = round(seconds * 8000)
    return Clip(clip.name, {law: (data * 4)[:count] for law, data in clip.encoded.items()})


@define(eq=False)
class Rehearsal:
    """One call to leave a message, and everything that became of it."""

    route: LeaveMessage = ROUTE
    clock: Clock = field(factory=Clock)
    spool: ShakySpool = field()
    shelf: ShakyShelf = field()
    greetings: MemoryGreetings = field(factory=MemoryGreetings)
    phone: FakePhone = field()
    office: Office = field()
    call: Call = field()
    counted: list[str] = field(factory=list)
    """What was counted."""
    outcome: str = ""
    """What the script returned; hung-up or time-up where it did not; empty while it runs."""

    @spool.default
    def _spool(self) -> ShakySpool:
        return ShakySpool(clock=self.clock)

    @shelf.default
    def _shelf(self) -> ShakyShelf:
        return ShakyShelf(clock=self.clock)

    @phone.default
    def _phone(self) -> FakePhone:
        return FakePhone(self.clock)

    @office.default
    def _office(self) -> Office:
        return office(Organisation(), spool=self.spool, greetings=self.greetings, shelf=self.shelf)

    @call.default
    def _call(self) -> Call:
        return Call(self.phone, self.clock)

    def dial(self, longest: float = 1800.0) -> Rehearsal:
        """Begin; `longest` is the call's longest duration in seconds."""
        self.call.allow(longest)
        self.running = Deferred.fromCoroutine(self._run())
        return self

    async def _run(self) -> None:
        try:
            self.outcome = await leave_message(self.call, self.office, self.route)
        except HungUp:
            self.outcome = "hung-up"
        except TimeUp:
            speaker = self.office.speaker("en-US")
            await self.call.say_last(await speaker.clips("call-time-exceeded", "goodbye"))
            self.outcome = "time-up"
        await self.call.hang_up()
        await self.call.gone()

    def may_be_joined(self, chance: Random) -> None:
        """By chance: a peer that transfers nobody, and people who answer or not when called."""
        chance = Random(hash(chance.getstate()))  # what else happens by chance stays as it is
        self.call.onward = Onward("Auto", (Exit("pbx", "192.0.2.1", 5060, "udp"),))
        self.phone.sends_on = chance.random() < 0.5
        self.phone.callee = lambda: (
            chance.uniform(0, 40),
            chance.choice(["pbx", ""]),
            chance.uniform(0, 20),
        )

    running: Deferred[None] = field(factory=Deferred)

    def tick(self, talking: bool = False) -> None:
        """A tenth of a second passes."""
        if talking:
            self.phone.talk(0.1)
        else:
            self.clock.advance(0.1)

    def until(self, heard: str, most: float = 60.0) -> Rehearsal:
        """Listen until this prompt is being said."""
        for _ in range(round(most * 10)):
            if self.heard[-1:] == [heard] and self.phone.playing:
                return self
            self.tick()
        raise AssertionError(f"{heard} was not heard: {self.heard}")

    def until_the_tone(self) -> Rehearsal:
        """Listen until a recording runs."""
        for _ in range(300):
            if self.phone.recording:
                return self
            self.tick()
        raise AssertionError(f"no recording: {self.heard}")

    def to_the_end(self, most: float = 300.0) -> Rehearsal:
        """Say and press nothing until the call is over."""
        for _ in range(round(most * 10)):
            if self.outcome:
                return self
            self.tick()
        raise AssertionError(f"the call does not end: {self.heard}")

    def talk(self, seconds: float) -> Rehearsal:
        """Speak for so long."""
        self.phone.talk(seconds)
        return self

    def press(self, keys: str) -> Rehearsal:
        """Press keys at once."""
        self.phone.press(keys)
        return self

    def hang_up(self) -> Rehearsal:
        """Put the receiver down; time for the disk passes."""
        self.phone.hang_up_now()
        self.clock.pump([0.1] * 100)
        return self

    @property
    def heard(self) -> list[str]:
        """Names of what was heard, a `!` behind what was cut."""
        return self.phone.heard[1:]

    @property
    def is_asked(self) -> bool:
        """Whether the script waits for a key."""
        return self.call.awaits_key

    @property
    def draft(self) -> MemoryDraft:
        """The last draft."""
        return self.spool.drafts[-1]

    @property
    def spoken(self) -> float:
        """Seconds of speech that the draft holds."""
        return len(self.draft.audio) / len(SPEECH) / 10


class RehearsalCase(SynchronousTestCase):
    """A test that checks after each call that nothing of it is left over."""

    def check(self, call: Rehearsal) -> None:
        """The script ended, no timer runs, the draft came to the right end."""
        self.successResultOf(call.running)
        self.assertEqual(call.clock.getDelayedCalls(), [], call.heard)
        if call.spool.drafts:
            kept = call.spoken >= 0.49
            self.assertEqual(call.draft.fate, "message" if kept else "missed", call.heard)
