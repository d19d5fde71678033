"""Where the sound of a peer behind an address translator is taken from, packet by packet."""

from __future__ import annotations

from attrs import define
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.rtp.learning import (
    AFTERGLOW,
    IN_A_ROW,
    MOST_CANDIDATES,
    WINDOW,
    Address,
    Learning,
    Origins,
)

AGREED = ("10.1.2.3", 4000)
REAL = ("198.51.100.7", 61_000)
BESIDE = ("198.51.100.7", 62_000)
"""Another machine behind the same translator."""
STRANGER = ("203.0.113.9", 4000)
OURS, THEIRS = 0xAAAA, 0xBBBB
BEGAN = 100.0


@define
class Packets:
    """Packets of one source from one place."""

    learning: Learning
    ssrc: int = THEIRS
    sequence: int = 7

    def send(
        self, address: Address, kind: int = 0, now: float = BEGAN, secret: bool = False
    ) -> list[bytes] | None:
        """The next packet; what it taught."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        if not self.learning.admits(address, now):
            return None
        packet = None if secret else self.sequence.to_bytes(2, "big")
        return self.learning.teaches(address, kind, self.ssrc, self.sequence, packet)


class LearningTests(SynchronousTestCase):
    """The rule."""

    def learning(
        self, *networks: str, former: Address | None = None, sources: tuple[int, ...] = ()
    ) -> Learning:
        """What may be learned after an agreement on AGREED with a peer that signals from REAL."""
        return Learning(
            origins=Origins.of((REAL[0], *networks)),
            agreed=AGREED,
            kinds=frozenset({0, 8, 101}),
            sources=frozenset(sources),
            ours=OURS,
            began=BEGAN,
            former=former,
        )

    def test_two_in_a_row(self) -> None:
        """Two packets that follow on each other settle it; the first is given to be heard."""
        packets = Packets(self.learning())
        self.assertIsNone(packets.send(REAL))
        self.assertEqual(packets.send(REAL), [b"\0\x08"])
        self.assertEqual(IN_A_ROW, 2)

    def test_over_the_wrap(self) -> None:
        """Sequence numbers may begin anew in between, and one may be lost."""
        packets = Packets(self.learning(), sequence=0xFFFD)
        packets.send(REAL)
        packets.sequence += 1
        self.assertIsNotNone(packets.send(REAL))

    def test_genuine(self) -> None:
        """A packet that proved genuine is enough."""
        self.assertEqual(Packets(self.learning()).send(REAL, secret=True), [])

    def test_the_agreed_address(self) -> None:
        """A peer that is where it says is believed at its first packet."""
        self.assertEqual(Packets(self.learning()).send(AGREED), [])
        self.assertIsNone(Packets(self.learning()).send(AGREED, kind=18))

    def test_strangers(self) -> None:
        """Somebody elsewhere is never learned, not even with genuine packets, nor counted."""
        packets = Packets(self.learning())
        for _ in range(3 * WINDOW.packets):
            self.assertIsNone(packets.send(STRANGER))
            self.assertIsNone(packets.send(STRANGER, secret=True))
        self.assertEqual(packets.learning.left, WINDOW.packets)
        packets.send(REAL)
        self.assertIsNotNone(packets.send(REAL))

    def test_networks(self) -> None:
        """What the administrator lists may be learned as well, of either family."""
        for network, address in (
            ("203.0.113.0/24", STRANGER),
            ("2001:db8::/32", ("2001:db8::7", 5)),
        ):
            packets = Packets(self.learning(network))
            packets.send(address)
            self.assertIsNotNone(packets.send(address), network)
        packets = Packets(self.learning("203.0.113.0/29"))
        packets.send(STRANGER)
        self.assertIsNone(packets.send(STRANGER))

    def test_payload_types(self) -> None:
        """Packets of a kind that nobody agreed on teach nothing."""
        packets = Packets(self.learning())
        for _ in range(5):
            self.assertIsNone(packets.send(REAL, kind=18))
        for kind in (0, 101):
            found = packets.send(REAL, kind)
        self.assertIsNotNone(found)

    def test_sources(self) -> None:
        """Packets of another source than announced, of ours, or of changing ones teach nothing."""
        for ssrc, announced in ((0x666, (THEIRS,)), (OURS, ())):
            packets = Packets(self.learning(sources=announced), ssrc=ssrc)
            for secret in (False, False, True):
                self.assertIsNone(packets.send(REAL, secret=secret))
        packets = Packets(self.learning())
        for ssrc in range(20):
            packets.ssrc = ssrc
            self.assertIsNone(packets.send(REAL))
        packets = Packets(self.learning(sources=(THEIRS,)))
        packets.send(REAL)
        self.assertIsNotNone(packets.send(REAL))

    def test_the_same_again(self) -> None:
        """One packet sent twice, or numbers far apart, are no two in a row."""
        packets = Packets(self.learning())
        for _ in range(4):
            packets.sequence = 7
            self.assertIsNone(packets.send(REAL))
        packets.sequence += 100
        self.assertIsNone(packets.send(REAL))

    def test_somebody_in_between(self) -> None:
        """Packets of a neighbour between the peer's own do not keep the peer out."""
        packets, other = Packets(self.learning()), Packets(self.learning())
        other.learning, other.ssrc = packets.learning, 0x666
        self.assertIsNone(other.send(BESIDE))
        self.assertIsNone(packets.send(REAL))
        other.sequence += 50
        self.assertIsNone(other.send(BESIDE))
        self.assertIsNotNone(packets.send(REAL))

    def test_bounded(self) -> None:
        """However many addresses try, few are remembered."""
        learning = self.learning("198.51.100.0/24")
        for number in range(50):
            Packets(learning).send((f"198.51.100.{number + 10}", 4000))
        self.assertEqual(len(learning._candidates), MOST_CANDIDATES)

    def test_the_window(self) -> None:
        """After its time, or its number of packets, nothing is learned any more."""
        packets = Packets(self.learning())
        end = BEGAN + WINDOW.seconds
        self.assertIsNone(packets.send(REAL, kind=18))
        self.assertIsNone(packets.send(REAL, now=end - 0.1))
        self.assertIsNone(packets.send(REAL, now=end))
        self.assertFalse(packets.learning.is_over(end - 0.1))
        self.assertTrue(packets.learning.is_over(end))
        packets = Packets(self.learning())
        for _ in range(WINDOW.packets):
            packets.send(REAL, kind=18)
        self.assertTrue(packets.learning.is_over(BEGAN))
        packets.send(REAL)
        self.assertIsNone(packets.send(REAL))

    def test_silence(self) -> None:
        """Time runs from the first packet on: whoever is silent first is learned all the same."""
        packets, late = Packets(self.learning()), BEGAN + 3600.0
        self.assertFalse(packets.learning.is_quiet(BEGAN + WINDOW.seconds - 0.1))
        packets.send(STRANGER)
        self.assertTrue(packets.learning.is_quiet(late))
        self.assertFalse(packets.learning.is_over(late))
        self.assertIsNone(packets.send(REAL, now=late))
        self.assertFalse(packets.learning.is_quiet(late))
        self.assertIsNotNone(packets.send(REAL, now=late + WINDOW.seconds - 0.1))
        self.assertTrue(packets.learning.is_over(late + WINDOW.seconds))

    def test_where_it_was_before(self) -> None:
        """After a new agreement what is still under way from the former place teaches nothing."""
        packets = Packets(self.learning(former=REAL))
        for _ in range(3):
            self.assertIsNone(packets.send(REAL, now=BEGAN + AFTERGLOW - 0.1))
        packets.send(BESIDE)
        self.assertIsNotNone(packets.send(BESIDE))
        packets = Packets(self.learning(former=REAL))
        packets.send(REAL, now=BEGAN + AFTERGLOW)
        self.assertIsNotNone(packets.send(REAL, now=BEGAN + AFTERGLOW))
        self.assertIsNotNone(Packets(self.learning(former=AGREED)).send(AGREED))

    def test_no_addresses(self) -> None:
        """What is no address is in no network, and no network is made of it."""
        self.assertFalse(Origins.of(("192.0.2.0/24",)).hold("pbx.example.com"))
        self.assertRaises(ValueError, Origins.of, ("pbx.example.com",))
