"""Keeps floods of strangers out: who is not expected may say a little, and no more.

Knows: addresses, how often they spoke, what scanners call themselves. Must never know: what a
message says otherwise. An expected peer (a gateway, this machine, whoever takes part in a call of
ours) is never held up. A stranger has a bucket of its own, and all strangers together have one: so
a flood costs a glance at its address, whatever addresses it bears. Scanners are not answered at
all: nothing tells them that somebody lives here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import define, field

from umserver.wire.sip.effects import Flow

RATE, BURST = 20.0, 60.0
"""Messages a second of one stranger, and how many may come at once."""
CROWD_RATE, CROWD_BURST = 300.0, 600.0
"""The same for all strangers together."""
MOST_STRANGERS = 4096
MOST_MEMBERS = 4096
TRUST_SECONDS = 3600.0
"""How long somebody who spoke within a call of ours is expected."""

_SCANNERS = re.compile(
    rb"friendly-scanner|sipvicious|sundayddr|sipcli/|sip-scan|iwar|vaxsipuseragent|pplsip|sipptk"
    rb"|scanbot|siparmyknife|smap ",
    re.IGNORECASE,
)


@define(eq=False)
class Bucket:
    """Room for so many messages, which grows again with time."""

    room: float
    at: float

    def take(self, now: float, rate: float, burst: float) -> bool:
        """Whether there is room for one more; then it is used."""
        room = min(burst, self.room + (now - self.at) * rate)
        self.at = now
        self.room = room - 1.0 if room >= 1.0 else room
        return room >= 1.0


@define(eq=False)
class Guard:
    """In front of one role's UDP ports."""

    known: Callable[[str], bool]
    """Whether messages from this IP address are expected."""
    seconds: Callable[[], float]
    dropped: int = field(init=False, default=0)
    """Messages of strangers that were too many, or of scanners."""
    _strangers: dict[str, Bucket] = field(init=False, factory=dict)
    _members: dict[str, float] = field(init=False, factory=dict)
    """Until when somebody is expected."""
    _crowd: Bucket = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._crowd = Bucket(CROWD_BURST, self.seconds())

    def admits(self, host: str, data: bytes) -> bool:
        """Whether this message is looked at."""
        if self.known(host) or (host in self._members and self._is_member(host)):
            return True
        if self._has_room(host) and _SCANNERS.search(data) is None:
            return True
        self.dropped += 1
        return False

    def trust(self, flow: Flow) -> None:
        """Somebody spoke within a call of ours."""
        if len(self._members) >= MOST_MEMBERS:
            self._members.clear()
        self._members[flow.remote[0]] = self.seconds() + TRUST_SECONDS

    def _is_member(self, host: str) -> bool:
        if self.seconds() < self._members[host]:
            return True
        del self._members[host]
        return False

    def _has_room(self, host: str) -> bool:
        now = self.seconds()
        bucket = self._strangers.get(host)
        if bucket is None:
            if len(self._strangers) >= MOST_STRANGERS:
                self._strangers.clear()
            bucket = self._strangers[host] = Bucket(BURST, now)
        return bucket.take(now, RATE, BURST) and self._crowd.take(now, CROWD_RATE, CROWD_BURST)
