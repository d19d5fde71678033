"""Two thousand callers who do anything at any time; everything around them may be slow or broken.

They press keys, talk, stay silent and hang up by chance (seeded). Whatever they do: no script
fails, every call ends, what was said is kept, and nobody hears nothing for long without having been
asked something.
"""

from __future__ import annotations

from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.calls.rehearsal import ADA, PLAN, POLICY, PRIVATE_POLICY, ROUTE, Rehearsal
from tests.calls.strange import ANSWER_SECONDS, World, explored
from tests.kit.fake_office import clip
from umserver.org.messages import CallerId

CALLS = 2000
QUESTIONS = {"message-menu", "message-options", "message-options-private"}


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
    call.may_be_joined(chance)
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


def patience(call: Rehearsal) -> float:
    """A menu waits for an answer; without a voice nobody hears what was asked."""
    heard = {name.rstrip("!") for name in call.heard[-1:]}
    return ANSWER_SECONDS if heard & QUESTIONS or not call.shelf.has_voice else 0.0


def check(call: Rehearsal) -> str:
    """What was said is kept."""
    if not call.spool.drafts:
        return ""
    expected = {"message" if call.spoken >= 0.49 else "missed"}
    if call.spool.failing & {"erase", "end"}:
        expected = {"message", "missed", "open"}
    return "" if call.draft.fate in expected else f"the draft is {call.draft.fate}: {expected}"


WORLD = World(
    name="leave-message",
    call=strange_call,
    keys=["#", "1", "2", "3", "4", "*", "0", "#1#", "9", "D"],
    patience=patience,
    check=check,
    pressing=0.6,
    activity=(0.0, 0.05, 0.3),
)


class RandomCallerTests(SynchronousTestCase):
    """Whatever callers do."""

    def test_two_thousand_strange_callers(self) -> None:
        """No caller finds a fault, a dead end, a lost message, or more than two seconds of
        silence.
        """
        stories = explored(WORLD, CALLS)
        self.assertEqual(stories.words(), "")
        self.assertEqual(
            set(stories.outcomes),
            {
                *("message", "missed", "cancelled", "refused", "transferred", "not-available"),
                *("no-space", "hung-up", "time-up"),
            },
        )
        self.assertLessEqual(
            {"message-delayed", "replay-not-possible", "one-moment"}, set(stories.heard)
        )
