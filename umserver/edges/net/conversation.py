"""A call that talks: everything that is alike whether we were called or called ourselves.

Knows: one call of a SIP endpoint, its media session and its leg. Must never know: scripts,
settings. Sources: RFC 3261 §14, §15; RFC 3264 §8; RFC 3515. Once it is over, its listener has been
told exactly once, and then every Deferred it gave out fires.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from weakref import ref

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from umserver.edges.net.info import KeyTwins, info_body, keys_in_info
from umserver.edges.net.media import Leg, MediaEngine
from umserver.edges.net.referral import Referral
from umserver.interfaces import Clip, HungUp, ITake, Recorded
from umserver.wire.media import MediaSession, NotAcceptable, Offering, Protection
from umserver.wire.rtp.learning import Origins
from umserver.wire.sip.effects import (
    CallEffect,
    Effect,
    Ended,
    Established,
    Flow,
    Informed,
    Reoffered,
    Told,
    Transferring,
)
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.sip.message import Request

log = Logger()


class Line(Protocol):
    """What a call needs of the station it runs on."""

    endpoint: Endpoint
    engine: MediaEngine | None

    @property
    def clock(self) -> IReactorTime:
        """Where alarms are set."""

    def now(self) -> float:
        """The endpoint's time, seconds."""

    def perform(self, effects: Sequence[Effect]) -> None:
        """Make the endpoint's answer happen."""

    def bind_host(self, flow: Flow) -> str:
        """The address of ours that this peer's packets reach."""

    def announced_host(self, flow: Flow) -> str:
        """The address that we tell this peer."""

    def session_id(self) -> int:
        """A fresh number for an SDP origin."""

    def protection(self, flow: Flow) -> Protection:
        """What may protect the sound of a call whose signalling goes this way."""

    def origins(self, flow: Flow) -> Origins | None:
        """Where this peer's sound may come from; None: from the agreed address alone."""


@define(eq=False)
class Conversation:
    """One call's talking part."""

    line: Line
    call: str
    """The endpoint's name for it."""
    flow: Flow
    id: str = ""
    """The SIP Call-ID."""
    leg: Leg | None = field(init=False, default=None)
    session: MediaSession | None = field(init=False, default=None)
    over: str | None = field(init=False, default=None)
    """How it ended; None while it lasts."""
    established: bool = field(init=False, default=False)
    secured: bool = field(init=False, default=False)
    """Whether sound in the clear is refused."""
    offering: Offering = field(init=False, default="plain")
    """What our first offer proposes."""
    on_key: Callable[[str], None] | None = None
    on_over: Callable[[str], None] | None = None
    joined: Conversation | None = field(init=False, default=None)
    """The other call whose sound is joined with this one's: it gets the keys, nobody else."""
    referral: Referral = field(init=False)
    _twins: KeyTwins = field(init=False, factory=KeyTwins)
    _gone: bool = field(init=False, default=False)
    _hanging_up: list[Deferred[None]] = field(init=False, factory=list)

    @referral.default
    def _own_referral(self) -> Referral:
        return Referral(ref(self))

    @property
    def sends_on(self) -> bool:
        """False once the peer said that it transfers nobody, also by an Allow without REFER."""
        stands = self.established and self.over is None
        knows = not stands or self.line.endpoint.takes(self.call, "REFER")
        return knows and self.referral.sends_on

    # verbs

    def play(self, clips: Sequence[Clip]) -> Deferred[bool]:
        """Play without a gap; True when heard to the end."""
        if self.over is not None or self.leg is None:
            return succeed(False)
        return self.leg.play(clips)

    def stop_playing(self) -> None:
        """Cut what is being played."""
        if self.over is None and self.leg is not None:
            self.leg.stop_playing()

    def record(self, take: ITake, idle: float, limit: float) -> Deferred[Recorded]:
        """Append what the peer says to the take; seconds."""
        if self.over is not None or self.leg is None:
            return succeed(Recorded(seconds=0.0, spoken=0.0, ended_by="hangup"))
        return self.leg.record(take, idle, limit)

    def stop_recording(self) -> None:
        """End the recording."""
        if self.over is None and self.leg is not None:
            self.leg.stop_recording()

    def echo(self, on: bool) -> None:
        """Send back what is heard, or stop."""
        if self.over is None and self.leg is not None:
            self.leg.echo(on)

    def send_digits(self, digits: str) -> Deferred[None]:
        """Press keys: as telephone-events where negotiated."""
        if self.over is not None or self.leg is None:
            return succeed(None)
        return self.leg.send_digits(digits)

    def send_info(self, key: str) -> None:
        """Press one key by SIP INFO."""
        if self.over is None and self.established:
            kind, body = info_body(key)
            self._do(lambda: self.line.endpoint.info(self.call, kind, body, self.line.now()))

    def transfer_to(self, refer_to: str) -> Deferred[bool]:
        """Blind transfer (RFC 3515) to this URI; True when the peer took over.

        Fails with HungUp.
        """
        if self.over is not None:
            return fail(HungUp(self.over))
        return self.referral.ask(refer_to)

    def hang_up(self) -> Deferred[None]:
        """End the call; fires when the endpoint has let go of it."""
        return self._hang_up("us")

    def end(self, by: str) -> None:
        """End the call because of somebody else; its listener is told who that was."""
        self._hang_up(by)

    def _hang_up(self, by: str, reason: str = "") -> Deferred[None]:
        if self._gone:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._hanging_up.append(waiting)
        if self.over is None:
            self._be_over(by)
            self._do(lambda: self.line.endpoint.hang_up(self.call, self.line.now(), reason))
        return waiting

    # what the endpoint tells

    def told(self, effect: CallEffect) -> None:
        """One effect about this call."""
        match effect:
            case Established():
                self._established(effect)
            case Reoffered():
                self._reoffered(effect.sdp)
            case Told():
                self._info(effect.request)
            case Informed():
                self._informed(effect.request)
            case Transferring():
                self.referral.told(effect)
            case Ended():
                self._ended(effect)
            case _:
                pass

    def _established(self, effect: Established) -> None:
        """Sound may flow; a client or server part overrides the first time."""

    def _informed(self, request: Request) -> None:
        """The peer tells more before the answer; only who was called cares."""

    def _reoffered(self, sdp: bytes | None) -> None:
        """The peer changes the session (RFC 3264 §8)."""
        if self.session is None:
            return
        try:
            ours = self.session.answer(sdp) if sdp is not None else self.session.offer()
        except NotAcceptable as fault:
            status = fault.status
            self._do(lambda: self.line.endpoint.refuse_offer(self.call, status, self.line.now()))
            return
        self._connect()
        self._do(lambda: self.line.endpoint.accept_offer(self.call, ours, self.line.now()))

    def _info(self, request: Request) -> None:
        for key in keys_in_info(request.content_type, request.body):
            self._pressed(key, "info")

    def _ended(self, effect: Ended) -> None:
        if self._gone:
            return
        self._gone = True
        self._be_over(effect.by)
        waiting, self._hanging_up = self._hanging_up, []
        for one in waiting:
            one.callback(None)

    # what the leg tells

    def digit(self, key: str) -> None:
        """A key was heard in the sound (LegEvents)."""
        self._pressed(key, "media")

    def media_lost(self) -> None:
        """No sound has come for too long (LegEvents)."""
        if self.over is None:
            log.warn("no sound any more, hanging up", call=self.id)
            self._hang_up("media", "RTP time-out")

    # inside

    def _pressed(self, key: str, way: str) -> None:
        if self.over is not None or not self._twins.is_new(key, way, self.line.now()):
            return
        if self.joined is not None:
            if way == "info" and not self._hears_events():
                self.joined.send_digits(key)
        elif self.on_key is not None:
            self.on_key(key)

    def _hears_events(self) -> bool:
        """Whether keys come as telephone-events, which pass between joined legs by themselves."""
        plan = self.session.plan if self.session is not None else None
        return plan is not None and bool(plan.receive_events)

    def _open(self, codecs: Sequence[str] = ("PCMU", "PCMA")) -> None:
        """Take a leg and a session. Raises NoPorts."""
        assert self.line.engine is not None
        self.leg = self.line.engine.open(self.line.bind_host(self.flow))
        self.leg.listen(self)
        origins = self.line.origins(self.flow)
        if origins is not None:
            self.leg.learn_from(origins)
        protection = self.line.protection(self.flow)
        self.session = MediaSession(
            host=self.line.announced_host(self.flow),
            port=self.leg.port,
            session_id=self.line.session_id(),
            codecs=tuple(codecs),
            protection=evolve(protection, required=self.secured, offering=self.offering),
        )

    def _connect(self) -> None:
        """Let the leg follow what was negotiated last."""
        if self.over is None and self.leg is not None and self.session is not None:
            plan = self.session.plan
            if plan is not None:
                self.leg.connect(plan)

    def _do(self, verb: Callable[[], Sequence[Effect]]) -> bool:
        """Call a verb of the endpoint; False when it cannot be done in the call's state."""
        try:
            effects = verb()
        except Exception:
            log.failure("a verb of the SIP endpoint was misused", call=self.id)
            return False
        self.line.perform(effects)
        return True

    def _be_over(self, by: str) -> None:
        """Say so once, then let every Deferred fire."""
        if self.over is not None:
            return
        self.over = by
        on_over, self.on_over, self.on_key = self.on_over, None, None
        self.joined = None
        if on_over is not None:
            on_over(by)
        self._release()
        self.referral.over(by)

    def _release(self) -> None:
        """Give the leg back and let go of it: what is over waits for no garbage collector."""
        leg, self.leg = self.leg, None
        if leg is not None:
            leg.close()
