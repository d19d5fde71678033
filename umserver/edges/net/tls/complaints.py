"""Trouble with peers, told once and not a thousand times.

Knows: who and why. Must never know: TLS. Time is passed in.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence

from attrs import define, field
from twisted.logger import Logger

log = Logger()

SILENCE = 600.0
"""Seconds before the same is said again."""
MOST_REMEMBERED = 256
"""Of different complaints."""
A_MINUTE = 20
"""Lines in a minute, whatever happens."""
MOST_SHOWN = 10


@define(eq=False)
class Complaints:
    """Writes each complaint into the log at most every ten minutes; keeps the latest few."""

    seconds: Callable[[], float]
    wall: Callable[[], float]
    """Seconds since 1970."""
    count: int = field(init=False, default=0)
    """All of them, told or not."""
    _told: OrderedDict[tuple[str, str], float] = field(init=False, factory=OrderedDict)
    _last: OrderedDict[str, tuple[float, str]] = field(init=False, factory=OrderedDict)
    """Of each peer, when and why."""
    _latest: deque[dict[str, object]] = field(init=False, factory=lambda: deque(maxlen=MOST_SHOWN))
    _minute: tuple[int, int] = field(init=False, default=(0, 0))

    def note(self, host: str, why: str) -> bool:
        """This peer, for this reason; whether it was told."""
        self.count += 1
        self._last[host] = self.wall(), why
        self._last.move_to_end(host)
        if len(self._last) > MOST_REMEMBERED:
            self._last.popitem(last=False)
        now = self.seconds()
        last = self._told.get((host, why))
        if last is not None and now - last < SILENCE:
            return False
        if not self._has_room(now):
            return False
        self._told[host, why] = now
        self._told.move_to_end((host, why))
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        self._latest.append({"at": self.wall(), "peer": host, "why": why})
        log.warn("TLS with {peer} failed: {why}", peer=host, why=why)
        return True

    def _has_room(self, now: float) -> bool:
        minute, told = self._minute
        told = told if minute == int(now // 60) else 0
        self._minute = (int(now // 60), told + 1)
        return told < A_MINUTE

    def about(self, host: str, since: float) -> str:
        """The last one about this peer, told or not, not older than that (seconds since 1970)."""
        at, why = self._last.get(host, (0.0, ""))
        return why if at >= since else ""

    def latest(self) -> Sequence[Mapping[str, object]]:
        """The last ones that were told, oldest first: at, peer, why."""
        return list(self._latest)
