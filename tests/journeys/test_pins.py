"""A PIN is guessed, mailed anew, changed, and set while the server was away: over real bytes."""

from __future__ import annotations

import io
import re
from email.message import EmailMessage

from tests.kit.house import ADA, HouseCase
from umserver.command import DONE, Umctl
from umserver.wire.sip.headers import parse_name_addr

OWN = parse_name_addr("<sip:1001@pbx.example.com>")
STRANGER = parse_name_addr("<sip:2125550143@pbx.example.com>")
WRONG = "975310#"


def pin_in(mail: EmailMessage) -> str:
    """The PIN that a mail tells."""
    part = mail.get_body(("plain",))
    assert isinstance(part, EmailMessage)
    found = re.search(r"PIN: +([0-9]{6})\b", part.get_content())
    assert found is not None
    return found[1]


class Pins(HouseCase):
    """Ada's PIN."""

    def umctl(self, *words: str) -> None:
        """An administrator with no server running."""
        umctl = Umctl(io.StringIO(), io.StringIO(), io.StringIO())
        self.assertEqual(umctl.run(["--state", str(self.state), *words]), DONE)

    def guess(self, times: int) -> list[str]:
        """A stranger guesses at Ada's PIN; what was heard."""
        caller = self.dial("5000", from_=STRANGER).wait(5.0)
        for _ in range(times):
            caller.press("1001").wait(2.0).press(WRONG).wait(4.0)
        return self.heard(caller.wait(8.0).hang_up())

    def test_guessed(self) -> None:
        """Three wrong PINs end the call; the fifth one mails Ada a new PIN, with which she signs in
        and chooses another one (features 75, 87, 88, 90).
        """
        self.start()
        self.assertIn("pin-failed", self.guess(3))
        self.guess(2)
        [mail] = self.mails(ADA)
        self.assertEqual(mail["Subject"], "Your new voice mail PIN")
        caller = self.dial("5000", from_=OWN).wait(6.0).press(pin_in(mail) + "#").wait(4.0)
        caller.press("802641#").wait(2.0).press("802641#").wait(3.0).hang_up()
        heard = self.heard(caller)
        for prompt in ("pin-expired", "new-pin", "new-pin-again", "new-pin-kept"):
            self.assertIn(prompt, heard)
        again = self.dial("5000", from_=OWN).wait(6.0).press("802641#").wait(3.0).hang_up()
        self.assertIn("first-time", self.heard(again))

    def test_set_while_the_server_is_away(self) -> None:
        """A PIN that is set while no server runs is mailed by the one that starts, once (features
        74, 75).
        """
        self.fill(self.demo())
        self.umctl("Set-UMMailboxPIN", "1001")
        self.umctl("Enable-UMMailbox", "dee@example.com", "-Extensions", "1004")
        self.start(organisation=lambda text: self.umctl_export())
        [mail] = self.mails(ADA)
        [welcome] = self.mails("dee@example.com")
        self.assertEqual(welcome["Subject"], "Welcome to voice mail")
        caller = self.dial("5000", from_=OWN).wait(6.0).press(pin_in(mail) + "#").wait(4.0)
        self.assertIn("pin-expired", self.heard(caller.hang_up()))
        self.stop()
        self.start(organisation=lambda text: self.umctl_export())
        self.stage.walk(60.0)
        self.assertEqual(len(self.mails(ADA)), 1)

    def umctl_export(self) -> str:
        """The organisation as it is."""
        out = io.StringIO()
        Umctl(out, io.StringIO(), io.StringIO()).run(["--state", str(self.state), "export"])
        return out.getvalue()
