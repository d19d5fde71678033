"""One connection to an IMAP server, logged in for one user (RFC 3501).

Knows: commands and answers, on top of Twisted's client. Must never know: what a voice message is.
Twisted's own readings of answers are passed by where they choke on extensions, or where they would
mark a message as seen. Every command has a time limit; after a fault the connection is of no use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IOpenSSLClientConnectionCreator,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.mail.imap4 import Command, IMAP4Exception

from umserver.edges.mail.imap.client import Client
from umserver.edges.mail.login import Login
from umserver.edges.mail.quota import Usage, imap_usage
from umserver.interfaces import Unavailable

COMMAND_SECONDS = 20.0
"""How long an answer may take."""


class Refused(Exception):
    """The server said NO or BAD; the words are its own."""


@frozen
class Fetched:
    """What a server said of one message."""

    uid: int
    flags: frozenset[str]
    """In lower case, as \\seen."""
    body: bytes = field(repr=False, default=b"")
    """The section that was asked for."""


_twisted: Any = Command


def _command(name: str, *args: object) -> Any:
    return _twisted(name.encode("ascii"), *args)


class _QuotaCommand(Command):
    """One whose answers Twisted does not know."""

    _1_RESPONSES = (*_twisted._1_RESPONSES, b"QUOTA", b"QUOTAROOT")


def quoted(text: str) -> bytes:
    """A string for a command (RFC 3501 §9). Raises Unavailable for what cannot be one."""
    if not text.isascii() or re.search(r"[\r\n\0]", text):
        raise Unavailable(f"{text[:80]!r} cannot be said in IMAP")
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


class _Heard(list[bytes]):
    """Lines that came; each is told when it comes."""

    def __init__(self, heard: Callable[[], object]) -> None:
        super().__init__()
        self.heard = heard

    def append(self, line: bytes) -> None:
        """One more; nobody reads them, so none is kept."""
        self.heard()


class ImapSession:
    """A logged-in connection; `open_session` makes one."""

    def __init__(self, reactor: Any, client: Any) -> None:
        self.reactor = reactor
        self.client = client
        self.capabilities: frozenset[str] = frozenset()
        self.selected = ""
        self.broken = False
        self.is_idling = False

    async def ask(self, command: str, args: bytes | None = None) -> Sequence[Sequence[Any]]:
        """The parsed lines of the answer. Raises Refused, Unavailable."""
        return await self.send(_command(command, args))

    async def send(self, command: Any, seconds: float = COMMAND_SECONDS) -> Sequence[Sequence[Any]]:
        """The same for a command made before, with an answer within so many seconds."""
        if self.broken:
            raise Unavailable("the connection to the mail server is lost")
        try:
            asked: Deferred[Any] = self.client.sendCommand(command)
            lines, _ = await asked.addTimeout(seconds, self.reactor)
        except IMAP4Exception as fault:
            raise Refused(str(fault)[:200]) from None
        except Exception as fault:
            self.close()
            raise Unavailable(f"the mail server does not answer: {fault!r}"[:300]) from None
        taken: Sequence[Sequence[Any]] = lines
        return taken

    async def learn(self) -> None:
        """What the server can do."""
        found = set()
        for line in await self.ask("CAPABILITY"):
            if line and line[0].upper() == b"CAPABILITY":
                found |= {word.decode("ascii", "replace").upper() for word in line[1:]}
        self.capabilities = frozenset(found)

    async def log_in(self, login: Login) -> None:
        """By the best mechanism that both know. Raises Refused, Unavailable."""
        offered = {name[5:] for name in self.capabilities if name.startswith("AUTH=")}
        script = login.script(offered)
        if script is None:
            raise Unavailable(f"the mail server offers no login that fits: {sorted(offered)}")
        answers = [script.first or b"", *script.answers]
        if not script.first:
            answers = list(script.answers)

        def go_on(_: bytes) -> None:
            self.client.sendLine(answers.pop(0) if answers else b"*")

        args = script.mechanism.encode("ascii")
        await self.send(_command("AUTHENTICATE", args, (), go_on))
        await self.learn()

    async def select(self, folder: str) -> bool:
        """Open a folder; False when there is none. Raises Unavailable."""
        if self.selected == folder:
            await self.ask("NOOP")
            return True
        self.selected = ""
        try:
            await self.ask("SELECT", quoted(folder))
        except Refused:
            return False
        self.selected = folder
        return True

    async def search(self, query: bytes) -> Sequence[int]:
        """UIDs of the messages that fit."""
        found: list[int] = []
        for line in await self.ask("UID SEARCH", query):
            if line and line[0].upper() == b"SEARCH":
                found += [int(uid) for uid in line[1:]]
        return found

    async def fetch(self, uids: Sequence[int], section: str | None = None) -> Sequence[Fetched]:
        """Flags, and a section such as HEADER or "" for all; nothing becomes seen by it."""
        if not uids:
            return ()
        what = b"UID FLAGS"
        if section is not None:
            what += b" BODY.PEEK[" + section.encode("ascii") + b"]"
        ranges = ",".join(map(str, uids)).encode("ascii")
        lines = await self.ask("UID FETCH", ranges + b" (" + what + b")")
        found = [_fetched(line[2]) for line in lines if len(line) == 3 and line[1] == b"FETCH"]
        wanted = set(uids)
        return [one for one in found if one is not None and one.uid in wanted]

    async def quota(self, folder: str) -> Usage:
        """How full the mailbox is that holds this folder (RFC 9208)."""
        make: Any = _QuotaCommand
        return imap_usage(await self.send(make(b"GETQUOTAROOT", quoted(folder))))

    async def store(self, uid: int, sign: str, flag: str) -> None:
        """Add (+) or take away (-) a flag."""
        await self.ask("UID STORE", f"{uid} {sign}FLAGS.SILENT ({flag})".encode("ascii"))

    async def move(self, uid: int, folder: str) -> None:
        """RFC 6851; a folder that is not there is made."""
        args = str(uid).encode("ascii") + b" " + quoted(folder)
        try:
            await self.ask("UID MOVE", args)
        except Refused:
            await self.ask("CREATE", quoted(folder))
            await self.ask("UID MOVE", args)

    async def idle(
        self, began: Callable[[], object], heard: Callable[[], object], seconds: float
    ) -> None:
        """Let the server tell what happens in the selected folder, for so long (RFC 2177).

        `began` is called when it does, `heard` with each of its words. Raises Refused, Unavailable.
        """
        done: list[IDelayedCall] = []

        def go_on(_: bytes) -> None:
            if done:  # it said + a second time
                return
            self.is_idling = True
            done.append(self.reactor.callLater(seconds, self.client.sendLine, b"DONE"))
            began()

        command = _command("IDLE", None, (), go_on)
        command.lines = _Heard(heard)
        try:
            await self.send(command, seconds + COMMAND_SECONDS)
        finally:
            self.is_idling = False
            if done and done[0].active():
                done[0].cancel()

    def close(self) -> None:
        """Hang up."""
        self.broken = True
        self.client.abort()


def _fetched(parts: Sequence[Any]) -> Fetched | None:
    uid, flags, body = 0, frozenset[str](), b""
    for key, value in _pairs(parts):
        if key == b"UID":
            uid = int(value)
        elif key == b"FLAGS":
            flags = frozenset(flag.decode("ascii", "replace").lower() for flag in value)
        elif key == b"BODY" and isinstance(value, bytes):
            body = value
    return Fetched(uid, flags, body) if uid else None


def _pairs(parts: Sequence[Any]) -> Iterator[tuple[bytes, Any]]:
    """Names and values; the name BODY has a section before its value."""
    words = iter(parts)
    for key in words:
        value = next(words, None)
        if key == b"BODY" and isinstance(value, list):
            value = next(words, None)
        yield key, value


async def open_session(
    reactor: Any,
    endpoint: IStreamClientEndpoint,
    login: Login,
    starttls: IOpenSSLClientConnectionCreator | None = None,
) -> ImapSession:
    """Connect, protect, log in. Raises Unavailable."""
    client = Client()
    factory = Factory.forProtocol(lambda: client)
    try:
        await endpoint.connect(factory)
        session = ImapSession(reactor, client)
        await client.greeted.addTimeout(COMMAND_SECONDS, reactor)
    except Exception as fault:
        client.abort()
        raise Unavailable(f"the mail server cannot be reached: {fault!r}"[:300]) from None
    try:
        await session.learn()
        if starttls is not None:
            await session.ask("STARTTLS")
            client.protect(starttls)
            await session.learn()
        await session.log_in(login)
    except Refused as fault:
        session.close()
        raise Unavailable(f"the mail server refuses us: {fault}") from None
    except Exception:
        session.close()
        raise
    return session
