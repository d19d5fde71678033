"""Whether the server is well: monitors in health sets, as `Get-ServerHealth` shows them (spec 9.6).

Knows: counts of the last hour and the words of monitors. Must never know: where a figure comes
from.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from attrs import define, field, frozen

from umserver.org.states import Component

Alert: TypeAlias = Literal["Healthy", "Degraded", "Unhealthy", "Disabled"]

_ORDER: Sequence[Alert] = ("Disabled", "Healthy", "Degraded", "Unhealthy")

MINUTES = 60
FEWEST_CALLS = 4
"""Fewer calls in an hour say nothing about the server."""
DAY = 86_400.0
ENDS_SOON, ENDS_VERY_SOON = 30, 7
"""Days before the end of a certificate at which it is time to renew it, and high time."""
MOST_REJECTED = 0.5
"""Share of the last hour's calls."""

ROUTER_SET, PROTOCOL_SET, OVERALL_SET = "UM.CallRouter", "UM.Protocol", "UM"
ROUTER_PROBE, PROTOCOL_PROBE = "UMCallRouterTestProbe", "UMSelfTestProbe"
PROBES = {f"{ROUTER_SET}\\{ROUTER_PROBE}": "cas", f"{PROTOCOL_SET}\\{PROTOCOL_PROBE}": "mbx"}
"""What `Invoke-MonitoringProbe` can be told to do, and the role that it asks."""


@frozen
class Monitor:
    """One thing that is looked at."""

    set: str
    """Name of its health set."""
    name: str
    value: Alert
    why: str = ""
    component: Component = "UnifiedMessaging"
    """The component that it is about."""

    def row(self, server: str, state: str) -> Mapping[str, object]:
        """As it is shown; `state` is that of its component."""
        return {
            "server": server,
            "state": "Online" if state == "Active" else "Offline",
            "name": self.name,
            "health_set": self.set,
            "value": self.value,
            "component": self.component,
            "why": self.why,
        }


@define(eq=False)
class LastHour:
    """Calls of the last sixty minutes and how many were rejected."""

    wall: Callable[[], float]
    """Seconds since 1970."""
    _minutes: deque[list[int]] = field(init=False, factory=deque)
    """Minute, calls, rejected; oldest first."""

    def note(self, rejected: bool) -> None:
        """A call came, and was taken or rejected."""
        minute = int(self.wall() // 60)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append([minute, 0, 0])
            self._prune(minute)
        counts = self._minutes[-1]
        counts[1] += 1
        counts[2] += rejected

    def counts(self) -> tuple[int, int]:
        """Calls, and how many of them were rejected."""
        self._prune(int(self.wall() // 60))
        return sum(m[1] for m in self._minutes), sum(m[2] for m in self._minutes)

    def _prune(self, minute: int) -> None:
        """A clock that was set back makes minutes of the future; they count until they are old."""
        while self._minutes and abs(minute - self._minutes[0][0]) >= MINUTES:
            self._minutes.popleft()


def rejections(counts: tuple[int, int]) -> tuple[Alert, str]:
    """Whether too many of the last hour's calls were rejected (feature 191)."""
    calls, rejected = counts
    why = f"{rejected} of {calls} calls of the last hour were rejected"
    if calls >= FEWEST_CALLS and rejected > calls * MOST_REJECTED:
        return "Unhealthy", why
    return "Healthy", why


def probed(status: int | None) -> tuple[Alert, str]:
    """What an OPTIONS to ourselves says."""
    if status == 200:
        return "Healthy", "answered 200"
    return "Unhealthy", f"answered {status}" if status else "no answer"


def expiry(subject: str, begins: float, ends: float, now: float) -> tuple[Alert, str]:
    """Whether a certificate is good for long enough (feature 192); times since 1970."""
    days = (ends - now) / DAY
    if now < begins:
        return "Unhealthy", f"the certificate {subject} is not valid yet"
    if days <= 0:
        return "Unhealthy", f"the certificate {subject} has expired"
    why = f"the certificate {subject} ends in {days:.0f} days"
    if days >= ENDS_SOON:
        return "Healthy", why
    return ("Degraded" if days >= ENDS_VERY_SOON else "Unhealthy"), why


def together(looks: Iterable[tuple[Alert, str]]) -> tuple[Alert, str]:
    """Several looks at one thing: the worst, and why it is not well; else what the first says."""
    values, whys = zip(*looks, strict=True)
    value = max(values, key=_ORDER.index)
    ill = [why for one, why in zip(values, whys, strict=True) if one != "Healthy"]
    return value, "; ".join(ill) or whys[0]


def worst(monitors: Iterable[Monitor]) -> Alert:
    """Of several."""
    return max((monitor.value for monitor in monitors), key=_ORDER.index, default="Healthy")
