"""Mails about a mailbox as their reader sees them (spec 8.5)."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import envelope
from tests.edges.mail.spool.spool_case import SpoolCase
from tests.edges.mail.test_compose import SOUND, body, read
from umserver.edges.mail.compose import compose
from umserver.edges.mail.notice import compose_notice
from umserver.interfaces import NoSpace, PermanentFailure
from umserver.org.messages import CallerId, Choices, Envelope, Kind, Notice

NOTICE = Notice("enabled", "ada@example.com", "802641", access_numbers=("5000",))


def about(number: int = 1, occasion: str = "enabled", **changes: object) -> Envelope:
    """A mail to Ada about her mailbox."""
    known = {"caller": CallerId(), "call_id": "", "missed_call_wanted": False}
    notice = evolve(NOTICE, occasion=occasion)
    return envelope(number, **{**known, "notice": notice, **changes})


class NoticeTests(SynchronousTestCase):
    """The mails."""

    def test_welcome(self) -> None:
        """A new user learns extension, access number and PIN, in text and in HTML (feature 74)."""
        mail = read(compose_notice(about()))
        self.assertEqual(mail["Subject"], "Welcome to voice mail")
        self.assertEqual(str(mail["From"]), "Voice Mail <voicemail@example.com>")
        self.assertEqual(str(mail["To"]), "Ada Example <ada@example.com>")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(mail["Message-ID"], about().message_id)
        self.assertEqual(mail.get_content_type(), "multipart/alternative")
        for kind in ("plain", "html"):
            text = body(mail, kind)
            for fact in ("1001", "5000", "802641", "Ada Example", "pound key", "to nobody"):
                self.assertIn(fact, text)
            self.assertNotIn("choose another", text)

    def test_a_new_pin(self) -> None:
        """A new PIN comes with the reason, and with what has to be done (feature 75)."""
        reasons = {"failures": "several times", "administrator": "administrator has set it"}
        for occasion, words in reasons.items():
            notice = evolve(NOTICE, occasion=occasion, must_change=True)
            mail = read(compose_notice(about(notice=notice)))
            self.assertEqual(mail["Subject"], "Your new voice mail PIN")
            for kind in ("plain", "html"):
                text = body(mail, kind)
                for fact in (words, "802641", "choose another PIN"):
                    self.assertIn(fact, text)

    def test_french(self) -> None:
        """Every mail speaks French to those who want it, without a word of English (feature 74)."""
        for occasion in ("enabled", "failures", "administrator"):
            mail = read(compose_notice(about(occasion=occasion, language="fr-FR")))
            self.assertEqual(mail["Content-Language"], "fr")
            self.assertEqual(str(mail["From"]), "Messagerie vocale <voicemail@example.com>")
            text = body(mail)
            self.assertIn("Code secret", text)
            for word in ("PIN", "mailbox", "your"):
                self.assertNotIn(word, text)

    def test_somebody_else(self) -> None:
        """Whoever gets the mail in the user's place sees whose PIN it is (feature 75)."""
        mail = read(compose_notice(about(mailbox="desk@example.org", mailbox_name="")))
        self.assertEqual(str(mail["To"]), "desk@example.org")
        self.assertEqual(str(mail["From"]), "Voice Mail <voicemail@example.com>")
        self.assertIn("ada@example.com", body(mail))

    def test_many_numbers_or_none(self) -> None:
        """All access numbers are told; where none is known, whom to ask."""
        many = evolve(NOTICE, access_numbers=("5000", "+12125550100"))
        self.assertIn("5000, (212) 555-0100", body(read(compose_notice(about(notice=many)))))
        none = body(read(compose_notice(about(notice=evolve(NOTICE, access_numbers=())))))
        self.assertIn("administrator can tell you", none)
        self.assertNotIn("Access number", none)

    def test_the_text_of_the_policy(self) -> None:
        """The policy's text stands below, its simple HTML kept and nothing else (feature 73)."""
        text = 'Ask <b>Ben</b> <script>alert(1)</script><a href="https://example.com">here</a>'
        mail = read(compose_notice(about(extra_text=text)))
        self.assertIn("Ask <b>Ben</b>", body(mail, "html"))
        self.assertIn('href="https://example.com"', body(mail, "html"))
        self.assertNotIn("alert", body(mail, "html") + body(mail))
        self.assertIn("Ask Ben here (https://example.com)", body(mail))

    def test_names_are_escaped(self) -> None:
        """A name is a name, also where it looks like HTML."""
        mail = read(compose_notice(about(mailbox_name="<b>A</b>")))
        self.assertIn("&lt;b&gt;A", body(mail, "html"))

    def test_the_same_octets(self) -> None:
        """The same mail again is the same mail."""
        self.assertEqual(compose_notice(about()), compose_notice(about()))

    def test_unknown_occasions(self) -> None:
        """What nobody knows how to tell becomes a dead letter, not a fault of the queue."""
        for strange in (about(occasion="strange"), about(notice=None)):
            self.assertRaises(PermanentFailure, compose_notice, strange)


class CallTests(SynchronousTestCase):
    """Mails about calls, beside those about the mailbox."""

    def test_voice_mail_text(self) -> None:
        """VoiceMailText stands below every voice mail and below no missed call (feature 73)."""
        call = envelope(extra_text="Call <i>5000</i> to listen.")
        mail = read(compose(call, Choices(), Kind.VOICE, SOUND))
        self.assertIn("Call <i>5000</i> to listen.", body(mail, "html"))
        self.assertIn("Call 5000 to listen.", body(mail))
        self.assertNotIn("to listen", body(read(compose(call, Choices(), Kind.MISSED))))

    def test_missed_calls_in_french(self) -> None:
        """A missed call is told in the user's language, in text and in HTML."""
        mail = read(compose(envelope(language="fr-FR"), Choices(), Kind.MISSED))
        self.assertEqual(mail.get_content_type(), "multipart/alternative")
        self.assertIn("Appel manqué", mail["Subject"])
        for kind in ("plain", "html"):
            self.assertIn("Vous avez manqué un appel", body(mail, kind))


class PostedTests(SpoolCase):
    """In the spool, like every message."""

    def test_posted(self) -> None:
        """A mail about a mailbox is on the disk before it is forgotten elsewhere, and goes out."""
        self.got(self.spool.post(about()))
        self.restart()
        (id,) = self.due()
        mail = self.mail(id)
        self.assertEqual(
            (mail.recipient, mail.sender), ("ada@example.com", "voicemail@example.com")
        )
        self.assertIn(b"802641", mail.data)
        (entry,) = self.got(self.spool.entries())
        self.assertEqual(entry.kind, "notice")

    def test_posted_twice(self) -> None:
        """Who is not sure posts it again: it is one mail."""
        self.got(self.spool.post(about()))
        self.got(self.spool.post(about()))
        self.assertEqual(len(self.due()), 1)
        self.got(self.spool.bury(self.due()[0], "refused"))
        self.got(self.spool.post(about()))
        self.assertEqual(self.due(), [])

    def test_a_crash_in_between(self) -> None:
        """What a crash leaves half posted goes out all the same."""
        self.got(self.spool.begin(about()))
        self.assertEqual(self.restart(), 1)
        self.assertIn(b"802641", self.mail(self.due()[0]).data)

    def test_no_room(self) -> None:
        """A full disk refuses it, so that whoever posts keeps it."""
        self.disk.room = 0
        self.failureResultOf(self.spool.post(about()), NoSpace)
