"""Mailboxes whose opening is noticed: what a user does by telephone concerns the lamp at once.

Knows: the door's mailboxes. Must never know: lamps.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen
from zope.interface import implementer

from umserver.interfaces import IMailbox, IMailboxes


@implementer(IMailboxes)
@frozen
class NoticedMailboxes:
    """The same mailboxes; see `IMailboxes`."""

    mailboxes: IMailboxes
    opened: Callable[[str], object]
    """Told the address."""

    def open(self, address: str) -> IMailbox:
        """See `IMailboxes`."""
        self.opened(address)
        return self.mailboxes.open(address)

    def watch(self, address: str, changed: Callable[[], object]) -> Callable[[], None]:
        """See `IMailboxes`."""
        return self.mailboxes.watch(address, changed)
