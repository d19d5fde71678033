"""Every user's Maildir below one folder (IMailboxes), and who wants to know when they change.

Knows: folder names, how to see that a folder changed without opening a file. Must never know: what
is in a mailbox. Folders are looked at every two seconds, only those that are watched.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.mail.maildir import folder_name
from umserver.edges.mail.maildir_mailbox import TRASH, MaildirMailbox
from umserver.edges.mail.threads import Threads
from umserver.interfaces import IMailbox, IMailboxes, PermanentFailure, Unavailable

log = Logger()

LOOK_SECONDS = 2.0
"""Between two looks at the watched folders."""
MOST_OPEN = 500
"""Mailboxes whose headers are remembered."""

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
    _next: IDelayedCall | None = field(init=False, default=None)
    _stopped: bool = field(init=False, default=False)

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
        self._watched.setdefault(folder, []).append(changed)
        if self._next is None and not self._stopped:
            self._next = self.reactor.callLater(0.0, self._look)

        def forget() -> None:
            listeners = self._watched.get(folder, [])
            if changed in listeners:
                listeners.remove(changed)
            if not listeners:
                self._watched.pop(folder, None)
                self._stamps.pop(folder, None)

        return forget

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
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
        folders = list(self._watched)
        if not folders:
            return
        looked = self.threads.run(lambda: {folder: _stamps_of(folder) for folder in folders})
        looked.addCallbacks(self._seen, self._blind)

    def _seen(self, stamps: dict[Path, Stamps]) -> None:
        for folder, now in stamps.items():
            before = self._stamps.get(folder)
            listeners = list(self._watched.get(folder, ()))
            if listeners:
                self._stamps[folder] = now
            if before is not None and before != now:
                for changed in listeners:
                    changed()
        self._again()

    def _blind(self, failure: Failure) -> None:
        log.warn("mailboxes cannot be watched: {why}", why=failure.getErrorMessage())
        self._again()

    def _again(self) -> None:
        if not self._stopped and self._next is None:
            self._next = self.reactor.callLater(LOOK_SECONDS, self._look)


def _stamps_of(folder: Path) -> Stamps:
    """When the rooms of a mailbox last changed (ns); 0 for those that are missing."""
    found = []
    for room in ("new", "cur", f"{TRASH}/cur"):
        try:
            found.append((folder / room).stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return tuple(found)
