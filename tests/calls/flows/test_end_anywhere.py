"""The end may come at any moment: a hang-up, the call's time limit, a full or broken disk (spec
4.6, 6.1).

Six conversations, which together pass through everything that leaving a message offers, are ended
at each tenth of a second. Every time the message is kept exactly if half a second was spoken, and
nothing is left over.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from tests.calls.rehearsal import (
    PLAN,
    PRIVATE_POLICY,
    ROUTE,
    SECONDS,
    Rehearsal,
    RehearsalCase,
)

ROUTE_WITH_ALL = evolve(
    ROUTE, policy=PRIVATE_POLICY, dial_plan=evolve(PLAN, operator_extension="1002")
)
CONVERSATIONS = {
    "patient": "tone t20 #",
    "every option": "# tone t4 # tone t20 # 2 w5 1 1 w12 2 w5 * w5 4 tone t10 # 3 w5 tone t8 # 1 #",
    "wrong keys": "0 tone t6 5 # 7 w12 8 w12 0 w12 1 w5 9 w20 #",
    "cancelled": "w5 # tone t10 # w5 *",
    "says nothing": "w5 tone w20 # w5 tone",
    "leaves": "w12 *",
}
"""What the caller does: keys, `t20` talks and `w20` waits 20 tenths of a second, `tone` waits for
the tone.
"""


def steps(script: str) -> Iterator[str]:
    """The script as single keys and tenths of a second."""
    for word in script.split():
        if word[0] in "tw" and word != "tone":
            yield from [word[0]] * int(word[1:])
        else:
            yield word


def follow(call: Rehearsal, script: str, most: int) -> bool:
    """Act the script for at most so many steps; False when it was over before."""
    left = most
    for step in [*steps(script), *["w"] * 400]:
        rounds = 60 if step == "tone" else 1
        for _ in range(rounds):
            if call.outcome or (step == "tone" and call.phone.recording):
                break
            if left == 0:
                return True
            left -= 1
            if step in ("w", "tone", "t"):
                call.tick(talking=step == "t")
            else:
                call.press(step)
    return not call.outcome


class EndAnywhereTests(RehearsalCase):
    """Every moment of every conversation."""

    def every_moment(
        self, made: type[Rehearsal] = Rehearsal
    ) -> Iterator[tuple[Rehearsal, str, int]]:
        """A fresh call for each conversation and each number of steps."""
        for name, script in CONVERSATIONS.items():
            for most in range(1000):
                call = made(ROUTE_WITH_ALL)
                call.phone.transfer_works = False
                yield call, script, most
                if call.outcome and most > 0 and call.office.facts.get("whole"):
                    break
            else:
                self.fail(f"{name} does not end by itself")

    def test_the_conversations_go_everywhere(self) -> None:
        """All that can be heard while leaving a message is heard in one of the conversations."""
        heard: set[str] = set()
        for script in CONVERSATIONS.values():
            call = Rehearsal(ROUTE_WITH_ALL)
            call.phone.transfer_works = False
            follow(call.dial(), script, 1000)
            self.check(call)
            heard |= {name.rstrip("!") for name in call.heard}
        expected = {
            *SECONDS,
            *("record-instructions", "operator-hint", "beep", "replay", "goodbye"),
            *("transferring-to-operator", "transfer-failed", "record-instructions-short"),
            *("nothing-recorded", "message-too-short", "message-erased", "record-again"),
            *("record-append", "marked-important", "marked-private", "invalid-key"),
            *("are-you-there", "message-sent", "message-cancelled"),
        }
        self.assertEqual(expected - heard, {"message-options"})

    def test_hang_up_anywhere(self) -> None:
        """Features 53, 54: whenever the caller hangs up, what was said is kept, and nothing else is
        sent.
        """
        moments = 0
        for call, script, most in self.every_moment():
            if not follow(call.dial(), script, most):
                call.office.facts["whole"] = True
            call.hang_up()
            self.check(call)
            moments += 1
        self.assertGreater(moments, 400)

    def test_time_up_anywhere(self) -> None:
        """Feature 29: whenever the call's time is up the caller is told so, and what was said is
        kept.
        """
        for call, script, most in self.every_moment():
            call.dial(longest=max(0.1, most / 10))
            if not follow(call, script, 1000) and call.outcome != "time-up":
                call.office.facts["whole"] = True
            call.to_the_end(10)
            self.check(call)
            if call.outcome == "time-up":
                self.assertEqual(call.heard[-2:], ["call-time-exceeded", "goodbye"])

    def test_full_disk_anywhere(self) -> None:
        """Whenever the disk fills up the caller hears an apology, and what fitted is kept."""
        for script in CONVERSATIONS.values():
            for room in range(0, 25_000, 800):
                call = Rehearsal(ROUTE_WITH_ALL)
                call.phone.transfer_works = False
                call.spool.full_after = room
                follow(call.dial(), script, 1000)
                call.to_the_end(30)
                self.check(call)
                if call.outcome == "no-space":
                    kept = call.draft.fate == "message"
                    self.assertEqual(
                        call.heard[-2:],
                        ["disk-apology" if kept else "disk-apology-nothing", "goodbye"],
                    )

    def test_full_disk_at_the_start(self) -> None:
        """With a full or broken disk the caller hears an apology at once, never silence."""
        full, broken = Rehearsal(), Rehearsal()
        full.spool.full = True
        broken.spool.failing = {"begin"}
        for call in (full, broken):
            call.dial().to_the_end()
            self.assertEqual(call.outcome, "no-space")
            self.assertEqual(call.heard, ["disk-apology-nothing", "goodbye"])
            self.check(call)


class BrokenDiskTests(RehearsalCase):
    """A disk that took the recording and then refuses, or takes its time."""

    def recorded(self, failing: str = "", slow: float = 0.0) -> Rehearsal:
        """A caller who spoke for two seconds and pressed #."""
        call = Rehearsal()
        call.spool.failing, call.spool.slow = {failing}, slow
        return call.dial().until_the_tone().talk(2).press("#")

    def test_commit_refused(self) -> None:
        """The caller hears that the message is kept but will be late; the spool goes on trying."""
        call = self.recorded("end").press("1#").to_the_end()
        self.assertEqual(call.heard[-2:], ["message-delayed", "goodbye"])
        self.assertEqual(call.outcome, "message")
        self.assertEqual(call.draft.fate, "open")

    def test_commit_refused_after_a_hang_up(self) -> None:
        """Without a caller to tell, the trouble is only logged."""
        call = self.recorded("end").hang_up()
        self.successResultOf(call.running)
        self.assertEqual(call.office.facts["left"], "message")

    def test_replay_refused(self) -> None:
        """A recording that cannot be played is explained, and the menu goes on."""
        call = self.recorded("clip").press("2").until("message-menu")
        self.assertEqual(call.heard[-2:], ["replay-not-possible", "message-menu"])
        self.check(call.hang_up())

    def test_erase_refused(self) -> None:
        """What a caller wanted to be erased is not sent even if the disk cannot erase it."""
        call = self.recorded("erase").press("3").to_the_end()
        self.assertEqual(call.heard[-2:], ["disk-apology-nothing", "goodbye"])
        self.assertEqual(call.draft.fate, "missed")
        call = self.recorded("erase").press("*").to_the_end()
        self.assertEqual((call.outcome, call.draft.fate), ("cancelled", "missed"))

    def test_slow_disk_is_explained(self) -> None:
        """A caller who has to wait for the disk is asked for a moment's patience, again and
        again.
        """
        call = self.recorded(slow=6.0).press("1#").to_the_end()
        self.assertEqual(
            call.heard[-5:], ["message-options!", *["one-moment"] * 2, "message-sent", "goodbye"]
        )
        self.check(call)

    def test_hang_up_while_the_disk_is_slow(self) -> None:
        """The message is safe before the script ends, also when the caller does not wait for it."""
        call = self.recorded(slow=6.0).press("1#").until("one-moment")
        call.phone.hang_up_now()
        self.assertNoResult(call.running)
        call.clock.pump([0.1] * 80)
        self.check(call)
        self.assertEqual(call.draft.fate, "message")

    def test_nobody_is_held_by_a_dead_disk(self) -> None:
        """When the time is up and the disk hangs, the caller is let go while the message waits."""
        call = Rehearsal()
        call.dial(longest=4.0)
        call.draft.slow = 60.0  # type: ignore[attr-defined]
        call.until_the_tone().talk(2.5)
        self.assertIsNone(call.phone.over)
        call.clock.pump([0.1] * 50)
        self.assertEqual(call.phone.over, "us")
        self.assertNoResult(call.running)
        call.clock.pump([1.0] * 60)
        self.check(call)
        self.assertEqual(call.draft.fate, "message")
