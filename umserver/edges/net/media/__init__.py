"""The media engine: the sound of all calls, in one clock.

Purpose: plays, records, hears and sends keys for every call of this process. Border: above it
nobody sees a packet or a socket, below it nobody knows what a call is; it speaks `Leg` (one call's
sound) and MediaPlan (what SDP agreed upon). `engine` owns the wheel of legs, `clock` wakes it,
`ports` opens sockets, `aim` settles whom they are connected to, `leg` is one call, `outlet` what it
says, `capture` what it records, `hearing` what is loud and which tones are keys, `relay` what one
leg says of another, `guard` what encrypts and opens packets, `dtls` the handshake that its keys may
come from, `handshakes` those with all places where the peer may be. Why so: one wake-up serves a
quarter of all calls, each drained and fed with plain system calls on its own connected socket,
without a readiness registration, a timer or an object per packet; a compiled kernel could take the
place of the inner loop. What happened in a tick is told after it, so a slow script cannot break the
pace of a tick. Encryption costs 0.9 µs a packet more each way (AES_CM_128_HMAC_SHA1_80; 0.8 with
GCM) and 13 kB a call.
"""

from umserver.edges.net.media.engine import MediaEngine
from umserver.edges.net.media.leg import Leg, LegEvents
from umserver.edges.net.media.ports import NoPorts
from umserver.wire.rtp.quality import Quality

__all__ = ["Leg", "LegEvents", "MediaEngine", "NoPorts", "Quality"]
