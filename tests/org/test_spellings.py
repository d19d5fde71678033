"""Under which numbers somebody may be known in a dial plan."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import PLAN
from umserver.org.facts import Party
from umserver.org.spellings import spellings


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

    @given(st.text(max_size=300), st.text(max_size=40), st.booleans())
    def test_whatever_a_peer_sends(self, user: str, host: str, own: bool) -> None:
        """No number however strange is a fault, and none has many spellings."""
        found = spellings(PLAN, Party(user, host=host), own=own)
        self.assertLessEqual(len(found), 6)
        self.assertEqual(len(found), len(set(found)))
