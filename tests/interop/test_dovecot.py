"""A real Dovecot: the mailbox over IMAP, and the same Maildir that we write and Dovecot serves."""

from __future__ import annotations

import imaplib
import shutil
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredQueue, succeed
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.contracts.mailbox import MailboxContract, voice_mail
from tests.interop.peers import missing
from tests.kit.certificates import Authority
from tests.kit.dovecot import MASTER, MASTER_PASSWORD, PASSWORD, Dovecot
from umserver.edges.mail.imap.mailbox import ImapMailbox
from umserver.edges.mail.imap.mailboxes import ImapMailboxes, imap_mailboxes
from umserver.edges.mail.imap.session import ImapSession, open_session
from umserver.edges.mail.login import Login
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.maildir.mailbox import MaildirMailbox
from umserver.edges.threads import Here
from umserver.interfaces import IMailboxes, Unavailable

ADA = "ada@example.com"


class DovecotCase(TestCase):
    """One Dovecot for a test."""

    skip = missing("dovecot")
    timeout = 60

    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="dovecot-"))  # names of sockets have to be short
        self.addCleanup(shutil.rmtree, folder)
        self.dovecot = self.dovecot_in(folder)
        self.dovecot.start()
        self.addCleanup(self.dovecot.stop)
        self.login = Login(ADA, PASSWORD)
        self.sessions: list[ImapSession] = []
        self.mailbox = ImapMailbox(reactor, self.connect, Here())
        self.addCleanup(lambda: self.mailbox.close())

    def dovecot_in(self, folder: Path) -> Dovecot:
        """The server of this test."""
        return Dovecot(folder)

    async def connect(self) -> ImapSession:
        """As this test logs in."""
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", self.dovecot.port)
        self.sessions.append(await open_session(reactor, endpoint, self.login))
        return self.sessions[-1]

    def program(self) -> imaplib.IMAP4:
        """A mail program, in a thread."""
        program = imaplib.IMAP4("127.0.0.1", self.dovecot.port, timeout=20)
        program.login(ADA, PASSWORD)
        program.select("INBOX")
        return program

    def arrive(self, mail: bytes, seen: bool = False) -> Deferred[None]:
        """Appended by a mail program."""

        def append() -> None:
            program = self.program()
            program.append("INBOX", "(\\Seen)" if seen else "", "", mail)
            program.logout()

        return deferToThread(append)

    def vanish(self) -> Deferred[None]:
        """Deleted and expunged by a mail program."""

        def remove() -> None:
            program = self.program()
            program.store("1:*", "+FLAGS", "\\Deleted")
            program.expunge()
            program.logout()

        return deferToThread(remove)

    async def shown(self) -> list[str]:
        """What a mail program shows of the inbox: the flags of each message."""

        def look() -> list[str]:
            program = self.program()
            _, found = program.fetch("1:*", "(FLAGS)")
            flags = [line.decode() for line in found if isinstance(line, bytes)]
            program.logout()
            return [line.partition("FLAGS (")[2].rstrip(")") for line in flags]

        return await deferToThread(look)


class ImapMailboxTests(DovecotCase, MailboxContract):
    """The contract, over IMAP."""


class ImapTests(DovecotCase):
    """What is particular to IMAP."""

    async def test_a_mail_program_shows_it(self) -> None:
        """Heard and flagged by telephone is seen and flagged in the mail program, and back."""
        await self.arrive(voice_mail())
        [found] = await self.mailbox.messages()
        await self.mailbox.mark_read(found.id, True)
        await self.mailbox.flag(found.id, True)
        [flags] = await self.shown()
        self.assertIn("\\Seen", flags)
        self.assertIn("\\Flagged", flags)
        await self.mailbox.mark_read(found.id, False)
        [flags] = await self.shown()
        self.assertNotIn("\\Seen", flags)

    async def test_listening_does_not_mark(self) -> None:
        """Reading headers and sound alone leaves a message new."""
        await self.arrive(voice_mail())
        [found] = await self.mailbox.messages()
        await self.mailbox.sound(found.id)
        self.assertNotIn("\\Seen", (await self.shown())[0])

    async def test_a_service_that_acts_for_users(self) -> None:
        """One service account opens everybody's mailbox."""
        await self.arrive(voice_mail())
        self.login = Login(MASTER, MASTER_PASSWORD, acting_for=ADA)
        self.assertEqual(len(await self.mailbox.messages()), 1)

    async def test_a_wrong_password(self) -> None:
        """A server that refuses us is unavailable, in its own words."""
        self.login = Login(ADA, "guess")
        with self.assertRaises(Unavailable):
            await self.mailbox.messages()

    async def test_a_server_that_goes_and_comes(self) -> None:
        """While the server is down nothing can be heard; when it is back, everything can."""
        await self.arrive(voice_mail())
        self.assertEqual(len(await self.mailbox.messages()), 1)
        await deferToThread(self.dovecot.stop)
        self.mailbox.close()
        with self.assertRaises(Unavailable):
            await self.mailbox.messages()
        await deferToThread(self.dovecot.start)
        self.assertEqual(len(await self.mailbox.messages()), 1)

    async def test_a_connection_that_broke(self) -> None:
        """A connection that broke while nobody used it is replaced without a word."""
        await self.arrive(voice_mail())
        await self.mailbox.messages()
        self.sessions[-1].client.transport.abortConnection()
        self.assertEqual(len(await self.mailbox.messages()), 1)
        self.assertEqual(len(self.sessions), 2)

    async def test_everybodys_mailbox(self) -> None:
        """A service account opens mailboxes by address; what is read elsewhere is told in
        seconds, as lamps want it.
        """
        server = MailHost(port=self.dovecot.port, user=MASTER, password=MASTER_PASSWORD)
        boxes = imap_mailboxes(reactor, server, Here())
        self.addCleanup(boxes.stop)
        verifyObject(IMailboxes, boxes)
        await self.arrive(voice_mail())
        [found] = await boxes.open("Ada@example.com").messages()
        self.assertEqual(list(await boxes.open("ben@example.com").messages()), [])
        told: DeferredQueue[None] = DeferredQueue()
        self.addCleanup(boxes.watch(ADA, lambda: told.put(None)))
        await told.get().addTimeout(30.0, reactor)  # it is being watched
        await self.mailbox.mark_read(found.id, True)
        await told.get().addTimeout(30.0, reactor)

    def test_no_login_in_clear_text(self) -> None:
        """A password is not sent through a network that can be listened to."""
        with self.assertRaisesRegex(ValueError, "without TLS"):
            imap_mailboxes(reactor, MailHost(host="mail.example.com", user="um"), Here())


class TlsTests(DovecotCase):
    """A Dovecot with a certificate of an authority of its own."""

    def dovecot_in(self, folder: Path) -> Dovecot:
        """With TLS."""
        self.authority = Authority()
        self.trusted, _ = self.authority.own.write(folder / "trust", "authority")
        issued = self.authority.issue("localhost", ("localhost",))
        return Dovecot(folder, certificate=issued.write(folder / "trust", "dovecot"))

    def boxes(self, security: str, host: str = "localhost", **more: object) -> ImapMailboxes:
        """Mailboxes by a protected connection."""
        server = MailHost(
            host=host,
            port=self.dovecot.imaps if security == "tls" else self.dovecot.port,
            security=security,
            user=MASTER,
            password=MASTER_PASSWORD,
            **more,  # type: ignore[arg-type]
        )
        made = imap_mailboxes(reactor, server, Here())
        self.addCleanup(made.stop)
        return made

    async def test_protected(self) -> None:
        """By TLS from the first octet and by STARTTLS messages are seen, and watched."""
        await self.arrive(voice_mail())
        for security in ("tls", "starttls"):
            boxes = self.boxes(security, authorities=self.trusted)
            [found] = await boxes.open(ADA).messages()
            told: DeferredQueue[None] = DeferredQueue()
            self.addCleanup(boxes.watch(ADA, lambda told=told: told.put(None)))
            await told.get().addTimeout(30.0, reactor)
            await self.mailbox.mark_read(found.id, security == "tls")
            await told.get().addTimeout(30.0, reactor)

    async def test_a_server_that_proves_nothing(self) -> None:
        """Without a known authority, or under another name, no password is sent."""
        for security in ("tls", "starttls"):
            for boxes in (
                self.boxes(security),
                self.boxes(security, "127.0.0.1", authorities=self.trusted),
            ):
                with self.assertRaisesRegex(Unavailable, "(?i)certificate|verif"):
                    await boxes.open(ADA).messages()
        self.assertEqual(
            len(await self.boxes("tls", check_certificate=False).open(ADA).messages()), 0
        )


class SameMaildirTests(DovecotCase):
    """We read and write the folders, Dovecot serves them: read state is one truth."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = MaildirMailbox(self.dovecot.mail / ADA, Here())

    def put(self, number: int = 1) -> Deferred[None]:
        """As our delivery puts it there."""
        box = self.dovecot.mail / ADA
        for room in ("tmp", "new", "cur"):
            (box / room).mkdir(parents=True, exist_ok=True)
        (box / "new" / f"17955310{number}.M1.umserver").write_bytes(voice_mail(number))
        self.dovecot.own()
        return succeed(None)

    async def test_heard_by_telephone(self) -> None:
        """What was heard, flagged and deleted in the folder is so over IMAP."""
        await self.put(1)
        await self.put(2)
        newer, older = await self.folder.messages()
        await self.folder.mark_read(newer.id, True)
        await self.folder.flag(newer.id, True)
        await self.folder.delete(older.id)
        self.dovecot.own()
        [flags] = await self.shown()
        self.assertIn("\\Seen", flags)
        self.assertIn("\\Flagged", flags)
        states = [(mail.new, mail.deleted) for mail in await self.mailbox.messages()]
        self.assertEqual(states, [(False, False), (True, True)])

    async def test_read_in_a_mail_program(self) -> None:
        """What is read, flagged, moved to the trash over IMAP is so in the folder; ids stay."""
        await self.put()
        [before] = await self.folder.messages()
        [found] = await self.mailbox.messages()
        await self.mailbox.mark_read(found.id, True)
        await self.mailbox.flag(found.id, True)
        [after] = await self.folder.messages()
        self.assertEqual((after.id, after.new, after.flagged), (before.id, False, True))
        await self.mailbox.delete(found.id)
        [after] = await self.folder.messages()
        self.assertTrue(after.deleted)
        await self.folder.undelete(after.id)
        [found] = await self.mailbox.messages()
        self.assertFalse(found.deleted)
