"""What callers press to spell a name (spec 2.6, E.161)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.dtmf import digits_of, dtmf_map, entry, names_of


class DtmfTests(SynchronousTestCase):
    """Letters on keys."""

    def test_documented_examples(self) -> None:
        """The documented names have the documented keys (feature 178)."""
        self.assertEqual(
            dtmf_map("tsmith@example.com", "Tony", "Smith"),
            ("emailAddress:876484", "firstNameLastName:866976484", "lastNameFirstName:764848669"),
        )
        self.assertEqual(digits_of("mike1092"), "64531092")
        self.assertEqual(digits_of("jim.wilson"), "546945766")

    def test_every_letter(self) -> None:
        """Letters are on the keys that telephones show."""
        self.assertEqual(digits_of("abcdefghijklmnopqrstuvwxyz"), "22233344455566677778889999")
        self.assertEqual(digits_of("0123456789"), "0123456789")

    def test_accents(self) -> None:
        """Accents do not count, and letters that are two are two; others are skipped."""
        self.assertEqual(digits_of("Chloé"), digits_of("chloe"))
        self.assertEqual(digits_of("Müßig Ærø"), digits_of("mussig aero"))
        self.assertEqual(digits_of("İpek"), digits_of("ipek"))
        self.assertEqual(digits_of("O'Brien-Łuk 王"), digits_of("obrienluk"))

    @given(st.text(max_size=40))
    def test_only_keys(self, text: str) -> None:
        """Whatever a name holds, only keys come out."""
        self.assertTrue(set(digits_of(text)) <= set("0123456789"))

    def test_names(self) -> None:
        """The last word is the last name, unless a comma or the user says otherwise."""
        self.assertEqual(names_of("Ada Mary Example"), ("Ada Mary", "Example"))
        self.assertEqual(names_of("Example, Ada Mary"), ("Ada Mary", "Example"))
        self.assertEqual(names_of("Prince"), ("", "Prince"))
        self.assertEqual(names_of(""), ("", ""))
        self.assertEqual(names_of("Ada Example", "Augusta", "King"), ("Augusta", "King"))

    def test_nothing_to_press(self) -> None:
        """A name that no key spells has no entry; entries have one form."""
        self.assertEqual(dtmf_map("wang@example.com", "", "王"), ("emailAddress:9264",))
        self.assertIsNone(entry("emailAddress:9264"))
        for text in ("9264", "nickname:9264", "emailAddress:", "emailAddress:a"):
            self.assertIn("must be written as", str(entry(text)))
