"""Messages of users: several recipients, sounds that go along, conversations."""

from __future__ import annotations

from base64 import b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import ADA, NAMED, OLD, PEOPLE, SENT, speech
from umserver.edges.mail.attachment import sound_file
from umserver.edges.mail.compose import compose
from umserver.edges.mail.sound import attachments_in, clip_in
from umserver.edges.mail.spool.copies import copies_of
from umserver.edges.mail.voicemail import letterhead
from umserver.interfaces import Unplayable
from umserver.org.envelope_text import BadRecord, dump_envelope, load_envelope
from umserver.org.messages import Addressee, Attachment, CallerId, Choices, Kind


class EnvelopeTests(SynchronousTestCase):
    """What is kept of a message to several people."""

    def test_there_and_back(self) -> None:
        """Everything about it survives a restart."""
        about = evolve(SENT, enclosed=("Old.wav/audio/wav",), enclosed_seconds=3.0)
        self.assertEqual(load_envelope(dump_envelope(about)), about)

    def test_rubbish(self) -> None:
        """Lists of something else are refused, not guessed at."""
        text = dump_envelope(SENT).decode()
        for old, new in (('"also": [', '"also": [7, '), ('"references": [', '"references": [7, ')):
            self.assertRaises(BadRecord, load_envelope, text.replace(old, new).encode())

    def test_everybody_gets_a_copy_of_their_own(self) -> None:
        """Each in their language and time zone; all with the same Message-ID."""
        copies = copies_of(SENT)
        self.assertEqual(tuple(one.mailbox for one in copies), PEOPLE)
        self.assertEqual([one.language for one in copies], ["en-US", "fr-FR", "en-US"])
        self.assertEqual({one.message_id for one in copies}, {SENT.message_id})
        self.assertEqual(len({one.id for one in copies}), 3)
        self.assertEqual({one.also for one in copies}, {()})


class MailTests(SynchronousTestCase):
    """What is in the mail."""

    def mail(self, comment: float = 2.0, *enclosed: Attachment, **changes: object) -> bytes:
        """A message of Ada's."""
        about = evolve(copies_of(SENT)[0], **changes)  # type: ignore[arg-type]
        if enclosed:
            about = evolve(about, enclosed=tuple("x/y" for _ in enclosed), enclosed_seconds=3.0)
        sound = sound_file("G711", "PCMU", speech(comment)) if comment else None
        return compose(about, Choices(), Kind.VOICE, sound, enclosed)

    def test_class_of_a_users_message(self) -> None:
        """A message that a user sent by telephone is of class voice, not voice-ca (feature 61)."""
        mail = message_from_bytes(self.mail())
        self.assertEqual(mail["Content-Class"], "voice")
        self.assertEqual(mail["X-UM-Message-Class"], "IPM.Note.Microsoft.Voicemail.UM")
        self.assertIn("ada@example.com", mail["From"])
        self.assertEqual(mail["X-CallingTelephoneNumber"], "1001")

    def test_everybody_is_named(self) -> None:
        """The mail says who else got it, and what it answers."""
        head = letterhead(self.mail())
        assert head is not None
        self.assertEqual(head.recipients, PEOPLE)
        self.assertEqual(head.references, SENT.references)
        self.assertEqual(head.subject, "FW: Lunch")
        self.assertEqual(head.sender, ADA)

    def test_the_text_names_the_recipients(self) -> None:
        """Who reads the mail sees to whom it went, in words of the own language."""
        english, french = (self.text(self.mail(language=tag)) for tag in ("en-US", "fr-FR"))
        self.assertIn("To: Ben Sample, Chloé Démo, dan@example.com", english)
        self.assertNotIn("Called", english)
        self.assertIn("Ben Sample, Chloé Démo, dan@example.com", french)
        many = tuple(Addressee(f"u{n}@example.com") for n in range(30))
        self.assertIn("u19@example.com, …", self.text(self.mail(addressed=many)))

    def test_recipients_of_every_kind(self) -> None:
        """Whoever else got it, the headers are well formed: addresses beyond ASCII are left to the
        text where the reader's mail server may not know them, and a crowd is cut.
        """
        odd = (Addressee("jürgen@example.com", "Jürgen"), Addressee("no address"), *NAMED)
        mail = self.mail(addressed=odd)
        self.assertTrue(mail.partition(b"\r\n\r\n")[0].isascii())
        head = letterhead(mail)
        assert head is not None
        self.assertEqual(head.recipients, PEOPLE)
        self.assertIn("Jürgen", self.text(mail))
        crowd = tuple(Addressee(f"u{n}@example.com", f"Ü {n}") for n in range(500))
        head = letterhead(self.mail(addressed=crowd))
        assert head is not None
        self.assertEqual(len(head.recipients), 100)

    def text(self, mail: bytes) -> str:
        """The plain text, in one line."""
        part = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
        assert isinstance(part, EmailMessage)
        return " ".join(str(part.get_content()).split())

    def test_a_forward_with_a_comment(self) -> None:
        """The comment is the first attachment, the old message the second (feature 64)."""
        data = self.mail(2.0, OLD)
        mail = message_from_bytes(data)
        names = [part.get_filename() for part in mail.walk() if part.get_filename()]
        self.assertEqual(mail["X-AttachmentOrder"].split(";"), names)
        self.assertEqual((len(names), names[1]), (2, "Old.wav"))
        self.assertEqual(attachments_in(data)[1].data, OLD.data)
        self.assertEqual(mail["X-VoiceMessageDuration"], "5")
        self.assertAlmostEqual(clip_in(data).seconds, 5.7, places=1)

    def test_a_forward_of_a_forward(self) -> None:
        """Names stay apart, the newest comes first; every sound is heard in this order."""
        first, second = evolve(OLD, name="Note.wav"), evolve(OLD, name="Note.wav")
        mail = message_from_bytes(self.mail(0, first, second))
        self.assertEqual(mail["X-AttachmentOrder"], "Note.wav;Note 2.wav")

    def test_a_damaged_sound_that_goes_along(self) -> None:
        """What cannot be played behind the comment is left out; the comment is heard."""
        noise = Attachment("noise.wav", "audio/wav", b"RIFF\x00\x00\x00\x00WAVEnoise")
        self.assertAlmostEqual(clip_in(self.mail(2.0, noise)).seconds, 2.0, places=1)
        self.assertRaises(Unplayable, clip_in, self.mail(0, noise))

    def test_a_caller_who_knows_how_mails_are_made(self) -> None:
        """Whatever a caller is called, the sound comes where sounds are (headers included)."""
        trick = b64encode(b"the sound number 0000 goes here").decode()
        data = self.mail(2.0, OLD, call_id=trick, caller=CallerId("1001", trick))
        sounds = attachments_in(data)
        self.assertEqual(len(sounds[0].data), len(OLD.data) - 8000)
        self.assertEqual(sounds[1].data, OLD.data)

    def test_foreign_names_and_types(self) -> None:
        """Whatever a foreign mail called its sound, ours is well formed."""
        for name, kind in (("a;b\r\nBcc: x", "audio/mpeg"), ("", "text/html"), ("x.mp3", "")):
            sound = evolve(OLD, name=name, content_type=kind)
            mail = message_from_bytes(self.mail(0, sound))
            part = mail.get_payload()[-1]  # type: ignore[index]
            assert isinstance(part, Message)
            self.assertEqual(part.get_content_maintype(), "audio")
            self.assertEqual(part.get_payload(decode=True), OLD.data)
            self.assertNotIn("Bcc", mail)
