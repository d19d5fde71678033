"""Which mailboxes are watched for the sake of their lamps: the busiest, within a bound.

Knows: addresses in the order of their last doings. Must never know: how a mailbox is watched. Those
beyond the bound are looked at in rounds, and when this server itself changes them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from attrs import define, field
from twisted.logger import Logger

from umserver.interfaces import IMailboxes, Unavailable

log = Logger()

MOST_WATCHED = 5000
"""Mailboxes of one server."""
MOST_QUIET = 1000
"""So many are watched although nothing is in them."""


@define(eq=False)
class LampWatch:
    """The watched mailboxes."""

    mailboxes: IMailboxes
    changed: Callable[[str], object]
    """Told the address of a mailbox in which something may have changed."""
    most: int = MOST_WATCHED
    _forget: OrderedDict[str, Callable[[], None]] = field(init=False, factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._forget)

    def keep(self, address: str, is_quiet: bool = False) -> None:
        """Watch it from now on, rather than the one that has been quiet for longest.

        One that is quiet itself, without any message, is only watched where there is much room.
        """
        if address in self._forget:
            if not is_quiet:
                self._forget.move_to_end(address)
            return
        if is_quiet and len(self._forget) >= min(self.most, MOST_QUIET):
            return
        while len(self._forget) >= self.most:
            self._forget.popitem(last=False)[1]()
        try:
            self._forget[address] = self.mailboxes.watch(address, lambda: self.changed(address))
        except Unavailable as fault:
            log.warn("{who} cannot be watched: {why}", who=address, why=str(fault))

    def drop(self, address: str) -> None:
        """Watch it no more."""
        forget = self._forget.pop(address, None)
        if forget is not None:
            forget()

    def stop(self) -> None:
        """Watch nothing."""
        for address in list(self._forget):
            self.drop(address)
