"""Hearing messages: in which order, with which keys, and what the mailbox shows afterwards."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import (
    ADA,
    OWN_PHONE,
    PIN,
    WELCOME,
    Visit,
    VisitCase,
    mail,
)
from umserver.org.messages import CallerId


def sounds(call: Visit) -> list[str]:
    """Which messages were heard."""
    return [name.rstrip("!")[9:] for name in call.heard if name.startswith("sound of ")]


class MessageTests(VisitCase):
    """Ada and her messages."""

    def test_two_new_messages_one_deleted(self) -> None:
        """The whole way: own telephone, PIN, two new messages, one heard and deleted, goodbye
        (feature 99).
        """
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

    def test_new_first_then_saved(self) -> None:
        """New messages come before saved ones, the newest first; deleted ones are not read."""
        mails = (mail(1, new=False), mail(2), mail(3, deleted=True), mail(4), mail(5, new=False))
        call = Visit(mails=mails).signed_in().press("1")
        for id in ("m2", "m4"):
            call.until(f"sound of {id}").press("#")
        call.until("saved-messages-follow")
        for id in ("m1", "m5"):
            call.until(f"sound of {id}").press("#")
        call.until("no-more-messages").until("main-menu-repeat")
        self.assertEqual(sounds(call), ["m2", "m4", "m1", "m5"])
        self.check(call.hang_up())

    def test_what_is_said_before_a_message(self) -> None:
        """Importance, privacy, sender and time by the owner's clock come before the sound."""
        ben = CallerId("1002", "Ben Sample", "ben@example.com")
        mails = (mail(1, sender=ben, urgent=True, private=True),)
        paris = evolve(ADA, time_zone="Europe/Paris", language="fr-FR")
        call = Visit(route=evolve(OWN_PHONE, mailbox=paris), mails=mails)
        call.signed_in().press("1").until("sound of m1")
        header = call.heard[call.heard.index("message-is-urgent") :][:3]
        self.assertEqual(header[1], "message-is-private")
        self.assertRegex(header[2], r"message-from\[Ben Sample\]\[aujourd.hui à .*\]")
        self.assertEqual(call.shelf.languages[-1], "fr-FR")
        self.check(call.hang_up())

    def test_a_colleague_who_recorded_a_name(self) -> None:
        """Users are mentioned in their own voice, where they recorded their name."""
        ben = CallerId("1002", "Ben Sample", "ben@example.com")
        call = Visit(mails=(mail(1, sender=ben),))
        call.greetings.clips["ben@example.com", "name"] = call.shelf.beep()
        call.into_messages()
        self.assertEqual(
            call.heard[-4:],
            [
                "message-from-before",
                "beep",
                "message-when[today at one thirteen PM]",
                "sound of m1",
            ],
        )
        self.check(call.hang_up())

    def test_an_unknown_caller(self) -> None:
        """A caller without number is said to be unknown."""
        call = Visit(mails=(mail(1, sender=CallerId()),)).into_messages()
        self.assertTrue(any(name.startswith("message-from-unknown") for name in call.heard))
        self.check(call.hang_up())

    def test_hanging_up_in_the_middle(self) -> None:
        """A message that was not heard to its end is still new."""
        call = Visit(mails=(mail(1),)).into_messages()
        call.tick()
        self.check(call.hang_up())
        self.assertTrue(call.box.mail("m1").new)

    def test_heard_to_the_end(self) -> None:
        """A message that was heard is saved at once, also when the owner hangs up then."""
        call = Visit(mails=(mail(1),)).into_messages().until("message-acts")
        self.assertFalse(call.box.mail("m1").new)
        self.check(call.hang_up())

    def test_keep_as_new(self) -> None:
        """9 keeps a message new, even if it was heard (feature 99)."""
        call = Visit(mails=(mail(1), mail(2))).into_messages().until("message-acts").press("9")
        call.until("message-kept-new").until("sound of m2")
        self.assertTrue(call.box.mail("m1").new)
        self.check(call.hang_up())

    def test_taken_back(self) -> None:
        """7 after 7 takes a deleted message back."""
        call = Visit(mails=(mail(1),)).into_messages().press("7").until("message-deleted")
        call.press("7").until("message-restored").until("message-acts")
        self.assertFalse(call.box.mail("m1").deleted)
        self.check(call.hang_up())

    def test_flag(self) -> None:
        """44 marks for follow-up and takes the mark away, with 00 or without (feature 101)."""
        call = Visit(mails=(mail(1),)).into_messages().until("message-acts").press("44")
        call.until("message-flagged").until("message-acts")
        self.assertTrue(call.box.mail("m1").flagged)
        call.press("0044").until("message-unflagged")
        self.assertFalse(call.box.mail("m1").flagged)
        self.check(call.hang_up())

    def test_envelope(self) -> None:
        """005 tells who called from which number, when, and for how long (feature 104)."""
        ben = CallerId("1002", "Ben Sample", "ben@example.com")
        call = Visit(mails=(mail(1, sender=ben),)).into_messages().until("message-acts")
        call.press("005").until("message-length[five seconds]")
        self.assertIn("message-number[one zero zero two]", call.heard)
        self.check(call.hang_up())

    def test_previous_and_again(self) -> None:
        """11 goes back, 1 plays again, before the first there is nothing (feature 105)."""
        call = Visit(mails=(mail(1), mail(2))).into_messages().press("#").until("sound of m2")
        call.until("message-acts").press("11").until("sound of m1").until("message-acts")
        call.press("1").until("sound of m1").until("message-acts").press("11")
        call.until("first-message")
        self.assertEqual(sounds(call), ["m1", "m2", "m1", "m1"])
        self.check(call.hang_up())

    def test_more_options(self) -> None:
        """00 alone reads the further choices, and waits for one of them."""
        call = Visit(mails=(mail(1),)).into_messages().until("message-acts").press("00")
        call.until("message-acts-more").press("44").until("message-flagged")
        self.check(call.hang_up())

    def test_a_wrong_key(self) -> None:
        """A key without meaning is said to be one, and the menu is read again."""
        call = Visit(mails=(mail(1),)).into_messages().until("message-acts").press("D")
        call.until("invalid-key").until("message-acts")
        self.check(call.hang_up())

    def test_damaged_sound(self) -> None:
        """A message that cannot be played is skipped with a sentence, and stays new."""
        call = Visit(mails=(mail(1), mail(2)))
        call.box.damaged.add("m1")
        call.signed_in().press("1").until("message-unplayable").until("message-acts").press("#")
        call.until("sound of m2")
        self.assertTrue(call.box.mail("m1").new)
        self.check(call.hang_up())

    def test_removed_by_a_mail_program(self) -> None:
        """A message that goes away during the call is said to be gone, and the next one follows."""
        call = Visit(mails=(mail(1), mail(2))).into_messages()
        del call.box.mails[0]
        call.press("7").until("message-gone").until("sound of m2")
        self.check(call.hang_up())

    def test_no_messages(self) -> None:
        """An empty mailbox says so."""
        call = Visit().signed_in()
        self.assertIn("no-messages", call.heard)
        self.check(call.press("1").until("no-messages").until("main-menu-repeat").hang_up())

    def test_mail_server_down(self) -> None:
        """While the mailbox cannot be read the owner hears that, and the rest goes on."""
        call = Visit()
        call.weather.failing = {"mailbox"}
        call.dial().until("enter-pin").press(PIN + "#").until("mailbox-unavailable")
        call.until("main-menu-repeat").press("1").until("mailbox-unavailable").until(
            "main-menu-repeat"
        )
        self.check(call.to_the_end())

    def test_silence_after_a_message(self) -> None:
        """Who says nothing any more is asked, then the call ends with a goodbye."""
        call = Visit(mails=(mail(1),)).into_messages().to_the_end()
        self.assertEqual((call.outcome, call.heard[-1]), ("voice-access", "goodbye"))
        self.assertEqual(call.heard.count("are-you-there"), 2)
        self.check(call)


class PlaybackTests(VisitCase):
    """The keys while a message is heard (spec 5.4)."""

    def playing(self) -> Visit:
        """A message of a minute, a second of which was heard."""
        call = Visit(mails=(mail(1),))
        call.box.seconds = 60.0
        call.signed_in().press("1").until("sound of m1")
        for _ in range(10):
            call.tick()
        return call

    def left(self, call: Visit) -> float:
        """Seconds until the message's end."""
        before = call.clock.seconds()
        call.until("message-acts", 90.0)
        return call.clock.seconds() - before

    def test_ahead(self) -> None:
        """3 skips five seconds (feature 105)."""
        call = self.playing().press("3")
        self.assertLess(abs(self.left(call) - 54.7), 0.31)
        self.check(call.hang_up())

    def test_back(self) -> None:
        """1 goes back five seconds, not before the beginning (feature 105)."""
        call = self.playing().press("1")
        self.assertLess(abs(self.left(call) - 60.7), 0.31)
        self.check(call.hang_up())

    def test_to_the_end(self) -> None:
        """33 jumps to the end (feature 105)."""
        call = self.playing().press("33")
        self.assertLess(self.left(call), 0.5)
        self.check(call.hang_up())

    def test_pause(self) -> None:
        """2 pauses, for minutes if need be; 2 again goes on where it was (feature 105)."""
        call = self.playing().press("2").until("playback-paused")
        for _ in range(600):
            call.tick()
        self.assertGreater(call.heard.count("playback-paused"), 1)
        call.until("playback-paused").press("2")
        self.assertLess(abs(self.left(call) - 59.0), 0.31)
        self.check(call.hang_up())

    def test_faster_and_slower(self) -> None:
        """6 and 4 change the speed at once and for what follows, within bounds (feature 105)."""
        call = self.playing().press("6")
        self.assertLess(abs(self.left(call) - 59.0 / 1.25), 0.31)
        call.press("1").until("sound of m1").press("4")
        self.assertLess(abs(self.left(call) - 60.0 - 0.7), 0.31)
        call.press("1").until("sound of m1").press("6").until("sound of m1")
        for _ in range(9):
            call.press("6")
            for _ in range(12):
                call.tick()
        self.assertIn("pace-not-possible", call.heard)
        self.check(call.hang_up())

    def test_help(self) -> None:
        """0 explains the keys, then the message goes on."""
        call = self.playing().press("0").until("playback-help").until("sound of m1")
        self.check(call.hang_up())

    def test_wrong_key(self) -> None:
        """A key without meaning is said to be one, and nothing of the message is lost."""
        call = self.playing().press("D").until("invalid-key").until("sound of m1")
        self.assertLess(abs(self.left(call) - 59.0), 0.31)
        self.check(call.hang_up())
