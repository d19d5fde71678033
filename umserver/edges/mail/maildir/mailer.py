"""Delivery into folders that any IMAP server can serve: one Maildir a user.

Knows: the Maildir rules (tmp, new, cur; a file is whole once it has its name in new). Must never
know: the spool. The file's name is made of the Message-ID, so a second delivery finds the first,
also when it has been read (moved to cur with flags) in the meantime.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from pathlib import Path
from uuid import UUID

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer

from umserver.edges.mail.files import Files
from umserver.edges.mail.quota import note_delivery
from umserver.edges.threads import Threads
from umserver.interfaces import IMailer, PermanentFailure, TemporaryFailure
from umserver.org.messages import OutgoingMail

PARTS = ("tmp", "new", "cur")
MOST_FOLDER_NAME = 200
"""Octets; a longer one ends in a digest."""


def folder_name(address: str) -> str:
    """The folder of a mail address: lower case, with everything unusual written as `%XX`.

    Two addresses never share one, and no address leads out of the root. Raises PermanentFailure.
    """
    user, at, domain = address.rpartition("@")
    if not (user and at and domain) or re.search(r"[\x00-\x1f\x7f]", address):
        raise PermanentFailure(f"{address[:100]!r} is no mail address")
    octets = address.lower().encode("utf-8", "surrogatepass")
    plain = re.compile(rb"[a-z0-9@_+=.-]")
    name = "".join(chr(o) if plain.match(bytes([o])) else f"%{o:02X}" for o in octets)
    if name[0] in ".-":
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if len(name) > MOST_FOLDER_NAME:
        name = name[:120] + "%" + hashlib.sha256(octets).hexdigest()
    return name


def unique_name(mail: OutgoingMail) -> str:
    """The file's name without flags: the same for the same Message-ID, different for any other."""
    digest = hashlib.sha256(mail.message_id.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        seconds = (UUID(mail.id).int >> 80) // 1000
    except ValueError:
        seconds = 0
    return f"{seconds}.M{digest[:32]}.umserver"


@implementer(IMailer)
@define(eq=False)
class MaildirMailer:
    """Puts each mail into `<root>/<address>/new`."""

    root: Path
    threads: Threads
    files: Files = field(factory=Files)

    def deliver(self, mail: OutgoingMail) -> Deferred[None]:
        """Fires when the mail is durable, or was there already. See `IMailer`."""
        return self.threads.run(self._deliver, mail)

    def _deliver(self, mail: OutgoingMail) -> None:
        box, name = self.root / folder_name(mail.recipient), unique_name(mail)
        try:
            if not all((box / part).is_dir() for part in PARTS):
                self._make(box)
            if not self._is_there(box, name):
                self.files.put(box / "tmp" / name, mail.data)
                self.files.rename(box / "tmp" / name, box / "new" / name)
                note_delivery(box, len(mail.data))
            self.files.sync_folder(box / "new")
        except OSError as fault:
            self._remove_part(box / "tmp" / name)
            place = "the mail folder's disk is full" if fault.errno in _FULL else str(fault)
            raise TemporaryFailure(place) from None

    def _make(self, box: Path) -> None:
        for name in PARTS:
            self.files.make_folder(box / name)
        for folder in (box, self.root, self.root.absolute().parent):
            self.files.sync_folder(folder)

    def _is_there(self, box: Path, name: str) -> bool:
        """Whether this mail was delivered before: unread, or read with flags behind `:2,`."""
        if (box / "new" / name).exists():
            return True
        with os.scandir(box / "cur") as entries:
            return any(
                entry.name == name or entry.name.startswith((name + ":", name + ","))
                for entry in entries
            )

    def _remove_part(self, path: Path) -> None:
        try:
            self.files.remove(path)
        except OSError:
            return


_FULL = {errno.ENOSPC, errno.EDQUOT}
