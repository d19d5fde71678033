"""Telling gateways of one lamp: the next gateway when one fails (spec 4.8).

Knows: which gateways may be told, in which order, how fast. Must never know: SIP,
mailboxes. Each gateway has few questions open at a time, so that one that is silent holds up only
those that have no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from umserver.org.forms import plain_address
from umserver.org.lamps import Waiting, lamp_gateways
from umserver.org.settings import IPGateway, Organisation
from umserver.roles.lamp_book import Tell

log = Logger()

OPEN_AT_ONCE = 8
"""NOTIFYs that wait for the answer of one gateway."""
MOST_PER_SECOND = 50.0
"""NOTIFYs that leave this server."""
MOST_REASONS = 4
PASSED = -1
SPARED_FOR = 30.0
"""Seconds for which a gateway that failed is asked after the others."""


@frozen
class Place:
    """Whose lamp it is."""

    plan: str
    extension: str


@define(eq=False)
class Telling:
    """The voice of one server towards all gateways."""

    clock: IReactorTime
    settings: Callable[[], Organisation]
    tell: Tell
    reaches: Callable[[IPGateway, str], bool]
    """Whether a port of ours leads to this gateway at this address, and not to ourselves."""
    is_back: Callable[[], object]
    """Called when a gateway that failed took a lamp."""
    told: int = field(init=False, default=0)
    """NOTIFYs that were accepted."""
    failed: int = field(init=False, default=0)
    """Tries that were not."""
    _open: dict[str, DeferredSemaphore] = field(init=False, factory=dict)
    _failed_at: dict[str, float] = field(init=False, factory=dict)
    _next: float = field(init=False, default=0.0)

    def targets(self, plan: str) -> Sequence[tuple[IPGateway, str]]:
        """Gateways that may be told of this plan's lamps, with their addresses; best first."""
        org = self.settings()
        gateways = sorted(lamp_gateways(org, plan), key=self._is_spared)
        return [
            (gateway, address)
            for gateway in gateways
            for address in _addresses(org, gateway)
            if self.reaches(gateway, address)
        ]

    async def try_all(
        self, place: Place, waiting: Waiting, wanted: Callable[[], bool]
    ) -> str | None:
        """One round through the gateways: empty when one of them took it, else why none did.

        None when nothing was said to anybody, since it was not `wanted` any more.
        """
        whys: list[str] = []
        targets = deque(self.targets(place.plan))
        while targets and wanted():
            gateway, address = targets.popleft()
            may_pass = bool(targets) and not self._is_spared(gateway)
            status = await self._ask(gateway, address, place, waiting, wanted, may_pass)
            if status == PASSED:
                targets.append((gateway, address))
                continue
            if status is None:
                continue
            if 200 <= status < 300:
                self._took(gateway)
                return ""
            whys.append(f"{gateway.name} {f'answered {status}' if status else 'did not answer'}")
            self.failed += 1
            self._failed_at[gateway.name] = self.clock.seconds()
        if not whys and not wanted():
            return None
        return "; ".join(whys[:MOST_REASONS]) or "no gateway of its dial plan takes lamps"

    def _took(self, gateway: IPGateway) -> None:
        self.told += 1
        if self._failed_at.pop(gateway.name, None) is not None:
            self.is_back()

    async def _ask(
        self,
        gateway: IPGateway,
        address: str,
        place: Place,
        waiting: Waiting,
        wanted: Callable[[], bool],
        may_pass: bool,
    ) -> int | None:
        """The status; PASSED when the gateway failed others while we stood in line for it."""
        room = self._open.setdefault(gateway.name, DeferredSemaphore(OPEN_AT_ONCE))
        await room.acquire()
        try:
            if may_pass and self._is_spared(gateway):
                return PASSED
            await self._turn()
            return await self.tell(gateway, address, place.extension, waiting) if wanted() else None
        finally:
            self.clock.callLater(0.0, room.release)  # not at once: thousands may stand in line

    async def _turn(self) -> None:
        """Wait until one more may leave."""
        now = self.clock.seconds()
        at = max(self._next, now)
        self._next = at + 1.0 / MOST_PER_SECOND
        if at > now:
            turn: Deferred[None] = Deferred()
            self.clock.callLater(at - now, turn.callback, None)
            await turn

    def _is_spared(self, gateway: IPGateway) -> bool:
        failed_at = self._failed_at.get(gateway.name)
        return failed_at is not None and self.clock.seconds() - failed_at < SPARED_FOR


def _addresses(org: Organisation, gateway: IPGateway) -> Sequence[str]:
    found = org.host_addresses.get(gateway.address, (gateway.address,))
    return list(dict.fromkeys(map(plain_address, found)))
