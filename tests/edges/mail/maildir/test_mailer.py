"""Mail in folders: one copy, whatever happens, and no way out of the root."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import outgoing
from umserver.edges.mail.maildir.mailer import MaildirMailer, folder_name, unique_name
from umserver.edges.threads import Here
from umserver.interfaces import PermanentFailure, TemporaryFailure


class MaildirTests(SynchronousTestCase):
    """One mailbox."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.mailer = MaildirMailer(self.root, Here())
        self.box = self.root / "ada@example.com"

    def deliver(self, number: int = 1) -> Deferred[None]:
        """Hand over a mail."""
        return self.mailer.deliver(outgoing(number))

    def files(self, room: str = "*") -> list[Path]:
        """What is in the mailbox."""
        return sorted(self.box.glob(f"{room}/*"))

    def test_delivered(self) -> None:
        """It is in `new`, whole, readable by its owner alone."""
        self.successResultOf(self.deliver())
        (file,) = self.files()
        self.assertEqual((file.parent.name, file.read_bytes()), ("new", outgoing().data))
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_second_delivery(self) -> None:
        """The same message again makes no second copy."""
        for _ in range(3):
            self.successResultOf(self.deliver())
        self.assertEqual(len(self.files()), 1)

    def test_second_delivery_after_reading(self) -> None:
        """Neither does it when the user has read it meanwhile, and its flags are kept."""
        for end in (":2,S", ":2,", ",S=12:2,RS"):
            self.successResultOf(self.deliver())
            (file,) = self.files()
            file.rename(self.box / "cur" / (file.name.partition(":")[0].partition(",")[0] + end))
            self.successResultOf(self.deliver())
            (file,) = self.files()
            self.assertTrue(file.name.endswith(end))
            file.rename(self.box / "new" / file.name.partition(":")[0].partition(",")[0])

    def test_different_messages(self) -> None:
        """Two messages of one moment are two mails."""
        for number in (1, 2):
            self.successResultOf(self.deliver(number))
        self.assertEqual(len(self.files("new")), 2)

    def test_half_a_mailbox(self) -> None:
        """A mailbox of which a part is missing is completed."""
        self.successResultOf(self.deliver(1))
        for file in self.files("new"):
            file.unlink()
        (self.box / "new").rmdir()
        self.successResultOf(self.deliver(2))
        self.assertEqual(len(self.files("new")), 1)

    def test_no_right_to_write(self) -> None:
        """A place that cannot be written means later, and leaves no half."""
        self.root.parent.mkdir(exist_ok=True, parents=True)
        self.root.write_text("a file")
        self.failureResultOf(self.deliver(), TemporaryFailure)


class NameTests(SynchronousTestCase):
    """Folders of mail addresses."""

    def test_plain(self) -> None:
        """Usual addresses are their own folder, capitals or not."""
        self.assertEqual(folder_name("Ada.X+y@Example.com"), "ada.x+y@example.com")

    def test_no_way_out(self) -> None:
        """No address leads out of the root or hides."""
        for address in ("../../etc@example.com", "a/b@example.com", ".@x", "..@..", "-rf@x"):
            name = folder_name(address)
            self.assertNotIn("/", name)
            self.assertNotIn(name[0], ".-")

    def test_no_address(self) -> None:
        """What is no address is refused for good."""
        for address in ("", "a", "@", "a@", "@a", "a\x00@b", "a\n@b"):
            self.assertRaises(PermanentFailure, folder_name, address)

    def test_long(self) -> None:
        """A long address fits a file system and stays unique."""
        names = {folder_name("x" * 5000 + end + "@example.com") for end in "ab"}
        self.assertEqual(len(names), 2)
        self.assertLess(max(map(len, names)), 255)

    @given(st.text(min_size=1), st.text(min_size=1))
    def test_never_shared(self, one: str, other: str) -> None:
        """Two different addresses never share a folder."""
        try:
            names = [folder_name(f"{text}@example.com") for text in (one, other)]
        except PermanentFailure:
            return
        self.assertEqual(names[0] == names[1], one.lower() == other.lower())

    def test_unique_name(self) -> None:
        """It begins with the moment of the call and depends on the Message-ID alone."""
        name = unique_name(outgoing())
        self.assertEqual(name, unique_name(outgoing(data=b"other")))
        self.assertTrue(name.startswith("1795531001.M"))
        self.assertNotEqual(name, unique_name(outgoing(message_id="<x@y>")))
        self.assertTrue(unique_name(outgoing(id="strange")).startswith("0.M"))
