"""All mailers keep the mailers' contract."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from tests.contracts.mailer import MailerContract
from tests.kit.mail_server import MailServer
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.mailers import mailer_for
from umserver.edges.threads import Pool

real: Any = reactor


class MaildirContract(MailerContract, TestCase):
    """Folders on this machine, written in threads."""

    timeout = 20.0

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.root.mkdir()
        pool = Pool(real, 4, "test")
        self.addCleanup(pool.stop)
        self.mailer = mailer_for(
            real, "maildir", MailHost(), threads=pool, folder=self.root / "mail"
        )

    def arrived(self) -> list[bytes]:
        """Unread mails."""
        return [path.read_bytes() for path in (self.root / "mail").glob("*/new/*")]

    def break_far_side(self) -> None:
        """A file stands where the folders should be."""
        (self.root / "mail").write_bytes(b"")

    def mend_far_side(self) -> None:
        """It is gone."""
        (self.root / "mail").unlink()


class ServerContract(MailerContract, TestCase):
    """SMTP over TCP."""

    timeout = 20.0
    kind = "smtp"

    def setUp(self) -> None:
        self.server = MailServer(lmtp=self.kind == "lmtp")
        port = self.listen()
        self.addCleanup(self.server.all_closed)
        self.addCleanup(port.stopListening)

    def listen(self) -> Any:
        """Begin to listen; sets the mailer."""
        port = real.listenTCP(0, self.server, interface="127.0.0.1")
        pool = Pool(real, 2, "test")
        self.mailer = mailer_for(real, self.kind, MailHost(port=port.getHost().port), threads=pool)
        return port

    def arrived(self) -> list[bytes]:
        """Mails that the server said it took."""
        return [data for _, _, data in self.server.mails]

    def break_far_side(self) -> None:
        """It is being serviced."""
        self.server.answers["greeting"] = "421 4.3.2 being serviced"

    def mend_far_side(self) -> None:
        """It is well again."""
        self.server.answers.clear()


class LmtpContract(ServerContract):
    """LMTP over TCP."""

    kind = "lmtp"


class UnixLmtpContract(ServerContract):
    """LMTP over a UNIX socket."""

    kind = "lmtp"

    def listen(self) -> Any:
        """Begin to listen; sets the mailer."""
        folder = tempfile.TemporaryDirectory(prefix="um-")
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "lmtp"
        port = real.listenUNIX(str(path), self.server)
        pool = Pool(real, 2, "test")
        self.mailer = mailer_for(real, "lmtp", MailHost(host="", socket=path), threads=pool)
        return port
