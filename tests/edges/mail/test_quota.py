"""Full mailboxes (spec 4.6)."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.mail.imap.mailbox import ImapMailbox
from umserver.edges.mail.imap.session import ImapSession
from umserver.edges.mail.quota import (
    Usage,
    imap_usage,
    maildir_usage,
    note_delivery,
    read_size_file,
)
from umserver.edges.threads import Here


class MaildirTests(SynchronousTestCase):
    """What a Maildir says of itself."""

    def setUp(self) -> None:
        self.box = Path(self.mktemp())
        for folder in (self.box, self.box / ".Trash"):
            for room in ("new", "cur", "tmp"):
                (folder / room).mkdir(parents=True)

    def test_counted(self) -> None:
        """Feature 59: mails of all folders count, by the size in their names or on the disk."""
        (self.box / "new" / "1.a").write_bytes(b"x" * 100)
        (self.box / "cur" / "2.b,S=5000:2,S").write_bytes(b"x")
        (self.box / ".Trash" / "cur" / "3.c:2,").write_bytes(b"x" * 7)
        (self.box / "tmp" / "4.d").write_bytes(b"x" * 999)
        usage = maildir_usage(self.box, count=True)
        self.assertEqual(usage, Usage(5107, 3))
        self.assertTrue(usage.is_full(5107))
        self.assertFalse(usage.is_full(5108))
        self.assertFalse(usage.is_full(None))

    def test_not_counted_where_nothing_is_limited(self) -> None:
        """Where there is no limit no file is looked at, and an empty mailbox has room."""
        (self.box / "new" / "1.a").write_bytes(b"x" * 100)
        self.assertEqual(maildir_usage(self.box, count=False), Usage())
        self.assertEqual(maildir_usage(self.box / "nobody", count=True), Usage())

    def test_size_file(self) -> None:
        """Feature 59: what other programs keep in maildirsize holds, limits included."""
        (self.box / "maildirsize").write_text("10000S,10C\n9000 3\n-500 -1\n")
        usage = maildir_usage(self.box, count=False)
        self.assertEqual(usage, Usage(8500, 2, 10000, 10))
        self.assertFalse(usage.is_full(None))
        note_delivery(self.box, 1500)
        self.assertTrue(maildir_usage(self.box, count=False).is_full(None))

    def test_no_size_file_is_made(self) -> None:
        """Who keeps no maildirsize gets none."""
        note_delivery(self.box, 1500)
        self.assertFalse((self.box / "maildirsize").exists())

    def test_strange_size_files(self) -> None:
        """Rubbish in it is no quota, strange lines in it are passed over."""
        for text in ("", "hello", "10X", "S", "\x00"):
            self.assertIsNone(read_size_file(text), text)
        self.assertEqual(read_size_file("0S,0C\n1 1\nrubbish\n9 9 9"), Usage(1, 1))
        self.assertEqual(read_size_file("5C"), Usage(0, 0, None, 5))


class ImapTests(SynchronousTestCase):
    """What an IMAP server answers."""

    def test_storage(self) -> None:
        """Feature 59: the quota of RFC 9208 is in units of 1024 octets."""
        lines = [
            [b"QUOTAROOT", b"INBOX", b"User quota"],
            [b"QUOTA", b"User quota", [b"STORAGE", b"511", b"512", b"MESSAGE", b"3", b"10"]],
        ]
        usage = imap_usage(lines)
        self.assertEqual(usage, Usage(511 * 1024, 3, 512 * 1024, 10))
        self.assertFalse(usage.is_full(None))
        self.assertTrue(usage.is_full(511 * 1024))

    def test_the_tightest_root(self) -> None:
        """Of several quotas the one counts that has least room."""
        lines = [
            [b"QUOTA", b"a", [b"STORAGE", b"10", b"1000"]],
            [b"QUOTA", b"b", [b"STORAGE", b"50", b"50", b"MESSAGE", b"1", b"9"]],
            [b"QUOTA", b"c", [b"MESSAGE", b"2", b"100"]],
        ]
        self.assertTrue(imap_usage(lines).is_full(None))

    def test_switched_off(self) -> None:
        """With check_quota off no server is asked at all."""

        async def connect() -> ImapSession:
            raise AssertionError("nobody was to connect")

        mailbox = ImapMailbox(Clock(), connect, Here(), check_quota=False)
        self.assertFalse(self.successResultOf(mailbox.is_full(1)))

    def test_no_quota(self) -> None:
        """No answer, or one that cannot be understood, limits nothing."""
        for lines in ([], [[b"QUOTA", b"", []]], [[b"QUOTA", b"x", [b"STORAGE", b"many", b"1"]]]):
            self.assertFalse(imap_usage(lines).is_full(None), lines)
