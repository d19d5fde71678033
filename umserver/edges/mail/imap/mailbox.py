"""The voice messages of a mailbox on an IMAP server (IMailbox).

Knows: flags, the trash folder, how a message is known again after it was moved (by its Message-ID;
a move gives it a new UID). Must never know: calls. One connection a mailbox, one command after the
other, closed when it is not used for a while. Where a server cannot move (RFC 6851), a deleted
message gets the flag \\Deleted and stays where it is, until a mail program removes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.interfaces import IDelayedCall
from zope.interface import implementer

from umserver.edges.mail.imap.session import Fetched, ImapSession, Refused
from umserver.edges.mail.sound import MOST_MAIL, attachments_in, clip_in
from umserver.edges.mail.voicemail import Letterhead, letterhead
from umserver.edges.threads import Threads
from umserver.interfaces import Clip, Gone, IMailbox, Unavailable
from umserver.org.messages import Attachment, VoiceMail

T = TypeVar("T")

INBOX = "INBOX"
SEEN, FLAGGED, DELETED = "\\Seen", "\\Flagged", "\\Deleted"
VOICE = b'OR HEADER "X-VoiceMessageDuration" "" HEADER "X-UM-Message-Class" "Voicemail"'
"""What is asked for: only voice messages have the one or the other."""
IDLE_SECONDS = 60.0
"""A connection that is not used for so long is closed."""
MOST_MESSAGES = 5000
"""The newest of a folder that are looked at."""
PART = 200
"""Headers that are fetched at once."""


@frozen
class _Found:
    """A voice message and where it is."""

    id: str
    folder: str
    uid: int
    flags: frozenset[str]
    head: Letterhead


@implementer(IMailbox)
@define(eq=False)
class ImapMailbox:
    """One user's."""

    reactor: Any
    connect: Callable[[], Awaitable[ImapSession]]
    threads: Threads
    trash: str = "Trash"
    check_quota: bool = True
    _session: ImapSession | None = field(init=False, default=None)
    _order: DeferredLock = field(init=False, factory=DeferredLock)
    _idle: IDelayedCall | None = field(init=False, default=None)
    _heads: dict[tuple[str, int], tuple[str, Letterhead] | None] = field(init=False, factory=dict)
    """By folder and UID, for as long as the connection lasts."""
    _places: dict[str, _Found] = field(init=False, factory=dict)
    """Where each message was seen last."""

    def messages(self) -> Deferred[Sequence[VoiceMail]]:
        """See `IMailbox`."""
        return self._run(self._messages)

    def sound(self, id: str, pace: float = 1.0) -> Deferred[Clip]:
        """See `IMailbox`."""
        return self._run(lambda session: self._sound(session, id, pace))

    def attachments(self, id: str) -> Deferred[Sequence[Attachment]]:
        """See `IMailbox`."""
        return self._run(lambda session: self._attachments(session, id))

    def mark_read(self, id: str, read: bool) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda session: self._flag(session, id, SEEN, read))

    def flag(self, id: str, on: bool) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda session: self._flag(session, id, FLAGGED, on))

    def delete(self, id: str) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda session: self._delete(session, id))

    def undelete(self, id: str) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda session: self._undelete(session, id))

    def is_full(self, limit: int | None) -> Deferred[bool]:
        """See `IMailbox`."""
        if not self.check_quota:
            return succeed(False)
        return self._run(lambda session: self._is_full(session, limit))

    def close(self) -> None:
        """Hang up; the next verb connects again."""
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        self._idle = None
        session, self._session = self._session, None
        if session is not None:
            session.close()
        self._heads.clear()
        self._places.clear()

    # one after the other

    def _run(self, work: Callable[[ImapSession], Awaitable[T]]) -> Deferred[T]:
        done: Deferred[T] = self._order.run(lambda: Deferred.fromCoroutine(self._with(work)))
        return done

    async def _with(self, work: Callable[[ImapSession], Awaitable[T]]) -> T:
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        try:
            return await self._tried(work)
        except Refused as fault:
            raise Unavailable(f"the mail server refuses: {fault}") from None
        finally:
            self._idle = self.reactor.callLater(IDLE_SECONDS, self.close)

    async def _tried(self, work: Callable[[ImapSession], Awaitable[T]]) -> T:
        """A connection that broke while it was idle is replaced once."""
        old = self._session
        if old is None or old.broken:
            return await work(await self._connected())
        try:
            return await work(old)
        except Unavailable:
            if not old.broken:
                raise
            return await work(await self._connected())

    async def _connected(self) -> ImapSession:
        self._heads.clear()
        self._places.clear()
        self._session = None
        self._session = await self.connect()
        return self._session

    # looking

    async def _messages(self, session: ImapSession) -> Sequence[VoiceMail]:
        found = await self._all(session)
        mails = [_voice_mail(one, one.folder == self.trash) for one in found]
        return sorted(mails, key=lambda mail: (-mail.received, mail.id))

    async def _all(self, session: ImapSession) -> Sequence[_Found]:
        """Every voice message; one that is in both folders counts where it was found first."""
        self._places.clear()
        for folder in (INBOX, self.trash):
            for one in await self._in(session, folder):
                self._places.setdefault(one.id, one)
        return list(self._places.values())

    async def _in(self, session: ImapSession, folder: str) -> Sequence[_Found]:
        if not await session.select(folder):
            if folder == INBOX:
                raise Unavailable("the mail server shows no INBOX")
            return ()
        uids = sorted(await session.search(VOICE))[-MOST_MESSAGES:]
        there = {(folder, uid) for uid in uids}
        for gone in [key for key in self._heads if key[0] == folder and key not in there]:
            del self._heads[gone]
        unknown = [uid for uid in uids if (folder, uid) not in self._heads]
        for at in range(0, len(unknown), PART):
            for one in await session.fetch(unknown[at : at + PART], "HEADER"):
                head = letterhead(one.body)
                key = _identity(head, one.body)
                self._heads[folder, one.uid] = (key, head) if head is not None else None
        found = []
        for one in await session.fetch(uids):
            known = self._heads.get((folder, one.uid))
            if known is not None:
                found.append(_Found(known[0], folder, one.uid, one.flags, known[1]))
        return found

    async def _find(self, session: ImapSession, id: str) -> _Found:
        """Where it is now: where it was last, or anywhere. Raises Gone."""
        known = self._places.get(id)
        if known is not None and await session.select(known.folder):
            for one in await session.fetch([known.uid]):
                return _moved(known, one)
        for found in await self._all(session):
            if found.id == id:
                await session.select(found.folder)
                return found
        raise Gone(id)

    async def _sound(self, session: ImapSession, id: str, pace: float) -> Clip:
        return await self.threads.run(clip_in, await self._mail(session, id), pace)

    async def _attachments(self, session: ImapSession, id: str) -> Sequence[Attachment]:
        return await self.threads.run(attachments_in, await self._mail(session, id))

    async def _mail(self, session: ImapSession, id: str) -> bytes:
        found = await self._find(session, id)
        for one in await session.fetch([found.uid], ""):
            return one.body[: MOST_MAIL + 1]
        raise Gone(id)

    async def _is_full(self, session: ImapSession, limit: int | None) -> bool:
        if "QUOTA" not in session.capabilities:
            return False
        return (await session.quota(INBOX)).is_full(limit)

    # changing

    async def _flag(self, session: ImapSession, id: str, flag: str, on: bool) -> None:
        found = await self._find(session, id)
        await session.store(found.uid, "+" if on else "-", flag)

    async def _delete(self, session: ImapSession, id: str) -> None:
        found = await self._find(session, id)
        if found.folder == self.trash:
            return
        if "MOVE" in session.capabilities:
            await session.move(found.uid, self.trash)
            self._places.pop(id, None)
        else:
            await session.store(found.uid, "+", DELETED)

    async def _undelete(self, session: ImapSession, id: str) -> None:
        found = await self._find(session, id)
        if DELETED.lower() in found.flags:
            await session.store(found.uid, "-", DELETED)
        if found.folder == self.trash:
            await session.move(found.uid, INBOX)
            self._places.pop(id, None)


def _identity(head: Letterhead | None, headers: bytes) -> str:
    """The same wherever the message is: made of its Message-ID, or of all its headers."""
    name = head.message_id.encode() if head is not None and head.message_id else headers
    return hashlib.sha256(name).hexdigest()[:32]


def _moved(known: _Found, now: Fetched) -> _Found:
    return _Found(known.id, known.folder, now.uid, now.flags, known.head)


def _voice_mail(found: _Found, in_trash: bool) -> VoiceMail:
    head, flags = found.head, found.flags
    return head.voice_mail(
        found.id,
        new=SEEN.lower() not in flags,
        deleted=in_trash or DELETED.lower() in flags,
        flagged=FLAGGED.lower() in flags,
    )
