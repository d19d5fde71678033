"""The spool's folders on disk, step by step; everything here blocks.

Knows: which file operation comes after which, so that a crash between any two loses and doubles
nothing. Must never know: Deferreds, the schedule, mail, what is found at a start (`recovery`). One
process at a time: a lock says so.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import define, field, frozen
from twisted.logger import Logger

from umserver.edges.mail.files import Files
from umserver.edges.mail.spool.copies import copy_names, make_copy, put_enclosed
from umserver.edges.mail.spool.record import (
    CODECS,
    ENVELOPE,
    SOUND,
    Fate,
    Tries,
    check_id,
    dump_envelope,
)
from umserver.interfaces import NoSpace, Unavailable
from umserver.org.messages import Attachment, Envelope

log = Logger()

FULL = {errno.ENOSPC, errno.EDQUOT}
WHY = "why.txt"


class SpoolInUse(RuntimeError):
    """Another process works in this folder."""


@frozen
class Letter:
    """A message's folder, read."""

    path: Path
    envelope: Envelope
    fate: Fate
    tries: Tries = field(factory=Tries)
    dead: bool = False


def trouble(fault: OSError, doing: str) -> Unavailable:
    """The disk's fault in the house's words."""
    words = f"{doing}: {fault.strerror or fault}"
    return NoSpace(words) if fault.errno in FULL | {errno.EIO} else Unavailable(words)


@define(eq=False)
class Cabinet:
    """`drafts`, `queue`, `dead` and `tmp` under one folder, locked for this process."""

    folder: Path
    files: Files = field(factory=Files)
    reserve_octets: int = 256 * 1024
    """Kept aside, so that what was taken can still be put in its place on a full disk."""
    _lock: int = field(init=False, default=-1)

    def open(self) -> None:
        """Make the folders and lock them. Raises SpoolInUse or OSError."""
        for name in ("drafts", "queue", "dead", "tmp"):
            self.files.make_folder(self.folder / name)
        for path in (self.folder, self.folder.absolute().parent):
            self.files.sync_folder(path)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "another process"
            os.close(lock)
            raise SpoolInUse(f"the spool {self.folder} is in use by process {owner}") from None
        self._lock = lock
        try:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        except OSError as fault:
            log.warn("the spool's lock does not name its owner: {fault}", fault=fault)
        self.keep_reserve()

    def close(self) -> None:
        """Let others have the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # room

    def free(self) -> int:
        """Octets that can still be written."""
        return self.files.free(self.folder)

    def keep_reserve(self) -> None:
        """Set the reserve aside again where there is room for it."""
        path = self.folder / "reserve"
        try:
            if not path.exists() and self.free() > 4 * self.reserve_octets:
                self.files.reserve(path, self.reserve_octets)
        except OSError as fault:
            log.warn("no room for the spool's reserve: {fault}", fault=fault)

    def _pressing(self, step: Callable[[], None]) -> None:
        """Do a step that must succeed even on a full disk: once more with the reserve given up."""
        try:
            step()
        except OSError as fault:
            reserve = self.folder / "reserve"
            if fault.errno not in FULL or not reserve.exists():
                raise
            log.warn("the disk is full: the spool gives up its reserve")
            self.files.remove(reserve)
            step()

    # a message's life

    def begin(self, envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Path:
        """Make the draft's folder; it exists with a whole envelope or not at all.

        `enclosed`: sounds that go along, as the envelope names them.
        """
        making = self.folder / "tmp" / check_id(envelope.id)
        path = self.folder / "drafts" / envelope.id
        try:
            self.files.make_folder(making)
            put_enclosed(self.files, making, enclosed)
            self.files.put(making / ENVELOPE, dump_envelope(envelope))
            self.files.sync_folder(making)
            self._move(making, path)
        except OSError:
            self.remove_quietly(making)
            self._discard_quietly(path)
            raise
        return path

    def open_sound(self, draft: Path, codec: str) -> int:
        """A descriptor for a draft's sound, whose name is durable."""
        fd = self.files.open_sound(draft / (SOUND + codec))
        try:
            self.files.sync_folder(draft)
        except OSError:
            self.files.close(fd)
            raise
        return fd

    def settle(self, draft: Path, id: str, fate: Fate) -> Path:
        """Make the draft a message: one rename."""
        path = self.folder / "queue" / fate.folder(id)
        self._pressing(lambda: self._move(draft, path))
        return path

    def spread(self, letter: Letter) -> list[Letter]:
        """In the place of a message to several people one for each; may be done again."""
        found = []
        for envelope, name in copy_names(letter.envelope, letter.fate):
            path, making = self.folder / "queue" / name, self.folder / "tmp" / name
            if not path.exists():
                make_copy(self.files, letter.path, making, envelope)
                self._move(making, path)
            found.append(Letter(path, envelope, letter.fate))
        self.discard(letter.path)
        return found

    def discard(self, path: Path) -> None:
        """Forget a draft or a message: it is gone with the rename, its octets follow."""
        gone = self.folder / "tmp" / (path.name + ".gone")
        if not path.exists() and not gone.exists():
            return
        self._pressing(lambda: self._move(path, gone))
        self.remove_quietly(gone)

    def _discard_quietly(self, path: Path) -> None:
        try:
            self.discard(path)
        except OSError as fault:
            log.warn("{path} stays until the next start: {fault}", path=str(path), fault=fault)

    def bury(self, path: Path, why: str) -> Path:
        """Move it to the dead letters with a word on why."""
        grave = self.folder / "dead" / path.name
        number = 0
        while grave.exists() and path.exists():
            number += 1
            grave = grave.with_name(f"{path.name}.again{number}")
        if path.is_dir():
            self.note(path / WHY, why.encode("utf-8", "replace") + b"\n")
        self._pressing(lambda: self._move(path, grave))
        return grave

    def revive(self, path: Path) -> Path:
        """Bring a dead letter back into the queue."""
        back = self.folder / "queue" / path.name
        self._move(path, back)
        return back

    def note(self, path: Path, data: bytes) -> None:
        """Write what may be lost; a full disk is no fault."""
        try:
            self.files.note(path, data)
        except OSError as fault:
            log.warn("{path} was not written: {fault}", path=str(path), fault=fault)

    def _move(self, source: Path, target: Path) -> None:
        if source.exists() or not target.exists():
            self.files.rename(source, target)
        self.files.sync_folder(target.parent)
        self.files.sync_folder(source.parent)

    def remove_quietly(self, path: Path) -> None:
        """Take away what does not count any more; what stays is harmless."""
        try:
            self.files.remove(path)
        except OSError as fault:
            log.warn("{path} was not removed: {fault}", path=str(path), fault=fault)

    # reading

    def sound(self, path: Path) -> tuple[str, bytes]:
        """Codec and octets of what was recorded; empty when nothing was."""
        for codec in CODECS:
            file = path / (SOUND + codec)
            if file.exists() and file.stat().st_size:
                return codec, file.read_bytes()
        return CODECS[0], b""

    def has_sound(self, path: Path) -> bool:
        """Whether anything was recorded."""
        files = [path / (SOUND + codec) for codec in CODECS]
        return any(file.exists() and file.stat().st_size for file in files)
