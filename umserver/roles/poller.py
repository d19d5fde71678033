"""The poller: keeps the settings that new calls take up to date (spec 9.1, feature 183).

Knows: when to ask the store, and that a bad answer never replaces a good snapshot. Must never know:
which store it is, what a setting means. Running calls keep the snapshot they began with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.interfaces import ISettingsSource

if TYPE_CHECKING:
    from umserver.org.settings import Organisation

    Listener = Callable[[Organisation | None, Organisation], None]

log = Logger()

POLL_SECONDS = 600.0
"""Spec 9.1: every ten minutes the settings are read again."""
FIRST_RETRY = 5.0
"""Seconds to the next look while there is no snapshot at all, or the store does not answer."""
SHORTEST_GAP = 0.2
"""Seconds between two looks that announcements cause, however many there are."""


@define(eq=False)
class Poller:
    """Runs from `start` to `stop`; `current` is the snapshot in force."""

    clock: IReactorTime
    source: ISettingsSource
    seconds: float = POLL_SECONDS
    current: Organisation | None = field(init=False, default=None)
    """None until the first good snapshot."""
    revision: int = field(init=False, default=-1)
    """The store's revision that `current` was made of."""
    problem: str = field(init=False, default="")
    """Why the newest settings are not in force; empty when they are."""
    _listeners: list[Listener] = field(init=False, factory=list)
    _running: bool = field(init=False, default=False)
    _polling: bool = field(init=False, default=False)
    _again: bool = field(init=False, default=False)
    _waiting: list[Deferred[None]] = field(init=False, factory=list)
    _timer: IDelayedCall | None = field(init=False, default=None)
    _looked_at: float = field(init=False, default=float("-inf"))
    _soon: bool = field(init=False, default=False)
    """Whether something was announced since the last look began."""

    @property
    def settings(self) -> Organisation:
        """The snapshot in force. Raises LookupError while there is none."""
        if self.current is None:
            raise LookupError("no settings have been loaded yet")
        return self.current

    def on_change(self, listener: Listener) -> None:
        """Call `listener(old, new)` after every replacement; `old` is None the first time."""
        self._listeners.append(listener)

    def start(self) -> Deferred[None]:
        """Begin to poll; fires after the first look, whatever it found (see `problem`)."""
        self._running = True
        done = self.poll()
        self.source.listen(self._heard)
        return done

    def stop(self) -> None:
        """Look no more."""
        self._running = False
        self._disarm()

    def _heard(self) -> None:
        """Somebody changed something. A thousand changes in a second are worth five looks."""
        if self._running and not self._soon:
            self._soon = True
            if not self._polling:
                self._arm()

    def poll(self) -> Deferred[None]:
        """Look now; fires when what was committed before is in force, or known to be bad.

        Never fails. While a look is under way, one more follows it.
        """
        if not self._running:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiting.append(done)
        if self._polling:
            self._again = True
        else:
            self._polling = True
            Deferred.fromCoroutine(self._look())
        return done

    async def _look(self) -> None:
        again = True
        while again and self._running:
            waiting, self._waiting, self._again = self._waiting, [], False
            self._soon, self._looked_at = False, self.clock.seconds()
            await self._compare()
            for done in waiting:
                done.callback(None)
            again = self._again
        self._polling = False
        rest, self._waiting = self._waiting, []
        for done in rest:
            done.callback(None)
        self._arm()

    async def _compare(self) -> None:
        """One look; whatever goes wrong, the snapshot in force stays."""
        try:
            revision = await self.source.revision()
            changed = revision != self.revision or self._lacks_addresses()
            new = await self.source.load() if changed else None
        except Exception as fault:
            self._keep(fault)
            return
        if self.problem:
            log.info("the settings are good again: revision {revision}", revision=revision)
            self.problem = ""
        if new is not None:
            self._replace(revision, new)

    def _lacks_addresses(self) -> bool:
        """Whether the host name of a gateway stood for nothing when the settings were loaded."""
        return self.current is not None and not all(self.current.host_addresses.values())

    def _replace(self, revision: int, new: Organisation) -> None:
        """Put a good snapshot in force; whoever follows hears of it only if it says other things.

        Most changes are those of single users, who are not in the snapshot.
        """
        old, self.revision = self.current, revision
        if old is not None and old == new and old.host_addresses == new.host_addresses:
            return
        self.current = new
        log.info("settings of revision {revision} are in force", revision=revision)
        for listener in self._listeners:
            try:
                listener(old, new)
            except Exception:
                log.failure("a listener to settings failed")

    def _keep(self, fault: Exception) -> None:
        """Stay with the last good settings; say why once, not at every look."""
        problem = str(fault) or type(fault).__name__
        if problem != self.problem:
            log.error("settings cannot be loaded, the last good ones stay: {why}", why=problem)
        self.problem = problem

    # time

    def _arm(self) -> None:
        self._disarm()
        wait = min(FIRST_RETRY, self.seconds) if self.problem else self.seconds
        if self._soon:
            wait = max(self._looked_at + SHORTEST_GAP - self.clock.seconds(), 0.0)
        if self._running:
            self._timer = self.clock.callLater(wait, self.poll)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
