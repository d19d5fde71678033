"""Two thousand callers who do anything at any time; everything around them may be slow or broken.

They press keys, talk, stay silent and hang up by chance (seeded). Whatever they do: no script
fails, every call ends, what was said is kept, and nobody hears nothing for long without having been
asked something.
"""

from __future__ import annotations

from random import Random

from attrs import evolve

from tests.calls.rehearsal import ADA, PLAN, POLICY, PRIVATE_POLICY, ROUTE, Rehearsal, RehearsalCase
from tests.kit.fake_office import clip
from umserver.org.messages import CallerId

CALLS = 2000
LONGEST = 240.0
"""Seconds that a call may last."""

QUESTIONS = {"message-menu", "message-options", "message-options-private"}
ANSWER_SECONDS = 5.1
"""How long it may be quiet after a question (the menu's patience)."""
QUIET_SECONDS = 2.0


def strange_call(chance: Random) -> Rehearsal:
    """A call with settings and troubles by chance."""
    plan = evolve(
        PLAN,
        operator_extension=chance.choice(["", "1002"]),
        max_recording_duration=chance.choice([1, 20]),
        input_failures_before_disconnect=chance.choice([1, 3]),
    )
    mailbox = evolve(
        ADA,
        operator_number=chance.choice(["", "1003"]),
        anonymous_callers_can_leave_messages=chance.random() < 0.8,
    )
    call = Rehearsal(
        evolve(
            ROUTE,
            dial_plan=plan,
            mailbox=mailbox,
            policy=chance.choice([POLICY, PRIVATE_POLICY]),
            caller=chance.choice([ROUTE.caller, CallerId()]),
        )
    )
    call.phone.transfer_works = chance.random() < 0.3
    call.shelf.has_voice = chance.random() < 0.95
    call.shelf.slow = chance.choice([0.0, 0.0, 1.0, 9.0])
    call.spool.full = chance.random() < 0.03
    call.spool.full_after = chance.choice([10**9, 10**9, chance.randrange(60_000)])
    call.spool.slow = chance.choice([0.0, 0.0, 0.3, 4.0])
    call.spool.failing = {w for w in ("begin", "clip", "erase", "end") if chance.random() < 0.04}
    for kind in ("away", "personal", "name"):
        if chance.random() < 0.3:
            call.greetings.clips["ada@example.com", kind] = clip(kind, 2.0)
    if chance.random() < 0.3:
        call.greetings.away.add("ada@example.com")
    return call


class StrangeCaller:
    """Does something by chance at each tenth of a second, and notes how long it hears nothing."""

    def __init__(self, call: Rehearsal, chance: Random) -> None:
        self.call, self.chance = call, chance
        self.activity = chance.choice([0.0, 0.05, 0.3])
        self.quiet = self.most_quiet = 0.0
        self._talking = 0

    def live(self) -> None:
        """The whole call, from answer to end."""
        for _ in range(round(LONGEST * 10) + 200):
            if self.call.outcome:
                return
            if self.call.phone.over is None and self.chance.random() < self.activity:
                self._act()
            self._talking -= 1
            self.call.tick(talking=self._talking > 0)
            self._listen()

    def _act(self) -> None:
        what = self.chance.random()
        if what < 0.6:
            keys = self.chance.choice(["#", "1", "2", "3", "4", "*", "0", "#1#", "9", "D"])
            self.call.press(keys)
        elif what < 0.97:
            self._talking = self.chance.randrange(1, 40)
        else:
            self.call.phone.hang_up_now()

    def _listen(self) -> None:
        phone = self.call.phone
        heard = {name.rstrip("!") for name in self.call.heard[-1:]}
        asked = bool(heard & QUESTIONS) or not self.call.shelf.has_voice
        if phone.over is not None or phone.playing or phone.recording or not phone.heard:
            self.quiet = 0.0
            return
        self.quiet += 0.1
        self.most_quiet = max(self.most_quiet, self.quiet - (ANSWER_SECONDS if asked else 0.0))


class RandomCallerTests(RehearsalCase):
    """Whatever callers do."""

    def test_two_thousand_strange_callers(self) -> None:
        """No caller finds a fault, a dead end, a lost message, or more than two seconds of
        silence.
        """
        outcomes: dict[str, int] = {}
        heard: set[str] = set()
        for number in range(CALLS):
            chance = Random(number)
            call = strange_call(chance)
            caller = StrangeCaller(call, chance)
            call.dial(chance.choice([20.0, 60.0, LONGEST]))
            caller.live()
            call.clock.pump([1.0] * 20)
            story = (
                f"caller {number}: {call.outcome} after {call.clock.seconds():.1f} s, {call.heard}"
            )
            self.assertNotEqual(call.outcome, "", story)
            self.assertLessEqual(caller.most_quiet, QUIET_SECONDS, story)
            self._check_the_end(call, story)
            outcomes[call.outcome] = outcomes.get(call.outcome, 0) + 1
            heard |= {name.rstrip("!") for name in call.heard}
        self.assertEqual(
            set(outcomes),
            {
                *("message", "missed", "cancelled", "refused", "transferred", "escaped"),
                *("no-space", "hung-up", "time-up"),
            },
        )
        self.assertLessEqual({"message-delayed", "replay-not-possible", "one-moment"}, heard)

    def _check_the_end(self, call: Rehearsal, story: str) -> None:
        self.successResultOf(call.running)
        self.assertIsNotNone(call.phone.over, story)
        self.assertEqual(call.clock.getDelayedCalls(), [], story)
        if not call.spool.drafts:
            return
        if call.spool.failing & {"erase", "end"}:
            self.assertIn(call.draft.fate, ("message", "missed", "open"), story)
        else:
            expected = "message" if call.spoken >= 0.49 else "missed"
            self.assertEqual(call.draft.fate, expected, story)
