"""Master keys as values that never show themselves.

Knows: RFC 3711 §3.2. Must never know: how keys are agreed upon.
"""

from __future__ import annotations

from attrs import field, frozen

from umserver.wire.srtp.suites import Suite

LEAST_WINDOW, USUAL_WINDOW, MOST_WINDOW = 64, 128, 4096
"""Packets that replay protection remembers (RFC 3711 §3.3.2)."""


@frozen
class MasterKey:
    """One side's master key."""

    secret: bytes = field(repr=False)
    """Key and salt together."""
    mki: bytes = b""
    """What stands before the tag of each packet that uses it; empty: nothing does."""


@frozen
class Keying:
    """The keys of a stream in both directions."""

    suite: Suite
    ours: MasterKey
    """What we send with; never with an MKI."""
    theirs: tuple[MasterKey, ...]
    """What the peer sends with; several only with MKIs of one length."""
    window: int = USUAL_WINDOW
    """Packets that replay protection remembers."""
