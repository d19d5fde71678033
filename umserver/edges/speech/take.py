"""A greeting or prompt while it is recorded by telephone (IGreetingTake), in memory until kept.

Knows: sound. Must never know: whose it is, where it is kept.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from umserver.interfaces import Clip, IGreetingTake, NoSpace
from umserver.wire.audio import g711

MOST_RECORDED = 11 * 60 * 8000
"""Octets of a greeting recorded by telephone; the policy's longest is ten minutes."""


@implementer(IGreetingTake)
@define(eq=False)
class GreetingTake:
    """A greeting while it is recorded, in memory."""

    _put: Callable[[bytes], Deferred[None]]
    """Takes µ-law octets and makes them the greeting."""
    _sound: bytearray = field(init=False, factory=bytearray)

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """See `ITake`. Fails with NoSpace beyond the longest greeting."""
        if len(self._sound) + len(data) > MOST_RECORDED:
            return fail(NoSpace("the greeting is too long"))
        self._sound += g711.transcode(data, codec, "PCMU")
        return succeed(None)

    def clip(self) -> Deferred[Clip]:
        """See `IGreetingTake`."""
        sound = bytes(self._sound)
        laws = {law: g711.transcode(sound, "PCMU", law) for law in g711.SILENCE}
        return succeed(Clip("own-recording", laws))

    def erase(self) -> Deferred[None]:
        """See `IGreetingTake`."""
        self._sound.clear()
        return succeed(None)

    def keep(self) -> Deferred[None]:
        """See `IGreetingTake`."""
        return self._put(bytes(self._sound))
