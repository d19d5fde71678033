"""Mails read back as voice messages: ours, those of other systems, and rubbish."""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.mailbox import SOUND, voice_mail
from tests.edges.mail.letters import envelope
from umserver.edges.mail.sound import clip_in
from umserver.edges.mail.voicemail import Letterhead, letterhead
from umserver.interfaces import Unplayable
from umserver.org.messages import CallerId
from umserver.wire.audio import mp3


def foreign(name: str, data: bytes, kind: tuple[str, str], **headers: str) -> bytes:
    """A voice message as another system writes it."""
    mail = EmailMessage()
    mail["From"] = "Ben Sample <ben@example.com>"
    for header, value in headers.items():
        mail[header.replace("_", "-")] = value
    mail.set_content("A message.")
    mail.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=name)
    mail["Content-Class"] = "voice"
    return mail.as_bytes()


class LetterheadTests(SynchronousTestCase):
    """Headers."""

    def head(self, mail: bytes) -> Letterhead:
        """Of a mail that is a voice message."""
        found = letterhead(mail)
        assert found is not None
        return found

    def test_what_we_wrote_comes_back(self) -> None:
        """Sender and number survive the mail, in any language."""
        for caller in (
            CallerId("1003", "Chloé Démo", "chloe@example.com"),
            CallerId("2125550142", "Example, Inc."),
            CallerId("+33123456789"),
        ):
            for language in ("en-US", "fr-FR"):
                mail = voice_mail(1, caller=caller, language=language)
                self.assertEqual(self.head(mail).sender, caller)

    def test_an_anonymous_caller(self) -> None:
        """A caller who withheld everything has neither name nor number, in any language."""
        for language in ("en-US", "fr-FR"):
            mail = voice_mail(1, caller=CallerId(), language=language)
            self.assertEqual(self.head(mail).sender, CallerId())

    def test_another_system(self) -> None:
        """Content-Class is enough; what is not said is not known."""
        head = self.head(foreign("a.wav", b"", ("audio", "wav")))
        self.assertEqual((head.seconds, head.received, head.message_id), (0, 0.0, ""))

    def test_odd_values(self) -> None:
        """Lengths and dates that cannot be are none."""
        for length in ("-3", "many", "99999999999999999999"):
            mail = foreign("a.wav", b"", ("audio", "wav"), X_VoiceMessageDuration=length)
            self.assertEqual(self.head(mail).seconds, 0)
        for date in ("yesterday", "Thu, 99 Foo 2026 99:99:99 +0000"):
            raw = f"Date: {date}\r\nContent-Class: voice\r\n\r\n".encode()
            self.assertEqual(self.head(raw).received, 0.0)

    @given(st.binary(max_size=300))
    def test_rubbish(self, data: bytes) -> None:
        """Nothing that anybody writes into headers makes anything fail."""
        letterhead(data)
        letterhead(b"Content-Class: voice\r\nFrom: " + data)
        letterhead(b"Content-Class: voice\r\nDate: " + data)
        letterhead(b"X-VoiceMessageDuration: " + data + b"\r\nSubject: =?" + data)


class SoundTests(SynchronousTestCase):
    """Attachments."""

    def test_every_coding_that_is_a_wav(self) -> None:
        """G.711 of both laws, GSM and PCM are played."""
        for coding in ("G711", "Gsm", "Pcm"):
            clip = clip_in(voice_mail(coding=coding))
            self.assertLess(abs(clip.seconds - len(SOUND) / 8000), 0.05, coding)

    def test_mp3(self) -> None:
        """MP3, in which messages are mailed unless an administrator chose otherwise, is played."""
        clip = clip_in(voice_mail(coding="Mp3"))
        self.assertLess(abs(clip.seconds - len(SOUND) / 8000), 0.25)

    if not mp3.can_decode():
        test_mp3.skip = "miniaudio is not installed"  # type: ignore[attr-defined]

    def test_without_a_decoder(self) -> None:
        """Where MP3 cannot be decoded the message is skipped, and the log says what is missing."""
        with self.assertRaisesRegex(Unplayable, "miniaudio"):
            clip_in(voice_mail(coding="Mp3"))

    if mp3.can_decode():
        test_without_a_decoder.skip = "miniaudio is installed"  # type: ignore[attr-defined]

    def test_faster(self) -> None:
        """A message at twice the speed takes half the time."""
        clip = clip_in(voice_mail(), 2.0)
        self.assertLess(abs(clip.seconds - len(SOUND) / 16_000), 0.1)

    def test_unknown_kinds(self) -> None:
        """No sound, empty sound, pictures, and rubbish cannot be played, which is said."""
        for name, data in (
            ("a.wav", b""),
            ("a.wav", b"RIFF"),
            ("a.mp3", b"\xff\xfb rubbish"),
            ("a.wav", b"OggS\0\2" + bytes(100)),
        ):
            with self.assertRaises(Unplayable):
                clip_in(foreign(name, data, ("audio", "x-unknown")))
        with self.assertRaises(Unplayable):
            clip_in(foreign("a.png", b"\x89PNG", ("image", "png")))
        with self.assertRaises(Unplayable):
            clip_in(b"Subject: none\r\n\r\nnothing\r\n")

    @given(st.binary(max_size=500))
    def test_rubbish(self, data: bytes) -> None:
        """No octets in a mail make anything fail but in words."""
        for mail in (data, foreign("a.wav", b"RIFF" + data, ("audio", "wav"))):
            try:
                clip_in(mail)
            except Unplayable:
                continue

    def test_identity(self) -> None:
        """The message can be known again by its Message-ID."""
        found = letterhead(voice_mail(3))
        assert found is not None
        self.assertEqual(found.message_id, envelope(3).message_id)
