"""Keys in INFO bodies, and a key that came twice."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net.info import KeyTwins, info_body, keys_in_info


class InfoTests(SynchronousTestCase):
    """The bodies that equipment sends."""

    def test_relay_bodies(self) -> None:
        """The usual body presses its key, in any spelling that is seen in the field."""
        for body, key in (
            (b"Signal=5\r\nDuration=160\r\n", "5"),
            (b"Signal= #\nDuration= 100", "#"),
            (b"signal=*\r\n", "*"),
            (b"Duration=160\r\nSignal=d\r\n", "D"),
            (b"Signal=11\r\nDuration=250\r\n", "#"),
            (b"Signal=10\r\n", "*"),
        ):
            self.assertEqual(keys_in_info("application/dtmf-relay", body), key)
            self.assertEqual(keys_in_info("Application/DTMF-Relay; x=y", body), key)

    def test_plain_bodies(self) -> None:
        """The short body is the key alone."""
        self.assertEqual(keys_in_info("application/dtmf", b"7"), "7")
        self.assertEqual(keys_in_info("application/dtmf", b" 11 \r\n"), "#")
        self.assertEqual(keys_in_info("application/dtmf", b"Signal=3"), "3")

    def test_everything_else_presses_nothing(self) -> None:
        """An INFO about something else, or rubbish, is no key."""
        for kind, body in (
            (None, b"5"),
            ("text/plain", b"5"),
            ("application/dtmf-relay", b""),
            ("application/dtmf-relay", b"5"),
            ("application/dtmf-relay", b"Signal=55"),
            ("application/dtmf-relay", b"Signal=16"),
            ("application/dtmf-relay", b"Signal=flash"),
            ("application/dtmf-relay", b"\xff\xfe\x00"),
            ("application/dtmf", b"hello"),
            ("application/dtmf", b"x" * 100_000 + b"Signal=5"),
        ):
            self.assertEqual(keys_in_info(kind, body), "", (kind, body[:40]))

    def test_what_we_send_is_what_we_read(self) -> None:
        """Each key survives the way out and in."""
        for key in "0123456789*#ABCD":
            self.assertEqual(keys_in_info(*info_body(key)), key)


class TwinTests(SynchronousTestCase):
    """A PBX that sends each key by RFC 4733 and by INFO presses it once."""

    def test_the_second_way_is_a_twin(self) -> None:
        """One key by two ways counts once, whichever comes first."""
        twins = KeyTwins()
        self.assertTrue(twins.is_new("5", "media", 0.0))
        self.assertFalse(twins.is_new("5", "info", 0.4))
        self.assertTrue(twins.is_new("6", "info", 1.0))
        self.assertFalse(twins.is_new("6", "media", 1.2))

    def test_a_key_pressed_twice_counts_twice(self) -> None:
        """Two presses are two keys, also when both come by both ways."""
        twins = KeyTwins()
        seen = [twins.is_new("1", way, n / 10) for n, way in enumerate(("media", "media", "info"))]
        self.assertEqual(seen, [True, True, False])
        self.assertFalse(twins.is_new("1", "info", 0.4))
        self.assertTrue(twins.is_new("1", "info", 0.5))

    def test_much_later_is_another_press(self) -> None:
        """The other way has two seconds; after them the key is a new one."""
        twins = KeyTwins()
        self.assertTrue(twins.is_new("1", "media", 0.0))
        self.assertTrue(twins.is_new("1", "info", 2.1))

    def test_bounded(self) -> None:
        """A flood of keys is not remembered for ever."""
        twins = KeyTwins()
        for n in range(1000):
            self.assertTrue(twins.is_new("1", "media", n / 1000))
        fresh = sum(twins.is_new("1", "info", 1.0) for _ in range(100))
        self.assertGreaterEqual(fresh, 60)
