"""What protects one call's sound in both directions, through every change of keys.

Knows: the streams of `context`. Must never know: sockets, SDP, handshakes. A call whose keys are
still to be agreed upon has a shield that opens and seals nothing: nothing is ever sent or believed
in the clear.
"""

from __future__ import annotations

from typing import Any

from umserver.wire.srtp.context import (
    NOT_GENUINE,
    REPLAYED,
    TOO_OLD,
    Receiver,
    Sender,
    octets_of,
)
from umserver.wire.srtp.keys import Keying

GRACE = 500
"""Packets with the peer's new key after which its old one is forgotten (10 s of sound)."""

MOST_PACKETS_CARRIED = 1 << 23
"""A day or two of sound: a higher roll-over counter is not carried on to new keys."""

_REPLAYS = (-REPLAYED, -TOO_OLD)


class Shield:
    """Begins without keys."""

    def __init__(self) -> None:
        self.forged = 0
        """Packets that were not genuine, or came before there were keys."""
        self.replayed = 0
        """Packets with a number that was here before, or is older than can be told."""
        self.keying: Keying | None = None
        self._sender: Sender | None = None
        self._receiver: Receiver | None = None
        self._former: Receiver | None = None
        self._carried: Receiver | None = None
        """The same keys as the receiver's, with the roll-over counter of the former ones."""
        self._grace = 0

    @property
    def ready(self) -> bool:
        """Whether there are keys."""
        return self._sender is not None

    def use(self, keying: Keying) -> bool:
        """Go on with these keys; True when we send with another key than before.

        Then sending must go on with another SSRC: roll-over counters begin anew with it at both
        ends, whatever each thinks of counters after a change of keys: RFC 3711 §3.3.1 keeps them,
        RFC 4568 §7.1.4 and many peers do not. Of a peer that changes its key and keeps its SSRC
        either is understood. Keys that stay keep their counters.
        """
        before, self.keying = self.keying, keying
        suite = keying.suite
        if before is None or (before.suite, before.theirs) != (suite, keying.theirs):
            self._former, self._grace = self._receiver, GRACE
            self._receiver = Receiver(suite, keying.theirs, keying.window)
            self._carried = self._carry_on(keying)
        if before is not None and (before.suite, before.ours) == (suite, keying.ours):
            return False
        self._sender = Sender(suite, keying.ours)
        return before is not None

    def seal(self, data: bytes) -> memoryview | None:
        """The RTP packet as it may leave, valid until the next call; None: it may not."""
        return None if self._sender is None else self._sender.seal(data)

    def seal_rtcp(self, data: bytes) -> bytes | None:
        """The RTCP packet as it may leave; None: it may not."""
        return None if self._sender is None else self._sender.seal_rtcp(data)

    def _carry_on(self, keying: Keying) -> Receiver | None:
        """What understands a peer that keeps its counter; None while there is none to keep."""
        former = self._former
        if former is None or not 0xFFFF < former.index < MOST_PACKETS_CARRIED:
            return None
        carried = Receiver(keying.suite, keying.theirs, keying.window)
        carried.wind_on(keying.suite, keying.theirs, former.ssrc, former.index)
        return carried

    def open(self, packet: Any, length: int, ssrc: int, sequence: int) -> int:
        """Make the packet in these lent octets (see `context.lend`) RTP: its length.

        Negative where it is to be dropped; then it was counted and nothing may be learned from it.
        """
        if self._receiver is None:
            self.forged += 1
            return -NOT_GENUINE
        if self._former is not None:
            return self._open_either(packet, length, ssrc, sequence)
        opened = self._receiver.open(packet, length, ssrc, sequence)
        if opened < 0:
            self._count(opened)
        return opened

    def open_rtcp(self, data: bytes) -> bytes | None:
        """The RTCP packet in here; None where it is to be dropped."""
        for receiver in (self._receiver, self._former):
            opened = None if receiver is None else receiver.open_rtcp(data)
            if opened is not None:
                return opened
        self.forged += 1
        return None

    def _open_either(self, packet: Any, length: int, ssrc: int, sequence: int) -> int:
        """A change of keys is under way: packets with the old one are still coming."""
        whole = bytes(octets_of(packet, length))
        verdict = -NOT_GENUINE
        for receiver in (self._receiver, self._carried, self._former):
            if receiver is None:
                continue
            octets_of(packet, length)[:] = whole
            opened = receiver.open(packet, length, ssrc, sequence)
            if opened >= 0:
                self._settle(receiver)
                return opened
            if opened in _REPLAYS:
                verdict = opened
        self._count(verdict)
        return verdict

    def _settle(self, receiver: Receiver) -> None:
        """This one was the right one for a packet."""
        if receiver is self._former:
            return
        self._receiver, self._carried = receiver, None
        self._grace -= 1
        if self._grace <= 0:
            self._former = None

    def _count(self, verdict: int) -> None:
        if verdict in _REPLAYS:
            self.replayed += 1
        else:
            self.forged += 1
