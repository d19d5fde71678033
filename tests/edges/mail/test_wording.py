"""Dates, lengths and numbers as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.mail.wording import (
    ENGLISH,
    FRENCH,
    local_time,
    spoken_length,
    spoken_moment,
    spoken_number,
    telephone_link,
    words_for,
)


class WordingTests(SynchronousTestCase):
    """Two languages."""

    def test_language_falls_back(self) -> None:
        """fr-CA speaks French; what nobody speaks is English."""
        for tag, words in {
            "fr-FR": FRENCH,
            "fr_CA": FRENCH,
            "FR": FRENCH,
            "en-AU": ENGLISH,
            "de-DE": ENGLISH,
            "": ENGLISH,
        }.items():
            self.assertIs(words_for(tag), words, tag)

    def test_clock(self) -> None:
        """Midnight and noon are said right."""
        for hour, said in {0: "12:05 AM", 11: "11:05 AM", 12: "12:05 PM", 23: "11:05 PM"}.items():
            moment = datetime(2026, 1, 2, hour, 5, tzinfo=UTC)
            self.assertEqual(
                spoken_moment(ENGLISH, moment), f"Friday, January 2, 2026 at {said} UTC"
            )
        moment = datetime(2026, 8, 1, 9, 5, tzinfo=UTC)
        self.assertEqual(spoken_moment(FRENCH, moment), "samedi 1 août 2026 à 09:05 UTC")

    def test_zones(self) -> None:
        """Summer time is kept, nameless zones show their offset, unknown ones are UTC."""
        summer = 1_782_000_000.0
        for zone, end in {
            "America/New_York": "EDT",
            "Asia/Kathmandu": "UTC+05:45",
            "Mars/Olympus": "UTC",
            "../../etc/passwd": "UTC",
            "": "UTC",
        }.items():
            said = spoken_moment(ENGLISH, local_time(summer, zone))
            self.assertTrue(said.endswith(f"M {end}"), said)

    def test_impossible_times(self) -> None:
        """A broken clock makes a mail all the same."""
        for received in (float("nan"), float("inf"), -1e30, 1e30):
            self.assertEqual(local_time(received, "UTC").year, 1970)

    def test_lengths(self) -> None:
        """Seconds up to a minute, then both."""
        for seconds, said in {
            1: "1 second",
            59: "59 seconds",
            60: "1 min 00 s",
            125: "2 min 05 s",
        }.items():
            self.assertEqual(spoken_length(ENGLISH, seconds), said)
        self.assertEqual(spoken_length(FRENCH, 1), "1 seconde")

    def test_numbers(self) -> None:
        """North American and international numbers get their usual look, others stay."""
        for number, said in {
            "2125550142": "(212) 555-0142",
            "+12125550142": "(212) 555-0142",
            "12125550142": "(212) 555-0142",
            "+33142685300": "+33 1 42 68 53 00",
            "0142685300": "0142685300",
            "1001": "1001",
            "+99999999999999": "+99999999999999",
            "ada@example.com": "ada@example.com",
            "": "",
        }.items():
            self.assertEqual(spoken_number(number), said)

    def test_links(self) -> None:
        """Only what can be dialled is a link."""
        for number, link in {
            "+33142685300": "tel:+33142685300",
            "(212) 555-0142": "tel:2125550142",
            "1001": "tel:1001",
            "7": "",
            "ada@example.com": "",
            "javascript:alert(1)": "",
            "1" * 40: "",
        }.items():
            self.assertEqual(telephone_link(number), link)
