"""How a server ends: running calls may finish, within a bound, unless somebody is in a hurry.

Knows: signals of the system, what it waits for. Must never know: calls. The first SIGTERM or SIGINT
stops the reactor as always, which lets calls finish; the second one ends the waiting. SIGHUP ends
nothing: it has files read again.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.logger import Logger

log = Logger()


@define(eq=False)
class Goodbye:
    """The end of one process."""

    reactor: Any
    hung_up: Callable[[], object] = field(default=lambda: None)
    """Done on SIGHUP."""
    in_a_hurry: bool = field(init=False, default=False)
    _asked: bool = field(init=False, default=False)
    _waiting: Deferred[None] | None = field(init=False, default=None)

    def listen_to_signals(self) -> None:
        """Take SIGTERM and SIGINT over from the reactor, and SIGHUP; only in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: self._signalled())
        signal.signal(
            signal.SIGHUP, lambda number, frame: self.reactor.callFromThread(self.hung_up)
        )

    def _signalled(self) -> None:
        self.reactor.callFromThread(self.hurry if self._asked else self._stop)
        self._asked = True

    def _stop(self) -> None:
        if self.reactor.running:
            self.reactor.stop()

    def hurry(self) -> None:
        """Wait no longer."""
        self.in_a_hurry = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()

    async def wait_for(self, done: Deferred[None], seconds: float) -> bool:
        """Whether this fired within so many seconds, and before anybody was in a hurry."""
        if self.in_a_hurry:
            return bool(done.called)
        self._waiting = done.addTimeout(seconds, self.reactor)
        try:
            await done
        except (TimeoutError, CancelledError):
            return False
        finally:
            self._waiting = None
        return True
