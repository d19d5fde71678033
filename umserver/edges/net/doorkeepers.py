"""Who stands at a SIP port before anything is taken apart: guard, clerk and judge.

Knows: how they are put to a station. Must never know: settings, what is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field

from umserver.edges.net.guard import Guard
from umserver.edges.net.judge import Decide, Judge
from umserver.edges.net.station import Station
from umserver.org.facts import CallFacts
from umserver.wire.sip.clerk import Clerk
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.message import Request


@define(eq=False, kw_only=True)
class Doorkeepers:
    """Those of one role's port."""

    decide: Decide
    """Decides about calls at once, where it can."""
    passes: Callable[[str], bool] = lambda source: False
    """Sources (IP addresses) about whose calls `decide` is not asked."""
    known: Callable[[str], bool] = lambda source: True
    """Whether messages from this IP address are expected; others are held back when many."""
    known_names: Callable[[Sequence[str]], bool] = lambda names: False
    """Whether a peer whose certificate has these names is expected, wherever it speaks from."""
    guard: Guard = field(init=False)
    judge: Judge = field(init=False)
    _station: Station = field(init=False)

    def post(
        self, station: Station, facts: Callable[[Request, Flow], CallFacts], host: str
    ) -> None:
        """Begin; `host` is our name in ms-diagnostics."""
        reception, self._station = station.endpoint.reception, station
        self.judge = Judge(self.decide, facts, station.contact_host, host, self.passes)
        self.guard = Guard(self.known, station.seconds, self.known_names)
        reception.judge, reception.on_member = self.judge.request, self.guard.trust
        station.udp.guard = station.tcp.guard = self.guard
        if station.tls is not None:
            station.tls.guard = self.guard
        if station.trace is None:
            station.driver.clerk = Clerk(reception, self.judge.glance).answer
            station.udp.at_once = station.driver.at_once

    def counters(self) -> Mapping[str, int]:
        """Numbers for a status page."""
        return {
            "decided_at_once": self.judge.judged,
            "answered_at_a_glance": self._station.udp.answered,
            "strangers_dropped": self.guard.dropped,
        }
