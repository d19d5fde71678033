"""Which of many Maildirs changed, told by the kernel (inotify), where it can tell.

Knows: inotify's limits. Must never know: what is in a folder. Everything here may fail to tell: a
system without inotify, too many folders, a folder on another machine. Who needs to be sure looks
from time to time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorFDSet
from twisted.python.filepath import FilePath

MOST_FOLDERS = 4000
"""Mailboxes that the kernel watches for us; each needs up to three watches."""
GATHER = 0.05
"""Seconds between the first event of a burst and its being told."""


def _notifier(reactor: Any) -> Any:
    """Twisted's, but for one habit: it ends with the first folder that is removed."""
    try:
        from twisted.internet.inotify import INotify
    except ImportError:
        return None
    if not IReactorFDSet.providedBy(reactor):
        return None

    class Notifier(INotify):
        def loseConnection(self) -> None:
            """Said when one folder is gone."""

        def end(self) -> None:
            super().loseConnection()  # type: ignore[no-untyped-call]

    try:
        make: Any = Notifier
        notifier = make(reactor)
    except OSError:
        return None
    notifier.startReading()
    return notifier


@define(eq=False)
class FolderWatch:
    """Watches from the first `add` to `stop`."""

    reactor: Any
    changed: Callable[[Path], object]
    """Told the mailbox, at most once every GATHER seconds."""
    most: int = MOST_FOLDERS
    _notifier: Any = field(init=False, default=None)
    _tried: bool = field(init=False, default=False)
    _rooms: dict[Path, Sequence[Path]] = field(init=False, factory=dict)
    _told: dict[Path, IDelayedCall] = field(init=False, factory=dict)

    def __contains__(self, box: Path) -> bool:
        return box in self._rooms

    def __len__(self) -> int:
        return len(self._rooms)

    def add(self, box: Path, rooms: Sequence[Path]) -> bool:
        """Watch these folders of a mailbox, which exist; False when that cannot be."""
        if not self._tried:
            self._tried, self._notifier = True, _notifier(self.reactor)
        if self._notifier is None or len(self._rooms) >= self.most or not rooms:
            return False
        self._rooms[box] = rooms
        try:
            for room in rooms:
                self._watch(box, room)
        except Exception:  # twisted raises INotifyError or OSError, as the kernel's limit is met
            self.remove(box)
            return False
        return True

    def remove(self, box: Path) -> None:
        """Watch it no more; harmless when it is not watched."""
        for room in self._rooms.pop(box, ()):
            try:
                self._notifier.ignore(FilePath(str(room)))
            except KeyError:
                continue
        call = self._told.pop(box, None)
        if call is not None:
            call.cancel()

    def stop(self) -> None:
        """Watch nothing."""
        for box in list(self._rooms):
            self.remove(box)
        if self._notifier is not None:
            self._notifier.end()
            self._notifier = None

    def _watch(self, box: Path, room: Path) -> None:
        from twisted.internet import inotify

        mask = inotify.IN_MOVED_TO | inotify.IN_MOVED_FROM | inotify.IN_CREATE | inotify.IN_DELETE

        def heard(ignored: object, path: object, happened: int) -> None:
            self._heard(box, bool(happened & (inotify.IN_DELETE_SELF | inotify.IN_MOVE_SELF)))

        self._notifier.watch(FilePath(str(room)), mask | inotify.IN_MOVE_SELF, callbacks=[heard])

    def _heard(self, box: Path, is_gone: bool) -> None:
        if box not in self._rooms:
            return
        if is_gone:  # later: Twisted is about to forget the folder, and wants it to be known
            if box in self._told:
                self._told[box].cancel()
            self._told[box] = self.reactor.callLater(0.0, self._gone, box)
        elif box not in self._told:
            self._told[box] = self.reactor.callLater(GATHER, self._tell, box)

    def _gone(self, box: Path) -> None:
        del self._told[box]
        self.remove(box)
        self.changed(box)

    def _tell(self, box: Path) -> None:
        del self._told[box]
        self.changed(box)
