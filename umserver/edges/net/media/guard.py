"""What stands between a leg's packets and the network: SRTP, and the handshake for its keys.

Knows: the plan's part about keys, the halves of a leg. Must never know: SDP, calls. As long as a
plan asks for encrypted sound and there are no keys, nothing is sent and nothing is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from umserver.edges.net.media.dtls import Association, Identity
from umserver.edges.net.media.inlet import Inlet
from umserver.edges.net.media.ports import PortPair
from umserver.edges.net.media.reports import Reports
from umserver.edges.net.media.speaker import Speaker
from umserver.wire.media.plan import MediaPlan
from umserver.wire.srtp import Keying, Shield

_About = tuple[object, ...]


class Guard:
    """One leg's; does nothing until a plan asks for it."""

    def __init__(
        self,
        pair: PortPair,
        inlet: Inlet,
        speaker: Speaker,
        reports: Reports,
        random: Random,
        identity: Callable[[], Identity],
    ) -> None:
        self.ready = True
        """Whether sound may be sent."""
        self.shield: Shield | None = None
        self._sock = pair.rtp
        self._inlet = inlet
        self._speaker = speaker
        self._reports = reports
        self._random = random
        self._identity = identity
        self._association: Association | None = None
        self._about: _About = ()

    def use(self, plan: MediaPlan, now: float) -> None:
        """Protect sound as agreed from now on."""
        if not plan.secured:
            self._put(None)
            self._association, self._about = None, ()
            return
        if self.shield is None:
            self._put(Shield())
        if plan.keying is not None:
            self._association, self._about = None, ()
            self._adopt(plan.keying)
        elif plan.handshake is not None:
            # Who begins may be said otherwise later: that alone asks for no other handshake.
            about = (plan.handshake.fingerprints, plan.remote_host, plan.remote_port)
            if about != self._about:
                self._about = about
                self._association = Association(self._identity(), plan.handshake, now)

    def receive(self, now: float) -> None:
        """Go on with the handshake by what came."""
        datagrams, self._inlet.handshakes = self._inlet.handshakes, []
        association = self._association
        if association is None:
            return
        pending = association.keying is None
        for data in datagrams:
            self._send(association.receive(data, now))
        if pending and association.keying is not None:
            self._adopt(association.keying)

    def wake(self, now: float) -> None:
        """A few times a second."""
        if self._association is not None and not self._association.over:
            self._send(self._association.wake(now))

    def _put(self, shield: Shield | None) -> None:
        self.shield = self._inlet.shield = self._reports.shield = shield
        self._speaker.seal = None if shield is None else shield.seal
        self.ready = shield is None or shield.ready

    def _adopt(self, keying: Keying) -> None:
        assert self.shield is not None
        if self.shield.use(keying):
            self._speaker.ssrc = self._random.getrandbits(32)
            self._reports.rename(self._speaker.ssrc)
        self.ready = True

    def _send(self, datagrams: list[bytes]) -> None:
        for data in datagrams:
            try:
                self._sock.send(data)
            except OSError:
                self._speaker.failures += 1
