"""One mailbox that something is to be done about, and the pauses in between.

Knows: what has happened since the last look, since when the lamp cannot be set. Must never know:
mailboxes, gateways.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

SETTLE = 0.1
"""Seconds after a change until the look, so that what belongs together is seen together."""
LEAST_BETWEEN = 0.5
"""Seconds between two looks at one mailbox."""
GIVE_UP_AFTER = 300.0
"""Seconds from the first try that failed, as spec 4.8 has it."""
FIRST_WAIT, LONGEST_WAIT = 5.0, 60.0
"""Seconds between two tries; each wait is twice as long as the one before."""


@define(eq=False)
class Busy:
    """See the module."""

    clock: IReactorTime
    again: bool = True
    """Whether something happened since the last look."""
    stale_after: float = float("inf")
    """Seconds after which what was told is told again."""
    force: bool = False
    """Whether it is told again whatever was told before."""
    expects: bool = False
    """Whether a message is on its way, or somebody works in the mailbox."""
    failing_since: float | None = None
    _looked_at: float = field(init=False, default=float("-inf"))
    _wait: float = field(init=False, default=FIRST_WAIT)
    _is_patient: bool = field(init=False, default=False)
    """Whether the nap is one that news may end."""
    _nap: Deferred[None] | None = field(init=False, default=None)
    _timer: IDelayedCall | None = field(init=False, default=None)

    def note(self, stale_after: float, force: bool, expects: bool) -> None:
        """Something happened: a nap ends, the next look follows."""
        self.again = True
        self.stale_after = min(self.stale_after, stale_after)
        self.force = self.force or force
        self.expects = self.expects or expects
        if self._is_patient:
            self.wake()

    async def settle(self) -> None:
        """Give a burst time to end."""
        await self._sleep(max(SETTLE, self._looked_at + LEAST_BETWEEN - self.clock.seconds()))
        self._looked_at = self.clock.seconds()

    def failed(self) -> bool:
        """A try failed just now; whether it is the first one in a row."""
        is_first = self.failing_since is None
        if self.failing_since is None:
            self.failing_since = self.clock.seconds()
        return is_first

    async def patience(self) -> bool:
        """Wait for the next try; False where it has been tried for long enough."""
        assert self.failing_since is not None
        left = self.failing_since + GIVE_UP_AFTER - self.clock.seconds()
        if left <= 0:
            self.done()
            return False
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST_WAIT)
        self._is_patient = True
        await self._sleep(min(wait, left))
        self._is_patient = False
        return True

    def done(self) -> None:
        """The lamp is as it should be, or given up."""
        self.stale_after, self.force = float("inf"), False
        self.failing_since, self._wait = None, FIRST_WAIT

    def wake(self) -> None:
        """End the nap, if there is one."""
        nap, self._nap = self._nap, None
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        if nap is not None:
            nap.callback(None)

    async def _sleep(self, seconds: float) -> None:
        nap = self._nap = Deferred()
        self._timer = self.clock.callLater(seconds, self.wake)
        await nap
