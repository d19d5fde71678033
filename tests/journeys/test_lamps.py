"""The lamp on the telephone shows whether new voice messages wait (spec 4.8)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.kit.gateway import Gateway
from tests.kit.house import ADA, HouseCase
from tests.kit.raw_sip import Raw

LOOPBACK = 'address = "127.0.0.1"'
SECOND = '\n[[gateways]]\nname = "Second"\naddress = "127.0.0.9"\nport = {port}\n'
HUNT = '\n[[hunt_groups]]\nname = "More"\ndial_plan = "Demo"\ngateway = "Second"\n'


class LampCase(HouseCase):
    """A gateway that is told of lamps."""

    def setUp(self) -> None:
        super().setUp()
        self.peer = self.gateway()

    def known(self, text: str) -> str:
        """The demo organisation with the gateway where it really is."""
        return text.replace(LOOPBACK, f"{LOOPBACK}\nport = {self.peer.port}")

    def second(self, **replies: int | None) -> Gateway:
        """Another gateway of the same dial plan."""
        peer = Gateway(self.stage, "127.0.0.9", replies=dict(replies))
        self.addCleanup(peer.media.close)
        return peer

    def notices(self, extension: str = "1001", peer: Gateway | None = None) -> Sequence[Raw]:
        """What a gateway was told of this extension, each time anew."""
        every = (peer or self.peer).requests("NOTIFY")
        fresh = {one.header("Call-ID"): one for one in every}
        return [one for one in fresh.values() if one.header("To").startswith(f"<sip:{extension}@")]

    def lamps(self, extension: str = "1001", peer: Gateway | None = None) -> list[str]:
        """The same, only the counts."""
        lines = [one.body.split("\r\n") for one in self.notices(extension, peer)]
        return [f"{waiting.split()[1]} {counts.split()[1]}" for waiting, counts, _ in lines]

    def until(self, count: int, seconds: float = 30.0, peer: Gateway | None = None) -> float:
        """Wait until Ada's lamp was told of so many times; how long that took."""
        began = self.stage.seconds()
        self.stage.run_until(lambda: len(self.notices(peer=peer)) >= count, seconds)
        return self.stage.seconds() - began

    def leave_a_message(self) -> None:
        """Somebody speaks to Ada and hangs up."""
        self.dial().until_beep().say(2.0).hang_up()

    def files(self) -> list[Path]:
        """Ada's mails."""
        box = self.state / "mail" / ADA
        return sorted([*box.glob("new/*"), *box.glob("cur/*")])

    def read_in_a_mail_program(self) -> None:
        """Every message is marked as read, as IMAP servers do it."""
        for path in self.files():
            path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,S")


class LampTests(LampCase):
    """One server, its gateways, a mail program."""

    def test_a_new_message_and_its_reading(self) -> None:
        """A message lights the lamp, reading it in a mail program puts it out within a second
        (features 151, 152).
        """
        self.start(self.known)
        self.until(1)
        self.assertEqual(self.lamps(), ["no 0/0"])
        self.leave_a_message()
        self.until(2)
        self.assertEqual(self.lamps()[-1], "yes 1/0")
        last = self.notices()[-1]
        self.assertEqual(last.start, f"NOTIFY sip:1001@127.0.0.1:{self.peer.port} SIP/2.0")
        self.assertEqual(last.header("Event"), "message-summary")
        self.assertEqual(last.header("Subscription-State"), "terminated")
        self.assertEqual(last.header("Content-Type"), "application/simple-message-summary")
        self.read_in_a_mail_program()
        self.assertLess(self.until(3), 1.0)
        self.assertEqual(self.lamps()[-1], "no 0/1")
        self.stage.walk(60.0)
        self.assertEqual(len(self.notices()), 3)
