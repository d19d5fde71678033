"""From the spool through the queue to a real mail server that is not always there."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from tests.edges.mail.letters import RECEIVED, envelope, speech
from tests.kit.mail_server import MailServer
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.mailers import mailer_for
from umserver.edges.mail.spool.cabinet import Cabinet
from umserver.edges.mail.spool.spool import Spool
from umserver.edges.threads import Pool
from umserver.org.messages import Choices
from umserver.roles.delivery import Delivery

real: Any = reactor


class SmtpDownTests(TestCase):
    """Threads, disk and TCP are real; only the wall clock is not."""

    timeout = 30.0

    def setUp(self) -> None:
        self.server = MailServer()
        listener = real.listenTCP(0, self.server, interface="127.0.0.1")
        self.port = int(listener.getHost().port)
        pool = Pool(real, 4, "test")
        self.spool = Spool(Cabinet(Path(self.mktemp())), pool, pool)
        self.spool.open()
        self.addCleanup(self.spool.close)
        mailer = mailer_for(real, "smtp", MailHost(port=self.port), threads=pool)
        self.delivery = Delivery(real, self.spool, mailer, lambda: RECEIVED)
        self.addCleanup(self.server.all_closed)
        self.addCleanup(self.delivery.stop)
        self.delivery.start()
        return listener.stopListening()  # type: ignore[no-any-return]

    async def leave_message(self, number: int) -> None:
        """A caller leaves a message."""
        draft = await self.spool.begin(envelope(number))
        await draft.append("PCMU", speech(1.0))
        await draft.commit(Choices())

    async def until(self, count: str, value: int) -> None:
        """Let the reactor work until a counter of the queue has come this far."""
        while getattr(self.delivery, count) < value:
            turn: Deferred[None] = Deferred()
            real.callLater(0, turn.callback, None)
            await turn

    def back(self) -> None:
        """The mail server is there."""
        listener = real.listenTCP(self.port, self.server, interface="127.0.0.1")
        self.addCleanup(listener.stopListening)

    async def test_down_then_up(self) -> None:
        """With the mail server down messages are taken; when it is back each arrives once."""
        for number in (1, 2, 3):
            await self.leave_message(number)
        await self.until("deferred", 3)
        (first, *_) = await self.spool.entries()
        self.assertIn("refused", first.why)
        self.back()
        self.delivery.kick()
        await self.until("delivered", 3)
        ids = [str(message_from_bytes(data)["Message-ID"]) for _, _, data in self.server.mails]
        self.assertEqual(sorted(ids), [envelope(number).message_id for number in (1, 2, 3)])
        self.assertEqual(self.spool.waiting(), 0)

    async def test_server_dies_before_it_answers(self) -> None:
        """If a server took a mail and died before it said so, the second copy is the same mail."""
        self.back()
        self.server.dead_after_text = True
        await self.leave_message(1)
        await self.until("deferred", 1)
        self.server.dead_after_text = False
        self.delivery.kick()
        await self.until("delivered", 1)
        copies = {data for _, _, data in self.server.mails}
        self.assertEqual((len(self.server.mails), len(copies)), (2, 1))
