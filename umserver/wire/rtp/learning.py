"""Where the sound of a peer behind an address translator really comes from: learned once, for good.

Knows: addresses, the heads of packets, the time that it is told. Must never know: sockets,
settings, keys. What is learned is an invitation to send a caller's voice somewhere (ES2017-04,
ES2023-01), so everything is narrow: only addresses of the peer's own networks, only the first
packets after an agreement, only packets of the agreed kind and source that follow on each other, or
proved genuine; and one address alone, which nothing replaces but another agreement.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from attrs import define, field, frozen

Address = tuple[str, int]


@frozen
class Window:
    """How long something may be learned; whichever ends first.

    Both count packets from addresses where the peer may be alone, and time from the first of them:
    a peer that says nothing while it listens has its first packets still before it.
    """

    seconds: float
    packets: int


WINDOW = Window(seconds=30.0, packets=100)

IN_A_ROW = 2
"""Packets in the clear that have to follow on each other."""

MOST_CANDIDATES = 4
AFTERGLOW = 2.0
"""Seconds that packets may still be under way from where the peer was before."""

_MOST_SKIPPED = 3


@frozen
class Origins:
    """Networks that the sound of a peer may come from."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Origins:
        """These addresses and networks. Raises ValueError for what is neither."""
        return cls(tuple(ip_network(text) for text in texts))

    def hold(self, host: str) -> bool:
        """Whether this IP address is among them."""
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self.networks)


@define
class _Candidate:
    ssrc: int
    sequence: int
    kept: list[bytes]
    """Its packets so far."""


@define
class Learning:
    """What one agreement lets us learn."""

    origins: Origins
    agreed: Address
    """What the peer says: heard at its first packet, and never doubted."""
    kinds: frozenset[int]
    """Payload types that it may send."""
    sources: frozenset[int]
    """The SSRCs that it announced; empty where it announced none."""
    ours: int
    """Our own SSRC: what comes back to us is no peer."""
    began: float
    former: Address | None = None
    """Where it was heard under the agreement before this one."""
    left: int = field(init=False, default=WINDOW.packets)
    _first: float | None = field(init=False, default=None)
    _candidates: dict[Address, _Candidate] = field(init=False, factory=dict)
    _known: dict[str, bool] = field(init=False, factory=dict)

    def is_over(self, now: float) -> bool:
        """Whether it is too late to learn anything."""
        since = now if self._first is None else self._first
        return self.left <= 0 or now >= since + WINDOW.seconds

    def is_quiet(self, now: float) -> bool:
        """Whether nothing came for long, and still may."""
        return self._first is None and now >= self.began + WINDOW.seconds

    def admits(self, address: Address, now: float) -> bool:
        """Whether a packet from there is looked at; each one is counted."""
        if self.is_over(now) or not self._is_allowed(address[0]):
            return False
        if address == self.former != self.agreed and now < self.began + AFTERGLOW:
            return False
        self.left -= 1
        self._first = now if self._first is None else self._first
        return True

    def teaches(
        self, address: Address, kind: int, ssrc: int, sequence: int, packet: bytes | None
    ) -> list[bytes] | None:
        """Whether an admitted packet settles that the peer is there.

        Then the packets that came from there before are given, to be heard first. `packet` is the
        packet itself; None: it has proved genuine, and nothing more has to follow.
        """
        if kind not in self.kinds or ssrc == self.ours:
            return None
        if self.sources and ssrc not in self.sources:
            return None
        if packet is None or address == self.agreed:
            return []
        known = self._candidates.get(address)
        step = 0 if known is None else (sequence - known.sequence) & 0xFFFF
        if known is not None and known.ssrc == ssrc and step == 0:
            return None
        if known is not None and known.ssrc == ssrc and step <= _MOST_SKIPPED:
            if len(known.kept) + 1 >= IN_A_ROW:
                return known.kept
            known.sequence = sequence
            known.kept.append(packet)
        elif known is not None or len(self._candidates) < MOST_CANDIDATES:
            self._candidates[address] = _Candidate(ssrc, sequence, [packet])
        return None

    def _is_allowed(self, host: str) -> bool:
        if host == self.agreed[0]:
            return True
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= WINDOW.packets:
                self._known.clear()
            known = self._known[host] = self.origins.hold(host)
        return known
