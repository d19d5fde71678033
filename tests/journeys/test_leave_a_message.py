"""The first call: somebody leaves a message and it arrives as mail."""

from __future__ import annotations

from tests.kit.house import ADA, BEN, CHLOE, DIVERTED, Caller, HouseCase, attachment
from tests.kit.media import clip
from umserver.edges.net.softphone import Order
from umserver.wire.sip.headers import parse_name_addr
from umserver.wire.sip.uri import Uri


class LeaveAMessage(HouseCase):
    """A caller, the router, the desk, a mailbox."""

    def test_through_the_router(self) -> None:
        """A diverted call is sent on by the router, greeted, recorded, and arrives as mail."""
        self.start()
        caller = self.dial(
            "5000",
            headers=DIVERTED,
            from_=parse_name_addr('"Carol Caller" <sip:2125550142@pbx.example.com>'),
        )
        caller.until_beep().say(3.0).hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "voice-ca")
        self.assertEqual(mail["X-VoiceMessageDuration"], "3")
        self.assertEqual(mail["X-CallingTelephoneNumber"], "2125550142")
        self.assertEqual(mail["X-VoiceMessageSenderName"], "Carol Caller")
        self.assertEqual(attachment(mail).get_content_type(), "audio/wav")
        heard = ["greeting of Ada Example", "record-instructions", "beep"]
        self.assertEqual(self.heard(caller), heard)
        ladder = self.titles()
        self.assertEqual(ladder[0], "INVITE (SDP)")
        self.assertIn("302 Moved Temporarily [INVITE]", ladder)
        self.assertEqual(ladder[-2:], ["BYE", "200 OK [BYE]"])
        self.assertEqual(ladder.count("INVITE (SDP)"), 2)

    def test_a_forgetful_peer(self) -> None:
        """A PBX that drops Diversion on its second INVITE still reaches the right mailbox."""
        self.start()
        caller = self.dial("5000", headers=DIVERTED, forgetful=True)
        caller.until_beep().say(2.0).hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "voice-ca")
        second = [m for m in self.trace.everything() if m.title == "INVITE (SDP)"][1]
        self.assertNotIn(b"Diversion", second.data)
        self.assertIn(b"um-route=", second.data)

    def test_directly(self) -> None:
        """A user's own number reaches the user's mailbox, each in the user's language."""
        self.start()
        self.dial("1002").until_beep().say(2.0).hang_up()
        french = self.dial("1003").until_beep().say(2.0).hang_up()
        self.assertIn("ben@example.com", str(self.mails(BEN)[0]["To"]))
        self.mails(CHLOE)
        self.assertIn("beep", self.heard(french))

    def test_history_info(self) -> None:
        """A PBX that forwards with History-Info reaches the mailbox of who did not answer."""
        self.start()
        history = (
            ("History-Info", "<sip:1002@pbx.example.com>;index=1"),
            ("History-Info", "<sip:5000@um.example.com;cause=408>;index=1.1"),
        )
        self.dial("5000", headers=history).until_beep().say(2.0).hang_up()
        self.mails(BEN)

    def test_told_in_a_broken_header(self) -> None:
        """Unescaped Reasons and a stray quote do not cost the caller the mailbox."""
        self.start()
        reason = 'Reason=SIP;cause=486;text="Busy, very"'
        history = f"<sip:1002@pbx.example.com?{reason}>;index=1, <sip:5000@h>;index=1.1"
        self.dial("5000", headers=(("History-Info", history),)).until_beep().say(2.0).hang_up()
        self.mails(BEN)
        diversion = '"Ada <sip:1001@pbx.example.com>;reason=no-answer;'
        self.dial("5000", headers=(("Diversion", diversion),)).until_beep().say(2.0).hang_up()
        self.mails(ADA)

    def test_told_in_the_called_address(self) -> None:
        """A proxy that calls voice mail with a target reaches the target's mailbox (RFC 4458)."""
        self.start()
        where = (("target", "sip:1002@example.com"), ("cause", "486"))
        uri = Uri("sip", "5000", self.host, self.router_port, where)
        caller = Caller(self.stage, self.phone.place(Order(uri=uri))).answered()
        caller.until_beep().say(2.0).hang_up()
        self.mails(BEN)

    def test_as_mp3(self) -> None:
        """Without a setting the message is an MP3."""
        self.start(lambda text: text.replace('audio_codec = "G711"\n', ""))
        self.dial().until_beep().say(2.0).hang_up()
        part = attachment(self.mails()[0])
        self.assertEqual(part.get_content_type(), "audio/mpeg")
        self.assertTrue(str(part.get_filename()).endswith(".mp3"))

    def test_many_at_once(self) -> None:
        """Twenty callers at once leave twenty messages, each with its own words."""
        self.start()
        callers = [self.place(str(1001 + n % 3)) for n in range(20)]
        for caller in callers:
            caller.answered()
        for caller in callers:
            caller.until_beep()
            caller.call.play([clip(2.0, callers.index(caller))])
        self.stage.walk(3.0)
        for caller in callers:
            caller.hang_up()
        names = ("ada", "ben", "chloe")
        mails = [
            mail
            for n, name in enumerate(names)
            for mail in self.mails(f"{name}@example.com", len(range(n, 20, 3)))
        ]
        sounds = {attachment(mail).get_content() for mail in mails}
        self.assertEqual((len(mails), len(sounds)), (20, 20))
