"""The first call: somebody leaves a message and it arrives as mail."""

from __future__ import annotations

from tests.kit.house import DIVERTED, HouseCase, attachment


class LeaveAMessage(HouseCase):
    """A caller, the router, the desk, a mailbox."""

    def test_through_the_router(self) -> None:
        """A diverted call is sent on by the router, greeted, recorded, and arrives as mail."""
        self.start()
        caller = self.dial("5000", headers=DIVERTED)
        caller.until_beep().say(3.0).hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "voice-ca")
        self.assertEqual(mail["X-VoiceMessageDuration"], "3")
        self.assertEqual(attachment(mail).get_content_type(), "audio/wav")
        self.assertEqual(self.heard(caller)[:2], ["greeting of Ada Example", "record-instructions"])
