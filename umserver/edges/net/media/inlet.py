"""What a leg hears: its socket drained, its packets sorted by meaning.

Knows: RTP and SRTP as they arrive. Must never know: what is played, who asked, who agreed on keys.
The hot path of receiving: no object a packet unless somebody wants the sound. With a shield nothing
is learned from a packet before it has proved genuine.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from umserver.edges.net.media.capture import Capture, News
from umserver.edges.net.media.dtls import is_handshake
from umserver.edges.net.media.hearing import TonePad
from umserver.edges.net.media.outlet import Mirror
from umserver.edges.net.media.relay import Relay
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.learning import Address, Learning
from umserver.wire.rtp.packet import HEADER, MARKER, MAX_SIZE, PLAIN, VERSION, span
from umserver.wire.rtp.sequence import SWITCHED, Source
from umserver.wire.rtp.tape import Tape
from umserver.wire.rtp.telephone_event import EventReceiver
from umserver.wire.srtp import Shield
from umserver.wire.srtp.context import lend

BACKLOG = 64
"""Packets that a tick takes from the socket at most."""

_MOST_UNSURE = 8
_MOST_HANDSHAKES = 16
_FIRST_RTCP, _LAST_RTCP = 192, 223
_unpack = HEADER.unpack_from
_buffer = bytearray(MAX_SIZE)
_lent = lend(_buffer)
Unsure = tuple[int, int, int, int, bytes]


class Inlet:
    """The receiving half of a leg."""

    def __init__(self, sock: socket.socket) -> None:
        self.source = Source()
        self.capture: Capture | None = None
        self.mirror: Mirror | None = None
        self.relay: Relay | None = None
        """Who says it to somebody else; keys go there too, and to nobody here."""
        self.tones: TonePad | None = None
        self.last_heard = 0.0
        self.packets = 0
        """Datagrams that were RTP."""
        self.strange = 0
        """Datagrams that were not."""
        self.refusals = 0
        """ICMP errors."""
        self.reports: list[bytes] = []
        """RTCP that came to the wrong port."""
        self.shield: Shield | None = None
        """What opens packets; None: they come in the clear."""
        self.handshakes: list[bytes] = []
        """DTLS that came since somebody looked."""
        self.proves: Callable[[Address, bytes, float], bool] | None = None
        """Whether a datagram ends a handshake with the peer; None: there are no handshakes."""
        self.keys: list[str] = []
        """Keys heard since somebody looked."""
        self._sock = sock
        self._receive = sock.recv_into
        self._turn = 0
        self._eager = True
        self._tape: Tape | None = None
        self._events = EventReceiver()
        self._codecs: dict[int, str] = {}
        self._event_types: frozenset[int] = frozenset()
        self._sends = ""
        self._open = False
        self._unsure: list[Unsure] = []

    def use(self, plan: MediaPlan) -> None:
        """Listen for these payload types from now on."""
        self._codecs = dict(plan.receive_codecs) or {plan.payload_type: plan.codec}
        types = set(plan.receive_events)
        if plan.event_payload_type is not None:
            types.add(plan.event_payload_type)
        self._event_types = frozenset(types)
        self._sends = plan.codec
        self._open = plan.may_receive
        if types:
            self.tones = None
        elif self.tones is None:
            self.tones = TonePad()

    def discard(self) -> None:
        """Throw away what waits in the socket: it came from nobody we agreed with."""
        for _ in range(4 * BACKLOG):
            try:
                self._sock.recv_into(_buffer)
            except BlockingIOError:
                return
            except OSError:
                self.refusals += 1

    def keep_only(self, host: str, port: int, now: float) -> None:
        """When the socket was just connected: hear what this peer sent before, nothing else."""
        for _ in range(4 * BACKLOG):
            try:
                length, address = self._sock.recvfrom_into(_buffer)
            except BlockingIOError:
                return
            except OSError:
                self.refusals += 1
                continue
            if address[:2] == (host, port):
                self._datagram(length, now)

    def learn(self, learning: Learning, now: float) -> Address | None:
        """Hear who is there while the socket is not connected; the address, once that is known.

        Only what came from there was heard.
        """
        for _ in range(BACKLOG):
            try:
                length, source = self._sock.recvfrom_into(_buffer)
            except BlockingIOError:
                return None
            except OSError:
                self.refusals += 1
                continue
            address = (source[0], source[1])
            if not learning.admits(address, now) or length < 12:
                self.strange += 1
                continue
            packets = self._lesson(learning, address, length, now)
            if packets is not None:
                for packet in packets:
                    self._hear_plain(packet, now)
                return address
        return None

    def _lesson(
        self, learning: Learning, address: Address, length: int, now: float
    ) -> list[bytes] | None:
        """The packets to be heard, when the one in the buffer settles who is there; else None."""
        if self.proves is not None:
            return [] if self.proves(address, bytes(_buffer[:length]), now) else None
        first, second, sequence, _, ssrc = _unpack(_buffer)
        if first >> 6 != VERSION or _FIRST_RTCP <= second <= _LAST_RTCP:
            return None
        if self.shield is not None:
            length = self.shield.open(_lent, length, ssrc, sequence)
        if length < 0 or span(_buffer, length) is None:
            return None
        plain = bytes(_buffer[:length])
        doubtful = plain if self.shield is None else None
        kept = learning.teaches(address, second & 0x7F, ssrc, sequence, doubtful)
        return None if kept is None else [*kept, plain]

    def _hear_plain(self, packet: bytes, now: float) -> None:
        """A packet that nothing has to be opened of any more."""
        shield, self.shield = self.shield, None
        _buffer[: len(packet)] = packet
        self._datagram(len(packet), now)
        self.shield = shield

    def record(self, capture: Capture | None) -> None:
        """Feed this recording from now on; None: no one."""
        self.capture = capture
        self._tape = None if capture is None else capture.tape

    def hear(self, now: float) -> None:
        """For a tick: hear what came since the last one.

        That is one packet as a rule; the call that would find nothing more is only made in every
        fourth tick, and as long as it does find more.
        """
        self._turn = turn = (self._turn + 1) & 3
        if self._eager or not turn or self.relay is not None:
            self.drain(now)
            return
        try:
            length = self._receive(_buffer)
        except BlockingIOError:
            return
        except OSError:
            self.refusals += 1
            return
        self._datagram(length, now)

    def drain(self, now: float) -> None:
        """Hear everything that waits in the socket, within bounds."""
        count = 0
        while count < BACKLOG:
            try:
                length = self._receive(_buffer)
            except BlockingIOError:
                break
            except OSError:
                self.refusals += 1
                length = -1
            count += 1
            if length >= 0:
                self._datagram(length, now)
        self._eager = count > 1

    def _datagram(self, length: int, now: float) -> None:
        """Read what lies in the buffer."""
        if length < 12:
            self.strange += 1
            return
        first, second, sequence, timestamp, ssrc = _unpack(_buffer)
        if self.shield is not None:
            length = self._genuine(first, second, sequence, length, ssrc)
            if length < 0:
                return
        start, end = 12, length
        if first != PLAIN:
            where = span(_buffer, length)
            if where is None:
                self.strange += 1
                return
            start, end = where
        if _FIRST_RTCP <= second <= _LAST_RTCP:
            if len(self.reports) < _MOST_UNSURE:
                self.reports.append(bytes(_buffer[:length]))
            return
        self.packets += 1
        self.last_heard = now
        number = self.source.admit(ssrc, sequence)
        if number >= 0:
            if self._unsure:
                self._unsure.clear()
            self._packet(number, second, timestamp, start, end, now)
        else:
            packet = (ssrc, sequence, second, timestamp, bytes(_buffer[start:end]))
            self._doubtful(number, packet, now)

    def _genuine(self, first: int, second: int, sequence: int, length: int, ssrc: int) -> int:
        """Open the packet in the buffer: its length in the clear, or negative if it is none."""
        if first >> 6 == VERSION and not _FIRST_RTCP <= second <= _LAST_RTCP:
            assert self.shield is not None
            return self.shield.open(_lent, length, ssrc, sequence)
        if is_handshake(first):
            if len(self.handshakes) < _MOST_HANDSHAKES:
                self.handshakes.append(bytes(_buffer[:length]))
        elif first >> 6 == VERSION:
            if len(self.reports) < _MOST_UNSURE:
                self.reports.append(bytes(_buffer[:length]))
        else:
            self.strange += 1
        return -1

    def _doubtful(self, verdict: int, packet: Unsure, now: float) -> None:
        """A packet of another source, or far from all others: wait for what follows it."""
        if self._unsure and self._unsure[-1][0] != packet[0]:
            self._unsure.clear()
        self._unsure.append(packet)
        if verdict != SWITCHED:
            del self._unsure[:-_MOST_UNSURE]
            return
        self._events.reset()
        kept, self._unsure = self._unsure, []
        for ssrc, sequence, second, timestamp, payload in kept:
            number = self.source.admit(ssrc, sequence)
            if number >= 0:
                _buffer[: len(payload)] = payload
                self._packet(number, second, timestamp, 0, len(payload), now)

    def _packet(
        self, number: int, second: int, timestamp: int, start: int, end: int, now: float
    ) -> None:
        """A packet that counts; its payload lies in the buffer."""
        if not self._open:
            return
        codec = self._codecs.get(second & 0x7F)
        tape, relay = self._tape, self.relay
        if codec is None:
            if second & 0x7F in self._event_types:
                payload = bytes(_buffer[start:end])
                key = self._events.feed(number, timestamp, payload, second >= MARKER)
                if relay is not None:
                    relay.event(number, timestamp, payload, second >= MARKER, key)
                elif key:
                    self.keys.append(key)
            if tape is not None:
                tape.feed(number, timestamp, b"", now)
            return
        self.source.measure(timestamp, now)
        if relay is not None:
            relay.sound(number, timestamp, _buffer[start:end], codec, second >= MARKER)
            return
        if tape is not None:
            tape.feed(number, timestamp, _buffer[start:end], now, codec)
        if self.mirror is not None:
            self.mirror.put(_buffer[start:end], codec, self._sends)
        if self.tones is not None:
            self.tones.hear(codec, _buffer[start:end])

    def chores(self, now: float, news: News) -> None:
        """A few times a second."""
        if self.tones is not None:
            self.keys += self.tones.listen()
        if self.capture is not None and not self.capture.ended:
            self.capture.chores(now, news)
