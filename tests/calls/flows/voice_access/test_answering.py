"""Reply, forward and call the sender (spec 5.3, 5.6, 5.9)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import (
    ADA,
    BEN,
    CHLOE,
    PLAN,
    POLICY,
    Visit,
    VisitCase,
    mail,
)
from umserver.org.messages import CallerId
from umserver.org.settings import DialingRule, DistributionGroup

FROM_BEN = CallerId("1002", "Ben Sample", BEN.address)
STRANGER = CallerId("2125550142")
SALES = DistributionGroup(
    name="Sales", primary_smtp_address="sales@example.com", members=(BEN.address, CHLOE.address)
)
EXTENSION = "#1002"
"""Ben, by his extension instead of his name."""


class AnsweringCase(VisitCase):
    """Ada answers a message."""

    def at_menu(self, visit: Visit | None = None, **changes: object) -> Visit:
        """Behind a message of Ben's."""
        sender = changes.pop("sender", FROM_BEN)
        call = visit or Visit()
        call.box.mails.append(mail(1, sender=sender, **changes))
        call.mails = tuple(call.box.mails)
        call.into_messages().until("message-acts")
        return call

    def recipients(self, call: Visit) -> list[str]:
        """Who gets a mail."""
        envelope = call.draft.envelope
        return [envelope.mailbox, *(one.mailbox for one in envelope.also)]


class ReplyTests(AnsweringCase):
    """8 and 88."""

    def test_reply(self) -> None:
        """8 records an answer to a colleague, in the same conversation (feature 100)."""
        call = self.at_menu(message_id="<one@example.com>", references=("<a@b>",), subject="Lunch")
        call.press("8").until("record-to-send").until_the_tone().talk(3.0)
        call.press("#1#").until("message-sent").until("message-acts")
        envelope = call.draft.envelope
        self.assertEqual(envelope.mailbox, BEN.address)
        self.assertEqual(envelope.caller, CallerId("1001", "Ada Example", ADA.address))
        self.assertEqual((call.draft.fate, round(call.spoken)), ("message", 3))
        self.assertTrue(envelope.sent)
        self.assertEqual(envelope.references, ("<a@b>", "<one@example.com>"))
        self.assertEqual(envelope.subject, "RE: Lunch")
        self.assertNotIn("goodbye", call.heard)
        self.check(call.hang_up())

    def test_no_reply_to_strangers(self) -> None:
        """A caller from outside has no mailbox to reply to; nobody is told otherwise."""
        call = self.at_menu(sender=STRANGER)
        self.assertNotIn("message-acts-reply", call.heard)
        call.press("8").until("answer-not-possible")
        self.check(call.hang_up())

    def test_reply_to_all(self) -> None:
        """88 answers sender and all other recipients, each once, not oneself (feature 100)."""
        others = (ADA.address, CHLOE.address, "dan@partner.example.com", "SALES@example.com")
        call = self.at_menu(Visit(groups=(SALES,)), recipients=others)
        self.assertIn("message-acts-reply-all", call.heard)
        call.press("88").until_the_tone().talk(2.0).press("#1#").until("message-sent")
        self.assertEqual(
            self.recipients(call), [BEN.address, CHLOE.address, "dan@partner.example.com"]
        )
        shown = [one.address for one in call.draft.envelope.addressed]
        self.assertIn("sales@example.com", [address.casefold() for address in shown])
        self.check(call.hang_up())

    def test_reply_to_more_than_one_message_goes_to(self) -> None:
        """Who would answer more than 500 people hears that nothing was sent."""
        crowd = tuple(f"u{n}@example.com" for n in range(500))
        groups = (evolve(SALES, members=crowd),)
        others = (ADA.address, "sales@example.com")
        call = self.at_menu(Visit(groups=groups), recipients=others)
        call.press("88").until("not-sent")
        self.assertIn("recipients-full", call.heard)
        self.assertEqual(call.spool.drafts, [])
        self.check(call.hang_up())

    def test_where_mail_reaches_users_only(self) -> None:
        """Without a mail server nothing is sent to strangers, where nobody would ever read it."""
        stranger = CallerId("2125550142", "Dan", "dan@partner.example.com")
        visit = Visit()
        visit.office = evolve(visit.office, mails_outside=False)
        call = self.at_menu(visit, sender=stranger).press("8").until("answer-not-possible")
        self.check(call.hang_up())
        visit = Visit()
        visit.office = evolve(visit.office, mails_outside=False)
        call = self.at_menu(visit, recipients=("dan@partner.example.com", CHLOE.address))
        call.press("88").until_the_tone().talk(2.0).press("#1#").until("message-sent")
        self.assertEqual(self.recipients(call), [BEN.address, CHLOE.address])
        self.check(call.hang_up())

    def test_reply_to_all_where_nobody_else_is(self) -> None:
        """A message to oneself alone is answered to its sender; 88 is not spoken of."""
        call = self.at_menu(recipients=(ADA.address,))
        self.assertNotIn("message-acts-reply-all", call.heard)
        call.press("88").until_the_tone().talk(2.0).press("#1#").until("message-sent")
        self.assertEqual(self.recipients(call), [BEN.address])
        self.check(call.hang_up())

    def test_a_cancelled_reply(self) -> None:
        """What is cancelled is not sent, and nobody gets a missed call for it (feature 115)."""
        call = self.at_menu().press("8").until_the_tone().talk(3.0).press("#*")
        call.until("message-cancelled").until("message-acts")
        self.assertEqual(call.draft.fate, "missed")
        self.assertFalse(call.draft.envelope.missed_call_wanted)
        self.check(call.hang_up())

    def test_hanging_up_while_recording(self) -> None:
        """What was said before the owner hung up is sent."""
        call = self.at_menu().press("8").until_the_tone().talk(3.0)
        self.check(call.hang_up())
        self.assertEqual(call.draft.fate, "message")

    def test_no_room(self) -> None:
        """With a full disk nothing is recorded, and the owner is told."""
        call = self.at_menu()
        call.spool.full = True
        call.press("8").until("disk-apology-nothing").until("message-acts")
        self.check(call.hang_up())


class ForwardTests(AnsweringCase):
    """6."""

    def to_ben(self, call: Visit) -> Visit:
        """6, and Ben as the recipient."""
        call.press("6").until("choice-back").press(EXTENSION)
        call.until("recipient-added").until("forward-menu")
        return call

    def test_with_a_comment(self) -> None:
        """1 records a comment; the message goes along as it came (features 64, 100)."""
        call = self.to_ben(self.at_menu(subject="RE: FW: Lunch", seconds=7)).press("1")
        call.until_the_tone().talk(2.0).press("#1#").until("message-sent")
        self.assertEqual(round(call.spoken), 2)
        self.assertEqual([sound.name for sound in call.draft.enclosed], ["m1.wav"])
        self.assertEqual(call.draft.envelope.enclosed_seconds, 7.0)
        self.assertEqual(call.draft.envelope.subject, "FW: Lunch")
        self.check(call.hang_up())

    def test_as_it_is(self) -> None:
        """# forwards without a word."""
        call = self.to_ben(self.at_menu()).press("#").until("message-sent").until("message-acts")
        self.assertEqual((call.draft.fate, call.draft.audio), ("message", b""))
        self.assertEqual(len(call.draft.enclosed), 1)
        self.check(call.hang_up())

    def test_gone_before_the_disk_was_ready(self) -> None:
        """Who forwards a message and hangs up at once has forwarded it; the disk may be slow."""
        call = self.to_ben(self.at_menu())
        call.spool.slow = 6.0
        call.press("#").until("one-moment").hang_up().clock.pump([1.0] * 12)
        self.assertEqual(call.draft.fate, "message")
        self.check(call)

    def test_a_slow_disk_and_a_comment(self) -> None:
        """Nobody waits in silence for the tone; who hangs up before it has sent nothing."""
        call = self.to_ben(self.at_menu())
        call.spool.slow = 6.0
        call.press("1").until("one-moment", most=1.8).hang_up().clock.pump([1.0] * 12)
        self.assertEqual(call.draft.fate, "missed")
        self.check(call)

    def test_to_several(self) -> None:
        """Further recipients are added before it goes."""
        call = self.to_ben(self.at_menu()).press("2").until("choice-back").press("#1003")
        call.until("recipient-added").until("forward-menu").press("#")
        call.until("message-sent")
        self.assertEqual(self.recipients(call), [BEN.address, CHLOE.address])
        self.check(call.hang_up())

    def test_a_comment_that_says_nothing(self) -> None:
        """With 1 and silence nothing is sent behind the owner's back."""
        call = self.to_ben(self.at_menu()).press("1").until_the_tone()
        call.press("#").until("nothing-recorded").until("message-acts")
        self.assertEqual(call.draft.fate, "missed")
        self.check(call.hang_up())

    def test_private_messages(self) -> None:
        """What was marked private stays with its owner, and 6 is not spoken of (feature 84)."""
        call = self.at_menu(private=True)
        self.assertNotIn("message-acts-forward", call.heard)
        call.press("6").until("forward-private")
        self.assertEqual(call.spool.drafts, [])
        self.check(call.hang_up())

    def test_a_damaged_message(self) -> None:
        """Where there is no sound there is nothing to forward."""
        call = self.at_menu()
        call.box.damaged.add("m1")
        call.press("6").until("message-unplayable").until("message-acts")
        self.check(call.hang_up())

    def test_nobody_there(self) -> None:
        """A wrong extension can be corrected; the star key gives up."""
        call = self.at_menu().press("6").until("choice-back").press("#1999")
        call.until("search-nobody").until("choice-back").press("*").until("not-sent")
        call.until("message-acts")
        self.check(call.hang_up())


class CallTests(AnsweringCase):
    """00 2."""

    def test_a_colleague(self) -> None:
        """A user of the same plan is called at the primary extension (feature 118)."""
        sender = CallerId("2125550199", "Ben Sample", BEN.address)
        call = self.at_menu(sender=sender).press("00").until("message-acts-more")
        self.assertIn("message-acts-call", call.heard)
        call.press("2").until("call-transferring").to_the_end()
        self.assertEqual((call.phone.transfers, call.outcome), (["1002"], "transferred"))
        self.check(call)

    def test_a_number_as_long_as_an_extension(self) -> None:
        """Such a number is tried, whoever has it."""
        call = self.at_menu(sender=CallerId("4711")).press("002").until("call-transferring")
        call.to_the_end()
        self.assertEqual(call.phone.transfers, ["4711"])
        self.check(call)

    def test_a_call_that_fails(self) -> None:
        """When nobody can be reached the owner comes back to the message."""
        call = self.at_menu()
        call.phone.transfer_works = False
        call.press("002").until("transfer-failed").until("message-acts")
        self.check(call.hang_up())

    def test_numbers_outside(self) -> None:
        """They need a dialing rule: without one 2 is neither offered nor obeyed (feature 118)."""
        call = self.at_menu(sender=STRANGER).press("00").until("message-acts-more")
        self.assertNotIn("message-acts-call", call.heard)
        call.press("2").until("call-not-allowed")
        self.assertEqual(call.phone.transfers, [])
        self.check(call.hang_up())

    def test_numbers_outside_with_a_rule(self) -> None:
        """What the policy's rules make of the number is dialled (feature 148)."""
        rule = DialingRule(name="USA", number_mask="212*", dialed_number="91212*")
        plan = evolve(PLAN, configured_in_country_or_region_groups=(rule,))
        policy = evolve(POLICY, allowed_in_country_or_region_groups=("USA",))
        visit = Visit(policy=policy)
        visit.route = evolve(visit.route, dial_plan=plan)
        call = self.at_menu(visit, sender=STRANGER).press("002").until("call-transferring")
        call.to_the_end()
        self.assertEqual(call.phone.transfers, ["912125550142"])
        self.check(call)

    def test_nobody_to_call(self) -> None:
        """Callers without a number cannot be called."""
        call = self.at_menu(sender=CallerId()).press("002").until("call-no-number")
        self.check(call.hang_up())
