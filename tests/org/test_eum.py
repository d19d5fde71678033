"""EUM addresses of users (spec 2.6, 2.7)."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ADA, BEN
from umserver.org.eum import eum_address, read_eum, tidy_eum
from umserver.org.eum_list import eum_addresses, with_addresses


class EumTests(SynchronousTestCase):
    """One address."""

    def test_forms(self) -> None:
        """Numbers and SIP addresses have one spelling; capitals mark the primary one."""
        self.assertEqual(
            tidy_eum("EUM:+1 212-555-0101; phone-context=Boston"),
            "eum:+12125550101;phone-context=Boston",
        )
        self.assertEqual(
            str(read_eum("EUM:1001;phone-context=Boston")), "EUM:1001;phone-context=Boston"
        )
        self.assertEqual(
            read_eum("eum:Ada@Example.com;phone-context=A b").number, "ada@example.com"
        )

    def test_refused(self) -> None:
        """What is no EUM address is refused."""
        self.assertIsNone(eum_address("eum:1001;phone-context=Boston"))
        for text in (
            "1001",
            "eum:1001",
            "smtp:a@example.com",
            "eum:;phone-context=B",
            "eum:1" * 99,
        ):
            self.assertIn("must be written as eum:", str(eum_address(text)), text)
        self.assertIn("telephone number", str(eum_address("eum:a b;phone-context=Boston")))


class ListTests(SynchronousTestCase):
    """All addresses of a user."""

    ada = evolve(
        ADA,
        sip_resource_identifier="sip:ada@example.com",
        secondary_numbers=("1011",),
        secondary_addresses=("eum:51001;phone-context=Paris",),
    )

    def test_round_trip(self) -> None:
        """A user given all of its addresses again is the same."""
        texts = eum_addresses(self.ada)
        self.assertEqual(
            texts,
            (
                "EUM:1001;phone-context=Boston",
                "eum:ada@example.com;phone-context=Boston",
                "eum:1011;phone-context=Boston",
                "eum:51001;phone-context=Paris",
            ),
        )
        self.assertEqual(with_addresses(self.ada, texts), self.ada)
        self.assertEqual(
            self.ada.index,
            (
                ("Boston", "1001"),
                ("Boston", "ada@example.com"),
                ("Boston", "1011"),
                ("Paris", "51001"),
            ),
        )

    def test_the_next_one_becomes_primary(self) -> None:
        """Without the primary extension the next one is primary; capitals choose another."""
        without = with_addresses(self.ada, eum_addresses(self.ada)[1:])
        self.assertEqual((without.extension, without.secondary_numbers), ("1011", ()))
        texts = ("eum:1001;phone-context=boston", "EUM:1011;phone-context=Boston")
        chosen = with_addresses(self.ada, texts)
        self.assertEqual((chosen.extension, chosen.secondary_numbers), ("1011", ("1001",)))
        self.assertEqual((chosen.sip_resource_identifier, chosen.secondary_addresses), ("", ()))

    def test_an_extension_is_needed(self) -> None:
        """Nobody is left without an extension in the primary plan."""
        for texts in ((), ("eum:51001;phone-context=Paris",), ("eum:+1212;phone-context=Boston",)):
            with self.assertRaisesRegex(ValueError, "needs an extension of the dial plan Boston"):
                with_addresses(BEN, texts)
