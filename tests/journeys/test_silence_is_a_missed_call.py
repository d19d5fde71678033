"""Callers who say nothing."""

from __future__ import annotations

from tests.kit.house import HouseCase


class Silence(HouseCase):
    """A silent line is no message."""

    def test_silence(self) -> None:
        """After two silent recordings the caller is told, and the user gets a missed call."""
        self.start()
        gateway = self.gateway()
        gateway.call((self.host, self.desk_port))
        while not gateway.requests("BYE"):
            gateway.keep_silent(1.0)
            self.assertLess(len(gateway.media.heard), 6000)
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "missedcall")

    def test_silence_after_words_ends_the_recording(self) -> None:
        """Whoever has spoken and falls silent is led to the menu; the silence is not counted as
        speech.
        """
        self.start()
        caller = self.dial().until_beep().say(3.0)
        caller.wait(12.0)
        self.assertIn("message-menu", self.heard(caller))
        caller.press("1#").until_over(20.0)
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
