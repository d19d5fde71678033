"""Whom a leg hears and whom it speaks to: the agreed peer, or where its sound was learned to be.

Knows: the sockets of a leg, the rule of `umserver.wire.rtp.learning`. Must never know: calls,
settings, how peers agree. A settled leg has a connected socket, so the kernel drops what strangers
send and nothing is asked a packet. Only while something may be learned the socket hears everybody;
what is said goes to the agreed address meanwhile. Of a peer that agrees on keys by a handshake
nothing teaches but the end of one, which proves that the announced certificate is there.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.edges.net.media.inlet import Inlet
from umserver.edges.net.media.ports import PortPair, disconnect, is_reachable
from umserver.edges.net.media.reports import Reports
from umserver.edges.net.media.speaker import Speaker
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.learning import Address, Learning, Origins

log = Logger()


class Aim:
    """One leg's."""

    def __init__(self, pair: PortPair, inlet: Inlet, speaker: Speaker, reports: Reports) -> None:
        self.origins: Origins | None = None
        """Where the peer's sound may come from, when it may be learned at all."""
        self.peer: Address | None = None
        """Whom the socket is connected to; None: nobody, nothing is settled."""
        self.learning: Learning | None = None
        self.reachable = False
        """Whether there is somebody to speak to."""
        self._agreed: Address | None = None
        self._pair = pair
        self._inlet = inlet
        self._speaker = speaker
        self._reports = reports

    def use(self, plan: MediaPlan, now: float) -> None:
        """Follow this plan; what was learned stays as long as the peer names the same address."""
        agreed = (plan.remote_host, plan.remote_port)
        self.reachable = is_reachable(*agreed)
        if not self.reachable:
            if plan.has_address:
                log.warn("sound cannot be sent to {host}", host=plan.remote_host)
            return
        if agreed != self._agreed:
            if self.origins is not None and self._let_go():
                self._begin(agreed, plan, now)
            elif not self._bind(agreed, now):
                return
            self._agreed = agreed
        elif self.learning is not None:
            self.learning.kinds = plan.receive_kinds
            self.learning.sources = plan.remote_sources
        self._reports.connect(plan, self.learning is not None)

    def learn(self, now: float) -> None:
        """Hear what came while nothing is settled."""
        learning = self.learning
        if learning is None:
            return
        found = self._inlet.learn(learning, now)
        if found is None:
            is_over = learning.is_over(now) and self._bind(learning.agreed, now)
            if is_over or learning.is_quiet(now):
                self._reports.stay()
        elif self._bind(found, now):
            self._reports.follow(found, learning.agreed, now)
            if found != learning.agreed:
                log.info("sound comes from {found}, not {said}", found=found, said=learning.agreed)

    def _let_go(self) -> bool:
        """Whether the socket hears everybody now."""
        try:
            if self.peer is not None:
                disconnect(self._pair.rtp)
        except (OSError, AttributeError) as error:
            log.warn("nothing can be learned anew: {error}", error=error)
            return False
        return True

    def _begin(self, agreed: Address, plan: MediaPlan, now: float) -> None:
        """Hear everybody, until it is known who the peer is."""
        assert self.origins is not None
        former, self.peer = self.peer, None
        self._speaker.aim(agreed)
        self.learning = Learning(
            origins=self.origins,
            agreed=agreed,
            kinds=plan.receive_kinds,
            sources=plan.remote_sources,
            ours=self._speaker.ssrc,
            began=now,
            former=former,
        )

    def _bind(self, peer: Address, now: float) -> bool:
        """Hear and speak to this peer alone from now on; False where no way leads there."""
        self.learning = None
        try:
            self._pair.rtp.connect(peer)
        except OSError as error:
            log.warn("no way to {peer}: {error}", peer=peer, error=error)
            self.reachable, self._agreed = False, None
            return False
        self._speaker.aim(None)
        if self.peer is None:
            self._inlet.keep_only(*peer, now)
        else:
            self._inlet.discard()
        self.peer = peer
        return True
