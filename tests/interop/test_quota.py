"""A real Dovecot with quotas: what it says of full mailboxes, what it hears of our deliveries."""

from __future__ import annotations

from pathlib import Path

from tests.interop.test_dovecot import ADA, DovecotCase
from tests.kit.dovecot import Dovecot
from umserver.edges.mail.maildir.mailbox import MaildirMailbox
from umserver.edges.mail.maildir.mailer import MaildirMailer
from umserver.edges.threads import Here
from umserver.org.messages import OutgoingMail

QUOTA = """
mail_plugins = $mail_plugins quota
protocol imap {
  mail_plugins = $mail_plugins imap_quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=40K
}
"""


class QuotaTests(DovecotCase):
    """Forty kilobytes for Ada."""

    def dovecot_in(self, folder: Path) -> Dovecot:
        """With quotas."""
        return Dovecot(folder, more=QUOTA)

    async def test_what_the_server_says(self) -> None:
        """Feature 59: the quota of the server counts, and a smaller one of our own."""
        self.assertFalse(await self.mailbox.is_full(None))
        await self.arrive(letter(20_000))
        self.assertFalse(await self.mailbox.is_full(None))
        self.assertTrue(await self.mailbox.is_full(10_000))
        self.assertFalse(await self.mailbox.is_full(39_000))

    async def test_what_we_deliver_counts(self) -> None:
        """Feature 59: our deliveries into its Maildir count at once, for it and for us."""
        await self.arrive(letter(20_000))
        await self.mailbox.is_full(None)
        box = self.dovecot.mail / ADA
        self.assertIn("S", (box / "maildirsize").read_text().splitlines()[0])
        mail = OutgoingMail(
            id="m1",
            message_id="<m1@um.example.com>",
            sender="um@example.com",
            recipient=ADA,
            data=letter(25_000),
        )
        await MaildirMailer(self.dovecot.mail, Here()).deliver(mail)
        self.dovecot.own()
        self.assertTrue(await MaildirMailbox(box, Here()).is_full(None))
        self.mailbox.close()
        self.assertTrue(await self.mailbox.is_full(None))


class NoQuotaTests(DovecotCase):
    """A server without quotas."""

    async def test_never_full(self) -> None:
        """Feature 59: where the server has no quota, and says none, nothing is full."""
        await self.arrive(letter(20_000))
        self.assertFalse(await self.mailbox.is_full(10_000))


def letter(octets: int) -> bytes:
    """A mail of about this size."""
    return b"Subject: weight\r\n\r\n" + b"heavy words\r\n" * (octets // 13)
