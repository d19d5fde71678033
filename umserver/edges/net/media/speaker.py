"""The sending half of a leg: one RTP stream, as a rule on a connected socket.

Knows: headers and counts. Must never know: where sound comes from. Sending never raises.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from random import Random

from umserver.wire.rtp.packet import HEADER, MARKER, PLAIN

_pack = HEADER.pack
SAMPLES_PER_SLOT = 40


class Speaker:
    """Numbers and sends packets.

    Timestamps follow the engine's slots, so they also advance in silence.
    """

    def __init__(self, sock: socket.socket, random: Random) -> None:
        self.ssrc = random.getrandbits(32)
        self.packets = 0
        self.octets = 0
        self.failures = 0
        """Packets that the system did not take."""
        self.talking = False
        """Whether the packet before this one was sound: the next needs no marker."""
        self.seal: Callable[[bytes], memoryview | None] | None = None
        """What encrypts packets; None: they leave in the clear. It gives None for what may not."""
        self._sock = sock
        self._send: Callable[[bytes | memoryview], int] = sock.send
        self._sequence = random.getrandbits(15)
        self._offset = random.getrandbits(32)

    def aim(self, address: tuple[str, int] | None) -> None:
        """Speak to this address; None: to whom the socket is connected."""
        sock = self._sock
        self._send = sock.send if address is None else lambda data: sock.sendto(data, address)

    @property
    def sequence(self) -> int:
        """The number of the next packet."""
        return self._sequence

    def skip(self, count: int) -> None:
        """Leave out so many numbers; negative: go back."""
        self._sequence = (self._sequence + count) & 0xFFFF

    def timestamp(self, slot: int) -> int:
        """The RTP timestamp of what is said in this slot."""
        return (self._offset + slot * SAMPLES_PER_SLOT) & 0xFFFFFFFF

    def put(self, data: bytes) -> None:
        """Send what is no sound, as it is."""
        try:
            self._send(data)
        except OSError:
            self.failures += 1

    def say(
        self, kind: int, timestamp: int, payload: bytes | bytearray | memoryview, marker: bool
    ) -> None:
        """Send one packet of this payload type."""
        second = kind | MARKER if marker else kind
        sequence = self._sequence
        self._sequence = (sequence + 1) & 0xFFFF
        data: bytes | memoryview | None
        data = plain = _pack(PLAIN, second, sequence, timestamp, self.ssrc) + payload
        if self.seal is not None:
            data = self.seal(plain)
            if data is None:
                self.failures += 1
                return
        try:
            self._send(data)
        except OSError:
            self.failures += 1
        self.packets += 1
        self.octets += len(payload)
