"""Echo and announcement, for installers and measurements."""

from __future__ import annotations

from tests.kit.house import HouseCase
from tests.kit.media import clip

FRAME = 160
"""Octets of 20 ms."""


class TestNumbers(HouseCase):
    """The two smallest scripts."""

    def test_echo(self) -> None:
        """5008 explains itself, then sends back what it hears, for as long as one likes."""
        self.start()
        caller = self.dial("5008").wait(2.0)
        self.assertEqual(self.heard(caller), ["echo-instructions"])
        for seed in (1, 2):
            caller.say(clip(2.0, seed)).wait(0.5)
        caller.hang_up()
        heard = caller.ear.encoded()
        assert heard is not None
        for seed in (1, 2):
            sound = clip(2.0, seed).encoded["PCMU"][160:15_000]
            self.assertTrue(self.comes_back(sound, heard[1]), f"clip {seed} came back in pieces")
        self.no_mail()

    def comes_back(self, sound: bytes, heard: bytes) -> bool:
        """Whether everything is heard, in order; the system may let a packet wait for 20 ms."""
        at = heard.find(sound[:FRAME])
        begun = at
        for place in range(0, len(sound), FRAME):
            at = heard.find(sound[place : place + FRAME], at)
            if at < 0:
                return False
        return at - begun < len(sound) + 5 * FRAME

    def test_announcement(self) -> None:
        """5009 speaks without a pause until the caller hangs up."""
        self.start()
        caller = self.place("5009")
        caller.answered()
        caller.call.play([clip(30.0)])
        caller.wait(20.0).hang_up()
        names = self.heard(caller)
        self.assertEqual(set(names), {"announcement-test"})
        self.assertGreaterEqual(len(names), 14)
        self.assertGreater(caller.ear.loud, 18.0)
        self.no_mail()
