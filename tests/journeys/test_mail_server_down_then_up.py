"""A mail server that is not there, or says no for a while."""

from __future__ import annotations

import socket

from tests.kit.house import HouseCase
from tests.kit.mail_server import MailServer


class MailServerDown(HouseCase):
    """Calls are taken all the same, and nothing is lost."""

    def setUp(self) -> None:
        super().setUp()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.mail_port = probe.getsockname()[1]
        text = f'[mail]\ndelivery = "smtp"\nhost = "127.0.0.1"\nport = {self.mail_port}\n'
        self.start(bootstrap=text)
        self.mail_server = MailServer()

    def up(self) -> None:
        """The mail server is back."""
        port = self.stage.listenTCP(self.mail_port, self.mail_server, interface="127.0.0.1")
        self.addCleanup(port.stopListening)

    def leave(self, count: int) -> None:
        """So many callers leave a message each."""
        for _ in range(count):
            self.dial().until_beep().say(1.0).hang_up()

    def test_down_then_up(self) -> None:
        """With the mail server down messages wait; each arrives once when it is up (feature 76)."""
        self.leave(3)
        self.stage.walk(300.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual(self.um.desk.spool.waiting(), 3)
        self.up()
        self.stage.run_until(lambda: len(self.mail_server.mails) >= 3, 3700.0)
        self.stage.walk(7200.0)
        recipients = [recipient for _, recipient, _ in self.mail_server.mails]
        self.assertEqual(len(recipients), 3)
        self.assertEqual(self.um.desk.spool.waiting(), 0)

    def test_over_a_restart(self) -> None:
        """What waited when the server stopped is delivered by the next one."""
        self.leave(2)
        self.stage.walk(60.0)
        self.stop()
        self.up()
        text = f'[mail]\ndelivery = "smtp"\nhost = "127.0.0.1"\nport = {self.mail_port}\n'
        self.start(bootstrap=text)
        self.stage.run_until(lambda: len(self.mail_server.mails) >= 2, 3700.0)

    def test_not_now(self) -> None:
        """A mail server that asks to come back later gets the message later, once."""
        self.mail_server.answers["text"] = "451 4.3.0 not now"
        self.up()
        self.leave(1)
        self.stage.walk(120.0)
        self.assertEqual(self.mail_server.mails, [])
        del self.mail_server.answers["text"]
        self.stage.run_until(lambda: self.mail_server.mails, 3700.0)
        self.stage.walk(3700.0)
        self.assertEqual(len(self.mail_server.mails), 1)

    def test_never(self) -> None:
        """What a mail server refuses for good is kept where a person finds it."""
        self.mail_server.answers["text"] = "550 5.1.1 nobody here"
        self.up()
        self.leave(1)
        assert self.um is not None and self.um.desk is not None
        delivery = self.um.desk.delivery
        self.stage.run_until(lambda: delivery.buried == 1, 120.0)
        entries = self.stage.run_until(self.um.desk.spool.entries())
        self.assertEqual([entry.state for entry in entries], ["dead"])
