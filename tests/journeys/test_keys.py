"""Keys by every way that PBXs know."""

from __future__ import annotations

from tests.kit.house import HouseCase
from tests.kit.media import clip
from tests.kit.raw_sip import sdp


class Keys(HouseCase):
    """The menu is reached and left by keys, however they come."""

    def test_by_info(self) -> None:
        """A PBX that sends keys by INFO drives every menu."""
        self.start()
        caller = self.dial().until_beep().say(2.0)
        caller.press("#", "info").press("1", "info").press("#", "info").until_over(20.0)
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
        self.assertIn("message-sent", self.heard(caller))

    def test_inband(self) -> None:
        """Where no telephone-events were agreed, tones in the sound are keys."""
        self.start()
        gateway = self.gateway()
        body = sdp(gateway.sound_port, formats="0")
        gateway.call((self.host, self.desk_port), body=body)
        answer = gateway.final()
        assert answer is not None
        self.assertNotIn("telephone-event", answer.body)
        gateway.keep_silent(5.0)
        gateway.play(clip(2.0, 4).encoded["PCMU"])
        for key in "#1#":
            gateway.play(_tone(key))
            gateway.keep_silent(0.5)
        left = 20
        while not gateway.requests("BYE") and left:
            gateway.keep_silent(0.5)
            left -= 1
        self.assertEqual(len(gateway.requests("BYE")), 1)
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")

    def test_both_ways_at_once(self) -> None:
        """A PBX that sends each key twice, by event and by INFO, presses it once."""
        self.start()
        caller = self.dial().until_beep().say(2.0)
        for key in "#1":
            caller.call.send_info(key)
            caller.press(key)
        caller.wait(2.0)
        self.assertEqual(caller.over, None)
        caller.press("#").until_over(20.0)
        self.assertEqual(self.mails()[0]["Importance"], None)

    def test_skipping_the_greeting(self) -> None:
        """# during the greeting leads straight to the tone."""
        self.start()
        caller = self.dial().wait(0.4).press("#").until_beep(seconds=1.5).say(2.0).hang_up()
        self.assertNotIn("record-instructions", self.heard(caller))
        self.mails()


def _tone(key: str) -> bytes:
    from umserver.wire.audio import g711
    from umserver.wire.audio.tones import dtmf

    return g711.encode("PCMU", dtmf(key, 0.16))
