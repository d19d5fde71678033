"""What a codec is to the rest of the house.

Knows: the name and number on the wire, and the two functions. Must never know: a particular codec.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from umserver.wire.audio.pcm import Pcm


@frozen
class Codec:
    """One coding of sound, as SDP names it."""

    name: str
    """The encoding name of RFC 3551, upper case."""
    payload_type: int
    """The static RTP payload type of RFC 3551."""
    clock_rate: int
    """Ticks of the RTP timestamp a second."""
    encode: Callable[[Pcm], bytes]
    decode: Callable[[bytes], Pcm]
