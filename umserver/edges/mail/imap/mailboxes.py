"""Everybody's mailbox on one IMAP server (IMailboxes), opened by one service account.

Knows: how the server is reached and how the account acts for a user. Must never know: messages.
At most MOST_OPEN connections serve calls and looks, others watch (`watch`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IStreamClientEndpoint,
)
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.mail.imap.mailbox import ImapMailbox
from umserver.edges.mail.imap.session import ImapSession, open_session
from umserver.edges.mail.imap.watch import ImapWatch
from umserver.edges.mail.login import Login
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.threads import Threads
from umserver.interfaces import IMailbox, IMailboxes, Unavailable

log = Logger()

IMAP_PORT, IMAPS_PORT = 143, 993
CONNECT_SECONDS = 10
"""For one address of the server: somebody waits at a telephone."""
MOST_OPEN = 500
"""Mailboxes that are remembered with their connections."""


@implementer(IMailboxes)
@define(eq=False)
class ImapMailboxes:
    """See `IMailboxes`."""

    reactor: Any
    endpoint: IStreamClientEndpoint
    threads: Threads
    user: str
    """The service account; a user's own address acts where the two are the same."""
    password: str = field(default="", repr=False)
    token_file: Path | None = None
    """Read before each login: somebody else keeps the token fresh."""
    starttls: IOpenSSLClientConnectionCreator | None = None
    trash: str = "Trash"
    check_quota: bool = True
    _open: OrderedDict[str, ImapMailbox] = field(init=False, factory=OrderedDict)
    _watch: ImapWatch = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._watch = ImapWatch(self.reactor, self._connect, self._look)

    def open(self, address: str) -> IMailbox:
        """See `IMailboxes`."""
        name = address.lower()
        box = self._open.pop(name, None)
        if box is None:
            box = ImapMailbox(
                self.reactor,
                lambda: self._connect(name),
                self.threads,
                self.trash,
                self.check_quota,
            )
        self._open[name] = box
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return box

    def watch(self, address: str, changed: Callable[[], object]) -> Callable[[], None]:
        """See `IMailboxes`."""
        return self._watch.watch(address.lower(), changed)

    def stop(self) -> None:
        """Close every connection."""
        self._watch.stop()
        for box in self._open.values():
            box.close()

    async def _connect(self, address: str) -> ImapSession:
        acting_for = "" if self.user.lower() == address else address
        login = Login(self.user, self.password, await self._token(), acting_for)
        return await open_session(self.reactor, self.endpoint, login, self.starttls)

    async def _token(self) -> str:
        path = self.token_file
        if path is None:
            return ""
        try:
            text = await self.threads.run(path.read_text, "utf-8")
        except (OSError, ValueError) as fault:
            raise Unavailable(f"the token file {path}: {fault}") from None
        return text.strip()

    async def _look(self, name: str) -> int:
        return hash(tuple(await self.open(name).messages()))


def imap_mailboxes(
    reactor: Any,
    server: MailHost,
    threads: Threads,
    *,
    trash: str = "Trash",
    check_quota: bool = True,
) -> ImapMailboxes:
    """Mailboxes of this server.

    Raises ValueError in words for an operator, or OSError when authorities cannot be read.
    """
    server.check_login()
    by_tls = server.security == "tls"
    port = server.port or (IMAPS_PORT if by_tls else IMAP_PORT)
    plain: IStreamClientEndpoint = HostnameEndpoint(reactor, server.host, port, CONNECT_SECONDS)
    tls = server.tls() if server.security != "none" else None
    return ImapMailboxes(
        reactor,
        wrapClientTLS(tls, plain) if tls is not None and by_tls else plain,
        threads,
        server.user,
        server.password,
        server.token_file,
        None if by_tls else tls,
        trash,
        check_quota,
    )
