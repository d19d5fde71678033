"""Reply, forward, compose and call the sender (spec 5.3, 5.6, 5.9)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import ADA, BEN, POLICY, Visit, VisitCase, mail
from umserver.org.messages import CallerId

FROM_BEN = CallerId("1002", "Ben Sample", BEN.address)


class AnsweringTests(VisitCase):
    """Ada answers."""

    def at_menu(self, **changes: object) -> Visit:
        """Behind a message of Ben's."""
        mails = (mail(1, sender=changes.pop("sender", FROM_BEN), **changes),)
        call = Visit(mails=mails)
        call.into_messages().until("message-acts")
        return call

    def test_reply(self) -> None:
        """8 records an answer to a colleague; then the messages go on."""
        call = self.at_menu().press("8").until("record-to-send").until_the_tone().talk(3.0)
        call.press("#1#").until("message-sent").until("message-acts")
        self.assertEqual(call.draft.envelope.mailbox, BEN.address)
        self.assertEqual(call.draft.envelope.caller, CallerId("1001", "Ada Example", ADA.address))
        self.assertEqual((call.draft.fate, round(call.spoken)), ("message", 3))
        self.assertNotIn("goodbye", call.heard)
        self.check(call.hang_up())

    def test_no_reply_to_strangers(self) -> None:
        """A caller from outside has no mailbox to reply to."""
        call = self.at_menu(sender=CallerId("2125550142")).press("8").until("answer-not-possible")
        self.check(call.hang_up())

    def test_a_cancelled_reply(self) -> None:
        """What is cancelled is not sent, and nobody gets a missed call for it."""
        call = self.at_menu().press("8").until_the_tone().talk(3.0).press("#*")
        call.until("message-cancelled").until("message-acts")
        self.assertEqual(call.draft.fate, "missed")
        self.assertFalse(call.draft.envelope.missed_call_wanted)
        self.check(call.hang_up())

    def test_forward_with_a_comment(self) -> None:
        """The comment comes first, then what was forwarded."""
        call = self.at_menu().press("6").until("enter-recipient").press("1002")
        call.until("recipient-is[Ben Sample]").until("forward-comment").press("1")
        call.until_the_tone().talk(2.0).press("#1#").until("message-sent")
        self.assertEqual(len(call.draft.audio), 2 * 8000 + 5 * 8000)
        self.assertEqual(call.draft.audio[-40_000:], b"\xff" * 40_000)
        self.check(call.hang_up())

    def test_forward_as_it_is(self) -> None:
        """# forwards without a word."""
        call = self.at_menu().press("6").until("enter-recipient").press("1002")
        call.until("forward-comment").press("#").until("message-sent").until("message-acts")
        self.assertEqual((call.draft.fate, len(call.draft.audio)), ("message", 40_000))
        self.check(call.hang_up())

    def test_private_messages_are_not_forwarded(self) -> None:
        """What was marked private stays with its owner."""
        call = self.at_menu(private=True).press("6").until("forward-private")
        self.assertEqual(call.spool.drafts, [])
        self.check(call.hang_up())

    def test_nobody_there(self) -> None:
        """A wrong extension can be corrected; the star key gives up."""
        call = self.at_menu().press("6").until("enter-recipient").press("1999")
        call.until("recipient-unknown").until("enter-recipient").press("*").until("not-sent")
        self.check(call.hang_up())

    def test_compose(self) -> None:
        """5 in the main menu sends a message to a colleague."""
        call = Visit().signed_in().press("5").until("enter-recipient").press("1002")
        call.until_the_tone().talk(2.0).press("#1#").until("message-sent").until("main-menu-repeat")
        self.assertEqual(call.draft.envelope.mailbox, BEN.address)
        self.check(call.hang_up())

    def test_private_by_the_senders_policy(self) -> None:
        """Whether a message can be marked private is for the sender's policy to say."""
        policy = evolve(POLICY, protect_authenticated_voice_mail="Private")
        call = Visit(policy=policy).signed_in().press("5").until("enter-recipient").press("1002")
        call.until_the_tone().talk(2.0).press("#1").until("message-options-private")
        self.check(call.hang_up())

    def test_hanging_up_while_recording(self) -> None:
        """What was said before the owner hung up is sent."""
        call = self.at_menu().press("8").until_the_tone().talk(3.0)
        self.check(call.hang_up())
        self.assertEqual(call.draft.fate, "message")

    def test_call_the_sender(self) -> None:
        """002 puts the owner through to a colleague."""
        call = self.at_menu().press("002").until("call-transferring").to_the_end()
        self.assertEqual((call.phone.transfers, call.outcome), (["1002"], "transferred"))
        self.check(call)

    def test_a_call_that_fails(self) -> None:
        """When nobody can be reached the owner comes back to the message."""
        call = self.at_menu()
        call.phone.transfer_works = False
        call.press("002").until("transfer-failed").until("message-acts")
        self.check(call.hang_up())

    def test_calls_that_are_not_allowed(self) -> None:
        """Numbers outside need a dialing rule; callers without a number cannot be called."""
        call = self.at_menu(sender=CallerId("2125550142")).press("002").until("call-not-allowed")
        self.assertEqual(call.phone.transfers, [])
        self.check(call.hang_up())
        call = self.at_menu(sender=CallerId()).press("002").until("call-no-number")
        self.check(call.hang_up())

    def test_no_room(self) -> None:
        """With a full disk nothing is recorded, and the owner is told."""
        call = self.at_menu()
        call.spool.full = True
        call.press("8").until("disk-apology-nothing").until("message-acts")
        self.check(call.hang_up())
