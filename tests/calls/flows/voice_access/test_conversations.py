"""Conversations, languages and the keys behind 00 (spec 5.3)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import ADA, BEN, OWN_PHONE, Visit, VisitCase, mail
from umserver.org.messages import CallerId, VoiceMail

FROM_BEN = CallerId("1002", "Ben Sample", BEN.address)


def thread() -> tuple[VoiceMail, ...]:
    """Two messages and an answer of one conversation, one of which was heard; one beside them."""
    return (
        mail(1, sender=FROM_BEN, message_id="<3@a>", references=("<1@a>", "<2@a>")),
        mail(2, message_id="<other@a>"),
        mail(3, sender=FROM_BEN, message_id="<2@a>", references=("<1@a>",)),
        mail(4, sender=FROM_BEN, message_id="<1@a>", new=False),
    )


class ConversationTests(VisitCase):
    """Ada has a conversation with Ben, and a message of somebody else."""

    def test_hide(self) -> None:
        """99 passes over a conversation for the rest of the call; the mailbox keeps it
        (feature 102).
        """
        call = Visit(mails=thread()).into_messages().press("99").until("conversation-hidden")
        call.until("sound of m2").press("#").until("no-more-messages").until("main-menu-repeat")
        call.press("1").until("sound of m2").press("*").until("main-menu-repeat")
        self.check(call.hang_up())
        self.assertEqual([one.deleted for one in call.box.mails], [False] * 4)
        again = Visit(mails=tuple(call.box.mails))
        self.assertTrue(again.box.mail("m3").new)
        again.signed_in().press("1").until("sound of m3")
        self.check(again.hang_up())

    def test_hide_with_00(self) -> None:
        """00 99 does the same."""
        call = Visit(mails=thread()).into_messages().until("message-acts").press("00")
        call.until("message-acts-more").press("99").until("conversation-hidden")
        self.check(call.hang_up())

    def test_delete(self) -> None:
        """00 77 deletes every message of the conversation, and nothing else (feature 103)."""
        call = Visit(mails=thread()).into_messages().until("message-acts").press("0077")
        call.until("conversation-deleted").until("sound of m2").press("#")
        call.until("no-more-messages")
        deleted = {one.id for one in call.box.mails if one.deleted}
        self.assertEqual(deleted, {"m1", "m3", "m4"})
        self.check(call.hang_up())

    def test_delete_while_it_is_heard(self) -> None:
        """The keys behind 00 work while a message is being heard."""
        call = Visit(mails=thread()).into_messages().press("0077").until("conversation-deleted")
        self.check(call.hang_up())

    def test_two_deletes_are_no_conversation(self) -> None:
        """77 without 00 deletes one message and takes it back: nothing is lost by a mistake."""
        call = Visit(mails=thread()).into_messages().until("message-acts").press("77")
        call.until("message-restored")
        self.assertEqual([one.deleted for one in call.box.mails], [False] * 4)
        self.check(call.hang_up())

    def test_when_it_is_offered(self) -> None:
        """Conversations are spoken of only where there is one."""
        for mails, offered in ((thread(), True), ((mail(1), mail(2)), False)):
            call = Visit(mails=mails).into_messages().until("message-acts").press("00")
            call.until("message-acts-more")
            self.assertEqual("message-acts-conversation" in call.heard, offered)
            self.check(call.hang_up())

    def test_gone_meanwhile(self) -> None:
        """What somebody else deleted of the conversation is no trouble."""
        call = Visit(mails=thread()).into_messages().until("message-acts")
        call.box.mails[:] = [one for one in call.box.mails if one.id != "m3"]
        call.press("0077").until("conversation-deleted")
        self.check(call.hang_up())


class EnvelopeTests(VisitCase):
    """Details of a message, in any language (feature 104)."""

    def test_in_another_language(self) -> None:
        """00 55 tells about the message in a language that is chosen by its own name."""
        call = Visit(mails=(mail(1, sender=FROM_BEN),)).into_messages().until("message-acts")
        call.press("0055").until("choice-back").press("2").until("message-length[cinq secondes]")
        self.assertEqual(call.shelf.languages[-1], "fr-FR")
        call.until("message-acts")
        self.assertEqual(call.shelf.languages[-1], "en-US")
        self.check(call.hang_up())

    def test_no_other_language_after_all(self) -> None:
        """The star key leads back to the message."""
        call = Visit(mails=(mail(1),)).into_messages().until("message-acts")
        call.press("55").until("choice-back").press("*").until("message-acts")
        self.check(call.hang_up())

    def test_the_owners_clock(self) -> None:
        """Times follow the owner's choice of 12 or 24 hours."""
        for clock, words in (("24", "thirteen thirteen"), ("12", "one thirteen PM")):
            ada = evolve(ADA, hour_clock=clock)
            call = Visit(route=evolve(OWN_PHONE, mailbox=ada), mails=(mail(1),)).into_messages()
            (header,) = [name for name in call.heard if name.startswith("message-from[")]
            self.assertIn(words, header)
            self.check(call.hang_up())
