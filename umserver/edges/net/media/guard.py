"""What stands between a leg's packets and the network: SRTP, and the handshake for its keys.

Knows: the plan's part about keys, the halves of a leg. Must never know: SDP, calls. As long as a
plan asks for encrypted sound and there are no keys, nothing is sent and nothing is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from umserver.edges.net.media.dtls import Identity
from umserver.edges.net.media.handshakes import Handshakes
from umserver.edges.net.media.inlet import Inlet
from umserver.edges.net.media.ports import PortPair
from umserver.edges.net.media.reports import Reports
from umserver.edges.net.media.speaker import Speaker
from umserver.wire.media import Handshake
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.learning import Address
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
        self._handshakes: Handshakes | None = None
        self._about: _About = ()
        self._agreed: Address | None = None
        self._for_reports: Handshakes | None = None
        self._about_reports: _About = ()

    def use(self, plan: MediaPlan, now: float) -> None:
        """Protect sound as agreed from now on."""
        if not plan.secured:
            self._put(None)
            self.end()
            return
        if self.shield is None:
            self._put(Shield())
        if plan.keying is not None:
            self.end()
            self._adopt(plan.keying)
        elif plan.handshake is not None and plan.has_address:
            self._shake(plan, plan.handshake, now)

    def _shake(self, plan: MediaPlan, terms: Handshake, now: float) -> None:
        """Who begins may be said otherwise later: that alone asks for no other handshake."""
        self._agreed = plan.remote_host, plan.remote_port
        about = (terms.fingerprints, self._agreed)
        if about != self._about:
            self._about = about
            self._handshakes = Handshakes(self._identity(), terms, now, self._send)
            self._inlet.proves = self.proves
        self._shake_for_reports(plan, terms, now)

    def _shake_for_reports(self, plan: MediaPlan, terms: Handshake, now: float) -> None:
        """On a port of their own reports have keys of their own (RFC 5764 §3)."""
        if plan.remote_rtcp_port in (0, plan.remote_port):
            self._forget_reports()
            return
        about = (terms.fingerprints, plan.remote_host, plan.remote_rtcp_port)
        if about != self._about_reports:
            self._about_reports = about
            self._reports.apart = self._reports.apart or Shield()
            self._for_reports = Handshakes(self._identity(), terms, now, self._reports.put)

    def end(self) -> None:
        """No handshake any more; what holds on to one another lets go."""
        self._handshakes, self._about, self._inlet.proves = None, (), None
        self._forget_reports()

    def _forget_reports(self) -> None:
        self._for_reports, self._about_reports, self._reports.apart = None, (), None

    def receive(self, now: float) -> None:
        """Go on with the handshake by what came from the peer."""
        datagrams, self._inlet.handshakes = self._inlet.handshakes, []
        for data in datagrams:
            self._receive(data, now, None)

    def proves(self, source: Address, data: bytes, now: float) -> bool:
        """While it is being learned where the peer is: whether this proves that it is there."""
        return self._receive(data, now, None if source == self._agreed else source)

    def settle(self) -> None:
        """It is known where the peer is."""
        if self._handshakes is not None:
            self._handshakes.settle()

    def wake(self, now: float) -> None:
        """A few times a second."""
        if self._handshakes is not None:
            self._handshakes.wake(now)
        if self._for_reports is not None:
            self._wake_reports(self._for_reports, now)

    def _wake_reports(self, handshakes: Handshakes, now: float) -> None:
        for source, data in self._reports.handshakes():
            keying = handshakes.receive(data, now, source)
            if keying is not None and self._reports.apart is not None:
                self._reports.apart.use(keying)
                self._reports.settle(source)
        handshakes.wake(now)

    def _receive(self, data: bytes, now: float, source: Address | None) -> bool:
        """Whether there are keys by this."""
        if self._handshakes is None:
            return False
        keying = self._handshakes.receive(data, now, source)
        if keying is not None:
            self._adopt(keying)
        return keying is not None

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

    def _send(self, data: bytes, place: Address | None) -> None:
        if place is None:
            self._speaker.put(data)
            return
        try:
            self._sock.sendto(data, place)
        except OSError:
            self._speaker.failures += 1
