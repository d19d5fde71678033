"""PINs as they are kept."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.pins import hash_pin, verify_pin

PEPPER = b"only this server knows"


class PinTests(SynchronousTestCase):
    """What a thief of the store can do with it: nothing."""

    def test_right_and_wrong(self) -> None:
        """The right PIN opens, any other does not, and without the pepper none does."""
        stored = hash_pin("246813", PEPPER)
        self.assertTrue(verify_pin("246813", PEPPER, stored))
        self.assertFalse(verify_pin("246814", PEPPER, stored))
        self.assertFalse(verify_pin("246813", b"guessed", stored))

    def test_what_is_stored(self) -> None:
        """The stored text is memory-hard, salted, and does not show the PIN."""
        one, other = hash_pin("246813", PEPPER), hash_pin("246813", PEPPER)
        self.assertTrue(one.startswith("$argon2id$v=19$m=19456,"))
        self.assertNotEqual(one, other)
        self.assertNotIn("246813", one)

    def test_damaged(self) -> None:
        """A damaged or missing hash opens for nobody."""
        stored = hash_pin("246813", PEPPER)
        for text in ("", "x", stored[:-4], stored.replace("argon2id", "argon2i")):
            self.assertFalse(verify_pin("246813", PEPPER, text), text)
