"""Where PINs are hashed: few threads of low priority, and a bounded row in front of them.

Knows: threads. Must never know: PINs, mailboxes. Argon2 lets the interpreter go on while it works,
but not the processor: calls come first. Whoever finds the row full is sent away at once.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred

from umserver.edges.threads import Pool
from umserver.interfaces import Unavailable
from umserver.org.pin_callers import is_place

T = TypeVar("T")

THREADS = 1 if (os.cpu_count() or 1) <= 2 else 2
"""PINs that are hashed at the same time; the rest of the machine belongs to calls."""
MOST_WAITING = 40
"""PINs in the row: about a second."""
MOST_OF_ONE = 4
"""PINs of one caller in the row; a caller says one after the other."""
KEPT_FREE = 10
"""Places that only those get who tried no wrong PIN lately."""
NICENESS = 10


@define(eq=False)
class HashingDesk:
    """Threads begin with the first PIN."""

    reactor: Any
    """Gives callFromThread."""
    most_waiting: int = MOST_WAITING
    shed: int = field(init=False, default=0)
    """How many were sent away."""
    _row: Counter[str] = field(init=False, factory=Counter)
    _threads: Pool = field(init=False)
    _stopped: bool = field(init=False, default=False)
    _known: threading.local = field(init=False, factory=threading.local)

    def __attrs_post_init__(self) -> None:
        self._threads = Pool(self.reactor, THREADS, "pins")

    @contextmanager
    def place(self, caller: str = "", *, clean: bool = True) -> Iterator[None]:
        """A place in the row while the context lasts. Raises Unavailable when there is none.

        `clean`: this caller tried no wrong PIN lately, and finds room where others do not.
        """
        most = self.most_waiting if clean else self.most_waiting - KEPT_FREE
        own = most // 2 if is_place(caller) else MOST_OF_ONE
        if self._row.total() >= most or (caller and self._row[caller] >= own):
            self.shed += 1
            raise Unavailable("too many PINs are being tried")
        self._row[caller] += 1
        try:
            yield
        finally:
            self._row[caller] -= 1
            if not self._row[caller]:
                del self._row[caller]

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Something that hashes, in a thread. Raises Unavailable after the end."""
        if self._stopped:
            raise Unavailable("no PINs are looked at any more")
        return self._threads.run(self._humbly, work)

    def stop(self) -> None:
        """Hash nothing more; waits for what runs."""
        self._stopped = True
        self._threads.stop()

    def _humbly(self, work: Callable[[], T]) -> T:
        """After everything else that the machine has to do."""
        if not getattr(self._known, "humble", False):
            self._known.humble = True
            with suppress(OSError, AttributeError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        return work()
