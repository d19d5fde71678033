"""An administrator changes settings while somebody is calling."""

from __future__ import annotations

from tests.kit.house import BEN, HouseCase, attachment


class ChangeDuringCall(HouseCase):
    """Calls under way keep the settings they began with; new calls take the new ones."""

    def change(self, old: str, new: str) -> None:
        """Commit a change as `umctl` does, behind the server's back."""
        text = self.demo()
        self.assertIn(old, text)
        self.fill(text.replace(old, new))

    def test_within_ten_minutes(self) -> None:
        """A change that nobody announced acts at the next poll."""
        self.start()
        self.change('audio_codec = "G711"', 'audio_codec = "Gsm"')
        self.stage.walk(590.0)
        self.dial().until_beep().say(1.0).hang_up()
        self.stage.walk(20.0)
        self.dial().until_beep().say(1.0).hang_up()
        mails = self.mails(count=2)
        sizes = [len(attachment(mail).get_content()) for mail in mails]
        self.assertLess(sizes[1] * 3, sizes[0])

    def test_a_call_under_way(self) -> None:
        """A mailbox that moves to another number while somebody speaks still gets that message."""
        um = self.start()
        caller = self.dial("1002").until_beep()
        self.change('extension = "1002"', 'extension = "1009"')
        assert um.poller is not None
        self.stage.run_until(um.poller.poll(), 5.0)
        caller.say(2.0).press("#").press("1#").until_over(20.0)
        self.assertEqual(self.mails(BEN)[0]["Content-Class"], "voice-ca")
        gone = self.place("1002")
        self.stage.run_until(lambda: gone.call.failure, 10.0)
        self.assertEqual(gone.call.status, 404)
        self.dial("1009").until_beep().say(1.0).hang_up()
        self.mails(BEN, 2)

    def test_a_gateway_that_is_taken_away(self) -> None:
        """A gateway removed from the settings brings no further call; the one it has goes on."""
        um = self.start()
        caller = self.dial().until_beep()
        self.change('address = "127.0.0.1"', 'address = "192.0.2.77"')
        assert um.poller is not None
        self.stage.run_until(um.poller.poll(), 5.0)
        refused = self.place()
        self.stage.run_until(lambda: refused.call.failure, 10.0)
        self.assertEqual(refused.call.status, 403)
        caller.say(1.0).hang_up()
        self.mails()
