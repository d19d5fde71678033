"""The mail that a user reads."""

from __future__ import annotations

import gc
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import envelope, speech
from umserver.edges.mail.attachment import SoundFile, sound_file
from umserver.edges.mail.compose import compose, sender_address
from umserver.org.messages import CallerId, Choices, Envelope, Kind
from umserver.wire.audio import g711

SOUND = SoundFile("mp3", "audio/mpeg", bytes(range(256)) * 40, 12.4)
BEN = CallerId("1002", "Ben Sample", "ben@example.com")


def read(data: bytes) -> EmailMessage:
    """As a mail program does."""
    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def voice(
    about: Envelope | None = None, choices: Choices | None = None, sound: SoundFile = SOUND
) -> EmailMessage:
    """A voice mail."""
    return read(compose(about or envelope(), choices or Choices(), Kind.VOICE, sound))


def missed(about: Envelope | None = None) -> EmailMessage:
    """A missed call."""
    return read(compose(about or envelope(), Choices(), Kind.MISSED))


def body(mail: EmailMessage, kind: str = "plain") -> str:
    """One of the two texts."""
    part = mail.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


class HeaderTests(SynchronousTestCase):
    """What programs read (spec 8.1, 8.2, 8.4)."""

    def test_classes(self) -> None:
        """Voice mails and missed calls are told apart by their class."""
        self.assertEqual(voice()["Content-Class"], "voice-ca")
        self.assertEqual(voice()["X-UM-Message-Class"], "IPM.Note.Microsoft.Voicemail.UM.CA")
        self.assertEqual(missed()["Content-Class"], "missedcall")
        self.assertEqual(missed()["X-UM-Message-Class"], "IPM.Note.Microsoft.Missed.Voice")

    def test_facts_of_the_call(self) -> None:
        """Number, seconds, name and Call-ID stand in headers (features 62, 63)."""
        mail = voice(envelope(caller=BEN))
        self.assertEqual(mail["X-CallingTelephoneNumber"], "1002")
        self.assertEqual(mail["X-VoiceMessageDuration"], "12")
        self.assertEqual(mail["X-VoiceMessageSenderName"], "Ben Sample")
        self.assertEqual(mail["X-CallID"], "call-1@pbx.example.com")

    def test_missed_call_has_no_length(self) -> None:
        """Where nothing was said there is no length and no attachment."""
        self.assertNotIn("X-VoiceMessageDuration", missed())
        self.assertNotIn("X-AttachmentOrder", missed())
        self.assertEqual(list(missed().iter_attachments()), [])

    def test_long_call_id_stays_whole(self) -> None:
        """A Call-ID of 200 characters is one word in one line, whatever is in it."""
        id = "a" * 150 + "?=_=@" + "b" * 50
        data = compose(envelope(call_id=id), Choices(), Kind.MISSED)
        self.assertIn(f"\r\nX-CallID: {id}\r\n".encode(), data)

    def test_length_rounds_and_is_never_zero(self) -> None:
        """Half a second is a second; 12.5 seconds are 13."""
        for seconds, said in {0.2: "1", 12.4: "12", 12.5: "13", 60.0: "60"}.items():
            mail = voice(sound=SoundFile("mp3", "audio/mpeg", b"x", seconds))
            self.assertEqual(mail["X-VoiceMessageDuration"], said)

    def test_from_a_user(self) -> None:
        """A colleague's voice mail comes from the colleague, so a reply goes there (feature 69)."""
        mail = voice(envelope(caller=BEN))
        self.assertEqual(mail["From"], "Ben Sample <ben@example.com>")
        self.assertEqual(mail["Sender"], "voicemail@example.com")

    def test_from_a_number(self) -> None:
        """Another caller's number is the name of the system's address (feature 69)."""
        mail = voice()
        self.assertEqual(mail["From"].addresses[0].display_name, "(212) 555-0142")
        self.assertEqual(mail["From"].addresses[0].addr_spec, "voicemail@example.com")
        self.assertNotIn("Sender", mail)

    def test_from_nobody(self) -> None:
        """An anonymous caller is called unknown."""
        mail = voice(envelope(caller=CallerId()))
        self.assertEqual(mail["From"].addresses[0].display_name, "Unknown caller")
        self.assertEqual(mail["Subject"], "Voice mail from an unknown caller (12 seconds)")
        self.assertNotIn("tel:", body(mail, "html"))

    def test_to_the_called_user(self) -> None:
        """With the name, whatever its letters."""
        mail = voice(envelope(mailbox="chloe@example.com", mailbox_name="Chloé Démo"))
        self.assertEqual(str(mail["To"]), "Chloé Démo <chloe@example.com>")

    def test_importance_and_privacy(self) -> None:
        """What the caller chose is seen by mail programs and by the reader."""
        mail = voice(choices=Choices(important=True, private=True))
        self.assertEqual((mail["Importance"], mail["Sensitivity"]), ("high", "private"))
        self.assertIn("important, private", body(mail))
        for header in ("Importance", "Sensitivity", "X-Priority"):
            self.assertNotIn(header, voice())

    def test_identity(self) -> None:
        """The Message-ID is the envelope's, and the same message is the same octets."""
        self.assertEqual(voice()["Message-ID"], envelope().message_id)
        twice = {compose(envelope(), Choices(), Kind.VOICE, SOUND) for _ in range(2)}
        self.assertEqual(len(twice), 1)

    def test_answering_machines_stay_quiet(self) -> None:
        """An out-of-office reply is not sent to a voice mail (RFC 3834)."""
        self.assertEqual(voice()["Auto-Submitted"], "auto-generated")

    def test_date(self) -> None:
        """The moment of the call, in the user's time zone."""
        moment = parsedate_to_datetime(str(voice()["Date"]))
        self.assertEqual(moment.timestamp(), envelope().received)
        self.assertIn("-0500", str(voice()["Date"]))

    def test_every_line_fits(self) -> None:
        """No line is longer than mail allows, and all of it is seven-bit ASCII with CRLF."""
        about = envelope(caller=CallerId("1" * 300, "É" * 500, ""), extra_text="x " * 900)
        data = compose(about, Choices(True, True), Kind.VOICE, SOUND)
        self.assertTrue(data.isascii())
        self.assertEqual(data.count(b"\n"), data.count(b"\r\n"))
        self.assertLessEqual(max(map(len, data.split(b"\r\n"))), 998)

    def test_nothing_for_the_collector(self) -> None:
        """A mail leaves next to nothing that only the garbage collector finds."""
        compose(envelope(), Choices(), Kind.VOICE, SOUND)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for _ in range(10):
            compose(envelope(), Choices(), Kind.VOICE, SOUND)
        self.assertLess(gc.collect(), 100)

    def test_sender_of_a_strange_mailbox(self) -> None:
        """There is an address for bounces even where the mailbox's is broken."""
        self.assertEqual(sender_address(envelope(mailbox="broken")), "voicemail@localhost")


class HostileCallerTests(SynchronousTestCase):
    """Everything that a caller's side sends is only text."""

    def test_no_new_headers(self) -> None:
        """A name or a number with line ends adds no header."""
        evil = "x\r\nBcc: all@example.com\r\n\r\nbody"
        about = envelope(caller=CallerId(evil, evil, evil), call_id=evil, reason=evil)
        for mail in (voice(about), missed(about)):
            self.assertNotIn("Bcc", mail)
            self.assertEqual(mail["From"].addresses[0].addr_spec, "voicemail@example.com")

    def test_no_markup(self) -> None:
        """A name with tags in it is shown, not obeyed."""
        about = envelope(caller=CallerId("1<b>2", '<script>alert("x")</script>'))
        text = body(voice(about), "html")
        self.assertNotIn("<script>", text)
        self.assertIn("&lt;script&gt;", text)

    def test_no_turned_text(self) -> None:
        """Characters that turn the direction of text or hide it are taken out."""
        about = envelope(caller=CallerId("555", "Ada\u202egpj.exe\u200b\x00"))
        self.assertEqual(voice(about)["X-VoiceMessageSenderName"], "Ada gpj.exe")

    def test_lone_surrogates(self) -> None:
        """Broken Unicode makes a mail all the same."""
        about = envelope(caller=CallerId("\udcff555", "\ud800"), mailbox_name="\udfff")
        self.assertEqual(voice(about)["Content-Class"], "voice-ca")


class WordTests(SynchronousTestCase):
    """What people read (spec 8.4)."""

    def test_voice_mail(self) -> None:
        """Who, why, when and how long, in a sentence and a list."""
        self.assertEqual(
            body(voice(envelope(caller=BEN))),
            "You received a voice mail from Ben Sample.\n"
            "There was no answer at your phone.\n\n"
            "Caller:   Ben Sample\n"
            "Number:   1002\n"
            "E-mail:   ben@example.com\n"
            "Called:   Ada Example (1001)\n"
            "Received: Tuesday, November 24, 2026 at 9:36 AM EST\n"
            "Length:   12 seconds\n",
        )

    def test_subjects(self) -> None:
        """The list of mails says who called and how long."""
        self.assertEqual(voice()["Subject"], "Voice mail from (212) 555-0142 (12 seconds)")
        self.assertEqual(missed()["Subject"], "Missed call from (212) 555-0142")

    def test_missed_call(self) -> None:
        """It says that no message was left, and the policy's voice mail text is not in it."""
        mail = missed(envelope(extra_text="Keep it for 90 days."))
        self.assertIn("You missed a call from (212) 555-0142.\n", body(mail))
        self.assertIn("No message was left.", body(mail))
        self.assertNotIn("90 days", body(mail) + body(mail, "html"))

    def test_french(self) -> None:
        """A French mailbox gets French, with its spelling and a 24-hour clock."""
        about = envelope(
            language="fr-FR", caller=CallerId("+33142685300"), time_zone="Europe/Paris"
        )
        mail = missed(about)
        self.assertEqual(mail["Subject"], "Appel manqué de +33 1 42 68 53 00")
        self.assertIn("Aucun message n’a été laissé.", body(mail))
        self.assertIn("mardi 24 novembre 2026 à 15:36 CET", body(mail))
        self.assertIn('lang="fr"', body(mail, "html"))

    def test_french_elision(self) -> None:
        """`d’Ada`, `d’Élodie`, but `de Ben`."""
        for name, said in {"Ada": "d’Ada", "Élodie": "d’Élodie", "Ben": "de Ben"}.items():
            mail = voice(envelope(language="fr-FR", caller=CallerId("1002", name)))
            self.assertEqual(mail["Subject"], f"Message vocal {said} (12 secondes)")
        mail = voice(envelope(language="fr-FR", caller=CallerId()))
        self.assertIn("Vous avez reçu un message vocal d’un appelant inconnu.", body(mail))

    def test_reasons(self) -> None:
        """Why the call came here; a direct call needs no reason."""
        self.assertIn("line was busy", body(voice(envelope(reason="DivertBusy"))))
        self.assertIn("forwarded", body(voice(envelope(reason="DivertForward"))))
        self.assertEqual(body(voice(envelope(reason="Direct"))).splitlines()[1], "")

    def test_call_back(self) -> None:
        """The number can be called with one touch."""
        self.assertIn('href="tel:2125550142"', body(voice(), "html"))

    def test_policy_text(self) -> None:
        """The administrator's text with simple HTML stands at the end of both bodies."""
        text = '<p>Keep <b>it</b>.</p><a href="https://example.com/vm">Help</a><script>x()</script>'
        mail = voice(envelope(extra_text=text))
        self.assertIn("Keep <b>it</b>.", body(mail, "html"))
        self.assertNotIn("x()", body(mail, "html"))
        self.assertTrue(body(mail).endswith("Keep it.\nHelp (https://example.com/vm)\n"))


class AttachmentTests(SynchronousTestCase):
    """What people play (spec 8.3)."""

    def attached(self, coding: str, seconds: float = 2.0, law: str = "PCMU") -> EmailMessage:
        """The attachment of a mail with that coding."""
        sound = sound_file(coding, law, speech(seconds, law=law))
        mail = voice(sound=sound)
        (part,) = mail.iter_attachments()
        assert isinstance(part, EmailMessage)
        self.assertEqual(mail["X-AttachmentOrder"], part.get_filename())
        return part

    def test_mp3(self) -> None:
        """The default is an MP3 of 16 kbit/s, mono (feature 65)."""
        part = self.attached("Mp3", 20.0)
        data = part.get_content()
        self.assertEqual(part.get_content_type(), "audio/mpeg")
        self.assertLess(abs(len(data) * 8 / 20.0 - 16000), 800)
        at = next(n for n in range(len(data)) if data[n] == 0xFF and data[n + 1] & 0xE0 == 0xE0)
        self.assertEqual(data[at + 3] >> 6, 3)

    def test_wav_codings(self) -> None:
        """G711, GSM and PCM are WAV files of that coding."""
        for coding, law, tag in (
            ("G711", "PCMU", 7),
            ("G711", "PCMA", 6),
            ("Gsm", "PCMU", 49),
            ("Pcm", "PCMA", 1),
            ("gsm", "PCMA", 49),
        ):
            part = self.attached(coding, law=law)
            data = part.get_content()
            self.assertEqual(part.get_content_type(), "audio/wav")
            self.assertEqual((data[:4], data[8:12]), (b"RIFF", b"WAVE"))
            self.assertEqual(int.from_bytes(data[20:22], "little"), tag, coding)

    def test_what_cannot_be_written_is_mp3(self) -> None:
        """Wma becomes MP3 rather than nothing."""
        self.assertEqual(self.attached("Wma").get_content_type(), "audio/mpeg")

    def test_g711_keeps_every_octet(self) -> None:
        """With G711 the attachment holds exactly what the telephone sent."""
        self.assertIn(speech(2.0), self.attached("G711").get_content())

    def test_quiet_callers_are_raised(self) -> None:
        """A recording is brought to a pleasant level (spec 6.1, feature 68)."""
        quiet = g711.decode("PCMU", speech(4.0)) // 8
        data = sound_file("Pcm", "PCMU", g711.encode("PCMU", quiet)).data
        raised = np.frombuffer(data[44:], dtype="<i2").astype(float)
        self.assertGreater(np.std(raised), 4 * np.std(quiet.astype(float)))

    def test_any_length(self) -> None:
        """Every octet arrives, wherever the base64 is cut, in lines that mail allows."""
        for size in (1, 2, 3, 56, 57, 58, 58367, 58368, 58369, 200_000):
            data = bytes(n * 7 % 256 for n in range(size))
            made = compose(
                envelope(), Choices(), Kind.VOICE, SoundFile("mp3", "audio/mpeg", data, 1.0)
            )
            (part,) = read(made).iter_attachments()
            self.assertEqual((part.get_content(), part.defects), (data, []), size)
            self.assertLessEqual(max(map(len, made.split(b"\r\n"))), 998)

    def test_name(self) -> None:
        """The file's name says who and how long, in letters that every system takes."""
        for caller, name in {
            CallerId("2125550142"): "(212) 555-0142 (12 seconds) Voice Mail.mp3",
            CallerId("2125550142", "Chloé/Démo: x?"): "Chloe Demo x (12 seconds) Voice Mail.mp3",
            CallerId("2125550142", "Иван"): "2125550142 (12 seconds) Voice Mail.mp3",
            CallerId("", "../../etc/passwd"): "etc passwd (12 seconds) Voice Mail.mp3",
            CallerId(): "Unknown caller (12 seconds) Voice Mail.mp3",
        }.items():
            (part,) = voice(envelope(caller=caller)).iter_attachments()
            self.assertEqual(part.get_filename(), name)
