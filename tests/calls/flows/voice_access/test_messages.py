"""Hearing messages: in which order, with which keys, and what the mailbox shows afterwards."""

from __future__ import annotations

from tests.calls.flows.voice_access.stage import PIN, WELCOME, Visit, VisitCase, mail


class MessageTests(VisitCase):
    """Ada and her messages."""

    def test_two_new_messages_one_deleted(self) -> None:
        """The whole way: own telephone, PIN, two new messages, one heard and deleted, goodbye."""
        call = Visit(mails=(mail(1), mail(2)))
        call.dial().until("enter-pin").press(PIN + "#")
        call.until("message-summary[two new messages]").until("main-menu-repeat").press("1")
        call.until("sound of m1").until("message-acts").press("7").until("message-deleted")
        call.until("sound of m2").press("*").to_the_end()
        self.assertEqual(call.heard[:3], [*WELCOME[:2], "enter-pin!"])
        self.assertTrue(call.box.mail("m1").deleted)
        self.assertFalse(call.box.mail("m2").new)
        self.assertEqual((call.outcome, call.heard[-1]), ("voice-access", "goodbye"))
        self.check(call)
