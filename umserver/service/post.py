"""Where mail goes and where mailboxes are, as the bootstrap file names it.

Knows: the sections `[mail]` and `[mailboxes]`. Must never know: how mail is handed over or read.
"""

from __future__ import annotations

from pathlib import Path

from umserver.edges.mail.imap.mailboxes import ImapMailboxes, imap_mailboxes
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.maildir.mailboxes import MaildirMailboxes
from umserver.edges.mail.mailers import mailer_for
from umserver.edges.threads import Threads
from umserver.interfaces import IMailer
from umserver.org.bootstrap import Bootstrap
from umserver.service.machine import Machine

FOLDER = "mail"
"""Below the state folder: Maildir folders by address."""


def mailer_of(
    machine: Machine, bootstrap: Bootstrap, state: Path, threads: Threads, host: str
) -> IMailer:
    """Hands finished messages over; `host` is our name. Raises ValueError, OSError."""
    mail = bootstrap.mail
    server = MailHost(
        host=mail.host or "127.0.0.1",
        port=mail.port,
        socket=_path(mail.socket),
        security=mail.security,
        check_certificate=mail.check_certificate,
        authorities=_path(mail.authorities),
        user=mail.user,
        password=mail.password,
        token_file=_path(mail.token_file),
    )
    folder, helo = state / FOLDER, mail.helo or host
    return mailer_for(
        machine.reactor, mail.delivery, server, threads=threads, folder=folder, helo=helo
    )


def mailboxes_of(
    machine: Machine, bootstrap: Bootstrap, state: Path, threads: Threads
) -> MaildirMailboxes | ImapMailboxes:
    """Opens the mailboxes of owners. Raises ValueError, OSError."""
    boxes = bootstrap.mailboxes
    if boxes.storage == "maildir":
        return MaildirMailboxes(machine.reactor, state / FOLDER, threads)
    server = MailHost(
        host=boxes.host,
        port=boxes.port,
        security=boxes.security,
        check_certificate=boxes.check_certificate,
        authorities=_path(boxes.authorities),
        user=boxes.user,
        password=boxes.password,
        token_file=_path(boxes.token_file),
    )
    return imap_mailboxes(
        machine.reactor, server, threads, trash=boxes.trash, check_quota=boxes.check_quota
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None
