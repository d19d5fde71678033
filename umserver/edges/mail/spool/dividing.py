"""A message to several people becomes one for each; where the disk refuses, by and by.

Knows: that it is undivided until all copies are there. Must never know: how a copy is made, mail.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.mail.spool.cabinet import Cabinet, Letter
from umserver.edges.mail.spool.queue import Queue
from umserver.edges.threads import Threads

log = Logger()


def divided(cabinet: Cabinet, letter: Letter) -> list[Letter]:
    """One letter for each who gets it, or itself where the disk refuses. Blocks.

    Either way it is safe on the disk.
    """
    if letter.dead or not letter.envelope.also:
        return [letter]
    try:
        return cabinet.spread(letter)
    except OSError as fault:
        log.error("{path} waits to be copied: {fault}", path=str(letter.path), fault=fault)
        return [letter]


@define(eq=False)
class Dividing:
    """Divides what is still undivided in the queue."""

    cabinet: Cabinet
    threads: Threads
    queue: Queue
    _at_work: set[str] = field(init=False, factory=set)
    """Ids of messages of which copies are being made."""

    def try_again(self) -> None:
        """Make the copies that the disk refused; of each message once at a time."""
        for letter in self.queue.undivided():
            id = letter.envelope.id
            if id not in self._at_work:
                self._at_work.add(id)
                made = self.threads.run(divided, self.cabinet, letter)
                made.addCallback(self._divided, letter).addErrback(self._refused)
                made.addBoth(lambda _, id: self._at_work.discard(id), id)

    def _divided(self, copies: Sequence[Letter], letter: Letter) -> None:
        if letter not in copies:
            self.queue.divide(letter, copies)

    def _refused(self, failure: Failure) -> None:
        log.error("a message to several people waits to be copied: {why}", why=failure.value)
