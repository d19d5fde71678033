"""A caller who puts us on hold in the middle of a message."""

from __future__ import annotations

from tests.kit.house import HouseCase, attachment
from tests.kit.media import clip


class Hold(HouseCase):
    """Hold, and back."""

    def test_hold_while_recording(self) -> None:
        """What was said before and after a short hold is in one message."""
        self.start()
        caller = self.dial().until_beep().say(clip(2.0, 1))
        caller.call.hold(True)
        caller.wait(2.0)
        caller.call.hold(False)
        caller.wait(0.2).say(clip(2.0, 2)).hang_up()
        sound = bytes(attachment(self.mails()[0]).get_content())
        for seed in (1, 2):
            self.assertIn(clip(2.0, seed).encoded["PCMU"][800:14_000], sound)

    def test_forgotten_on_hold(self) -> None:
        """A call that is forgotten on hold ends by itself, and what was said is kept."""
        self.start()
        caller = self.dial().until_beep().say(clip(2.0, 1))
        caller.call.hold(True)
        caller.until_over(600.0)
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
