"""Callers who put the receiver down, early or late."""

from __future__ import annotations

from tests.kit.house import HouseCase, attachment
from tests.kit.media import clip


class HangUp(HouseCase):
    """Whatever was said is kept; whoever said nothing called in vain."""

    def test_while_recording(self) -> None:
        """A caller who hangs up while speaking has left everything said up to then."""
        self.start()
        caller = self.dial().until_beep()
        caller.call.play([clip(20.0, 4)])
        caller.wait(7.0).hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["X-VoiceMessageDuration"], "7")
        sound = attachment(mail).get_content()
        start = sound.index(clip(20.0, 4).encoded["PCMU"][:800])
        self.assertGreaterEqual(len(sound) - start, 6.9 * 8000)

    def test_before_the_tone(self) -> None:
        """A caller who hangs up during the greeting has missed the user: a mail says so."""
        self.start()
        self.dial().wait(1.0).hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "missedcall")
        self.assertEqual(list(mail.iter_attachments()), [])

    def test_right_after_the_tone(self) -> None:
        """A cough after the tone is no message."""
        self.start()
        self.dial().until_beep().say(0.2).hang_up()
        self.assertEqual(self.mails()[0]["Content-Class"], "missedcall")

    def test_at_every_moment(self) -> None:
        """Whenever callers hang up, each call becomes exactly one mail."""
        self.start()
        moments = [0.0, 0.02, 0.5, 1.3, 2.6, 2.75, 3.0, 3.4, 4.1, 6.0]
        for moment in moments:
            caller = self.dial()
            caller.call.play([clip(10.0, 2)])
            caller.wait(moment).hang_up()
        mails = self.mails(count=len(moments))
        kinds = [mail["Content-Class"] for mail in mails]
        self.assertEqual(set(kinds), {"missedcall", "voice-ca"})
        self.assertEqual(len({mail["Message-ID"] for mail in mails}), len(moments))
        assert self.um is not None and self.um.desk is not None
        self.assertEqual((self.um.desk.role.active, self.um.desk.engine.legs), (0, 0))

    def test_while_ringing(self) -> None:
        """A caller who gives up before the answer leaves nothing but a missed call, or nothing."""
        self.start()
        gateway = self.gateway()
        call_id = gateway.invite(("127.0.0.1", self.desk_port), "1001", branch="z9hG4bK-one")
        cancel = gateway.request(
            "CANCEL", f"sip:1001@127.0.0.1:{self.desk_port}", call_id=call_id, branch="z9hG4bK-one"
        )
        gateway.send(cancel)
        self.stage.walk(2.0)
        self.assertIn(200, gateway.responses("CANCEL"))
        final = gateway.final()
        assert final is not None
        if final.status == 200:
            gateway.hang_up()
        self.stage.walk(40.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual(self.um.desk.role.active, 0)
        self.assertEqual(self.mails()[0]["Content-Class"], "missedcall")
