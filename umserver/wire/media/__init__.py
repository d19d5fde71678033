"""What two sides agree to send each other: offer/answer (RFC 3264) over G.711 and telephone-event,
in the clear or protected by SRTP (RFC 4568, RFC 5763, RFC 8643).

Border: descriptions in, descriptions and a `MediaPlan` out; no socket, no packet. Why so: the media
engine gets one small value and never sees SDP, the SIP machines carry bodies and never read them.
"""

from __future__ import annotations

from umserver.wire.media.plan import MediaPlan
from umserver.wire.media.protection import (
    Handshake,
    Offering,
    Protection,
    offers_secret_sound,
)
from umserver.wire.media.refusal import NotAcceptable
from umserver.wire.media.session import MediaSession, OutOfTurn

__all__ = [
    "Handshake",
    "MediaPlan",
    "MediaSession",
    "NotAcceptable",
    "Offering",
    "OutOfTurn",
    "Protection",
    "offers_secret_sound",
]
