"""What the lamps of a server need of the world: a book, mailboxes, a voice towards gateways.

Knows: shapes. Must never know: how any of them works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from umserver.org.lamps import Lamp, Waiting
from umserver.org.settings import IPGateway

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class LampBook(Protocol):
    """What telephones were told of waiting messages, and which server tells them (spec 4.8).

    A lamp has one keeper: a server that renews its lease. Everything can fail with Unavailable.
    """

    def lamp(self, address: str) -> Deferred[Lamp | None]:
        """What was told last of this mailbox, whoever keeps its lamp."""

    def claim(self, address: str) -> Deferred[Lamp | None]:
        """Keep this mailbox's lamp, and learn what was told last.

        None where another living server keeps it; that one hears of it with its next `renew`.
        """

    def told(self, lamp: Lamp) -> Deferred[bool]:
        """Keep what was told; False where another server keeps the lamp by now."""

    def renew(self, seconds: float) -> Deferred[Sequence[str]]:
        """Be a living keeper for so long; addresses of our lamps that others saw change."""

    def take_over(self, most: int) -> Deferred[Sequence[str]]:
        """Keep up to so many lamps whose keepers are gone; their addresses."""

    def lit(self, most: int) -> Deferred[Sequence[str]]:
        """Addresses of our burning lamps, those told last first."""

    def tally(self) -> Deferred[tuple[int, int]]:
        """How many lamps we keep, and how many of them burn."""

    def forget(self, address: str) -> Deferred[None]:
        """There is no such lamp any more."""

    def release(self) -> Deferred[None]:
        """Let others have our lamps."""

    def mailboxes(self, after: str, most: int) -> Deferred[Sequence[str]]:
        """Addresses of the next mailboxes behind this one, in their order; "" begins."""


Tell = Callable[[IPGateway, str, str, Waiting], "Deferred[int | None]"]
"""Tells a gateway at this IP address what waits for an extension, by a NOTIFY.

The status of its answer, 0 when none came, None when no port of ours leads there. Never fails.
"""
