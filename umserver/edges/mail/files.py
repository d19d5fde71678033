"""The few file operations of the spool and the mailboxes, each a step after which a crash may come.

Knows: durable writing on a POSIX file system. Must never know: messages, mail. All of it blocks.
Tests put a faulty disk in this one's place.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


class Files:
    """The real disk. Every method raises OSError where the disk does."""

    def put(self, path: Path, data: bytes) -> None:
        """Write the whole file and sync it; what stood there before is replaced in place."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)

    def note(self, path: Path, data: bytes) -> None:
        """Replace the file at once, unsynced: for what may be lost without harm."""
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(data)
        fresh.rename(path)

    def open_sound(self, path: Path) -> int:
        """A descriptor that appends to a new or existing file."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, fd: int, data: bytes) -> None:
        """Write at the end and sync the data. On a fault a first part may have been written."""
        try:
            write_all(fd, data)
        finally:
            os.fdatasync(fd)

    def empty(self, fd: int) -> None:
        """Forget the file's content, durably."""
        os.ftruncate(fd, 0)
        os.fdatasync(fd)

    def close(self, fd: int) -> None:
        """Close the descriptor."""
        os.close(fd)

    def reserve(self, path: Path, octets: int) -> None:
        """Make a file that really takes this much room."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(fd, 0, octets)
        finally:
            os.close(fd)

    def make_folder(self, path: Path) -> None:
        """Make the folder and those above it where they are missing."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def link(self, source: Path, target: Path) -> None:
        """The same content under a second name; a synced copy where there are no links."""
        try:
            os.link(source, target)
        except OSError as fault:
            if fault.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV):
                raise
            self.put(target, source.read_bytes())

    def rename(self, source: Path, target: Path) -> None:
        """One atomic step on one file system."""
        source.rename(target)

    def sync_folder(self, path: Path) -> None:
        """Make the names in the folder durable."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def remove(self, path: Path) -> None:
        """Remove a file or a folder with what is in it; harmless where there is none."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def free(self, path: Path) -> int:
        """Octets that an ordinary user can still write there."""
        state = os.statvfs(path)
        return state.f_bavail * state.f_frsize


def write_all(fd: int, data: bytes) -> None:
    """Write everything, however the kernel cuts it."""
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
