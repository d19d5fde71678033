"""Callers who do anything at any time: the frame that every flow's random callers share.

They press keys, talk, stay silent and hang up by chance (seeded), and note how long they hear
nothing without having been asked something. Knows: rehearsed calls. Must never know: which flow is
being called; a flow gives a `World`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from attrs import define, field, frozen

from tests.calls.rehearsal import Rehearsal

QUIET_SECONDS = 2.0
"""The longest silence that nothing explains."""
ANSWER_SECONDS = 5.1
"""How long it may be quiet after a question (the menus' patience)."""
AFTERWARDS_SECONDS = 30
"""How long the world goes on after the call, so that slow disks can finish."""


@frozen
class World:
    """What a flow's random callers need."""

    name: str
    call: Callable[[Random], Rehearsal]
    """A call with settings and troubles by chance, not yet dialled."""
    keys: Sequence[str]
    """What they press."""
    patience: Callable[[Any], float]
    """Seconds that it may be quiet now: 0 where nothing was asked."""
    check: Callable[[Any], str] = lambda call: ""
    """What is wrong after the call, in words; empty when nothing is."""
    answers: Mapping[str, Sequence[str]] = field(factory=dict)
    """What those press who know, by the prompt that asks for it."""
    trouble: Callable[[Any], object] = lambda call: None
    """Something that happens to the call from outside."""
    longest: Sequence[float] = (20.0, 60.0, 240.0)
    """Seconds that a call may last."""
    typing: float = 0.0
    """Seconds of silence that a key excuses: the next one may be waited for."""
    pressing: float = 0.7
    """The share of keys in what they do."""
    activity: Sequence[float] = (0.0, 0.05, 0.2)
    """How likely they do something in a tenth of a second."""


@define(eq=False)
class StrangeCaller:
    """Does something by chance at each tenth of a second."""

    world: World
    call: Rehearsal
    chance: Random
    quiet: float = 0.0
    most_quiet: float = 0.0
    quiet_work: float = 0.0
    most_quiet_work: float = 0.0
    """The longest silence in which nobody waited for the caller."""
    _typed: bool = False
    """Whether keys were pressed since somebody last said more than that it takes a moment."""
    _activity: float = 0.0
    _knows: bool = True
    _talking: int = 0

    def __attrs_post_init__(self) -> None:
        self._activity = self.chance.choice(self.world.activity)
        self._knows = self.chance.random() < 0.9

    def live(self, longest: float) -> None:
        """The whole call, from answer to end."""
        for _ in range(round(longest * 10) + 300):
            if self.call.outcome:
                return
            if self.call.phone.over is None:
                self._act()
            self._talking -= 1
            self.call.tick(talking=self._talking > 0)
            self._listen()

    def _act(self) -> None:
        asked = self.call.heard[-1].rstrip("!") if self.call.heard else ""
        if self._knows and asked in self.world.answers and self.chance.random() < 0.1:
            self._press(self.chance.choice(self.world.answers[asked]))
        if self.chance.random() >= self._activity:
            return
        what = self.chance.random()
        if what < self.world.pressing:
            self._press(self.chance.choice(self.world.keys))
        elif what < 0.97:
            self._talking = self.chance.randrange(1, 40)
        elif what < 0.985:
            self.world.trouble(self.call)
        else:
            self.call.phone.hang_up_now()

    def _press(self, keys: str) -> None:
        self.call.press(keys)
        self.quiet = -self.world.typing
        self.quiet_work = 0.0
        self._typed = True

    def _listen(self) -> None:
        phone = self.call.phone
        if phone.playing and phone.heard[-1] != "one-moment":
            self._typed = False
        if phone.over is not None or phone.playing or phone.recording or not phone.heard:
            self.quiet = self.quiet_work = 0.0
            return
        self.quiet_work = 0.0 if self.call.is_asked else self.quiet_work + 0.1
        self.most_quiet_work = max(self.most_quiet_work, self.quiet_work)
        self.quiet += 0.1
        self.most_quiet = max(self.most_quiet, self.quiet - self._patience())

    def _patience(self) -> float:
        """Seconds that may be quiet now. Who typed ahead skipped the question and knows it: then a
        script that waits for more keys is no silence without a reason.
        """
        patience = self.world.patience(self.call)
        ahead = self._typed and self.call.is_asked
        return max(patience, ANSWER_SECONDS) if ahead else patience


@frozen
class Story:
    """How one call went."""

    number: int
    outcome: str
    heard: tuple[str, ...]
    """Prompts, as the phone notes them."""
    fault: str
    """What was wrong, in words; empty when nothing was."""


def explore(world: World, number: int) -> Story:
    """One call; the number is its seed, so that every story can be told again."""
    chance = Random(number)
    call = world.call(chance)
    caller = StrangeCaller(world, call, chance)
    longest = chance.choice(world.longest)
    call.dial(longest)
    caller.live(longest)
    call.clock.pump([1.0] * AFTERWARDS_SECONDS)
    return Story(number, call.outcome, tuple(call.heard), _fault(world, call, caller))


def _fault(world: World, call: Rehearsal, caller: StrangeCaller) -> str:
    failures: list[object] = []
    call.running.addErrback(failures.append)
    if failures:
        return f"the script failed: {failures[0]}"
    if not call.outcome or call.phone.over is None:
        return "the call does not end"
    if left := call.clock.getDelayedCalls():
        return f"timers are left: {left}"
    if round(caller.most_quiet, 1) > QUIET_SECONDS:
        return f"{caller.most_quiet:.1f} s of silence that nothing explains"
    if round(caller.most_quiet_work, 1) > QUIET_SECONDS:
        return f"{caller.most_quiet_work:.1f} s in which the caller waits in silence"
    return world.check(call)


@define
class Stories:
    """What many calls came to."""

    calls: int = 0
    outcomes: dict[str, int] = field(factory=dict)
    heard: dict[str, int] = field(factory=dict)
    faults: list[Story] = field(factory=list)

    def add(self, story: Story) -> None:
        """One more."""
        self.calls += 1
        self.outcomes[story.outcome] = self.outcomes.get(story.outcome, 0) + 1
        for name in story.heard:
            plain = name.rstrip("!").partition("[")[0]
            self.heard[plain] = self.heard.get(plain, 0) + 1
        if story.fault:
            self.faults.append(story)

    def merge(self, other: Stories) -> None:
        """Those of another share."""
        self.calls += other.calls
        for mine, theirs in ((self.outcomes, other.outcomes), (self.heard, other.heard)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
        self.faults += other.faults

    def words(self) -> str:
        """The faults, to be read by a person."""
        return "\n".join(
            f"caller {s.number}: {s.fault}; {s.outcome!r}; {list(s.heard)}" for s in self.faults[:5]
        )


def explored(world: World, calls: int, first: int = 0) -> Stories:
    """So many calls, one after the other."""
    stories = Stories()
    for number in range(first, first + calls):
        stories.add(explore(world, number))
    return stories
