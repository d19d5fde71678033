"""Numbers in all the forms in which people and equipment write them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.numbers import fits, is_number, key


class KeyTests(SynchronousTestCase):
    """One spelling a number."""

    def test_separators_schemes_and_parameters(self) -> None:
        """However an administrator types a number, it is the same number."""
        for text in (
            "+12125550111",
            "tel:+1-212-555-0111",
            "+1 (212) 555-0111",
            "<TEL:+1.212.555.0111;ext=3>",
            "sip:+12125550111",
            " +1/212/555 0111 ",
        ):
            self.assertEqual(key(text), "+12125550111", text)

    def test_addresses(self) -> None:
        """Of a SIP address user and host count, without capitals and parameters."""
        self.assertEqual(key("sip:Ada@Example.COM;transport=tls"), "ada@example.com")
        self.assertEqual(key("eum:1001;phone-context=Boston.example.com"), "1001")

    def test_words(self) -> None:
        """A word stays a word; a novel is nothing."""
        self.assertEqual(key("Reception"), "reception")
        self.assertEqual(key("1" * 256), "")
        self.assertEqual(key("1" * 255), "1" * 255)
        self.assertEqual(key(""), "")

    def test_numbers(self) -> None:
        """Digits, star and hash can be dialled, nothing else."""
        self.assertEqual(
            [is_number(text) for text in ("1001", "+1", "*97#", "", "+", "1 0", "ada", "1+1", "١")],
            [True, True, True, False, False, False, False, False, False],
        )

    def test_fits(self) -> None:
        """A mask fits digit by digit."""
        self.assertTrue(fits("12xX", "1234"))
        self.assertFalse(fits("12xx", "12345"))
        self.assertFalse(fits("12xx", "1334"))

    @given(st.text(max_size=300))
    def test_a_key_is_its_own_key(self, text: str) -> None:
        """What was brought into its one spelling stays as it is."""
        once = key(text)
        if once and once == once.strip(" <>") and ":" not in once and ";" not in once:
            self.assertEqual(key(once), once)
