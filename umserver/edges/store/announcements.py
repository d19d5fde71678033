"""Hears of commits: PostgreSQL's LISTEN in a thread of its own.

Knows: one connection that is made again and again. Must never know: what was changed, the reactor.
Every new connection counts as an announcement, for what was said while there was none.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.logger import Logger

if TYPE_CHECKING:
    from psycopg import Connection

log = Logger()

CHANNEL = "umserver"
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds until a lost connection is tried again."""
QUIET = 30.0
"""Seconds of silence after which the connection is tried."""


@define(eq=False)
class Announcements:
    """Calls `heard`, in its own thread, from `start` to `stop`."""

    connect: Callable[[], Connection[Any]]
    heard: Callable[[], None]
    where: str
    _thread: Thread = field(init=False)
    _over: Event = field(init=False, factory=Event)
    _wake: tuple[int, int] = field(init=False, factory=os.pipe)
    _pause: float = field(init=False, default=FIRST_PAUSE)
    _silent: bool = field(init=False, default=False)
    """Whether it was told already that nothing can be heard."""

    def __attrs_post_init__(self) -> None:
        self._thread = Thread(target=self._run, name="store-announcements", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Hear no more; waits for the thread."""
        if not self._over.is_set():
            self._over.set()
            os.write(self._wake[1], b".")
            self._thread.join()
            for end in self._wake:
                os.close(end)

    def _run(self) -> None:
        from psycopg import Error

        while not self._over.is_set():
            try:
                with self.connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._found()
                    self._hear(connection)
            except Error as fault:
                if not self._over.is_set():
                    self._lost(fault)
                    self._over.wait(self._pause)
                    self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _hear(self, connection: Connection[Any]) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([connection.fileno(), self._wake[0]], [], [], QUIET)
            if not ready:
                connection.execute("SELECT 1")
            if list(connection.notifies(timeout=0)) and not self._over.is_set():
                self.heard()

    def _found(self) -> None:
        if self._silent:
            log.info("{where} announces changes again", where=self.where)
        self._silent, self._pause = False, FIRST_PAUSE
        self.heard()

    def _lost(self, fault: Exception) -> None:
        if not self._silent:
            words = str(fault).strip().partition("\n")[0]
            log.error("{where} announces no changes now: {why}", where=self.where, why=words)
        self._silent = True
