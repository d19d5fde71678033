"""Whose SIP messages are expected: those of gateways, and of this machine.

Knows: addresses and names in the settings. Must never know: what is done with others' messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from umserver.org.forms import plain_address
from umserver.org.peers import proves
from umserver.org.settings import Organisation

OURS = frozenset({"127.0.0.1", "::1"})
"""From where probes and administrators of this machine speak."""
MOST_REMEMBERED = 4096


@define(eq=False)
class Expected:
    """By the settings in force."""

    settings: Callable[[], Organisation]
    _org: Organisation | None = field(init=False, default=None)
    _gateways: dict[str, bool] = field(init=False, factory=dict)

    def is_gateway(self, host: str) -> bool:
        """Whether a gateway has this IP address."""
        org = self.settings()
        if org is not self._org:
            self._org, self._gateways = org, {}
        known = self._gateways.get(host)
        if known is None:
            if len(self._gateways) >= MOST_REMEMBERED:
                self._gateways.clear()
            known = self._gateways[host] = plain_address(host) in org.gateway_at
        return known

    def knows_names(self, names: Sequence[str]) -> bool:
        """Whether a certificate with these names is one for a gateway."""
        return any(proves(names, host) for host in self.settings().gateway_called)

    def knows(self, host: str) -> bool:
        """Whether messages from this IP address are expected."""
        return host in OURS or self.is_gateway(host)
