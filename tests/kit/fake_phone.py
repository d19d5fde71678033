"""A phone for scripts: its caller acts when the test says so, and all it heard is written down.

Time is a `task.Clock`: a prompt takes as long as its clip, a recording ends by silence, limit, key
or hang-up, as the interface's laws say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from zope.interface import implementer

from umserver.interfaces import (
    Clip,
    HungUp,
    IPhone,
    IPhoneEvents,
    ITake,
    NoSpace,
    Recorded,
    RedirectTarget,
)
from umserver.org.facts import CallFacts, Party
from umserver.org.outcalls import Onward
from umserver.org.refusals import Refusal

SPEECH = bytes(range(0x20, 0x40)) * 25


def facts() -> CallFacts:
    """An ordinary call to 1001."""
    return CallFacts(
        call_id="call-1@pbx.example.com",
        source="127.0.0.1",
        source_port=5060,
        transport="udp",
        called=Party(user="1001"),
        to=Party(user="1001"),
        caller=Party(user="2125550142"),
    )


@implementer(IPhone)
@define(eq=False)
class FakePhone:
    """One call of a scripted caller."""

    clock: Clock
    facts: CallFacts = field(factory=facts)
    id: str = "call-1@pbx.example.com"
    heard: list[str] = field(factory=list)
    """Names of the clips that were started, with `!` behind those that were cut."""
    refusal: Refusal | None = None
    redirected: Sequence[RedirectTarget] = ()
    transfers: list[str] = field(factory=list)
    transfer_works: bool = True
    sends_on: bool = True
    """Whether the peer knows transfers; if not, none works."""
    bridged: list[str] = field(factory=list)
    """Numbers that were called to be joined."""
    bridging: Deferred[str] | None = None
    """Waits for the test to say through which gateway somebody answered."""
    callee: Callable[[], tuple[float, str, float]] | None = None
    """Decides instead of the test: seconds of ringing, the gateway, seconds of talking."""
    joined: bool = False
    """Whether the caller talks with somebody else."""
    echoing: bool = False
    offers_srtp: bool = True
    secured: bool = False
    """Whether sound had to be encrypted."""
    over: str | None = None
    _deciding: IDelayedCall | None = None
    _events: IPhoneEvents | None = None
    _late: Deferred[bool] | None = None
    _late_end: IDelayedCall | None = None
    _playing: Deferred[bool] | None = None
    _play_end: IDelayedCall | None = None
    _recording: Deferred[Recorded] | None = None
    _take: ITake | None = None
    _idle: IDelayedCall | None = None
    _idle_seconds: float = 0.0
    _left: float = 0.0
    _seconds: float = 0.0
    _spoken: float = 0.0

    # the caller's side

    def press(self, keys: str) -> None:
        """Press keys, one after the other, at once."""
        for key in keys:
            assert self._events is not None
            self._events.digit(key)

    def talk(self, seconds: float) -> None:
        """Speak for so long (the clock runs with it); only heard while a recording runs."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
            if self._recording is None or self._take is None:
                continue
            self._restart_idle()
            self._seconds += 0.1
            self._spoken += 0.1
            done = self._take.append("PCMU", SPEECH)
            done.addErrback(self._refused)
            if self._seconds >= self._left:
                self._end_recording("limit")

    def listen_on(self, seconds: float) -> None:
        """Say nothing for so long."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)

    def hang_up_now(self) -> None:
        """The caller puts the receiver down."""
        self._finish("peer")

    def name_late(self, facts: CallFacts) -> None:
        """The caller's gateway tells more before the answer."""
        self.facts = facts
        self._no_longer_late(True)

    @property
    def recording(self) -> bool:
        """Whether what the caller says would be recorded now."""
        return self._recording is not None

    @property
    def playing(self) -> bool:
        """Whether something is being said to the caller, by us or by whom they talk with."""
        return self._playing is not None or (self.joined and self.over is None)

    # IPhone

    def listen(self, events: IPhoneEvents) -> None:
        self._events = events

    def ring(self) -> None:
        self.heard.append("(ringing)")

    def late_facts(self, seconds: float) -> Deferred[bool]:
        self._late = Deferred()
        self._late_end = self.clock.callLater(seconds, self._no_longer_late, False)
        return self._late

    def secure(self) -> bool:
        """See IPhone."""
        self.secured = True
        return self.offers_srtp

    def answer(self) -> Deferred[None]:
        if self.over is not None:
            return fail(HungUp(self.over))
        self.heard.append("(answered)")
        return succeed(None)

    def refuse(self, refusal: Refusal) -> None:
        self.refusal = refusal

    def redirect(self, targets: Sequence[RedirectTarget]) -> None:
        self.redirected = targets

    def play(self, clips: Sequence[Clip]) -> Deferred[bool]:
        if self.over is not None:
            return succeed(False)
        self.heard.extend(clip.name for clip in clips)
        self._playing = Deferred()
        self._play_end = self.clock.callLater(sum(c.seconds for c in clips), self._played)
        return self._playing

    def stop_playing(self) -> None:
        if self._playing is not None and self._play_end is not None:
            self._play_end.cancel()
            self.heard[-1] += "!"
            self._fire_play(False)

    def record(self, take: ITake, idle: float, limit: float) -> Deferred[Recorded]:
        if self.over is not None:
            return succeed(Recorded(seconds=0.0, spoken=0.0, ended_by="hangup"))
        self._take, self._idle_seconds, self._left = take, idle, limit
        self._seconds = self._spoken = 0.0
        self._recording = Deferred()
        self._restart_idle()
        return self._recording

    def stop_recording(self) -> None:
        self._end_recording("stopped")

    def echo(self, on: bool) -> None:
        self.echoing = on

    def send_digits(self, digits: str) -> Deferred[None]:
        return succeed(None)

    def transfer(self, target: str) -> Deferred[bool]:
        self.transfers.append(target)
        return succeed(self.transfer_works and self.sends_on)

    def bridge(self, number: str, onward: Onward) -> Deferred[str]:
        self.bridged.append(number)
        self.bridging = Deferred()
        if self.callee is not None:
            ringing, gateway, talking = self.callee()
            self._deciding = self.clock.callLater(ringing, self._decide, gateway, talking)
        return self.bridging

    def _decide(self, gateway: str, talking: float) -> None:
        assert self.bridging is not None
        self._deciding = None
        if gateway:
            self.joined = True
            self._deciding = self.clock.callLater(talking, self._finish, "callee")
        self.bridging.callback(gateway)

    def hang_up(self) -> Deferred[None]:
        self._finish("us")
        return succeed(None)

    # inside

    def _no_longer_late(self, came: bool) -> None:
        waiting, self._late = self._late, None
        if self._late_end is not None and self._late_end.active():
            self._late_end.cancel()
        if waiting is not None:
            waiting.callback(came)

    def _played(self) -> None:
        self._fire_play(True)

    def _fire_play(self, whole: bool) -> None:
        playing, self._playing, self._play_end = self._playing, None, None
        if playing is not None:
            playing.callback(whole)

    def _restart_idle(self) -> None:
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        self._idle = self.clock.callLater(self._idle_seconds, self._end_recording, "silence")

    def _refused(self, failure: object) -> None:
        failure.trap(NoSpace)  # type: ignore[attr-defined]
        self._seconds -= 0.1
        self._spoken -= 0.1
        self._end_recording("disk")

    def _end_recording(self, why: str) -> None:
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.callback(Recorded(self._seconds, self._spoken, why))

    def _finish(self, by: str) -> None:
        if self.over is not None:
            return
        self.over = by
        self._no_longer_late(False)
        if self._play_end is not None:
            self._play_end.cancel()
        self._fire_play(False)
        self._end_recording("hangup")
        if self._deciding is not None and self._deciding.active():
            self._deciding.cancel()
        if self.bridging is not None and not self.bridging.called:
            self.bridging.errback(HungUp(by))
        if self._events is not None:
            self._events.hung_up(by)
