"""The voice messages of a Maildir, the same files that an IMAP server shows (IMailbox).

Knows: the Maildir rules: files in `new` and `cur`, flags behind `:2,` (S seen, F flagged, T
trashed, in alphabetical order), the folder `.Trash` beside them (Maildir++). Must never know:
calls. Everything is a rename, so nothing is ever half done, and a mail program that renames at the
same moment is waited for: a file that is not where it was is looked for again. Blocks, but for the
class's interface.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.mail.files import Files
from umserver.edges.mail.quota import maildir_usage
from umserver.edges.mail.sound import MOST_MAIL, attachments_in, clip_in
from umserver.edges.mail.voicemail import MOST_HEADERS, Letterhead, letterhead
from umserver.edges.threads import Threads
from umserver.interfaces import Clip, Gone, IMailbox, Unavailable, Unplayable
from umserver.org.messages import Attachment, VoiceMail

log = Logger()
T = TypeVar("T")

TRASH = ".Trash"
FLAGS = ":2,"
SEEN, FLAGGED, TRASHED = "S", "F", "T"
TRIES = 5
"""How often a file is looked for that somebody else keeps renaming."""
MOST_REMEMBERED = 10_000
"""Mails of one mailbox whose headers are kept in memory, 0.1 to 0.7 kB each.

Those of more mails are read each time: were they to push out others, none would be found again, as
every look goes through all of them.
"""


@frozen
class Place:
    """Where a mail is just now."""

    path: Path
    unique: str
    """The name without flags: the message's id."""
    flags: str
    in_trash: bool

    @property
    def is_new(self) -> bool:
        """Whether nobody has seen it."""
        return SEEN not in self.flags


def place_of(path: Path, in_trash: bool) -> Place:
    """What a file's name says."""
    unique, _, flags = path.name.partition(FLAGS)
    return Place(path, unique.partition(":")[0], flags.partition(",")[0], in_trash)


@implementer(IMailbox)
@define(eq=False)
class MaildirMailbox:
    """One user's."""

    box: Path
    threads: Threads
    files: Files = field(factory=Files)
    most_remembered: int = MOST_REMEMBERED
    _heads: dict[str, Letterhead | None] = field(init=False, factory=dict)
    _lock: Lock = field(init=False, factory=Lock)

    def messages(self) -> Deferred[Sequence[VoiceMail]]:
        """See `IMailbox`."""
        return self._run(self._messages)

    def sound(self, id: str, pace: float = 1.0) -> Deferred[Clip]:
        """See `IMailbox`."""
        return self._run(lambda: clip_in(self._mail(id), pace))

    def attachments(self, id: str) -> Deferred[Sequence[Attachment]]:
        """See `IMailbox`."""
        return self._run(lambda: attachments_in(self._mail(id)))

    def mark_read(self, id: str, read: bool) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda: self._flag(id, SEEN, read))

    def flag(self, id: str, on: bool) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda: self._flag(id, FLAGGED, on))

    def delete(self, id: str) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda: self._delete(id))

    def undelete(self, id: str) -> Deferred[None]:
        """See `IMailbox`."""
        return self._run(lambda: self._undelete(id))

    def is_full(self, limit: int | None) -> Deferred[bool]:
        """See `IMailbox`."""
        return self._run(
            lambda: maildir_usage(self.box, count=limit is not None).is_full(limit),
        )

    def _run(self, work: Callable[[], T]) -> Deferred[T]:
        def guarded() -> T:
            try:
                return work()
            except OSError as fault:
                words = f"{self.box}: {fault.strerror or fault}"
                raise Unavailable(words) from None

        return self.threads.run(guarded)

    # looking

    def places(self) -> Iterator[Place]:
        """Every mail of the inbox and the trash."""
        for folder, in_trash in ((self.box, False), (self.box / TRASH, True)):
            for room in ("new", "cur"):
                try:
                    with os.scandir(folder / room) as entries:
                        names = [entry.name for entry in entries if entry.name[0] != "."]
                except (FileNotFoundError, NotADirectoryError):
                    continue
                for name in names:
                    yield place_of(folder / room / name, in_trash)

    def _find(self, id: str) -> Place:
        for place in self.places():
            if place.unique == id:
                return place
        raise Gone(id)

    def _messages(self) -> Sequence[VoiceMail]:
        found: dict[str, VoiceMail] = {}
        seen: set[str] = set()
        for place in self.places():
            seen.add(place.unique)
            head = self._head(place)
            if head is not None and place.unique not in found:
                found[place.unique] = _voice_mail(place, head)
        self._forget_others(seen)
        return sorted(found.values(), key=lambda mail: (-mail.received, mail.id))

    def _head(self, place: Place) -> Letterhead | None:
        """Headers never change, so they are read once."""
        with self._lock:
            if place.unique in self._heads:
                return self._heads[place.unique]
        try:
            with place.path.open("rb") as file:
                head = letterhead(_headers(file.read(MOST_HEADERS)))
        except FileNotFoundError:
            return self._renamed(place)
        with self._lock:
            if len(self._heads) < self.most_remembered:
                self._heads[place.unique] = head
        return head

    def _forget_others(self, seen: set[str]) -> None:
        """Headers of mails that are no longer there; one that is being renamed is read again."""
        with self._lock:
            for gone in self._heads.keys() - seen:
                del self._heads[gone]

    def _renamed(self, place: Place) -> Letterhead | None:
        """The headers of a file that went elsewhere while the folder was being read."""
        try:
            path = self._find(place.unique).path
            with path.open("rb") as file:
                return letterhead(_headers(file.read(MOST_HEADERS)))
        except (Gone, FileNotFoundError):
            return None

    def _mail(self, id: str) -> bytes:
        def read(place: Place) -> bytes:
            if place.path.stat().st_size > MOST_MAIL:
                raise Unplayable(f"the mail has more than {MOST_MAIL >> 20} MiB")
            return place.path.read_bytes()

        return self._at(id, read)

    def _at(self, id: str, work: Callable[[Place], T]) -> T:
        """Work on a mail wherever it is; again when it went elsewhere meanwhile."""
        for _ in range(TRIES):
            place = self._find(id)
            try:
                return work(place)
            except FileNotFoundError:
                continue
        raise Unavailable(f"{self.box}: another program keeps moving a message")

    # changing

    def _flag(self, id: str, flag: str, on: bool) -> None:
        def change(place: Place) -> None:
            flags = set(place.flags) | {flag} if on else set(place.flags) - {flag}
            folder = self.box / TRASH if place.in_trash else self.box
            self._move(place, folder, "".join(sorted(flags)))

        self._at(id, change)

    def _delete(self, id: str) -> None:
        def change(place: Place) -> None:
            if not place.in_trash:
                self._make_trash()
                self._move(place, self.box / TRASH, place.flags)

        self._at(id, change)

    def _undelete(self, id: str) -> None:
        def change(place: Place) -> None:
            if place.in_trash or TRASHED in place.flags:
                self._move(place, self.box, place.flags.replace(TRASHED, ""))

        self._at(id, change)

    def _move(self, place: Place, folder: Path, flags: str) -> None:
        """One rename, durable; into `cur`, where mails with flags belong."""
        target = folder / "cur" / f"{place.unique}{FLAGS}{flags}"
        if target == place.path:
            return
        self.files.rename(place.path, target)
        self.files.sync_folder(target.parent)
        if target.parent != place.path.parent:
            self.files.sync_folder(place.path.parent)

    def _make_trash(self) -> None:
        trash = self.box / TRASH
        if (trash / "cur").is_dir():
            return
        for room in ("tmp", "new", "cur"):
            self.files.make_folder(trash / room)
        (trash / "maildirfolder").touch(mode=0o600)
        for folder in (trash, self.box):
            self.files.sync_folder(folder)


def _headers(data: bytes) -> bytes:
    """Up to the empty line."""
    ends = [at for at in (data.find(b"\r\n\r\n"), data.find(b"\n\n")) if at >= 0]
    return data[: min(ends)] if ends else data


def _voice_mail(place: Place, head: Letterhead) -> VoiceMail:
    return head.voice_mail(
        place.unique,
        new=place.is_new,
        deleted=place.in_trash or TRASHED in place.flags,
        flagged=FLAGGED in place.flags,
    )
