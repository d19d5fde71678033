"""What a caller hears while somebody else is called for them.

Knows: the phone that plays it. Must never know: how the other call is made, when it ends.
"""

from __future__ import annotations

from functools import lru_cache

from attrs import define, field

from umserver.interfaces import Clip, IPhone
from umserver.wire.audio.g711 import encode_both
from umserver.wire.audio.ringing import ringing


@lru_cache(maxsize=8)
def ringing_in(country: str) -> Clip:
    """One round of the ringing of this country code."""
    return Clip("ringing", encode_both(ringing(country)))


@define(eq=False)
class Ringing:
    """Rings from `begin` to `stop`, or until nobody listens."""

    phone: IPhone
    country: str
    _rings: bool = field(init=False, default=False)

    def begin(self) -> None:
        """Ring."""
        self._rings = True
        self._round(True)

    def stop(self) -> None:
        """Be still. Harmless when it is."""
        if self._rings:
            self._rings = False
            self.phone.stop_playing()

    def _round(self, was_heard: bool) -> None:
        if self._rings and was_heard:
            self.phone.play([ringing_in(self.country)]).addCallback(self._round)
        else:
            self._rings = False
