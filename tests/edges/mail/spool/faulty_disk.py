"""A disk that fails, fills up, or loses its power between any two steps."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from attrs import define, field

from umserver.edges.mail.files import Files, write_all


class PowerCut(Exception):
    """The machine is off; nothing that runs afterwards reaches the disk."""


@define(eq=False)
class CountingFiles(Files):
    """The real disk, counting its steps; `before(step, name)` may raise."""

    steps: int = field(init=False, default=0)
    names: list[str] = field(init=False, factory=list)

    def before(self, step: int, name: str) -> None:
        """Overridden by disks with faults."""

    def half(self, step: int) -> bool:
        """Whether this step is to be done half and then fail."""
        return False

    def fail(self) -> None:
        """How it fails then."""

    def step(self, name: str) -> int:
        """One more."""
        self.steps += 1
        self.names.append(name)
        self.before(self.steps, name)
        return self.steps

    def put(self, path: Path, data: bytes) -> None:
        if self.half(self.step("put")):
            path.write_bytes(data[: len(data) // 2])
            self.fail()
        super().put(path, data)
        self.created(path)

    def note(self, path: Path, data: bytes) -> None:
        if self.half(self.step("note")):
            path.with_name(path.name + ".new").write_bytes(data[: len(data) // 2])
            self.fail()
        super().note(path, data)

    def open_sound(self, path: Path) -> int:
        self.step("open_sound")
        fd = super().open_sound(path)
        self.created(path)
        return fd

    def append(self, fd: int, data: bytes) -> None:
        if self.half(self.step("append")):
            write_all(fd, data[: len(data) // 2])
            self.fail()
        super().append(fd, data)

    def empty(self, fd: int) -> None:
        self.step("empty")
        super().empty(fd)

    def close(self, fd: int) -> None:
        self.step("close")
        super().close(fd)

    def reserve(self, path: Path, octets: int) -> None:
        self.step("reserve")
        super().reserve(path, octets)

    def make_folder(self, path: Path) -> None:
        self.step("make_folder")
        missing = [p for p in (path, *path.parents) if not p.exists()]
        super().make_folder(path)
        for made in reversed(missing):
            self.created(made)

    def link(self, source: Path, target: Path) -> None:
        self.step("link")
        super().link(source, target)
        self.created(target)

    def rename(self, source: Path, target: Path) -> None:
        self.step("rename")
        super().rename(source, target)
        self.renamed(source, target)

    def sync_folder(self, path: Path) -> None:
        self.step("sync_folder")
        super().sync_folder(path)
        self.synced(path)

    def remove(self, path: Path) -> None:
        if self.half(self.step("remove")) and path.is_dir():
            for part in sorted(path.iterdir())[:1]:
                part.unlink()
            self.fail()
        super().remove(path)

    def created(self, path: Path) -> None:
        """A name appeared."""

    def renamed(self, source: Path, target: Path) -> None:
        """A name moved."""

    def synced(self, folder: Path) -> None:
        """The folder's names are durable."""


@define(eq=False)
class DyingFiles(CountingFiles):
    """Dies before step `last`, or in the middle of it.

    With `forgetful` it is the machine that dies: names whose folder was never synced are lost, the
    latest first, as a journalling file system may lose them.
    """

    last: int = 10**9
    halfway: bool = False
    forgetful: bool = False
    dead: bool = field(init=False, default=False)
    _unsynced: list[tuple[set[Path], Callable[[], None]]] = field(init=False, factory=list)

    def before(self, step: int, name: str) -> None:
        if self.dead or step > self.last or (step == self.last and not self.halfway):
            self.fail()

    def half(self, step: int) -> bool:
        return self.halfway and step == self.last

    def fail(self) -> None:
        if not self.dead and self.forgetful:
            for _, undo in reversed(self._unsynced):
                undo()
        self.dead = True
        raise PowerCut

    def created(self, path: Path) -> None:
        def undo() -> None:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

        self._unsynced.append(({path.parent}, undo))

    def renamed(self, source: Path, target: Path) -> None:
        def undo() -> None:
            if target.exists() and source.parent.exists():
                target.rename(source)

        self._unsynced.append(({target.parent, source.parent}, undo))

    def synced(self, folder: Path) -> None:
        """Syncing one of both folders makes a rename durable: they share one journal."""
        self._unsynced = [entry for entry in self._unsynced if folder not in entry[0]]


@define(eq=False)
class FailingFiles(CountingFiles):
    """Fails from step `first` on, `times` times, with this errno; then it is whole again."""

    first: int = 10**9
    times: int = 1
    number: int = errno.EIO
    halfway: bool = False

    def _fails(self, step: int) -> bool:
        return self.first <= step < self.first + self.times

    def before(self, step: int, name: str) -> None:
        if self._fails(step) and not (self.halfway and name in ("put", "note", "append", "remove")):
            self.fail()

    def half(self, step: int) -> bool:
        return self.halfway and self._fails(step)

    def fail(self) -> None:
        raise OSError(self.number, os.strerror(self.number))


@define(eq=False)
class SmallDisk(Files):
    """A disk with a set number of free octets."""

    room: int = 1 << 30

    def free(self, path: Path) -> int:
        return self.room
