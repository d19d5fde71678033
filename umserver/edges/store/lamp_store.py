"""The lamps of one server in the settings' store (see `umserver.roles.lamp_book`).

Knows: which question reads and which writes. Must never know: SQL, telephones.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from twisted.internet.defer import Deferred

from umserver.edges.store.settings import SettingsStore
from umserver.org.lamps import Lamp


@frozen
class StoreLamps:
    """See `LampBook`."""

    store: SettingsStore
    keeper: str
    """The name by which this server keeps lamps."""

    def lamp(self, address: str) -> Deferred[Lamp | None]:
        """See `LampBook`."""
        return self.store.looking(lambda now: now.lamps.lamp(address))

    def claim(self, address: str) -> Deferred[Lamp | None]:
        """See `LampBook`."""
        return Deferred.fromCoroutine(self._claim(address))

    async def _claim(self, address: str) -> Lamp | None:
        """Most lamps that are asked for are ours already: nothing is written then."""
        ours = await self.store.looking(lambda now: now.lamps.kept(address, self.keeper))
        if ours is not None:
            return ours
        return await self.store.minding(lambda lamps: lamps.claim(address, self.keeper))

    def told(self, lamp: Lamp) -> Deferred[bool]:
        """See `LampBook`."""
        return self.store.minding(lambda lamps: lamps.told(lamp, self.keeper))

    def renew(self, seconds: float) -> Deferred[Sequence[str]]:
        """See `LampBook`."""
        return self.store.minding(lambda lamps: lamps.renew(self.keeper, seconds))

    def take_over(self, most: int) -> Deferred[Sequence[str]]:
        """See `LampBook`."""
        return self.store.minding(lambda lamps: lamps.take_over(self.keeper, most))

    def lit(self, most: int) -> Deferred[Sequence[str]]:
        """See `LampBook`."""
        return self.store.looking(lambda now: now.lamps.lit(self.keeper, most))

    def tally(self) -> Deferred[tuple[int, int]]:
        """See `LampBook`."""
        return self.store.looking(lambda now: now.lamps.tally(self.keeper))

    def forget(self, address: str) -> Deferred[None]:
        """See `LampBook`."""
        return self.store.minding(lambda lamps: lamps.forget(address))

    def release(self) -> Deferred[None]:
        """See `LampBook`."""
        return self.store.minding(lambda lamps: lamps.release(self.keeper))

    def mailboxes(self, after: str, most: int) -> Deferred[Sequence[str]]:
        """See `LampBook`."""
        return self.store.looking(lambda now: now.addresses(after, most))
