"""What is kept of a PIN."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.pin_record import PinRecord, from_text, to_text

DAY = 86_400.0


class PinRecordTests(SynchronousTestCase):
    """A record is kept as text."""

    def test_there_and_back(self) -> None:
        """Nothing of a PIN's state is lost in the store."""
        for record in (
            PinRecord(),
            PinRecord(hash="$argon2id$x", set_at=5.5, expired=True, locked=True, first_time=False),
            PinRecord(hash="h", failures=3, history=("a", "b")),
        ):
            self.assertEqual(from_text(to_text(record)), record)

    def test_texts_of_other_versions(self) -> None:
        """A bare hash is a PIN; what a newer version added does no harm."""
        self.assertEqual(from_text("$argon2id$x"), PinRecord(hash="$argon2id$x"))
        self.assertEqual(from_text('{"hash":"h","colour":"red"}'), PinRecord(hash="h"))

    def test_nothing_to_guess_at(self) -> None:
        """Where a record is written into a log, no hash is."""
        self.assertNotIn("argon", repr(PinRecord(hash="$argon2id$x", history=("$argon2id$y",))))

    def test_age(self) -> None:
        """A PIN expires by order, or when it is older than the policy lets it become."""
        old = PinRecord(hash="h", set_at=DAY)
        self.assertFalse(old.is_expired(60, DAY * 61))
        self.assertTrue(old.is_expired(60, DAY * 61.1))
        self.assertFalse(old.is_expired(None, DAY * 999))
        self.assertFalse(PinRecord(hash="h").is_expired(60, DAY * 999))
        self.assertTrue(PinRecord(expired=True).is_expired(None, DAY))
