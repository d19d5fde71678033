"""The sound of a picky peer: RTP on plain sockets, packet by packet.

Knows: RTP and telephone-event as they lie on the wire. Must never know: umserver. Packets leave 20
ms apart in real time; timestamps count samples of 8000 Hz.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from threading import Event

from attrs import define, field

FRAME = 160
KEYS = "0123456789*#ABCD"
_HEADER = struct.Struct("!BBHII")
_LOUD = [octet for octet in range(256) if octet & 0x70 not in (0x70, 0x50)]


def voice(seconds: float, seed: int = 1) -> bytes:
    """Loud octets, different for every seed, none of which means silence in either law."""
    chance = Random(seed)
    return bytes(chance.choice(_LOUD) for _ in range(round(seconds * 8000)))


def pause(seconds: float) -> None:
    """Let real time pass; the other process needs it."""
    Event().wait(max(0.0, seconds))


def pair(host: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
    """Sockets for RTP (even port) and RTCP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtp.bind((host, 0))
        port = rtp.getsockname()[1]
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if port % 2 == 0:
                rtcp.bind((host, port + 1))
                return rtp, rtcp
        except OSError:
            pass
        rtp.close()
        rtcp.close()


@define(eq=False)
class Sound:
    """One end of a stream. `number` of a key's payload type may change at will."""

    host: str = "127.0.0.1"
    kind: int = 0
    events: int = 101
    ssrc: int = 0x1234ABCD
    sequence: int = 65_500
    timestamp: int = 0xFFFFF000
    target: tuple[str, int] = ("", 0)
    rtp: socket.socket = field(init=False)
    rtcp: socket.socket = field(init=False)
    heard: list[tuple[float, bytes]] = field(init=False, factory=list)
    """What came, with its moment."""

    def __attrs_post_init__(self) -> None:
        self.rtp, self.rtcp = pair(self.host)
        self.rtp.setblocking(False)

    @property
    def port(self) -> int:
        """Where we hear."""
        return int(self.rtp.getsockname()[1])

    def towards(self, description: str) -> None:
        """Send to where this session description says."""
        port = int(description.split("m=audio ")[1].split()[0])
        self.target = (self.host, port)

    def close(self) -> None:
        """Give the ports back."""
        self.rtp.close()
        self.rtcp.close()

    # packets

    def packet(
        self, payload: bytes, kind: int | None = None, stamp: int | None = None, mark: bool = False
    ) -> bytes:
        """The next packet; sequence numbers go on, timestamps are the caller's matter."""
        number = self.kind if kind is None else kind
        at = self.timestamp if stamp is None else stamp
        data = _HEADER.pack(
            0x80, number | (0x80 if mark else 0), self.sequence, at & 0xFFFFFFFF, self.ssrc
        )
        self.sequence = (self.sequence + 1) & 0xFFFF
        return data + payload

    def speech(self, sound: bytes) -> Iterator[bytes]:
        """The packets of this sound."""
        for at in range(0, len(sound), FRAME):
            yield self.packet(sound[at : at + FRAME])
            self.timestamp += FRAME

    def press(
        self,
        key: str,
        frames: int = 5,
        ends: int = 3,
        *,
        start: int = 0,
        mark: bool = True,
        steady: bool = True,
    ) -> list[bytes]:
        """The packets of one press, `start` of its first ones left out; each still takes a number.

        `steady` False moves the timestamp with every packet, as some equipment does.
        """
        event, stamp, made = KEYS.index(key), self.timestamp, []
        for n in range(1, frames + ends + 1):
            length = min(n, frames) * FRAME
            over = 0x80 if n > frames else 0
            at = stamp if steady else stamp + (min(n, frames) - 1) * FRAME
            body = struct.pack("!BBH", event, over | 10, (FRAME if not steady else length) & 0xFFFF)
            data = self.packet(body, self.events, at, mark and n == 1)
            if n > start:
                made.append(data)
        self.timestamp += (frames + ends) * FRAME
        return made

    # time

    def send(self, data: bytes) -> None:
        """One packet now."""
        try:
            self.rtp.sendto(data, self.target)
        except ConnectionRefusedError:
            self.rtp.sendto(data, self.target)

    def pace(self, packets: Iterable[bytes]) -> None:
        """Send these 20 ms apart, hearing meanwhile."""
        due = time.monotonic()
        for data in packets:
            self.send(data)
            due += 0.02
            self.hear(due - time.monotonic())

    def say(self, seconds: float, seed: int = 1) -> bytes:
        """Speak; what was said."""
        sound = voice(seconds, seed)
        self.pace(self.speech(sound))
        return sound

    def hear(self, seconds: float) -> None:
        """Collect what comes within this time."""
        end = time.monotonic() + max(0.0, seconds)
        while True:
            left = end - time.monotonic()
            if not select.select([self.rtp], [], [], max(0.0, left))[0]:
                return
            try:
                self.heard.append((time.monotonic(), self.rtp.recv(2048)))
            except OSError:
                continue

    def speaks(self, within: float = 3.0) -> bool:
        """Whether the server says something within this time from now on."""
        self.heard.clear()
        end = time.monotonic() + within
        while not self.heard and time.monotonic() < end:
            self.hear(0.05)
        return bool(self.heard)

    def await_silence(self, quiet: float = 0.3, most: float = 30.0) -> None:
        """Wait until the server has said nothing for this long, as after a tone."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            count = len(self.heard)
            self.hear(quiet)
            if len(self.heard) == count:
                return
        raise AssertionError("the server does not stop speaking")


def tones(key: str, seconds: float = 0.1) -> bytes:
    """This key as two tones in mu-law, -10 dBm0 each or so."""
    import math

    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    at = "123A456B789C*0#D".index(key)
    low, high = rows[at // 4], columns[at % 4]
    return bytes(
        mu_law(
            int(
                6000
                * (math.sin(2 * math.pi * low * n / 8000) + math.sin(2 * math.pi * high * n / 8000))
            )
        )
        for n in range(round(seconds * 8000))
    )


def mu_law(sample: int) -> int:
    """One octet for a 16-bit sample (ITU-T G.711)."""
    sign = 0x80 if sample < 0 else 0
    value = min(abs(sample), 32635) + 132
    exponent = value.bit_length() - 8
    return ~(sign | exponent << 4 | value >> (exponent + 3) & 15) & 0xFF


def merged(streams: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Packets of several streams in turn."""
    longest = max(map(len, streams))
    return [s[n] for n in range(longest) for s in streams if n < len(s)]
