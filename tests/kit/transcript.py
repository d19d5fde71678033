"""A whole conversation on paper: what is said, and what every key would lead to, without a phone.

The real script runs with the demo organisation, the shipped prompts and a caller of paper; what may
be pressed is found out by pressing it. `scripts/transcript attendant --keys '3 (2) # 1'` plays the
steps: a key, `~` for silence, `(2)` for two seconds of speech.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from random import Random

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from zope.interface import implementer

import umserver.calls.flows
from tests.kit.fake_mailbox import MemoryDirectory, MemoryMailbox, MemoryMailboxes, MemoryPins
from tests.kit.fake_office import MemoryPeople, MemoryPromptTake, MemoryShelf, clip, office
from tests.kit.fake_phone import FakePhone, facts
from umserver.calls.call import Call, TimeUp
from umserver.calls.office import Flow
from umserver.discover import constants, shipped
from umserver.edges.speech.catalogue import Catalogue, load_catalogue
from umserver.interfaces import Clip, HungUp, IPromptShelf
from umserver.org.facts import Party
from umserver.org.messages import CallerId, VoiceMail
from umserver.org.parse import parse_toml
from umserver.org.resolve import numbers_to_look_up, resolve
from umserver.org.routes import Rejected
from umserver.org.settings import Mailbox

FLOWS = {
    "attendant": ("5001", "2125550142"),
    "voice-access": ("5000", "1001"),
    "leave-message": ("1001", "2125550142"),
    "echo": ("5008", "2125550142"),
    "announcement": ("5009", "2125550142"),
}
"""Each script with the number of the demo organisation that leads to it, and who calls."""
KEYS = "1234567890*#"
SILENCE = "~"
WALL = 1_795_600_000.0
"""A Wednesday morning in November 2026."""
MOST_SECONDS = 120.0
LETTERS_A_SECOND = 15.0
STEP = re.compile(r"\((\d+(?:\.\d+)?)\)|([0-9*#]+|~)")


@implementer(IPromptShelf)
@define
class PaperShelf:
    """Clips whose names are what is said."""

    catalogue: Catalogue
    said: list[str] = field(factory=list)

    def prompt(self, language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        spoken = self.catalogue.closest(language)
        return succeed(paper(self.catalogue.text(spoken, name, values)))

    def speak(self, language: str, text: str) -> Deferred[Clip]:
        return succeed(paper(text))

    def beep(self) -> Clip:
        return clip("(beep)", 0.2)

    def imported(self, owner: str, name: str, file: str) -> Deferred[Clip | None]:
        return succeed(clip(f"(recording {file})", 3.0))

    def record(self, owner: str, name: str, file: str) -> MemoryPromptTake:
        return MemoryPromptTake(MemoryShelf(), (owner, name, file))


def paper(text: str) -> Clip:
    """A clip as long as a person would speak."""
    return clip(text, max(len(text) / LETTERS_A_SECOND, 0.5))


def demo(language: str) -> tuple[object, Sequence[Mailbox]]:
    """The demo organisation, in this language when one is named; Ada may change its prompts."""
    organisation, mailboxes = parse_toml(shipped("demo.toml").read_text("utf-8"))
    plans = tuple(
        evolve(
            plan,
            default_language=language or plan.default_language,
            tui_prompt_editing_enabled=True,
        )
        for plan in organisation.dial_plans
    )
    people = [evolve(one, language=language or one.language) for one in mailboxes]
    people[0] = evolve(people[0], prompt_editing_enabled=True)
    return evolve(organisation, dial_plans=plans), people


@define(eq=False)
class Conversation:
    """One call, as far as its steps lead."""

    flow: str
    language: str = ""
    clock: Clock = field(factory=Clock)
    phone: FakePhone = field(init=False)
    call: Call = field(init=False)
    outcome: str = ""
    lines: list[str] = field(factory=list)
    """What happened since the last look."""
    _noted: int = 0
    _transfers: int = 0

    def __attrs_post_init__(self) -> None:
        organisation, mailboxes = demo(self.language)
        to, caller = FLOWS[self.flow]
        called = Party(user=to)
        told = evolve(facts(), called=called, to=called, caller=Party(user=caller))
        self.phone = FakePhone(self.clock, told)
        found: dict[tuple[str, str], Mailbox] = {}
        directory = MemoryDirectory(list(mailboxes))
        for plan, numbers in numbers_to_look_up(organisation, self.phone.facts):  # type: ignore[arg-type]
            for one in mailboxes:
                found.update({(plan, n): one for n in one.numbers if n in numbers and plan})
        route = resolve(organisation, self.phone.facts, found).route  # type: ignore[arg-type]
        if isinstance(route, Rejected):
            raise SystemExit(f"the demo organisation does not answer {to}: {route.refusal}")
        flows = {
            one.name: one
            for one in constants(umserver.calls.flows, "FLOW")
            if isinstance(one, Flow)
        }
        mails = [
            VoiceMail(
                id=f"m{n}",
                sender=CallerId("1002", "Ben Sample", "ben@example.com"),
                received=WALL - 7200.0 * (n + 1) ** 2,
                seconds=12,
            )
            for n in range(2)
        ]
        self.call = Call(self.phone, self.clock)
        self.call.allow(1800.0)
        surroundings = office(
            organisation,  # type: ignore[arg-type]
            shelf=PaperShelf(load_catalogue([shipped("prompts")])),
            people=MemoryPeople(list(mailboxes)),
            directory=directory,
            mailboxes=MemoryMailboxes({"ada@example.com": MemoryMailbox(mails)}),
            pins=MemoryPins({one.address: one.pin for one in mailboxes}),
            flows=flows,
            wall=lambda: WALL + self.clock.seconds(),
            random=Random(1),
        )

        async def run() -> None:
            try:
                self.outcome = await surroundings.follow(self.call, route)
            except HungUp:
                self.outcome = str(surroundings.facts.get("left", "hung-up"))
            except TimeUp:
                self.outcome = "time-up"
            await self.call.hang_up()

        Deferred.fromCoroutine(run())
        self._until_it_waits()

    @property
    def waits(self) -> bool:
        """Whether it is the caller's turn."""
        return (self.phone.recording or self.call.awaits_key) and not self.phone.playing

    def step(self, step: str) -> None:
        """Press a key, say nothing, or talk."""
        spoken = step.strip("()")
        if step.startswith("("):
            self.phone.talk(float(spoken))
            return
        before = len(self.phone.heard)
        if step != SILENCE:
            self.phone.press(step)
        self._until_it_waits(before)

    def look(self) -> list[str]:
        """What happened since the last look."""
        self._note()
        lines, self.lines = self.lines, []
        return lines

    def _until_it_waits(self, before: int = 0) -> None:
        """Until something new was said and it is the caller's turn; bounded."""
        for _ in range(round(MOST_SECONDS * 10)):
            if self.outcome or (self.waits and len(self.phone.heard) > before):
                break
            self.clock.advance(0.1)
        self._note()

    def _note(self) -> None:
        for name in self.phone.heard[self._noted :]:
            self.lines.append(name.rstrip("!"))
        self._noted = len(self.phone.heard)
        for number in self.phone.transfers[self._transfers :]:
            self.lines.append(f"(transfer to {number})")
        self._transfers = len(self.phone.transfers)
        if self.outcome and self.lines[-1:] != [f"(end: {self.outcome})"]:
            self.lines.append(f"(end: {self.outcome})")


def steps_of(text: str) -> list[str]:
    """The steps of `--keys`; keys without a blank between them are one. Raises ValueError."""
    rest = STEP.sub("", text).strip()
    if rest:
        raise ValueError(f"{rest!r} is no key, no ~ and no (seconds)")
    return [found[0] for found in STEP.finditer(text)]


def transcript(flow: str, keys: Sequence[str] = (), language: str = "") -> list[str]:
    """The lines of the conversation, and what each key leads to at its end."""
    conversation = Conversation(flow, language)
    lines = [f"  {line}" for line in conversation.look()]
    for step in keys:
        if conversation.outcome:
            lines.append("the call is over before all steps were done")
            return lines
        lines.append(_named(step))
        conversation.step(step)
        lines += [f"  {line}" for line in conversation.look()]
    if conversation.outcome:
        return lines
    return [*lines, "", *_choices(flow, keys, language)]


def _choices(flow: str, keys: Sequence[str], language: str) -> list[str]:
    """Every key tried: those that lead to the same together."""
    leads: dict[tuple[str, ...], list[str]] = {}
    for key in (*KEYS, SILENCE):
        trial = Conversation(flow, language)
        for step in keys:
            trial.step(step)
        trial.look()
        trial.step(key)
        leads.setdefault(tuple(trial.look()), []).append(key)
    lines = ["what may be pressed here:"]
    for said, pressed in leads.items():
        lines.append(f"  {' '.join('silence' if key == SILENCE else key for key in pressed)}")
        lines += [f"      {line}" for line in said[:4]] + (["      …"] if len(said) > 4 else [])
    return lines


def _named(step: str) -> str:
    if step == SILENCE:
        return "(silence)"
    return f"(speaks {step.strip('()')} s)" if step.startswith("(") else f"[{step}]"


def main(arguments: Sequence[str]) -> int:
    """Print one; the exit code is 2 for a mistake in the arguments."""
    parser = argparse.ArgumentParser(prog="transcript", description=__doc__.partition("\n")[0])
    parser.add_argument("flow", choices=sorted(FLOWS))
    parser.add_argument(
        "--keys", default="", help="steps: 1 or 1001#, ~ for silence, (2) for speech"
    )
    parser.add_argument("--language", default="", help="en-US or fr-FR; the demo's when not given")
    options = parser.parse_args(arguments)
    try:
        steps = steps_of(options.keys)
    except ValueError as fault:
        parser.error(str(fault))
    print("\n".join(transcript(options.flow, steps, options.language)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
