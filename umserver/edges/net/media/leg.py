"""One call's sound: play, record, hear keys, press keys.

Knows: its sockets, its plan, the engine's slots. Must never know: SIP, scripts, files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from umserver.edges.net.media.aim import Aim
from umserver.edges.net.media.capture import CADENCE, Capture, News
from umserver.edges.net.media.dtls import Identity
from umserver.edges.net.media.guard import Guard
from umserver.edges.net.media.inlet import Inlet
from umserver.edges.net.media.outlet import EventKeys, Keys, Mirror, Playlist, ToneKeys
from umserver.edges.net.media.ports import PortPair
from umserver.edges.net.media.relay import Relay
from umserver.edges.net.media.reports import Reports
from umserver.edges.net.media.speaker import SAMPLES_PER_SLOT, Speaker
from umserver.interfaces import SAMPLE_RATE, Clip, ITake, Recorded
from umserver.wire.media.plan import MediaPlan
from umserver.wire.rtp.learning import Origins
from umserver.wire.rtp.quality import Quality
from umserver.wire.rtp.tape import Tape
from umserver.wire.rtp.telephone_event import KEYS

log = Logger()

_CHORES = 5
"""Ticks between two rounds of chores."""

RELAY_PTIME = 20
"""Milliseconds between two looks at what a joined peer said, whatever its packets hold."""

_TYPED_AHEAD = 64
"""Keys that are kept while nobody listens yet."""


class LegEvents(Protocol):
    """What a leg tells its call, always between two ticks."""

    def digit(self, key: str) -> None:
        """A key was pressed: 0-9 * # A-D, once per press."""

    def media_lost(self) -> None:
        """Nothing was heard from the peer for the configured time, and it is not on hold."""


class House(Protocol):
    """What a leg needs of its engine."""

    media_timeout: float
    random: Random

    def now(self) -> float:
        """Monotonic seconds."""

    def identity(self) -> Identity:
        """Our certificate for handshakes."""

    def attach(self, leg: Leg, ptime: int) -> None:
        """Tick this leg, as often as packets of `ptime` ms need it; again when that changes."""

    def forget(self, leg: Leg) -> None:
        """Tick it no more."""


class Leg:
    """Made by the engine's `open`.

    Verbs may be called at any time, also before connect and after close.
    """

    def __init__(self, engine: House, pair: PortPair, wall: Callable[[], float]) -> None:
        self.host = pair.host
        self.port = pair.port
        self.closed = False
        self._engine = engine
        self._pair = pair
        self._plan: MediaPlan | None = None
        self._peer: tuple[str, int] | None = None
        """What the aim is settled on; None: nobody is heard, or who is there is being learned."""
        self._reachable = False
        self._inlet = Inlet(pair.rtp)
        self._speaker = Speaker(pair.rtp, engine.random)
        self._reports = Reports(pair, self._speaker.ssrc, engine.random, wall)
        self._aim = Aim(pair, self._inlet, self._speaker, self._reports)
        self._guard = Guard(
            pair, self._inlet, self._speaker, self._reports, engine.random, engine.identity
        )
        self._events: LegEvents | None = None
        self._joined: Leg | None = None
        self._playlist: Playlist | None = None
        self._played: Deferred[bool] | None = None
        self._pressing: deque[tuple[Keys, Deferred[None]]] = deque()
        self._frame = 160
        self._send_slots = 4
        self._send_at = 0
        self._slot = 0
        self._ticks = engine.random.randrange(_CHORES)
        self._lost_told = False
        self._quiet_since = 0.0
        self._next_second = 0.0
        self._quality: Quality | None = None

    # -- what a call asks

    def listen(self, events: LegEvents) -> None:
        """Tell this listener from now on; keys that came before are told with the next tick."""
        self._events = events

    def learn_from(self, origins: Origins) -> None:
        """The peer stands behind an address translator: take its sound from one of these networks.

        Where exactly is learned by the first packets after each agreement on another address.
        """
        self._aim.origins = origins

    def connect(self, plan: MediaPlan) -> None:
        """Sound flows as agreed from now on; again after every re-offer.

        Where the peer gave no address nothing flows. Only the agreed peer is heard, or where its
        sound was learned to come from (see `learn_from`).
        """
        if self.closed:
            return
        now = self._engine.now()
        self._hear(now)
        self._inlet.use(plan)
        self._guard.use(plan, now)
        self._aim.use(plan, now)
        self._follow_aim()
        if self._plan is None:
            self._reports.begin(now)
        if self._playlist is not None:
            self._playlist.use(plan.codec)
        for keys, _ in self._pressing:
            keys.use(plan.codec)
        self._plan = plan
        self._frame = plan.ptime * SAMPLE_RATE // 1000
        self._send_slots = self._frame // SAMPLES_PER_SLOT
        self._quiet_since, self._lost_told = now, False
        self._engine.attach(self, plan.ptime if self._joined is None else RELAY_PTIME)
        if self._joined is not None:
            self._joined.speak_to(self)

    def _hear(self, now: float) -> None:
        """Hear what waits in the socket, once it is known whom to hear."""
        if self._peer is not None:
            self._inlet.drain(now)
        elif self._aim.learning is not None:
            self._learn(now)

    def _learn(self, now: float) -> None:
        """Hear who is there while that is not settled."""
        if self.closed:
            return
        self._aim.learn(now)
        if self._aim.learning is None:
            self._guard.settle()
            self._follow_aim()
            if self._joined is not None:
                self._joined.speak_to(self)

    def _follow_aim(self) -> None:
        self._peer, self._reachable = self._aim.peer, self._aim.reachable

    def play(self, clips: Sequence[Clip]) -> Deferred[bool]:
        """Play these without a gap, instead of what is being played.

        True when sent to the end, False when cut.
        """
        self.stop_playing()
        if self.closed:
            return succeed(False)
        codec = self._plan.codec if self._plan is not None else "PCMU"
        playlist = Playlist(clips, codec)
        if playlist.finished:
            return succeed(True)
        self._playlist = playlist
        self._played = Deferred(self._forget_playlist)
        return self._played

    def _forget_playlist(self, _: Deferred[bool]) -> None:
        self._drop_playlist()

    def _drop_playlist(self) -> Deferred[bool] | None:
        played, self._played, self._playlist = self._played, None, None
        return played

    def stop_playing(self) -> None:
        """Cut what is being played: its Deferred fires with False at once."""
        played = self._drop_playlist()
        if played is not None and not played.called:
            played.callback(False)

    def record(self, take: ITake, idle: float, limit: float) -> Deferred[Recorded]:
        """Record what is heard until `idle` seconds without speech or `limit` seconds of sound."""
        self.stop_recording()
        if self.closed:
            return succeed(Recorded(0.0, 0.0, "hangup"))
        now = self._engine.now()
        self._hear(now)
        after = self._inlet.source.highest if self._inlet.source.ssrc >= 0 else None
        codec = self._plan.codec if self._plan is not None else "PCMU"
        tape = Tape(codec, after=after, limit=int(limit * SAMPLE_RATE))
        first_append = CADENCE * (0.5 + self._engine.random.random() / 2)
        capture = Capture(take, tape, idle, now, first_append)
        self._inlet.record(capture)
        if self._plan is None:
            self._engine.attach(self, 20)
        return capture.done

    def stop_recording(self) -> None:
        """End the recording; its Deferred fires once all that was heard so far is handed over."""
        capture = self._inlet.capture
        if capture is not None and not capture.ended:
            self._hear(self._engine.now())
            capture.finish("stopped")
        self._inlet.record(None)

    def echo(self, on: bool) -> None:
        """Send back what is heard whenever nothing is played."""
        self._inlet.mirror = Mirror() if on else None

    def join(self, other: Leg) -> None:
        """Say to each side what the other says, keys included, until one is closed or parted."""
        for one, target in ((self, other), (other, self)):
            one.part()
            one.stop_playing()
            one._joined = target
        for one, target in ((self, other), (other, self)):
            one.speak_to(target)
            if one._plan is not None:
                one._engine.attach(one, RELAY_PTIME)

    def part(self) -> None:
        """Be on one's own again. Harmless when not joined."""
        other, self._joined, self._inlet.relay = self._joined, None, None
        if self._plan is not None and not self.closed:
            self._engine.attach(self, self._plan.ptime)
        if other is not None:
            other.part()

    def speak_to(self, target: Leg) -> None:
        """What is heard here goes there, as is agreed there now."""
        relay = self._inlet.relay
        if relay is None:
            relay = self._inlet.relay = Relay(
                target._speaker, target._stamp, target.send_digits, target._pressing
            )
        relay.use(target._plan, target._reachable)

    def _stamp(self) -> int:
        return self._speaker.timestamp(self._slot)

    def send_digits(self, digits: str) -> Deferred[None]:
        """Press these keys in turn (others are passed over); fires when the last was sent."""
        keys = "".join(key for key in digits.upper() if key in KEYS)
        plan = self._plan
        if self.closed or plan is None or not keys:
            return succeed(None)
        sender = ToneKeys(keys, plan.codec) if plan.event_payload_type is None else EventKeys(keys)
        done: Deferred[None] = Deferred()
        self._pressing.append((sender, done))
        return done

    def close(self) -> Quality:
        """Hear what still waits in the socket, end everything, give the ports back.

        Harmless when done before.
        """
        if self._quality is not None:
            return self._quality
        now = self._engine.now()
        self._hear(now)
        self._quality = self._reports.quality(self._inlet, self._speaker)
        self.closed = True
        self.part()
        self._engine.forget(self)
        if self._reachable:
            self._reports.farewell(self._inlet.source, self._speaker, self._slot, now)
        self._pair.close()
        self._guard.end()
        self._end_everything()
        return self._quality

    @property
    def quality(self) -> Quality | None:
        """How it was; None while it lasts."""
        return self._quality

    @property
    def secured(self) -> bool:
        """Whether sound is encrypted."""
        return self._guard.shield is not None

    def _end_everything(self) -> None:
        capture = self._inlet.capture
        self._inlet.record(None)
        if capture is not None:
            capture.finish("hangup")
        self.stop_playing()
        while self._pressing:
            _, done = self._pressing.popleft()
            if not done.called:
                done.callback(None)
        self._events = None

    # -- what the engine asks

    def tick(self, slot: int, now: float, news: News) -> None:
        """Hear, then speak. What happened goes into `news`."""
        inlet = self._inlet
        self._slot = slot
        if self._peer is not None:
            inlet.hear(now)
            if inlet.handshakes:
                news.append((self._guard.receive, (now,)))
        elif self._aim.learning is not None:
            if inlet.proves is None:
                self._learn(now)
            else:  # a handshake takes its time, so not within the tick
                news.append((self._learn, (now,)))
        if self._plan is not None and self._guard.ready:
            if self._playlist is not None or self._pressing or inlet.mirror is not None:
                if slot >= self._send_at:
                    self._send_at = slot + self._send_slots
                    self._speak(slot, news)
            elif self._speaker.talking:
                self._speaker.talking = False
        self._ticks += 1
        if self._ticks % _CHORES == 0:
            self._chores(slot, now, news)
        if inlet.keys:
            self._tell_keys(news)

    def _speak(self, slot: int, news: News) -> None:
        plan, speaker = self._plan, self._speaker
        assert plan is not None
        timestamp = speaker.timestamp(slot)
        if self._pressing:
            self._press(timestamp, news)
            return
        frame: bytes | memoryview | None = None
        if self._playlist is not None:
            frame = self._playlist.next_frame(self._frame)
            if frame is None:
                played = self._drop_playlist()
                if played is not None:
                    news.append((_fire, (played, True)))
        elif self._inlet.mirror is not None:
            frame = self._inlet.mirror.next_frame(self._frame)
        if frame is None:
            speaker.talking = False
        elif plan.may_send and self._reachable:
            speaker.say(plan.payload_type, timestamp, frame, not speaker.talking)
            speaker.talking = True

    def _press(self, timestamp: int, news: News) -> None:
        plan, (keys, done) = self._plan, self._pressing[0]
        assert plan is not None
        packet = keys.next_packet(timestamp, self._frame)
        self._speaker.talking = False
        if packet is not None and plan.may_send and self._reachable:
            stamp, marker, is_event, payload = packet
            kind = plan.event_payload_type if is_event else plan.payload_type
            if kind is not None:
                self._speaker.say(kind, stamp, payload, marker)
        if keys.finished:
            self._pressing.popleft()
            news.append((_fire, (done, None)))

    def _tell_keys(self, news: News) -> None:
        if self._events is None:
            del self._inlet.keys[_TYPED_AHEAD:]
            return
        keys, self._inlet.keys = self._inlet.keys, []
        for key in keys:
            news.append((self._tell_key, (key,)))

    def _tell_key(self, key: str) -> None:
        if self._events is not None and not self.closed:
            self._events.digit(key)

    def _chores(self, slot: int, now: float, news: News) -> None:
        self._inlet.chores(now, news)
        if self._reachable:
            self._guard.wake(now)
        if now >= self._next_second and self._plan is not None:
            self._next_second = now + 1.0
            self._reports.chores(self._inlet, self._speaker, slot, now, self._reachable)
            self._watch(now, news)

    def _watch(self, now: float, news: News) -> None:
        """Whether the peer is still there."""
        plan, limit = self._plan, self._engine.media_timeout
        heard = max(self._quiet_since, self._inlet.last_heard, self._reports.last_heard)
        on_hold = plan is None or not plan.may_receive or not plan.may_send
        if plan is None or limit <= 0 or on_hold or not plan.has_address:
            self._quiet_since = now
        elif now - heard < limit:
            self._lost_told = False
        elif not self._lost_told:
            self._lost_told = True
            news.append((self._tell_lost, ()))

    def _tell_lost(self) -> None:
        if self._events is not None and not self.closed:
            self._events.media_lost()


def _fire(deferred: Deferred[object], result: object) -> None:
    if not deferred.called:
        deferred.callback(result)
