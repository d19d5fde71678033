"""What every store promises about message lamps, whatever it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from tests.contracts.store import ADA, BEN, StoreCase
from umserver.org.lamps import Lamp, Waiting

if TYPE_CHECKING:
    from umserver.edges.store.lamps import Lamps

WAITING = Waiting(2, 3, 1, 0)
LAMP = Lamp("ada@example.com", "Boston", "1001", WAITING, 1000.5)


class LampContract(StoreCase):
    """Lamps and their keepers; mix in with a test case that opens a store."""

    def lit(self, keeper: str = "one") -> Lamp:
        """Ada's lamp burns and is this server's."""

        def told(lamps: Lamps) -> None:
            lamps.renew(keeper, 30.0)
            lamps.claim(LAMP.address, keeper)
            self.assertTrue(lamps.told(LAMP, keeper))

        self.archive.minding(told)
        return LAMP

    def test_what_was_told_is_kept(self) -> None:
        """After a restart a server knows what it told a telephone last (feature 152)."""
        fresh = self.archive.minding(lambda lamps: lamps.claim("ada@example.com", "one"))
        self.assertEqual(fresh, Lamp("ada@example.com"))
        lamp = self.lit()
        self.assertEqual(
            self.archive.minding(lambda lamps: lamps.claim("ADA@example.com", "one")), lamp
        )
        self.assertEqual(self.archive.looking(lambda now: now.lamps.lamp("Ada@Example.com")), lamp)
        self.assertEqual(self.archive.looking(lambda now: now.lamps.lit("one", 9)), [lamp.address])
        self.assertEqual(self.archive.looking(lambda now: now.lamps.tally("one")), (1, 1))
        dark = evolve(lamp, waiting=Waiting(0, 5), told_at=1001.0)
        self.assertTrue(self.archive.minding(lambda lamps: lamps.told(dark, "One")))
        self.assertEqual(self.archive.looking(lambda now: now.lamps.lamp(lamp.address)), dark)
        self.assertEqual(self.archive.looking(lambda now: now.lamps.lit("one", 9)), [])
        self.assertEqual(self.archive.looking(lambda now: now.lamps.tally("one")), (1, 0))
        self.assertEqual(self.archive.looking(lambda now: now.lamps.tally("two")), (0, 0))
        self.assertEqual(
            self.archive.looking(lambda now: now.lamps.kept("Ada@Example.com", "One")), dark
        )
        self.assertIsNone(self.archive.looking(lambda now: now.lamps.kept(lamp.address, "two")))

    def test_one_server_keeps_a_lamp(self) -> None:
        """While a server lives nobody else tells its telephones; what others saw it hears."""
        lamp = self.lit("one")

        def other(lamps: Lamps) -> None:
            lamps.renew("two", 30.0)
            self.assertIsNone(lamps.claim(lamp.address, "two"))
            self.assertFalse(lamps.told(evolve(lamp, waiting=Waiting()), "two"))
            self.assertEqual(list(lamps.take_over("two", 9)), [])

        self.archive.minding(other)
        self.assertEqual(
            self.archive.minding(lambda lamps: lamps.renew("one", 30.0)), [lamp.address]
        )
        self.assertEqual(self.archive.minding(lambda lamps: lamps.renew("one", 30.0)), [])

    def test_a_keeper_that_is_gone(self) -> None:
        """When a server dies or stops another one takes its lamps over, each of them once."""
        lamp = self.lit("one")
        self.archive.minding(lambda lamps: lamps.renew("one", -1.0))
        self.assertEqual(self.archive.minding(lambda lamps: lamps.claim(lamp.address, "two")), lamp)
        self.archive.minding(lambda lamps: lamps.renew("two", 30.0))
        self.assertFalse(self.archive.minding(lambda lamps: lamps.told(lamp, "one")))
        self.archive.minding(lambda lamps: lamps.claim("ben@example.com", "two"))
        self.archive.minding(lambda lamps: lamps.release("two"))
        self.archive.minding(lambda lamps: lamps.renew("three", 30.0))
        first = self.archive.minding(lambda lamps: lamps.take_over("three", 1))
        second = self.archive.minding(lambda lamps: lamps.take_over("three", 9))
        self.assertEqual(sorted([*first, *second]), ["ada@example.com", "ben@example.com"])
        self.assertEqual(len(first), 1)
        self.assertEqual(list(self.archive.minding(lambda lamps: lamps.take_over("three", 9))), [])

    def test_a_forgotten_lamp(self) -> None:
        """What is forgotten was never told."""
        lamp = self.lit()
        self.archive.minding(lambda lamps: lamps.forget(lamp.address))
        self.assertIsNone(self.archive.looking(lambda now: now.lamps.lamp(lamp.address)))

    def test_lamps_are_no_settings(self) -> None:
        """No lamp makes a server load its settings anew, and a backup's return leaves them."""
        self.fill()
        before = self.archive.revision()
        self.lit()
        self.assertEqual(self.archive.revision(), before)

    def test_mailboxes_in_parts(self) -> None:
        """All mailboxes are gone through without ever having all of them in memory."""
        self.fill()
        self.assertEqual(self.archive.looking(lambda now: now.addresses("", 1)), [ADA.address])
        self.assertEqual(
            self.archive.looking(lambda now: now.addresses(ADA.address, 9)), [BEN.address]
        )
        self.assertEqual(self.archive.looking(lambda now: now.addresses(BEN.address, 9)), [])
