"""What waits in a mailbox, on the wire."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.message_summary import (
    MOST_OCTETS,
    NoSummary,
    Summary,
    read_summary,
)

RFC_3842_SECTION_3_5 = (
    b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n"
    b"Voice-Message: 2/8 (0/2)\r\n"
)
RFC_3842_SECTION_6_A6 = (
    b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n"
    b"Voice-Message: 4/8 (1/2)\r\n\r\nTo: <alice@atlanta.example.com>\r\n"
    b"From: <bob@biloxi.example.com>\r\nSubject: carpool tomorrow?\r\n"
)


class SummaryTests(SynchronousTestCase):
    """RFC 3842."""

    def test_what_telephones_read(self) -> None:
        """New and old messages, urgent ones among them; whether the lamp burns (feature 151)."""
        self.assertEqual(
            Summary(2, 8, 0, 2).to_bytes(),
            b"Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n",
        )

    def test_nothing_new(self) -> None:
        """Saved messages alone burn no lamp (feature 152)."""
        self.assertEqual(
            Summary(0, 3).to_bytes(), b"Messages-Waiting: no\r\nVoice-Message: 0/3 (0/0)\r\n"
        )

    def test_bodies_of_the_standard(self) -> None:
        """What RFC 3842 prints is understood."""
        self.assertEqual(read_summary(RFC_3842_SECTION_3_5), (True, Summary(2, 8, 0, 2)))
        self.assertEqual(read_summary(RFC_3842_SECTION_6_A6), (True, Summary(4, 8, 1, 2)))
        self.assertEqual(read_summary(b"Messages-Waiting: no\r\n"), (False, None))
        self.assertEqual(
            read_summary(b"messages-waiting:YES\nVoice-Message: 1/0\nFax-Message: 3/4\n"),
            (True, Summary(1, 0)),
        )

    def test_round_trip(self) -> None:
        """What we write we read the same."""
        chance = Random(3842)
        for _ in range(200):
            summary = Summary(*(chance.getrandbits(chance.randrange(1, 33)) for _ in range(4)))
            self.assertEqual(read_summary(summary.to_bytes()), (summary.waiting, summary))

    def test_no_number_is_too_large(self) -> None:
        """A count never has more than 32 bits."""
        self.assertIn(b": 4294967295/0 ", Summary(1 << 40).to_bytes())

    def test_rubbish(self) -> None:
        """What is no summary is refused in words, however long it is."""
        for body, words in (
            (b"", "does not say"),
            (b"Voice-Message: 1/1\r\n", "does not say"),
            (b"Messages-Waiting: maybe\r\n", "neither"),
            (b"Messages-Waiting: yes\r\nVoice-Message: many\r\n", "no counts"),
            (b"Messages-Waiting: yes\r\nVoice-Message: 99999999999/1\r\n", "no counts"),
            (b"\x00\xff\r\n", "no field"),
            (b"Messages-Waiting: yes\r\n" * MOST_OCTETS, "too long"),
        ):
            with self.assertRaisesRegex(NoSummary, words):
                read_summary(body)
