"""What every store promises about mails that wait for a server."""

from __future__ import annotations

from random import Random

from attrs import evolve

from tests.contracts.store import ADA, BEN, StoreCase
from tests.org.examples import ORG
from umserver.edges.store.archive import NOBODY
from umserver.edges.store.notices import Notices
from umserver.edges.store.outbox import HOLD_SECONDS
from umserver.org.messages import Envelope, Notice
from umserver.org.notices import ENABLED, notice_of
from umserver.org.pin_record import PinRecord


def notice(number: int = 1) -> Envelope:
    """A mail to Ada; higher numbers are later ones."""
    at = 1_790_000_000.0 + number
    told = Notice(ENABLED, ADA.address, "802641", must_change=True)
    return notice_of(ORG, ADA, told, at=at, host="um.example.com", random=Random(number))


class OutboxContract(StoreCase):
    """Mails about mailboxes."""

    def test_with_the_pin(self) -> None:
        """Mail and PIN are kept together or not at all, whoever changes it (features 74, 75)."""
        self.fill()
        record = PinRecord(hash="h")
        with self.assertRaises(LookupError):
            self.archive.change_pin_record("nobody@example.com", lambda _: record, [notice()])
        self.assertEqual(self.archive.notices.waiting(), 0)
        self.archive.change_pin_record(ADA.address, lambda _: record, [notice()])
        self.archive.change_pin_record(ADA.address, lambda _: record, [notice(2)])
        self.assertEqual(self.archive.notices.take("um1"), [notice()])
        self.archive.put_mailboxes([evolve(ADA, language="fr-FR")], notices=[notice(3)])
        self.archive.import_organisation(ORG, [ADA, BEN], notices=[notice(4)])
        self.archive.rehearsal().put_mailboxes([ADA], notices=[notice(5)])
        self.assertEqual(self.archive.notices.waiting(), 3)

    def test_one_server_sends_it(self) -> None:
        """Of several servers one sends a mail; where it dies on the way, another one does."""
        self.fill()
        with self.tables.writing() as work:
            self.archive.notices.put(work, [notice(2), notice(1), notice(1)])
        self.assertEqual(self.archive.notices.take("um1", 1), [notice(1)])
        self.assertEqual(self.archive.notices.take("um1"), [notice(1), notice(2)])
        self.assertEqual(self.archive.notices.take("um2"), [])
        self.archive.notices.forget([notice(1).id, "unknown"])
        self.assertEqual(self.archive.notices.take("um1"), [notice(2)])
        self.assertGreater(HOLD_SECONDS, 0.0)

    def test_no_change_of_settings(self) -> None:
        """Nobody loads settings because a mail is sent, and nobody finds a PIN in the rows."""
        self.fill()
        before = self.archive.revision()
        with self.tables.writing() as work:
            self.archive.notices.put(work, [notice()])
            ((_, sealed),) = work.outbox.take("um1", 5)
            self.assertNotIn(b"802641", sealed)
        self.assertEqual(self.archive.revision(), before)

    def test_another_key(self) -> None:
        """Who has not the key of the PINs cannot read it, and it stays for somebody who has."""
        self.fill()
        with self.tables.writing() as work:
            self.archive.notices.put(work, [notice()])
        stranger = Notices(self.tables, lambda: b"q" * 32)
        self.assertEqual(stranger.take("um2"), [])
        self.assertEqual(self.archive.notices.take("um1"), [notice()])

    def test_what_cannot_be_read_holds_up_nothing(self) -> None:
        """Mails of another key, however many, leave the way open to those behind them."""
        self.fill()
        stranger = Notices(self.tables, lambda: b"q" * 32)
        with self.tables.writing() as work:
            stranger.put(work, [notice(1), notice(2), notice(3)])
            self.archive.notices.put(work, [notice(4)])
        self.assertEqual(self.archive.notices.take("um1", 2), [notice(4)])
        self.assertEqual(stranger.take("um2"), [notice(1), notice(2), notice(3)])

    def test_nobody(self) -> None:
        """Tries at a mailbox that does not exist are counted as others are, and noted nowhere."""
        self.fill()
        before = self.archive.revision()
        kept = self.archive.change_pin_record(NOBODY, lambda r: evolve(r, failures=r.failures + 1))
        self.assertEqual((kept.failures, self.archive.revision()), (1, before))
