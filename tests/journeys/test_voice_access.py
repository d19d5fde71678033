"""The owner of a mailbox calls 5000: real calls, real prompts, and the Maildir afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.kit.house import ADA, BEN, HouseCase, attachment
from tests.kit.media import clip
from umserver.edges.store.archive import open_archive
from umserver.edges.store.ledger import Search
from umserver.wire.sip.headers import parse_name_addr

PIN = "246813#"
OWN = parse_name_addr("<sip:1001@pbx.example.com>")
BENS = parse_name_addr("<sip:1002@pbx.example.com>")


class VoiceAccess(HouseCase):
    """Ada and her messages."""

    def leave(self, seconds: float = 3.0, seed: int = 3) -> None:
        """A message for Ada."""
        count = len(self.files())
        self.dial().until_beep().say(clip(seconds, seed)).hang_up()
        self.stage.run_until(lambda: len(self.files()) > count, 60.0)

    def files(self) -> list[Path]:
        """Every mail of Ada's, wherever it is."""
        return sorted((self.state / "mail" / ADA).glob("**/*umserver*"))

    def test_hear_two_delete_one(self) -> None:
        """Ada calls from her own telephone, hears two new messages and deletes the first; her mail
        program shows exactly that.
        """
        self.start()
        self.leave(3.0, 3)
        self.stage.walk(60.0)
        self.leave(3.0, 8)
        caller = self.dial("5000", from_=OWN).wait(6.0).press(PIN).wait(3.0).press("#").wait(6.0)
        caller.press("1").wait(8.0).press("7").wait(12.0).press("*").wait(1.0).hang_up()
        heard = self.heard(caller)
        self.assertEqual(heard[:2], ["voice-access-welcome", "enter-pin"])
        self.assertIn("message-acts", heard)
        self.assertIn("message-deleted", heard)
        places = sorted((path.parent.parent.name, path.name[-4:]) for path in self.files())
        self.assertEqual(places, [(".Trash", ":2,S"), (ADA, ":2,S")])
        sound = caller.ear.encoded()
        assert sound is not None
        self.assertIn(clip(3.0, 8).encoded["PCMU"][4000:12_000], sound[1])

    def test_forward_and_change_the_greeting(self) -> None:
        """Ada forwards a message with a comment to Ben and records a greeting; Ben has comment and
        message in one mail, the comment first, and the next caller hears the new greeting
        (features 64, 100, 116).
        """
        self.start()
        self.leave(3.0, 3)
        caller = self.dial("5000", from_=OWN).wait(6.0).press(PIN).wait(3.0).press("#").wait(3.0)
        caller.press("1").wait(8.0).press("6").wait(2.0).press("#1002").wait(6.0).press("1")
        caller.until_beep(1).say(clip(2.0, 5)).press("#1#").wait(3.0)
        caller.press("*").wait(2.0).press("621").until_beep(2).say(clip(3.0, 9)).press("#")
        caller.wait(2.0).press("1").wait(3.0).hang_up()
        [mail] = self.mails(BEN)
        self.assertEqual(mail["X-CallingTelephoneNumber"], "1001")
        self.assertEqual(mail["Content-Class"], "voice")
        comment, original = mail.iter_attachments()
        self.assertEqual(
            mail["X-AttachmentOrder"], f"{comment.get_filename()};{original.get_filename()}"
        )
        self.assertIn(clip(2.0, 5).encoded["PCMU"][4000:12_000], comment.get_content())
        self.assertIn(clip(3.0, 3).encoded["PCMU"][4000:12_000], original.get_content())
        greeting = self.state / "greetings" / ADA / "personal.wav"
        self.assertIn(clip(3.0, 9).encoded["PCMU"][4000:12_000], greeting.read_bytes())
        heard = self.heard(self.dial().until_beep().hang_up())
        self.assertNotIn("greeting of Ada Example", heard)

    def test_a_clock_that_is_kept(self) -> None:
        """The clock and the time zone that Ada chooses by telephone are in the store, and in the
        change log with her name (feature 116).
        """
        self.start()
        caller = self.dial("5000", from_=OWN).wait(6.0).press(PIN).wait(3.0).press("#").wait(3.0)
        caller.press("66").wait(6.0).press("512").wait(6.0).hang_up()
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        kept = archive.person(ADA)
        assert kept is not None
        self.assertEqual((kept.hour_clock, kept.time_zone), ("24", "Europe/Paris"))
        last, *_ = archive.search(Search(sections=("mailboxes",)))
        self.assertIn("telephone", last.cmdlet)
        self.assertEqual(last.parameters["By"], ADA)

    def test_a_message_to_a_group_and_its_answer(self) -> None:
        """Ada sends a message to everybody in Sales; Ben hears it and answers to all (features 100,
        114). Everybody has it once, as one conversation.
        """
        self.start()
        caller = self.dial("5000", from_=OWN).wait(6.0).press(PIN).wait(3.0).press("#").wait(3.0)
        caller.press("5").wait(2.0).press("72537").wait(6.0).press("1")
        caller.until_beep(1).say(clip(2.0, 5)).press("#1#").wait(3.0).hang_up()
        [sent] = self.mails(BEN)
        self.assertEqual([mail["Message-ID"] for mail in self.mails(ADA)], [sent["Message-ID"]])
        self.assertEqual(sent["To"], "Sales <sales@example.com>")
        self.stage.walk(60.0)
        caller = self.dial("5000", from_=BENS).wait(6.0).press("135792#").wait(3.0).press("#")
        caller.wait(3.0).press("1").wait(10.0).press("88").until_beep(1)
        caller.say(clip(2.0, 7)).press("#1#").wait(3.0).hang_up()
        answer = next(mail for mail in self.mails(ADA, 2) if mail["In-Reply-To"])
        self.assertEqual(answer["In-Reply-To"], sent["Message-ID"])
        self.assertTrue(answer["Subject"].startswith("RE: "))
        self.assertIn(clip(2.0, 7).encoded["PCMU"][4000:12_000], attachment(answer).get_content())
