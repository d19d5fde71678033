"""The handshakes on one socket: with the agreed peer, and with whoever else may turn out to be it.

Knows: associations, addresses. Must never know: sockets, plans. Every place has an association of
its own, so what a stranger sends from elsewhere never touches the peer's. The first place that
shows the announced certificate is the peer's; the others are forgotten then.
"""

from __future__ import annotations

from collections.abc import Callable

from umserver.edges.net.media.dtls import MOST_DATAGRAMS, Association, Identity, is_handshake
from umserver.wire.media import Handshake
from umserver.wire.rtp.learning import Address
from umserver.wire.srtp import Keying

MOST_ELSEWHERE = 8
"""Places besides the agreed one that are talked to at once; the longest silent one gives way."""

Send = Callable[[bytes, Address | None], None]
"""Sends a datagram to this place; None: to the agreed peer."""


class Handshakes:
    """Those that one agreement leads to."""

    def __init__(self, identity: Identity, terms: Handshake, now: float, send: Send) -> None:
        self._identity = identity
        self._terms = terms
        self._send = send
        self._agreed = Association(identity, terms, now)
        self._elsewhere: dict[Address, Association] = {}
        self._left = MOST_DATAGRAMS
        """How many from elsewhere are still looked at."""

    def receive(self, data: bytes, now: float, source: Address | None = None) -> Keying | None:
        """Go on by what came from this place (None: the agreed one); the keys, once there are.

        A peer that waits for us to begin shows by whatever it sends where it is.
        """
        asked = source is None or source in self._elsewhere or not self._terms.active
        if asked and not is_handshake(data[0]):
            return None
        if source is not None:
            self._left -= 1
            if self._left < 0:
                return None
        association = self._agreed if source is None else self._of(source, now)
        pending = association.keying is None
        answers = association.receive(data, now) if asked else association.wake(now)
        for each in answers:
            self._send(each, source)
        if not pending or association.keying is None:
            return None
        self._agreed = association
        self.settle()
        return association.keying

    def wake(self, now: float) -> None:
        """A few times a second."""
        for place, association in [(None, self._agreed), *self._elsewhere.items()]:
            if not association.over:
                for each in association.wake(now):
                    self._send(each, place)

    def settle(self) -> None:
        """It is known where the peer is: talk to nobody else any more."""
        self._elsewhere.clear()

    def _of(self, source: Address, now: float) -> Association:
        association = self._elsewhere.pop(source, None)
        if association is None:
            association = Association(self._identity, self._terms, now)
            if len(self._elsewhere) >= MOST_ELSEWHERE:
                del self._elsewhere[next(iter(self._elsewhere))]
        self._elsewhere[source] = association
        return association
