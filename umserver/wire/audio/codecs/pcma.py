"""G.711 A-law as RTP carries it (RFC 3551 §4.5.14).

Knows: its numbers. Must never know: packets.
"""

from __future__ import annotations

from umserver.wire.audio.codec import Codec
from umserver.wire.audio.g711 import alaw_to_pcm, pcm_to_alaw

CODEC = Codec(name="PCMA", payload_type=8, clock_rate=8000, encode=pcm_to_alaw, decode=alaw_to_pcm)
