"""The table of refusals (spec 4.4)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org import refusals
from umserver.org.refusals import Refusal

TABLE = [value for value in vars(refusals).values() if isinstance(value, Refusal)]


class RefusalTests(SynchronousTestCase):
    """What a peer is told."""

    def test_numbers(self) -> None:
        """Every reason has its own ms-diagnostics number from the block of unified messaging."""
        numbers = [refusal.diagnostics for refusal in TABLE]
        self.assertEqual(len(set(numbers)), len(numbers))
        self.assertTrue(all(15000 <= number <= 15999 for number in numbers))

    def test_retry(self) -> None:
        """Whoever is refused for a moment hears when to try again; nobody else does."""
        for refusal in TABLE:
            self.assertEqual(refusal.retry_after is not None, refusal.status == 503, refusal)

    def test_words_for_a_header(self) -> None:
        """Reasons stand between quotes in a header."""
        for refusal in TABLE:
            self.assertTrue(refusal.reason.isascii() and refusal.phrase, refusal)
            self.assertNotIn('"', refusal.reason)

    def test_table(self) -> None:
        """The SIP codes are those of the table."""
        self.assertEqual(
            {name: r.status for name, r in vars(refusals).items() if isinstance(r, Refusal)},
            {
                "TROUBLE": 500,
                "UNKNOWN_GATEWAY": 403,
                "GATEWAY_DISABLED": 403,
                "GATEWAY_NO_NEW_CALLS": 503,
                "NO_HUNT_GROUP": 404,
                "NOT_UM_ENABLED": 404,
                "ATTENDANT_DISABLED": 480,
                "SECURITY_MISMATCH": 403,
                "NO_COMMON_CODEC": 488,
                "INVALID_REQUEST": 400,
                "TOO_MANY_CALLS": 503,
                "NOT_FOR_US": 404,
                "OUT_OF_SERVICE": 503,
                "PIPELINE_FULL": 503,
                "DISK_LOW": 503,
                "DIRECTORY_UNREACHABLE": 500,
                "SOUND_NOT_SECURED": 488,
                "NOBODY_CALLED": 404,
                "BROKEN_USER": 500,
                "NO_CERTIFICATE": 403,
            },
        )
