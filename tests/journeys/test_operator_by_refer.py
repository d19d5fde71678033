"""Callers who press 0: the operator, and what happens when nobody takes them."""

from __future__ import annotations

from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase


def with_operator(text: str) -> str:
    """The demo organisation with an operator."""
    return text.replace('audio_codec = "G711"', 'audio_codec = "G711"\noperator_extension = "1234"')


class Operator(HouseCase):
    """Transfers by REFER."""

    def caller(self, **replies: int | None) -> Gateway:
        """A gateway in a call, in the greeting, that has pressed 0."""
        self.start(with_operator)
        gateway = self.gateway(**replies)
        gateway.call((self.host, self.desk_port))
        gateway.keep_silent(1.0)
        gateway.press("0")
        return gateway

    def until(self, gateway: Gateway, method: str, count: int = 1, seconds: float = 60.0) -> None:
        """Keep the line open until the server has sent so many requests."""
        left = seconds
        while len(gateway.requests(method)) < count and left > 0:
            gateway.keep_silent(0.5)
            left -= 0.5
        self.assertGreaterEqual(len(gateway.requests(method)), count)

    def notify(self, gateway: Gateway, status: int, cseq: int, state: str) -> None:
        """The gateway says how the new call goes."""
        gateway.within(
            "NOTIFY",
            cseq=cseq,
            headers=[("Event", "refer"), ("Subscription-State", state)],
            body=f"SIP/2.0 {status} Whatever\r\n",
            kind="message/sipfrag;version=2.0",
        )
        self.stage.settle()

    def test_accepted(self) -> None:
        """0 sends the caller to the operator; when the operator answers we hang up. It is a missed
        call.
        """
        gateway = self.caller(REFER=202)
        self.until(gateway, "REFER")
        refer = gateway.requests("REFER")[0]
        self.assertIn("<sip:1234@127.0.0.1", refer.header("Refer-To"))
        self.notify(gateway, 180, 2, "active;expires=60")
        self.assertEqual(gateway.requests("BYE"), [])
        self.notify(gateway, 200, 3, "terminated;reason=noresource")
        self.until(gateway, "BYE", seconds=3.0)
        self.assertEqual(self.mails()[0]["Content-Class"], "missedcall")

    def test_refused(self) -> None:
        """A PBX that transfers nobody: the caller hears so and can still leave a message."""
        gateway = self.caller(REFER=603)
        self.until(gateway, "REFER")
        gateway.keep_silent(4.5)
        gateway.play(bytes(range(0x10, 0x30)) * 1000)
        gateway.hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["Content-Class"], "voice-ca")

    def test_busy(self) -> None:
        """An operator who is busy brings the caller back to us."""
        gateway = self.caller(REFER=202)
        self.until(gateway, "REFER")
        self.notify(gateway, 486, 2, "terminated;reason=noresource")
        gateway.keep_silent(4.5)
        gateway.play(bytes(range(0x10, 0x30)) * 1000)
        gateway.hang_up()
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")

    def test_thanks_by_hanging_up(self) -> None:
        """A PBX that accepts and hangs up without a word has taken the caller."""
        gateway = self.caller(REFER=202)
        self.until(gateway, "REFER")
        gateway.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(gateway.requests("BYE"), [])
        self.assertEqual(self.mails()[0]["Content-Class"], "missedcall")

    def test_the_peer_disappears(self) -> None:
        """A PBX that vanishes in the middle of a transfer leaves no call behind."""
        gateway = self.caller(REFER=None, BYE=None)
        self.until(gateway, "REFER")
        self.stage.walk(120.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual((self.um.desk.role.active, self.um.desk.server.active), (0, 0))
        self.assertEqual(self.um.desk.engine.legs, 0)
        self.assertEqual(self.mails()[0]["Content-Class"], "missedcall")

    def test_nobody_to_send_to(self) -> None:
        """Without an operator the caller is told so, and the greeting goes on."""
        self.start()
        caller = self.dial().wait(0.5).press("0").until_beep().say(2.0).hang_up()
        self.assertIn("no-operator", self.heard(caller))
        self.mails()
