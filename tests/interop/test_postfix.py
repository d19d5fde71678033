"""A real Postfix before a real Dovecot: mail is handed over encrypted and signed in, none is lost.

It wants a login after STARTTLS, knows two addresses and takes mails up to a size.
"""

from __future__ import annotations

import imaplib
import shutil
import subprocess
import tempfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.tcp import Client
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.edges.mail.letters import outgoing
from tests.interop.peers import SOFTPHONE, Server, missing, wait_until
from tests.kit.certificates import Authority
from tests.kit.dovecot import LMTP, PASSWORD, Dovecot
from tests.kit.house import ADA, BEN, sound_of
from tests.kit.postfix import MOST_OCTETS, NAME, Postfix, unfit
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.mailers import mailer_for
from umserver.edges.threads import Here
from umserver.interfaces import IMailer, PermanentFailure, TemporaryFailure
from umserver.wire.audio.wav import pcm_wav

BOOTSTRAP = """
[mail]
delivery = "smtp"
host = "127.0.0.1"
port = {port}
security = "starttls"
user = "{user}"
password = "{password}"
authorities = "{authorities}"
"""
LOGINS = """
service auth {{
  unix_listener {socket} {{
    mode = 0666
  }}
}}
"""
SKIP = missing("dovecot") or (None if LMTP.exists() else "no dovecot-lmtpd") or unfit()


class Post:
    """Both servers in a folder of their own; `keep` is what ends them."""

    def __init__(self, keep: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="um-post-"))  # names of sockets must be short
        self.folder.chmod(0o755)  # both serve as other users
        keep(shutil.rmtree, self.folder)
        logins = self.folder / "logins"
        self.dovecot = Dovecot(self.folder / "d", more=LOGINS.format(socket=logins))
        self.dovecot.start()
        keep(self.dovecot.stop)
        authority = Authority()
        self.authorities = self.folder / "authority.pem"
        self.authorities.write_bytes(authority.own.pem)
        files = authority.issue(NAME, ("127.0.0.1",)).write(self.folder, "mx")
        self.postfix = Postfix(self.folder / "p", files, self.dovecot.lmtp, logins, (ADA, BEN))
        self.postfix.start()
        keep(self.postfix.stop)

    def shown(self, user: str = ADA) -> list[EmailMessage]:
        """What a mail program finds in an inbox."""
        program = imaplib.IMAP4("127.0.0.1", self.dovecot.port, timeout=20)
        program.login(user, PASSWORD)
        program.select("INBOX")
        _, found = program.search(None, "ALL")
        mails = []
        for number in found[0].split():
            _, parts = program.fetch(number.decode(), "(BODY.PEEK[])")
            [data] = [part[1] for part in parts if isinstance(part, tuple)]
            mail = message_from_bytes(data, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            mails.append(mail)
        program.logout()
        return mails

    def arrived(self, count: int) -> bool:
        """Whether so many mails come to Ada in time."""
        return wait_until(lambda: len(self.shown()) >= count, 30)


class HandoverTests(TestCase):
    """What Postfix says, and what it means for a mail."""

    skip = SKIP
    timeout = 60

    def setUp(self) -> None:
        self.post = Post(self.addCleanup)
        self.addCleanup(self.parted)

    async def parted(self) -> None:
        """Until both sides have said goodbye."""
        while any(isinstance(one, Client) for one in reactor.getReaders()):  # type: ignore[attr-defined]
            await deferLater(reactor, 0.01)

    def mailer(self, **changes: Any) -> IMailer:
        """As an administrator would set it."""
        settings: dict[str, Any] = {
            "port": self.post.postfix.port,
            "security": "starttls",
            "user": ADA,
            "password": PASSWORD,
            "authorities": self.post.authorities,
            **changes,
        }
        return mailer_for(reactor, "smtp", MailHost(**settings), threads=Here(), helo=NAME)

    async def refused(self, kind: type[Exception], mailer: IMailer, **changes: object) -> str:
        """Deliver, expect this failure, return its words."""
        mail = outgoing(**{"recipient": ADA, **changes})  # type: ignore[arg-type]
        fault = await self.assertFailure(mailer.deliver(mail), kind)  # type: ignore[arg-type]
        return str(fault)

    async def test_taken(self) -> None:
        """A mail is in the inbox as it was written, dots at line ends and all."""
        await self.mailer().deliver(outgoing(recipient=ADA))
        self.assertTrue(self.post.arrived(1), self.post.postfix.words())
        [mail] = self.post.shown()
        self.assertEqual(mail["Return-Path"], "<voicemail@example.com>")
        self.assertIn("with ESMTPSA", " ".join(map(str, mail.get_all("Received", []))))
        self.assertEqual(mail.get_content().splitlines(), ["It is about lunch.", ".hidden", ".."])

    async def test_nobody(self) -> None:
        """An address that the server does not know is refused for good, in its words."""
        words = await self.refused(PermanentFailure, self.mailer(), recipient="zoe@example.com")
        self.assertIn("User unknown", words)

    async def test_too_large(self) -> None:
        """A mail beyond the server's size is refused for good and not sent a thousand times."""
        data = b"Subject: weight\r\n\r\n" + b"heavy words\r\n" * (MOST_OCTETS // 10)
        words = await self.refused(PermanentFailure, self.mailer(), data=data)
        self.assertIn(f"no mail of more than {MOST_OCTETS} octets", words)

    async def test_wrong_password(self) -> None:
        """A wrong password is the administrator's fault, not the mail's: it waits."""
        words = await self.refused(TemporaryFailure, self.mailer(password="wrong"))
        self.assertIn("refuses the login", words)
        self.assertNotIn("wrong", words)

    async def test_no_login(self) -> None:
        """Without a login the server takes nothing."""
        await self.refused(PermanentFailure, self.mailer(user="", password=""))
        self.assertEqual(self.post.shown(), [])

    async def test_later(self) -> None:
        """A server that defers is asked again; then the mail arrives once."""
        self.post.postfix.stop()
        self.post.postfix.restrictions = "defer"
        self.post.postfix.start()
        await self.refused(TemporaryFailure, self.mailer())
        self.post.postfix.stop()
        self.post.postfix.restrictions = "permit"
        self.post.postfix.start()
        await self.mailer().deliver(outgoing(recipient=ADA))
        self.assertTrue(self.post.arrived(1), self.post.postfix.words())
        self.assertEqual(len(self.post.shown()), 1)


class ByTelephoneTests(SynchronousTestCase):
    """A caller, the server, Postfix, Dovecot, a mail program."""

    skip = SKIP

    def setUp(self) -> None:
        self.post = Post(self.addCleanup)
        config = self.post.folder / "umserver.toml"
        config.write_text(
            BOOTSTRAP.format(
                port=self.post.postfix.port,
                user=ADA,
                password=PASSWORD,
                authorities=self.post.authorities,
            )
        )
        config.chmod(0o600)
        self.server = Server(self.post.folder / "state", options=(f"--config={config}",))
        self.server.start()
        self.addCleanup(self.server.stop)

    def call(self) -> None:
        """Somebody speaks to Ada after the tone."""
        speech = self.post.folder / "said.wav"
        speech.write_bytes(pcm_wav(np.tile(sound_of("first"), 2)))
        command = [str(SOFTPHONE), "--quiet", "--play", str(speech), "--from", "2125550142"]
        command += [f"sip:1001@127.0.0.1:{self.server.sip}"]
        subprocess.run(command, check=True, timeout=90)

    def test_message(self) -> None:
        """A message is in the inbox with its sound, and comes from the system."""
        self.call()
        self.assertTrue(self.post.arrived(1), self.server.tail() + self.post.postfix.words())
        [mail] = self.post.shown()
        self.assertEqual(mail["Content-Class"], "voice-ca")
        self.assertEqual(mail["To"].addresses[0].addr_spec, ADA)
        [sound] = mail.iter_attachments()
        self.assertEqual(sound.get_content_maintype(), "audio")
        self.assertGreater(len(sound.get_content()), 1000)

    def test_nobody_there(self) -> None:
        """While the server is away a message waits; afterwards it arrives, once."""
        self.post.postfix.stop()
        self.call()
        waits = wait_until(lambda: "deferred" in self.server.umctl("queue"), 30)
        self.assertTrue(waits, self.server.umctl("queue"))
        self.post.postfix.start()
        self.server.umctl("queue", "retry", "all")
        self.assertTrue(self.post.arrived(1), self.server.tail() + self.post.postfix.words())
        self.assertEqual(len(self.post.shown()), 1)
        self.assertNotIn("deferred", self.server.umctl("queue"))
