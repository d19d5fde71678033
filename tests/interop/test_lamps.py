"""A real Dovecot, a server as a process of its own, and a gateway that is told of lamps."""

from __future__ import annotations

import imaplib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.interop.mail_sink import MailSink
from tests.interop.peers import SOFTPHONE, Server, missing
from tests.kit.dovecot import MASTER, MASTER_PASSWORD, PASSWORD, Dovecot
from tests.kit.raw_sip import parse_raw

ADA = "ada@example.com"
CONFIG = """
[mail]
delivery = "smtp"
host = "127.0.0.1"
port = {sink}
security = "none"

[mailboxes]
storage = "imap"
host = "127.0.0.1"
port = {port}
security = "none"
user = "{user}"
password = "{password}"
"""
PATIENCE = 60.0
"""Seconds for what takes two on an idle machine."""


class LampPeer(DatagramProtocol):
    """A gateway that takes every NOTIFY and OPTIONS."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str, str]] = []
        """Monotonic seconds, whose lamp, yes or no."""

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, and keep what is said of lamps."""
        request = parse_raw(data, addr)
        lines = ["SIP/2.0 200 OK"]
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            lines += [f"{name}: {value}" for value in request.all(name)]
        text = "\r\n".join([*lines, "Content-Length: 0", "", ""])
        assert self.transport is not None
        self.transport.write(text.encode(), addr)
        if request.method == "NOTIFY":
            user = request.start.partition("sip:")[2].partition("@")[0]
            self.told.append((time.monotonic(), user, request.body.split()[1]))

    def lamp(self, user: str) -> str:
        """How this lamp is now; empty when nothing was said of it."""
        return next((word for _, one, word in reversed(self.told) if one == user), "")


class LampTests(TestCase):
    """One story."""

    skip = missing("dovecot")
    timeout = 240

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.dovecot = Dovecot(self.folder)
        self.dovecot.start()
        self.addCleanup(self.dovecot.stop)
        self.peer = LampPeer()
        udp: IReactorUDP = reactor  # type: ignore[assignment]
        self.port = udp.listenUDP(0, self.peer, "127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.sink = MailSink()
        self.sink.start()
        self.addCleanup(self.sink.stop)
        config = self.folder / "umserver.toml"
        config.write_text(
            CONFIG.format(
                sink=self.sink.port,
                port=self.dovecot.port,
                user=MASTER,
                password=MASTER_PASSWORD,
            )
        )
        self.server = Server(self.folder, options=(f"--config={config}",))

    async def until(self, what: Callable[[], object], seconds: float = PATIENCE) -> float:
        """Ask again and again until it is so; how long that took. Raises TimeoutError."""
        began = time.monotonic()
        found: Deferred[None] = Deferred()
        asking = LoopingCall(lambda: found.callback(None) if what() and not found.called else None)
        asking.start(0.02)
        try:
            await found.addTimeout(seconds, reactor)
        finally:
            asking.stop()
        return time.monotonic() - began

    def call(self) -> None:
        """Somebody leaves Ada a message."""
        target = f"sip:1001@127.0.0.1:{self.server.sip}"
        command = [str(SOFTPHONE), target, "--quiet", "--play", "etc/hello.wav", "--digits", "#1#"]
        top = Path(__file__).resolve().parent.parent.parent
        subprocess.run(command, cwd=top, check=True, timeout=90, capture_output=True)

    def deliver(self) -> None:
        """The mail server brings what it took to Ada's inbox."""
        [mail] = self.sink.received
        program = imaplib.IMAP4("127.0.0.1", self.dovecot.port, timeout=20)
        program.login(ADA, PASSWORD)
        program.append("INBOX", "", "", mail.removesuffix(b".\r\n"))
        program.logout()

    def mark(self, seen: bool) -> float:
        """A mail program reads everything, or makes it new again; when that was done."""
        program = imaplib.IMAP4("127.0.0.1", self.dovecot.port, timeout=20)
        program.login(ADA, PASSWORD)
        program.select("INBOX")
        program.store("1:*", "+FLAGS" if seen else "-FLAGS", "\\Seen")
        done = time.monotonic()
        program.logout()
        return done

    async def test_a_message_and_a_mail_program(self) -> None:
        """A message by telephone lights the lamp; reading it in a mail program puts it out within
        five seconds, and marking it as new lights it again (features 151, 152).
        """
        await deferToThread(self.server.start)
        self.addCleanup(self.server.stop)
        port = str(self.port.getHost().port)
        to = ("-Port", port, "-MessageWaitingIndicatorAllowed", "true")
        await deferToThread(self.server.umctl, "Set-UMIPGateway", "loopback", *to)
        await self.until(lambda: self.peer.lamp("1001") == "no")
        await deferToThread(self.call)
        await self.until(lambda: self.sink.received)
        await deferToThread(self.deliver)
        await self.until(lambda: self.peer.lamp("1001") == "yes")
        for seen, word in ((True, "no"), (False, "yes"), (True, "no")):
            done = await deferToThread(self.mark, seen)
            await self.until(lambda word=word: self.peer.lamp("1001") == word)
            took = max(at for at, user, _ in self.peer.told if user == "1001") - done
            print(f"lamp {word} {took * 1000:.0f} ms after the mail program was done")
            self.assertLess(took, 5.0)
        status = await deferToThread(self.server.status)
        lamps = status["lamps"]
        assert isinstance(lamps, dict)
        self.assertEqual(lamps["failing"], 0)
