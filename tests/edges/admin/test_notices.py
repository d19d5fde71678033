"""Mails that administrators cause: they wait in the store until a server sends them."""

from __future__ import annotations

from pathlib import Path

from tests.edges.admin.desk import DEMO, DeskCase
from umserver.command import FAILED, WRONG_USE
from umserver.edges.store.archive import open_archive
from umserver.org.messages import Envelope

DEE = ("Enable-UMMailbox", "dee@example.com", "-Extensions", "1004")


class NoticeCase(DeskCase):
    """No server is running."""

    def mails(self) -> list[Envelope]:
        """What a server that starts now sends."""
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        mails = archive.notices.take("um1")
        archive.notices.forget([mail.id for mail in mails])
        return mails

    def mail(self) -> Envelope:
        """The only one."""
        (mail,) = self.mails()
        return mail

    def pin(self, mail: Envelope) -> str:
        """The PIN in it."""
        assert mail.notice is not None
        return mail.notice.pin


class WelcomeTests(NoticeCase):
    """Enable-UMMailbox (features 73, 74)."""

    def test_welcome(self) -> None:
        """A new user is told extension, access number and the PIN that was made, also where no
        server runs (feature 74).
        """
        said = self.good(*DEE)
        self.assertIn("the welcome mail goes to dee@example.com; the PIN is ", said)
        mail = self.mail()
        assert mail.notice is not None
        self.assertEqual((mail.mailbox, mail.extension), ("dee@example.com", "1004"))
        self.assertEqual((mail.notice.occasion, mail.notice.must_change), ("enabled", True))
        self.assertEqual(mail.notice.access_numbers, ("5000",))
        self.assertIn(self.pin(mail), said)

    def test_choices(self) -> None:
        """Another receiver, another number, no mail, a PIN that may stay (feature 74)."""
        self.good(*DEE, "-NotifyEmail", "desk@example.com", "-PilotNumber", "+12125550100",
                  "-PIN", "583920", "-Language", "fr-FR")  # fmt: skip
        mail = self.mail()
        assert mail.notice is not None
        self.assertEqual((mail.mailbox, mail.language), ("desk@example.com", "fr-FR"))
        self.assertEqual(mail.notice.address, "dee@example.com")
        self.assertEqual(mail.notice.access_numbers, ("+12125550100",))
        self.assertEqual((mail.notice.pin, mail.notice.must_change), ("583920", False))
        said = self.good("Enable-UMMailbox", "eve@example.com", "-Extensions", "1005",
                         "-SendWelcomeMail:$false")  # fmt: skip
        self.assertNotIn("mail goes", said)
        self.assertEqual(self.mails(), [])

    def test_nothing_without_a_change(self) -> None:
        """A check, and what is refused, sends no mail."""
        self.good(*DEE, "-ValidateOnly")
        self.bad(FAILED, "Enable-UMMailbox", "dee@example.com", "-Extensions", "1001")
        for words in (("-NotifyEmail", "nobody"), ("-PilotNumber", "seven")):
            self.assertIn(words[0], self.bad(WRONG_USE, *DEE, *words))
        self.assertEqual(self.mails(), [])
        self.bad(FAILED, "Get-UMMailbox", "dee@example.com")

    def test_texts(self) -> None:
        """The policy's texts go into the mails; 513 characters are refused (feature 73)."""
        policy = ("Set-UMMailboxPolicy", "Demo Default Policy")
        self.good(*policy, "-UMEnabledText", "Welcome <b>in</b>", "-ResetPINText", "Take care.")
        self.good(*DEE)
        self.assertEqual(self.mail().extra_text, "Welcome <b>in</b>")
        self.good("Set-UMMailboxPIN", "1004")
        self.assertEqual(self.mail().extra_text, "Take care.")
        for name in ("UMEnabledText", "ResetPINText", "VoiceMailText", "FaxMessageText"):
            words = (*policy, f"-{name}")
            self.good(*words, "x" * 512)
            self.assertIn("512", self.bad(FAILED, *words, "x" * 513))

    def test_many_at_once(self) -> None:
        """Users from a table are welcomed where that is wanted, each with a PIN (feature 74)."""
        table = Path(self.mktemp())
        table.write_text(
            "extension,name,address,pin\n1004,Dee Sample,dee@example.com,583920\n"
            "1005,Eve Sample,eve@example.com,\n"
        )
        self.good("import-mailboxes", str(table))
        self.assertEqual(self.mails(), [])
        said = self.good("import-mailboxes", str(table), "--welcome")
        self.assertIn("2 welcome mails are sent", said)
        dee, eve = sorted(self.mails(), key=lambda mail: mail.mailbox)
        self.assertEqual(self.pin(dee), "583920")
        self.assertRegex(self.pin(eve), "^[0-9]{6}$")
        assert dee.notice is not None and eve.notice is not None
        self.assertEqual((dee.notice.must_change, eve.notice.must_change), (False, True))
        self.assertNotIn(self.pin(eve), said)

    def test_the_demo_needs_none(self) -> None:
        """An organisation that is imported sends no mail to anybody."""
        self.good("import", DEMO)
        self.assertEqual(self.mails(), [])


class NewPinTests(NoticeCase):
    """Set-UMMailboxPIN (features 75, 89, 91)."""

    def test_a_new_pin(self) -> None:
        """A new PIN is mailed to the user, or to whom the administrator names (feature 75)."""
        said = self.good("Set-UMMailboxPIN", "1001")
        self.assertIn("a mail with it goes to ada@example.com", said)
        mail = self.mail()
        assert mail.notice is not None
        self.assertEqual((mail.notice.occasion, mail.notice.must_change), ("administrator", True))
        self.assertIn(self.pin(mail), said)
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920", "-NotifyEmail", "desk@example.com")
        mail = self.mail()
        assert mail.notice is not None
        self.assertEqual((mail.mailbox, self.pin(mail)), ("desk@example.com", "583920"))
        self.assertFalse(mail.notice.must_change)
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583921", "-PINExpired", "$true")
        mail = self.mail()
        assert mail.notice is not None
        self.assertTrue(mail.notice.must_change)

    def test_no_mail(self) -> None:
        """Nothing is mailed without a new PIN, or where no mail is wanted."""
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920", "-SendEmail:$false")
        self.good("Set-UMMailboxPIN", "1001", "-LockedOut", "$true")
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583921", "-WhatIf")
        self.assertEqual(self.mails(), [])

    def test_a_new_pin_unlocks(self) -> None:
        """A new PIN opens a locked mailbox, unless it is to stay locked (feature 89)."""
        for more, locked in (((), False), (("-LockedOut", "$true"), True)):
            self.good("Set-UMMailboxPIN", "1001", "-LockedOut", "$true")
            self.good("Set-UMMailboxPIN", "1001", "-Pin", f"58392{int(locked)}", *more)
            self.assertIs(self.one("Get-UMMailboxPin", "1001")["locked_out"], locked)

    def test_pins_of_the_past(self) -> None:
        """The administrator cannot give a PIN again that the policy remembers (feature 91)."""
        self.good("Set-UMMailboxPolicy", "Demo Default Policy", "-PINHistoryCount", "2")
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920")
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583921")
        for pin in ("583920", "583921"):
            told = self.bad(FAILED, "Set-UMMailboxPIN", "1001", "-Pin", pin)
            self.assertIn("must not be one of the last 2", told)
            self.assertNotIn(pin, told)
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583922")
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920")

    def test_no_pin_is_written_down(self) -> None:
        """Neither the change log nor the store shows a PIN that waits for being mailed."""
        said = self.good("Set-UMMailboxPIN", "1001")
        pin = said.rstrip(".\n").rpartition(" ")[2]
        self.assertRegex(pin, "^[0-9]{6}$")
        self.assertNotIn(pin, self.good("Search-AdminAuditLog", "-Format", "Json"))
        for file in self.state.iterdir():
            if file.is_file():
                self.assertNotIn(pin.encode(), file.read_bytes())
