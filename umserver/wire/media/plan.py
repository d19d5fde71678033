"""The outcome of an offer/answer exchange, as the media engine needs it.

Knows: addresses, payload types, directions, keys. Must never know: SDP syntax or how it was agreed.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from umserver.wire.media.protection import Handshake
from umserver.wire.srtp.keys import Keying


@frozen
class MediaPlan:
    """Where and how sound flows now. A new plan replaces the old one whole."""

    remote_host: str
    """An IP literal; 0.0.0.0 or :: while the peer holds without an address: see `may_send`."""
    remote_port: int
    """0 while there is no audio stream at all; then neither sending nor receiving is allowed."""
    remote_rtcp_port: int
    """0 where the peer has no place for RTCP on `remote_host`: then none may be sent. The number of
    `remote_port`: RTCP goes both ways on the sockets of the sound (RFC 5761)."""
    codec: str
    """PCMU or PCMA: what we send."""
    payload_type: int
    event_payload_type: int | None
    """What we send key presses with (RFC 4733, 8000 Hz); None: nothing was agreed."""
    ptime: int = 20
    """Milliseconds of sound in a packet that we send: 10 to 60, a multiple of 10."""
    may_send: bool = True
    may_receive: bool = True
    receive_codecs: Mapping[int, str] = field(factory=dict)
    """Every payload type that may arrive as sound, with its codec; the agreed one is among them."""
    receive_events: frozenset[int] = frozenset()
    """Every payload type that may arrive as telephone-event."""
    remote_sources: frozenset[int] = frozenset()
    """The SSRCs that the peer says its packets have (RFC 5576); empty where it says nothing."""

    keying: Keying | None = None
    """The keys of the sound, where both sides told theirs (RFC 4568)."""
    handshake: Handshake | None = None
    """The handshake that the keys of the sound come from (RFC 5764)."""

    @property
    def receive_kinds(self) -> frozenset[int]:
        """Every payload type that may arrive."""
        events = {self.event_payload_type} if self.event_payload_type is not None else set()
        return frozenset({self.payload_type, *self.receive_codecs, *self.receive_events, *events})

    @property
    def secured(self) -> bool:
        """Whether packets in the clear are neither sent nor believed."""
        return self.keying is not None or self.handshake is not None

    @property
    def has_address(self) -> bool:
        """Whether there is an address that packets could go to and come from."""
        return self.remote_port > 0 and self.remote_host not in ("", "0.0.0.0", "::")
