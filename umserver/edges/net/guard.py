"""Keeps floods of strangers out: who is not expected may say a little, and no more.

Knows: addresses, how often they spoke, what scanners call themselves. Must never know: what a
message says otherwise. An expected peer (a gateway, this machine, whoever takes part in a call of
ours) is never held up. A stranger has a bucket of its own, and all strangers together have one: so
a flood costs a glance at its address, whatever addresses it bears. Scanners are not answered at
all, not even where they speak from an expected address: nothing tells them that somebody lives
here, or who.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from attrs import define, field

from umserver.wire.sip.effects import Flow

RATE, BURST = 20.0, 60.0
"""Messages a second of one stranger, and how many may come at once."""
CROWD_RATE, CROWD_BURST = 300.0, 600.0
"""The same for all strangers together."""
MOST_STRANGERS = 4096
MOST_MEMBERS = 4096
MOST_NAMES, LONGEST_NAME = 256, 256
"""Of programs, as they call themselves, that are known to be no scanners."""
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
    """In front of one role's ports."""

    known: Callable[[str], bool]
    """Whether messages from this IP address are expected."""
    seconds: Callable[[], float]
    known_names: Callable[[Sequence[str]], bool] = lambda names: False
    """Whether who proves these names is expected, wherever it speaks from."""
    dropped: int = field(init=False, default=0)
    """Messages of strangers that were too many, or of scanners."""
    _strangers: dict[str, Bucket] = field(init=False, factory=dict)
    _members: dict[str, float] = field(init=False, factory=dict)
    """Until when somebody is expected."""
    _decent: set[bytes] = field(init=False, factory=set)
    _crowd: Bucket = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._crowd = Bucket(CROWD_BURST, self.seconds())

    def admits(self, host: str, data: bytes) -> bool:
        """Whether this message is looked at."""
        if self.expects(host):
            return self.admits_expected(data)
        if self._has_room(host) and _SCANNERS.search(data) is None:
            return True
        self.dropped += 1
        return False

    def expects(self, host: str) -> bool:
        """Whether somebody there may say as much as it likes."""
        return self.known(host) or (host in self._members and self._is_member(host))

    def admits_expected(self, data: bytes) -> bool:
        """Whether a message of an expected peer is looked at: unless it names itself a scanner."""
        at = data.find(b"\nUser-Agent:")
        if at < 0:
            at = data.find(b"\nuser-agent:")
        if at < 0:
            return True
        name = data[at : data.find(b"\n", at + 1)]
        if name in self._decent:
            return True
        if _SCANNERS.search(name) is not None:
            self.dropped += 1
            return False
        if len(self._decent) >= MOST_NAMES:
            self._decent.clear()
        if len(name) <= LONGEST_NAME:
            self._decent.add(name)
        return True

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
