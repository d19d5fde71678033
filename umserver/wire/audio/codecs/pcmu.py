"""G.711 µ-law as RTP carries it (RFC 3551 §4.5.14).

Knows: its numbers. Must never know: packets.
"""

from __future__ import annotations

from umserver.wire.audio.codec import Codec
from umserver.wire.audio.g711 import mulaw_to_pcm, pcm_to_mulaw

CODEC = Codec(
    name="PCMU", payload_type=0, clock_rate=8000, encode=pcm_to_mulaw, decode=mulaw_to_pcm
)
