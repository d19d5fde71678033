"""A call's protection: forgeries, replays, changes of keys, keys told apart by MKI."""

from __future__ import annotations

from itertools import product
from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.srtp.test_published import opened
from umserver.wire.rtp.packet import Packet, parse
from umserver.wire.srtp import SUITES, Keying, MasterKey, Shield, Suite, suite_named
from umserver.wire.srtp.context import MOST_SOURCES, Sender
from umserver.wire.srtp.shield import GRACE

SOUND = bytes(range(160))


def secret(suite: Suite, seed: int) -> bytes:
    """A key of this suite."""
    return Random(seed).randbytes(suite.secret)


def pair(suite: Suite, seed: int = 1, mki: bytes = b"") -> tuple[Shield, Shield, Keying]:
    """Two ends with keys of their own, and the keys as the second has them."""
    a, b = MasterKey(secret(suite, seed), mki), MasterKey(secret(suite, seed + 100))
    here, there = Shield(), Shield()
    here.use(Keying(suite, a, (b,)))
    keys = Keying(suite, b, (a,))
    there.use(keys)
    return here, there, keys


def packet(sequence: int, ssrc: int = 7) -> bytes:
    """A packet of sound."""
    return Packet(0, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, ssrc, SOUND).to_bytes()


def sealed(shield: Shield | Sender, sequence: int, ssrc: int = 7) -> bytes:
    """The same sealed."""
    made = shield.seal(packet(sequence, ssrc))
    assert made is not None
    return bytes(made)


def with_mki(data: bytes, suite: Suite, mki: bytes, tag: int) -> bytes:
    """A sealed packet as a peer sends it that marks its key (RFC 3711 §3.1)."""
    at = len(data) - (0 if suite.gcm else tag)
    return data[:at] + mki + data[at:]


class ShieldTests(SynchronousTestCase):
    """Two ends."""

    def test_both_directions(self) -> None:
        """Every suite carries sound and reports both ways, and each packet only once."""
        for suite in SUITES:
            here, there, _ = pair(suite)
            for a, b in ((here, there), (there, here)):
                data = sealed(a, 1)
                self.assertEqual(len(data), 172 + suite.tag)
                self.assertEqual(opened(b, data), packet(1))
                self.assertIsNone(opened(b, data))
                self.assertEqual((b.forged, b.replayed), (0, 1))
            self.assertIsNone(opened(here, sealed(here, 2)), "its own packet sent back")
            self.assertEqual(here.forged, 1)

    def test_nothing_without_keys(self) -> None:
        """Before keys are agreed upon nothing leaves in the clear and nothing is believed."""
        shield = Shield()
        self.assertFalse(shield.ready)
        self.assertIsNone(shield.seal(packet(1)))
        self.assertIsNone(shield.seal_rtcp(b"\x80\xc9\0\x01\0\0\0\x07"))
        self.assertIsNone(opened(shield, packet(1)))
        self.assertIsNone(shield.open_rtcp(b"\x80\xc9\0\x01\0\0\0\x07"))
        self.assertEqual(shield.forged, 2)

    def test_forgeries(self) -> None:
        """A hundred forged packets of any source are counted; the next genuine one counts."""
        here, there, _ = pair(SUITES[0])
        stranger, _, _ = pair(SUITES[0], seed=2)
        self.assertIsNotNone(opened(there, sealed(here, 1)))
        for number in range(100):
            ssrc = 7 if number % 2 else number
            self.assertIsNone(opened(there, sealed(stranger, 30_000 + number, ssrc)))
        self.assertEqual((there.forged, there.replayed), (100, 0))
        self.assertEqual(opened(there, sealed(here, 2)), packet(2))

    def test_order(self) -> None:
        """Packets may overtake each other; what is older than the window is not taken."""
        here, there, _ = pair(SUITES[0])
        data = [sealed(here, number) for number in range(400)]
        for number in (0, 2, 1, 300, 290):
            self.assertIsNotNone(opened(there, data[number]), number)
        self.assertIsNone(opened(there, data[100]))
        self.assertEqual(there.replayed, 1)

    def test_roll_over_with_losses(self) -> None:
        """The sequence number may wrap in the middle of a loss, again and again."""
        here, there, _ = pair(SUITES[0])
        for number in range(65_000, 65_000 + 3 * 65_536, 1000):
            self.assertEqual(opened(there, sealed(here, number)), packet(number))
        self.assertEqual(there.forged, 0)

    def test_too_many_sources(self) -> None:
        """Not even a peer with the right key makes us remember more than a few sources."""
        here, there, _ = pair(SUITES[0])
        taken = [opened(there, sealed(here, 1, ssrc)) for ssrc in range(MOST_SOURCES + 5)]
        self.assertEqual(sum(each is not None for each in taken), MOST_SOURCES)

    def test_too_long(self) -> None:
        """A packet that no network carries is not sealed; nor is rubbish opened as a report."""
        here, there, _ = pair(SUITES[0])
        self.assertIsNone(here.seal(bytes(5000)))
        self.assertIsNone(here.seal_rtcp(bytes(5000)))
        self.assertIsNone(here.seal(b"short"))
        self.assertIsNone(here.seal_rtcp(b""))
        self.assertIsNone(there.open_rtcp(bytes(5000)))

    def test_secrets_of_the_wrong_length(self) -> None:
        """Keys that do not fit the suite are a fault of ours, found at once."""
        with self.assertRaises(ValueError):
            Sender(SUITES[0], MasterKey(b"short"))

    def test_secrets_do_not_show(self) -> None:
        """No key stands in the text of a value."""
        text = repr(Keying(SUITES[0], MasterKey(b"secretsecret"), (MasterKey(b"hidden"),)))
        self.assertNotIn("secret", text)
        self.assertNotIn("hidden", text)

    def test_names(self) -> None:
        """Names are known in any case, also those of old drafts; others are not."""
        suite = suite_named("aes_cm_256_hmac_sha1_80")
        assert suite is not None
        self.assertEqual(suite.name, "AES_256_CM_HMAC_SHA1_80")
        self.assertIsNone(suite_named("NULL_HMAC_SHA1_80"))


class RekeyTests(SynchronousTestCase):
    """The keys change while sound flows."""

    def test_the_peer_changes_its_key(self) -> None:
        """Packets of the old key that are still on their way count, for a while."""
        for suite in SUITES:
            here, there, keys = pair(suite)
            new, _, new_keys = pair(suite, seed=5)
            for number in range(3):
                self.assertIsNotNone(opened(there, sealed(here, number)))
            late, never = sealed(here, 3), sealed(here, 2000)
            self.assertFalse(there.use(evolve(keys, theirs=new_keys.theirs)), "our key is the same")
            self.assertEqual(opened(there, late), packet(3))
            self.assertIsNone(opened(there, late))
            self.assertEqual((there.forged, there.replayed), (0, 1))
            for number in range(4, 4 + GRACE):
                self.assertEqual(opened(there, sealed(new, number)), packet(number))
            self.assertIsNone(opened(there, never))
            self.assertEqual(there.forged, 1)

    def test_counters_after_a_change(self) -> None:
        """In a long call the peer may keep its roll-over counter or begin anew; both are heard."""
        for suite, rounds, keeps in product(SUITES, (1, 2, 7), (False, True)):
            here, there, keys = pair(suite)
            last = rounds * 65_536 + 40_000
            for number in (*range(30_000, last, 10_000), last):
                self.assertIsNotNone(opened(there, sealed(here, number)))
            late = sealed(here, last + 1)
            after, _, new_keys = pair(suite, seed=5)
            for number in range(0, last if keeps else 0, 10_000):
                after.seal(packet(number))
            there.use(evolve(keys, theirs=new_keys.theirs))
            self.assertEqual(opened(there, late), packet(last + 1))
            data = [sealed(after, number) for number in range(last + 2, last + 40)]
            for number, each in enumerate(data, last + 2):
                self.assertEqual(opened(there, each), packet(number), (suite, rounds, keeps))
            self.assertIsNone(opened(there, data[-1]))
            self.assertEqual((there.forged, there.replayed), (0, 1))

    def test_we_change_our_key(self) -> None:
        """A new key of ours is told, so that another source is begun with it."""
        here, _, keys = pair(SUITES[0])
        other = MasterKey(secret(SUITES[0], 77))
        assert here.keying is not None
        self.assertTrue(here.use(evolve(here.keying, ours=other)))
        receiver = Shield()
        receiver.use(evolve(keys, theirs=(other,)))
        self.assertEqual(opened(receiver, sealed(here, 9)), packet(9))

    def test_the_same_keys_again(self) -> None:
        """A re-offer that changes nothing keeps roll-over counters and replay protection."""
        here, there, keys = pair(SUITES[0])
        for number in range(65_000, 66_100, 50):
            self.assertIsNotNone(opened(there, sealed(here, number)))
        self.assertFalse(there.use(keys))
        data = sealed(here, 66_101)
        self.assertEqual(opened(there, data), packet(66_101))
        self.assertIsNone(opened(there, data))

    def test_reports_with_the_old_key(self) -> None:
        """Reports on their way are read as well."""
        here, there, keys = pair(SUITES[0])
        data = here.seal_rtcp(b"\x80\xc9\0\x01\0\0\0\x07")
        assert data is not None
        _, _, new_keys = pair(SUITES[0], seed=5)
        there.use(evolve(keys, theirs=new_keys.theirs))
        self.assertEqual(there.open_rtcp(data), b"\x80\xc9\0\x01\0\0\0\x07")


class MkiTests(SynchronousTestCase):
    """Peers that mark packets with the key they used."""

    def test_several_keys(self) -> None:
        """Each packet is opened with the key it names; an unknown name drops it."""
        for suite in SUITES:
            names = (b"\0\0\0\x01", b"\0\0\0\x02")
            keys = tuple(MasterKey(secret(suite, n), name) for n, name in enumerate(names))
            there = Shield()
            there.use(Keying(suite, MasterKey(secret(suite, 9)), keys))
            for number, key in enumerate(keys):
                sender = Sender(suite, key)
                data = with_mki(sealed(sender, number, number), suite, key.mki, suite.tag)
                found = opened(there, data)
                assert found is not None
                self.assertEqual(found, packet(number, number))
                self.assertIsNotNone(parse(found))
                report = sender.seal_rtcp(b"\x80\xc9\0\x01\0\0\0\x07")
                assert report is not None
                marked = with_mki(report, suite, key.mki, suite.rtcp_tag)
                self.assertEqual(there.open_rtcp(marked), b"\x80\xc9\0\x01\0\0\0\x07")
            strange = with_mki(sealed(sender, 5), suite, b"\0\0\0\x09", suite.tag)
            unmarked = sealed(sender, 6)
            for data in (strange, unmarked, unmarked[:14]):
                self.assertIsNone(opened(there, data))
            self.assertIsNone(there.open_rtcp(report))
            self.assertEqual(there.forged, 4)
