"""The menu behind the # key: accept, listen, erase, append, cancel, and the marks."""

from __future__ import annotations

from tests.kit.house import Caller, HouseCase, attachment
from tests.kit.media import clip


class Menu(HouseCase):
    """What a caller can still decide."""

    def record(self, seconds: float = 2.0, seed: int = 3) -> Caller:
        """A caller who spoke and pressed #."""
        self.start()
        return self.dial().until_beep().say(clip(seconds, seed)).press("#")

    def test_accept(self) -> None:
        """# 1 # sends the message, thanks and says goodbye; the server hangs up."""
        caller = self.record().press("1").press("#").until_over(20.0)
        self.assertEqual(caller.over, "peer")
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
        self.assertEqual(self.heard(caller)[-2:], ["message-sent", "goodbye"])

    def test_important_and_back(self) -> None:
        """1 in the options marks the message as important; pressed twice it does not."""
        self.record().press("1").press("1").wait(2.0).press("#").until_over(20.0)
        self.assertEqual(self.mails()[0]["Importance"], "high")
        caller = self.dial().until_beep().say(2.0).press("#").press("1")
        caller.press("1").wait(2.0).press("1").wait(2.0).press("#").until_over(20.0)
        mails = self.mails(count=2)
        self.assertEqual([mail["Importance"] for mail in mails], ["high", None])

    def test_listen(self) -> None:
        """2 plays back what was said."""
        caller = self.record(3.0).press("2").wait(4.0).hang_up()
        sound = clip(3.0, 3).encoded["PCMU"]
        heard = caller.ear.encoded()
        assert heard is not None
        self.assertIn(sound[800:16_000], heard[1])
        self.mails()

    def test_erase(self) -> None:
        """3 forgets what was said; only what is said again arrives."""
        caller = self.record(4.0, seed=3).press("3").until_beep(2).say(clip(2.0, 8)).press("#")
        caller.press("1").press("#").until_over(20.0)
        [mail] = self.mails()
        sound = attachment(mail).get_content()
        self.assertEqual(mail["X-VoiceMessageDuration"], "2")
        self.assertIn(clip(2.0, 8).encoded["PCMU"][800:8000], sound)
        self.assertNotIn(clip(4.0, 3).encoded["PCMU"][800:1600], sound)

    def test_append(self) -> None:
        """4 goes on where the message ended; both parts arrive as one."""
        caller = self.record(2.0, seed=3).press("4").until_beep(2).say(clip(3.0, 8)).press("#")
        caller.press("1").press("#").until_over(20.0)
        [mail] = self.mails()
        sound = attachment(mail).get_content()
        first = sound.index(clip(2.0, 3).encoded["PCMU"][800:8000])
        second = sound.index(clip(3.0, 8).encoded["PCMU"][800:8000])
        self.assertLess(first, second)
        self.assertIn(mail["X-VoiceMessageDuration"], ("5", "6"))

    def test_cancel(self) -> None:
        """* gives up: nothing that was said is sent."""
        caller = self.record().press("*").until_over(20.0)
        self.assertIn("message-cancelled", self.heard(caller))
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "missedcall")

    def test_silence_accepts(self) -> None:
        """A caller who decides nothing has decided to send."""
        caller = self.record().until_over(60.0)
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
        self.assertIn("are-you-there", self.heard(caller))

    def test_hang_up_in_the_menu(self) -> None:
        """A caller who hangs up in the menu has left the message."""
        self.record().wait(1.0).hang_up()
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")

    def test_typed_ahead(self) -> None:
        """Who knows the menus types through them without waiting."""
        caller = self.record()
        caller.press("1#").until_over(10.0)
        self.mails()

    def test_wrong_keys(self) -> None:
        """A key without meaning is said to be one; the message is not lost by it."""
        caller = self.record().press("9").wait(2.0).press("1#").until_over(20.0)
        self.assertIn("invalid-key", self.heard(caller))
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
