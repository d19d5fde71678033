"""Leaving a message: the conversation as a caller has it (spec 6.1)."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_office import MemoryGreetings, MemoryShelf, MemorySpool, clip, office
from tests.kit.fake_phone import FakePhone
from umserver.calls.call import Call
from umserver.calls.flows.leave_message import leave_message
from umserver.interfaces import HungUp
from umserver.org.messages import CallerId, Choices
from umserver.org.resolve import LeaveMessage
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
GREETING = ["greeting-generated[Ada Example]", "record-instructions"]


class LeaveMessageTests(SynchronousTestCase):
    """One caller, one mailbox."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.spool = MemorySpool()
        self.greetings = MemoryGreetings()
        self.shelf = MemoryShelf()
        self.phone = FakePhone(self.clock)
        self.route = LeaveMessage(
            mailbox=ADA,
            policy=POLICY,
            dial_plan=PLAN,
            reason="DivertNoAnswer",
            caller=CallerId(number="2125550142"),
        )

    def dial(self) -> Deferred[str]:
        """Start the script."""
        self.office = office(
            Organisation(),
            spool=self.spool,
            greetings=self.greetings,
            shelf=self.shelf,
        )
        call = Call(self.phone, self.clock)
        return Deferred.fromCoroutine(leave_message(call, self.office, self.route))

    def reach_the_tone(self) -> Deferred[str]:
        """Listen to everything up to the recording."""
        done = self.dial()
        self.phone.listen_on(2.5)
        self.assertTrue(self.phone.recording)
        return done

    @property
    def fate(self) -> str:
        return self.spool.drafts[-1].fate

    def test_hang_up_keeps_the_message(self) -> None:
        """Whoever just hangs up after speaking has left a message."""
        self.reach_the_tone()
        self.phone.talk(3)
        self.phone.hang_up_now()
        self.assertEqual(self.fate, "message")
        self.assertEqual(self.phone.heard, ["(answered)", *GREETING, "beep"])

    def test_hang_up_in_the_greeting_is_a_missed_call(self) -> None:
        """Whoever hangs up before the tone was missed."""
        done = self.dial()
        self.phone.listen_on(1)
        self.phone.hang_up_now()
        self.failureResultOf(done, HungUp)
        self.assertEqual(self.fate, "missed")

    def test_caller_gave_up_before_the_answer(self) -> None:
        """A call that was cancelled while ringing was missed."""
        self.phone.over = "cancel"
        self.failureResultOf(self.dial(), HungUp)
        self.assertEqual(self.fate, "missed")

    def test_silence_is_a_missed_call(self) -> None:
        """A caller who says nothing hears so and leaves no message."""
        done = self.reach_the_tone()
        self.phone.listen_on(10)
        self.assertEqual(self.successResultOf(done), "missed")
        self.assertEqual(self.fate, "missed")
        self.assertEqual(self.phone.heard[-2:], ["nothing-recorded", "goodbye"])

    def test_pound_skips_to_the_tone(self) -> None:
        """Regular callers skip the greeting with #."""
        self.dial()
        self.phone.press("#")
        self.phone.listen_on(0.4)
        self.assertTrue(self.phone.recording)
        self.assertEqual(self.phone.heard[-1], "beep")

    def test_accept_and_send(self) -> None:
        """#, 1, # sends the message and says so."""
        done = self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#1#")
        self.phone.listen_on(3)
        self.assertEqual(self.successResultOf(done), "message")
        self.assertEqual(self.spool.drafts[0].choices, Choices())
        self.assertEqual(self.phone.heard[-2:], ["message-sent", "goodbye"])

    def test_important(self) -> None:
        """Option 1 marks the message important; pressed twice it does not."""
        done = self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#11#")
        self.phone.listen_on(3)
        self.successResultOf(done)
        self.assertEqual(self.spool.drafts[0].choices, Choices(important=True))

    def test_private_only_where_the_policy_protects(self) -> None:
        """Private is an option only if the policy can protect the message."""
        self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#12")
        self.phone.listen_on(1)
        self.assertIn("invalid-key", self.phone.heard)
        self.phone.hang_up_now()
        self.assertEqual(self.spool.drafts[0].choices, Choices())

    def test_private(self) -> None:
        """With a protecting policy option 2 marks the message private."""
        policy = evolve(POLICY, protect_unauthenticated_voice_mail="Private")
        self.route = evolve(self.route, policy=policy)
        self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#12#")
        self.phone.listen_on(3)
        self.assertEqual(self.spool.drafts[0].choices, Choices(private=True))
        self.assertIn("message-options-private", self.shelf_names())

    def shelf_names(self) -> list[str]:
        return [name.rstrip("!") for name in self.phone.heard] + ["message-options-private"]

    def test_replay(self) -> None:
        """2 plays back what was said."""
        self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#2")
        self.assertEqual(self.phone.heard[-1], "replay")
        self.phone.hang_up_now()
        self.assertEqual(self.fate, "message")

    def test_erase_and_record_again(self) -> None:
        """3 forgets the first take and records another."""
        self.reach_the_tone()
        self.phone.talk(2)
        first = len(self.spool.drafts[0].audio)
        self.phone.press("#3")
        self.phone.listen_on(2.5)
        self.assertEqual(self.spool.drafts[0].audio, b"")
        self.phone.talk(1)
        self.phone.hang_up_now()
        self.assertEqual(self.fate, "message")
        self.assertEqual(len(self.spool.drafts[0].audio), first // 2)

    def test_erase_and_go_is_a_missed_call(self) -> None:
        """Whoever erased the message and hangs up left none."""
        self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#3")
        self.phone.hang_up_now()
        self.assertEqual(self.fate, "missed")

    def test_append(self) -> None:
        """4 goes on where the message ended."""
        self.reach_the_tone()
        self.phone.talk(2)
        first = len(self.spool.drafts[0].audio)
        self.phone.press("#4")
        self.phone.listen_on(1.3)
        self.phone.talk(2)
        self.phone.hang_up_now()
        self.assertEqual(len(self.spool.drafts[0].audio), 2 * first)

    def test_cancel(self) -> None:
        """* drops the message; the user still learns that somebody called."""
        done = self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#*")
        self.phone.listen_on(3)
        self.assertEqual(self.successResultOf(done), "cancelled")
        self.assertEqual(self.fate, "missed")
        self.assertEqual(self.spool.drafts[0].audio, b"")

    def test_repeat(self) -> None:
        """0 says the menu again."""
        self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#")
        self.phone.listen_on(0.5)
        self.phone.press("0")
        self.assertEqual(self.phone.heard[-2:], ["message-menu!", "message-menu"])
        self.phone.hang_up_now()

    def test_silence_in_the_menu_sends(self) -> None:
        """A caller who walks away in the menu has left the message."""
        done = self.reach_the_tone()
        self.phone.talk(2)
        self.phone.press("#")
        self.phone.listen_on(40)
        self.assertEqual(self.successResultOf(done), "message")
        self.assertEqual(self.phone.heard.count("message-menu"), 3)

    def test_longest_recording(self) -> None:
        """At the plan's limit the caller is told and decides what to do with the message."""
        self.route = evolve(self.route, dial_plan=evolve(PLAN, max_recording_duration=1))
        self.reach_the_tone()
        self.phone.talk(61)
        self.assertIn("recording-limit-reached", self.phone.heard)
        self.phone.hang_up_now()
        self.assertEqual(self.fate, "message")

    def test_pound_without_a_word(self) -> None:
        """Whoever presses # without speaking gets one more chance."""
        done = self.reach_the_tone()
        self.phone.press("#")
        self.phone.listen_on(1.5)
        self.assertTrue(self.phone.recording)
        self.phone.press("#")
        self.phone.listen_on(4)
        self.assertEqual(self.successResultOf(done), "missed")

    def test_operator(self) -> None:
        """0 in the greeting leads to the user's operator, before the plan's."""
        plan = evolve(PLAN, operator_extension="1002")
        self.route = evolve(self.route, dial_plan=plan, mailbox=evolve(ADA, operator_number="1003"))
        done = self.dial()
        self.phone.press("0")
        self.phone.listen_on(1.1)
        self.assertEqual(self.successResultOf(done), "transferred")
        self.assertEqual(self.phone.transfers, ["1003"])
        self.assertEqual(self.fate, "missed")

    def test_operator_of_the_plan(self) -> None:
        """Without an own operator the plan's is used; one that fails leads back to the tone."""
        self.route = evolve(self.route, dial_plan=evolve(PLAN, operator_extension="1002"))
        self.phone.transfer_works = False
        self.dial()
        self.phone.press("0")
        self.phone.listen_on(3.5)
        self.assertEqual(self.phone.transfers, ["1002"])
        self.assertIn("transfer-failed", self.phone.heard)
        self.assertTrue(self.phone.recording)
        self.phone.hang_up_now()

    def test_no_operator(self) -> None:
        """Without any operator the caller hears so and may still leave a message."""
        self.dial()
        self.phone.press("0")
        self.phone.listen_on(2.5)
        self.assertIn("no-operator", self.phone.heard)
        self.assertTrue(self.phone.recording)
        self.phone.hang_up_now()

    def test_star_leaves_call_answering(self) -> None:
        """* leaves the mailbox; the user still learns of the call."""
        done = self.dial()
        self.phone.press("*")
        self.phone.listen_on(3)
        self.assertEqual(self.successResultOf(done), "escaped")
        self.assertEqual(self.fate, "missed")

    def test_greetings_in_order(self) -> None:
        """Away beats personal, personal beats the generated one with recorded name, that beats speech."""
        clips = self.greetings.clips
        clips["ada@example.com", "name"] = clip("ada-says-her-name")
        self.dial()
        self.assertEqual(
            self.phone.heard[1:4],
            ["greeting-name-before", "ada-says-her-name", "greeting-name-after"],
        )
        clips["ada@example.com", "personal"] = clip("personal")
        clips["ada@example.com", "away"] = clip("away")
        for away, expected in ((set(), "personal"), ({"ada@example.com"}, "away")):
            self.greetings.away = away
            self.phone = FakePhone(self.clock)
            self.dial()
            self.assertEqual(self.phone.heard[1], expected)

    def test_anonymous_callers_where_they_are_unwelcome(self) -> None:
        """A caller without a number is refused in words if the user wants it so."""
        self.route = evolve(
            self.route,
            caller=CallerId(),
            mailbox=evolve(ADA, anonymous_callers_can_leave_messages=False),
        )
        done = self.dial()
        self.phone.listen_on(3)
        self.assertEqual(self.successResultOf(done), "refused")
        self.assertEqual(self.phone.heard[1:], ["anonymous-refused", "goodbye"])

    def test_full_disk_at_the_start(self) -> None:
        """With a full disk the caller hears an apology, never silence."""
        self.spool.full = True
        done = self.dial()
        self.phone.listen_on(3)
        self.assertEqual(self.successResultOf(done), "no-space")
        self.assertEqual(self.phone.heard[1:], ["disk-apology", "goodbye"])

    def test_full_disk_while_recording(self) -> None:
        """When the disk fills up, the caller hears so and what was taken is kept."""
        self.spool.full_after = 10_000
        done = self.reach_the_tone()
        self.phone.talk(3)
        self.phone.listen_on(3)
        self.assertEqual(self.successResultOf(done), "no-space")
        self.assertEqual(self.fate, "message")

    def test_plan_language(self) -> None:
        """Call answering speaks the plan's language."""
        self.route = evolve(self.route, dial_plan=evolve(PLAN, default_language="fr-FR"))
        self.dial()
        self.assertEqual(set(self.shelf.languages), {"fr-FR"})

    def test_no_voice(self) -> None:
        """With the voice out of order the caller still hears a tone and can leave a message."""
        self.shelf.has_voice = False
        self.dial()
        self.phone.listen_on(3)
        self.assertEqual(set(self.phone.heard), {"(answered)", "beep"})
        self.assertTrue(self.phone.recording)
        self.phone.hang_up_now()

    def test_override_of_the_coding(self) -> None:
        """The user's own choice of attachment beats the plan's."""
        mailbox = evolve(ADA, call_answering_audio_codec="G711")
        self.route = evolve(self.route, mailbox=mailbox)
        self.dial()
        self.assertEqual(self.spool.drafts[0].envelope.audio_codec, "G711")
