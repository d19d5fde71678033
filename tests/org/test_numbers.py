"""Numbers in all the forms in which people and equipment write them."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import PLAN
from umserver.org.facts import Party
from umserver.org.numbers import fits, is_number, key, spellings


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

    @given(st.text(max_size=300))
    def test_a_key_is_its_own_key(self, text: str) -> None:
        """What was brought into its one spelling stays as it is."""
        once = key(text)
        if once and once == once.strip(" <>") and ":" not in once and ";" not in once:
            self.assertEqual(key(once), once)


class SpellingTests(SynchronousTestCase):
    """Under which keys a party may be known in a plan with four digits in country 1."""

    def spelt(self, user: str, *, host: str = "", own: bool = True, **plan: object) -> list[str]:
        return list(spellings(evolve(PLAN, **plan), Party(user, host=host), own=own))

    def test_extension(self) -> None:
        """An extension is itself; shorter numbers too."""
        self.assertEqual(self.spelt("1001"), ["1001"])
        self.assertEqual(self.spelt("911"), ["911"])
        self.assertEqual(self.spelt(""), [])

    def test_whole_number(self) -> None:
        """A whole number is known with its country code, and by its last digits at home."""
        self.assertEqual(self.spelt("+12125551001"), ["+12125551001", "1001"])
        self.assertEqual(
            self.spelt("12125551001"), ["12125551001", "+12125551001", "+112125551001", "1001"]
        )
        self.assertEqual(self.spelt("2125551001"), ["2125551001", "+12125551001", "1001"])

    def test_not_at_home(self) -> None:
        """The last digits say nothing of a caller, of a foreign number, of somebody's extension."""
        self.assertEqual(self.spelt("2125551001", own=False), ["2125551001", "+12125551001"])
        self.assertEqual(self.spelt("+442079461001"), ["+442079461001"])
        self.assertNotIn("1001", self.spelt("51001"))

    def test_prefixes(self) -> None:
        """National and international prefixes of the plan are read."""
        codes = {
            "country_or_region_code": "33",
            "national_number_prefix": "0",
            "international_access_code": "00",
        }
        self.assertEqual(self.spelt("0155501001", **codes), ["0155501001", "+33155501001", "1001"])
        self.assertEqual(self.spelt("0044207946", **codes), ["0044207946", "+44207946"])

    def test_masks(self) -> None:
        """Numbers of a mask's form are extensions, also of callers."""
        masks = {"numbering_plan_formats": ("142570xxxxx",)}
        self.assertIn("1001", self.spelt("+14257021001", own=False, **masks))
        self.assertNotIn("1001", self.spelt("+14258021001", own=False, **masks))

    def test_sip_names(self) -> None:
        """Names have hosts; in a SipName plan numbers may have them too."""
        self.assertEqual(self.spelt("Ada", host="Example.com"), ["ada@example.com", "ada"])
        self.assertEqual(self.spelt("ada@example.com", host="x"), ["ada@example.com"])
        self.assertEqual(self.spelt("ada"), ["ada"])
        self.assertEqual(self.spelt("1001", uri_type="SipName"), ["1001"])
        self.assertEqual(self.spelt("1001", host="example.com"), ["1001"])
        self.assertEqual(
            self.spelt("1001", host="Example.com", uri_type="SipName"),
            ["1001", "1001@example.com"],
        )

    def test_fits(self) -> None:
        """A mask fits digit by digit."""
        self.assertTrue(fits("12xX", "1234"))
        self.assertFalse(fits("12xx", "12345"))
        self.assertFalse(fits("12xx", "1334"))

    @given(st.text(max_size=300), st.text(max_size=40), st.booleans())
    def test_whatever_a_peer_sends(self, user: str, host: str, own: bool) -> None:
        """No number however strange is a fault, and none has many spellings."""
        found = spellings(PLAN, Party(user, host=host), own=own)
        self.assertLessEqual(len(found), 6)
        self.assertEqual(len(found), len(set(found)))
