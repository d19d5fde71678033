"""Every user's Maildir below one folder (IMailboxes), and who wants to know when they change.

Knows: folder names, how to see that a folder changed without opening a file. Must never know: what
is in a mailbox. Only folders that are watched are looked at: the kernel tells where it can
(`folder_watch`), and all of them are looked at in turn, the others every two seconds.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.mail.maildir.folder_watch import FolderWatch
from umserver.edges.mail.maildir.mailbox import TRASH, MaildirMailbox
from umserver.edges.mail.maildir.mailer import folder_name
from umserver.edges.threads import Threads
from umserver.interfaces import IMailbox, IMailboxes, PermanentFailure, Unavailable

log = Logger()

LOOK_SECONDS = 2.0
"""Between two looks at watched folders of which the kernel does not tell."""
SURE_SECONDS = 60.0
"""Within which those are looked at of which it should have told."""
MOST_LOOKS = 1000
"""Folders that are looked at at once; beyond that, in turn."""
MOST_OPEN = 500
"""Mailboxes whose headers are remembered."""

ROOMS = ("new", "cur", f"{TRASH}/cur")
Stamps = tuple[int, ...]


@implementer(IMailboxes)
@define(eq=False)
class MaildirMailboxes:
    """See `IMailboxes`."""

    reactor: Any
    """Gives callLater."""
    root: Path
    threads: Threads
    _open: OrderedDict[str, MaildirMailbox] = field(init=False, factory=OrderedDict)
    _watched: dict[Path, list[Callable[[], object]]] = field(init=False, factory=dict)
    _stamps: dict[Path, Stamps] = field(init=False, factory=dict)
    _turn: deque[Path] = field(init=False, factory=deque)
    """The watched folders, those that wait longest for a look first."""
    _kernel: FolderWatch = field(init=False)
    _next: IDelayedCall | None = field(init=False, default=None)
    _looking: bool = field(init=False, default=False)
    _stopped: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._kernel = FolderWatch(self.reactor, self._tell)

    def open(self, address: str) -> IMailbox:
        """See `IMailboxes`. Raises Unavailable for what is no mail address."""
        name = self._folder(address).name
        box = self._open.pop(name, None) or MaildirMailbox(self.root / name, self.threads)
        self._open[name] = box
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return box

    def watch(self, address: str, changed: Callable[[], object]) -> Callable[[], None]:
        """See `IMailboxes`."""
        folder = self._folder(address)
        if folder not in self._watched:
            self._turn.appendleft(folder)
            self._stamps.pop(folder, None)
        self._watched.setdefault(folder, []).append(changed)
        if not self._looking:
            self._again(0.0)

        def forget() -> None:
            listeners = self._watched.get(folder, [])
            if changed in listeners:
                listeners.remove(changed)
            if not listeners and self._watched.pop(folder, None) is not None:
                self._stamps.pop(folder, None)
                self._kernel.remove(folder)
                self._turn.remove(folder)

        return forget

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        self._kernel.stop()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _folder(self, address: str) -> Path:
        try:
            return self.root / folder_name(address)
        except PermanentFailure as fault:
            raise Unavailable(str(fault)) from None

    def _look(self) -> None:
        self._next = None
        folders = self._due()
        if not folders:
            self._again(LOOK_SECONDS)
            return
        self._looking = True
        looked = self.threads.run(lambda: {folder: _stamps_of(folder) for folder in folders})
        looked.addCallbacks(self._seen, self._blind)

    def _due(self) -> Sequence[Path]:
        """Whose turn it is: all of which nobody tells, and some of the others."""
        sure = 1 + int(len(self._kernel) * LOOK_SECONDS / SURE_SECONDS)
        due: list[Path] = []
        for _ in range(len(self._turn)):
            if len(due) >= MOST_LOOKS:
                break
            folder = self._turn.popleft()
            self._turn.append(folder)
            if folder in self._kernel:
                sure -= 1
                if sure < 0:
                    continue
            due.append(folder)
        return due

    def _seen(self, stamps: dict[Path, Stamps]) -> None:
        for folder, now in stamps.items():
            if folder not in self._watched:
                continue
            before, self._stamps[folder] = self._stamps.get(folder), now
            rooms = [folder / room for room, at in zip(ROOMS, now, strict=True) if at]
            is_new = folder not in self._kernel and self._kernel.add(folder, rooms)
            if is_new or before != now:  # also what happened just before the kernel was asked
                self._tell(folder)
        self._done()

    def _tell(self, folder: Path) -> None:
        for changed in list(self._watched.get(folder, ())):
            changed()

    def _blind(self, failure: Failure) -> None:
        log.warn("mailboxes cannot be watched: {why}", why=failure.getErrorMessage())
        self._done()

    def _done(self) -> None:
        self._looking = False
        self._again(0.0 if len(self._stamps) < len(self._watched) else LOOK_SECONDS)

    def _again(self, seconds: float) -> None:
        if self._stopped or not self._watched:
            return
        if self._next is not None:
            self._next.cancel()
        self._next = self.reactor.callLater(seconds, self._look)


def _stamps_of(folder: Path) -> Stamps:
    """When the rooms of a mailbox last changed (ns); 0 for those that are missing."""
    found = []
    for room in ROOMS:
        try:
            found.append((folder / room).stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return tuple(found)
