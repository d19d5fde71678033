"""The verbs a call script has.

Knows: one phone, the `keypad` of its caller, and how the call may end under a script's feet. Must
never know: SIP, packets, files, the reactor (only IReactorTime). Laws: a hang-up ends `record`
normally and makes every other verb raise HungUp; keys typed ahead are kept; a prompt that keys may
interrupt is skipped when one waits; one waiter at a time; when the call's time is up every verb but
`record` raises TimeUp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from umserver.calls.keypad import Keypad
from umserver.calls.ringing import Ringing
from umserver.interfaces import Clip, HungUp, IPhone, IPhoneEvents, ITake, Recorded
from umserver.org.outcalls import Onward, SentOn

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

    from umserver.org.facts import CallFacts

log = Logger()

T = TypeVar("T")

ANY_KEY = "0123456789*#ABCD"
NO_KEY = ""
QUIET_SECONDS = 1.5
"""How long a caller may hear nothing without being told why."""
SYLLABLE_SECONDS = 0.3
"""A prompt that was cut earlier counts as nothing heard."""


class TimeUp(Exception):
    """The longest allowed duration of a call is reached (MaxCallDuration, spec 3.2)."""


def handed_on(work: Deferred[T]) -> Deferred[T]:
    """A second Deferred that gets the result of `work`, which itself ends with None."""
    result: Deferred[T] = Deferred()
    work.addCallbacks(result.callback, result.errback)
    return result


@implementer(IPhoneEvents)
@define(eq=False)
class Call:
    """One conversation. Made by the role that serves the call, handed to its script."""

    phone: IPhone
    clock: IReactorTime
    onward: Onward = field(factory=Onward)
    """How its caller may be sent on."""
    has_room: Callable[[], bool] = field(default=lambda: True)
    """Whether a second call may be placed for it."""
    answered: bool = False
    ended: str | None = None
    """How the call ended, None while it lasts."""
    sent_on: SentOn | None = field(init=False, default=None)
    """Where its caller is being sent, or was sent last."""
    _over: Deferred[None] = field(init=False, factory=Deferred)
    _keypad: Keypad = field(init=False)
    _barge_in: str = field(init=False, default=NO_KEY)
    _keeps: bool = field(init=False, default=False)
    _record_end: str = field(init=False, default=NO_KEY)
    _recording: bool = field(init=False, default=False)
    _end_key: str = field(init=False, default=NO_KEY)
    _busy: bool = field(init=False, default=False)
    _time_up: bool = field(init=False, default=False)
    _limit: IDelayedCall | None = field(init=False, default=None)
    _last_sound: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        self._keypad = Keypad(self.clock)
        self.phone.listen(self)

    @property
    def id(self) -> str:
        """For logs: the SIP Call-ID."""
        return self.phone.id

    @property
    def facts(self) -> CallFacts:
        """What the offer stated."""
        return self.phone.facts

    @property
    def awaits_key(self) -> bool:
        """Whether its script waits for a key."""
        return self._keypad.is_awaited

    # what the phone tells

    def digit(self, key: str) -> None:
        """A key was pressed (IPhoneEvents)."""
        self._keypad.touch()
        if self._recording and not self._end_key:
            if key in self._record_end:
                self._end_key = key
                self.phone.stop_recording()
            return
        if self._keypad.is_awaited:
            self._keypad.wake(key)
            return
        interrupts = self._busy and key in self._barge_in
        if self._busy and not interrupts and not self._keeps:
            return
        self._keypad.keep(key)
        if interrupts:
            self.phone.stop_playing()

    def hung_up(self, reason: str) -> None:
        """The call is over (IPhoneEvents)."""
        if self.ended is not None:
            return
        self.ended = reason
        self._cancel_limit()
        self._over.callback(None)
        self._keypad.wake(None)

    # the verbs

    async def answer(self) -> None:
        """Take the call, if nobody did before. Raises HungUp when the caller gave up first."""
        if self.answered:
            return
        await self.phone.answer()
        self.answered = True
        self._last_sound = self.clock.seconds()

    async def play(self, *clips: Clip, keys: str = ANY_KEY) -> bool:
        """Say these in one breath; True when heard to the end.

        A key among `keys` cuts it short and waits for `key()`; other keys are dropped, those typed
        ahead and those pressed meanwhile. With a matching key typed ahead nothing is said. Raises
        HungUp, TimeUp.
        """
        self._alive()
        self._keypad.drop_until(keys)
        return False if self._keypad.ahead else await self._say(clips, keys)

    async def interject(self, *clips: Clip) -> None:
        """Say these to the end, between a key and what it leads to; all keys wait for `key()`.

        Raises HungUp, TimeUp.
        """
        self._alive()
        self._keeps = True
        try:
            await self._say(clips, NO_KEY)
        finally:
            self._keeps = False

    async def _say(self, clips: Sequence[Clip], keys: str) -> bool:
        started = self.clock.seconds()
        self._busy, self._barge_in = True, keys
        try:
            heard = await self.phone.play(clips)
        finally:
            self._busy, self._barge_in = False, NO_KEY
            if self.clock.seconds() - started >= SYLLABLE_SECONDS:
                self._last_sound = self.clock.seconds()
        self._alive()
        if not heard and not self._keypad.ahead:
            raise HungUp("nobody listens any more")
        return heard

    async def key(self, timeout: float) -> str | None:
        """The next key, or None after `timeout` seconds without one. Raises HungUp, TimeUp."""
        self._alive()
        if self._keypad.ahead:
            return self._keypad.take()
        pressed = await self._keypad.wait(timeout)
        if pressed is None:
            self._alive()
        else:
            self._last_sound = self.clock.seconds()  # who presses keys is not waiting in silence
        return pressed

    def left_of(self, seconds: float) -> float:
        """What is left of this time since a key was pressed last: for keys that belong together.

        Who pressed a key while something else was going on has had time for the next one.
        """
        return max(0.0, seconds - self._keypad.quiet_seconds)

    def put_back(self, keys: str) -> None:
        """Let these be the next keys: they were read, and meant something else."""
        self._keypad.put_back(keys)

    async def ready(self, work: Deferred[Any]) -> bool:
        """Whether this is done before the caller has heard nothing for `QUIET_SECONDS`.

        The work is left alone, it goes on either way; its result is to be had from `handed_on`,
        made before. Never raises.
        """
        bell: Deferred[None] = Deferred()

        def ring(result: Any = None) -> Any:
            if not bell.called:
                bell.callback(None)
            return result

        work.addBoth(ring)
        if bell.called:
            return True
        quiet = self.clock.seconds() - self._last_sound
        alarm = self.clock.callLater(max(0.0, QUIET_SECONDS - quiet), ring)
        await bell
        if not alarm.active():
            return False
        alarm.cancel()
        return True

    async def record(self, take: ITake, *, idle: float, limit: float, end: str = "#") -> Recorded:
        """Append what is said until `idle` s of silence, `limit` s, a key of `end`, or a hang-up.

        Keys typed ahead are dropped first; those after the key that ends it are kept. Never raises
        HungUp: see `ended_by`.
        """
        if self.ended is not None or self._time_up:
            return Recorded(seconds=0.0, spoken=0.0, ended_by="hangup" if self.ended else "limit")
        self._keypad.clear()
        self._recording, self._record_end, self._end_key = True, end, NO_KEY
        try:
            result = await self.phone.record(take, idle, limit)
        finally:
            self._recording = False
            self._last_sound = self.clock.seconds()
        return evolve(result, ended_by="limit") if self._time_up and not self.ended else result

    def echo(self, on: bool) -> None:
        """Let the caller hear itself."""
        self._alive()
        self.phone.echo(on)

    async def transfer(self, target: str) -> bool:
        """Send the caller on to this number; False when nobody took it. Raises HungUp, TimeUp.

        By the peer itself (REFER), or, where it cannot, by a second call that is joined with this
        one; the caller hears it ring meanwhile. After True the call is not the script's any more:
        every verb raises HungUp, `hang_up` leaves it to those who talk.
        """
        self._alive()
        log.info("event 1024: transferring to {target}", target=target, call=self.id)
        if not (await self._refer(target) or await self._bridge(target)):
            self.sent_on = None
            log.info("event 1025: the transfer to {target} failed", target=target, call=self.id)
            self._alive()
            return False
        log.info("event 1026: transferred to {target}", target=target, call=self.id)
        return True

    async def _refer(self, target: str) -> bool:
        method = self.onward.method
        if method == "Bridge" or (method == "Auto" and not self.phone.sends_on):
            return False
        self.sent_on = SentOn(target, "Refer")
        taken: bool = await self._while_it_rings(self.phone.transfer(target), at_once=False)
        return taken

    async def _bridge(self, number: str) -> bool:
        """Only where the peer cannot send callers on; a number that is busy stays busy."""
        onward = self.onward
        wanted = onward.method == "Bridge" or (onward.method == "Auto" and not self.phone.sends_on)
        if not wanted or ":" in number:
            return False
        if not onward.exits or not self.has_room():
            log.warn("no call can be placed for a transfer", call=self.id)
            return False
        self.sent_on = SentOn(number, "Bridge")
        gateway = await self._while_it_rings(self.phone.bridge(number, onward), at_once=True)
        if not gateway:
            return False
        self.sent_on = SentOn(number, "Bridge", gateway, is_joined=True)
        if self._time_up:
            await self.phone.hang_up()
        return True

    async def _while_it_rings(self, work: Deferred[T], *, at_once: bool) -> T:
        """The result of `work`; a caller who waits for it longer hears ringing."""
        result = handed_on(work)
        if not at_once and await self.ready(work):
            return await result
        ringing = Ringing(self.phone, self.onward.country)
        ringing.begin()
        try:
            return await result
        finally:
            ringing.stop()
            self._last_sound = self.clock.seconds()

    @property
    def _is_given_away(self) -> bool:
        return self.sent_on is not None and self.sent_on.is_joined

    async def hang_up(self) -> None:
        """End the call, unless its caller talks with somebody now; harmless when it is over."""
        if self._is_given_away:
            return
        self._cancel_limit()
        await self.phone.hang_up()

    async def gone(self) -> None:
        """Wait until a caller who talks with somebody has finished."""
        if self._is_given_away and self.ended is None:
            await self._over

    def allow(self, seconds: float) -> None:
        """Give the call this many seconds from now; then TimeUp (a recording ends with "limit")."""
        self._cancel_limit()
        self._limit = self.clock.callLater(seconds, self._expire)

    async def say_last(self, clips: Sequence[Clip]) -> None:
        """Say a last word although the time is up; neither keys nor a hang-up matter any more."""
        if self.ended is None and self.answered and not self._is_given_away:
            await self.phone.play(clips)

    def _alive(self) -> None:
        if self.ended is not None:
            raise HungUp(self.ended)
        if self._is_given_away:
            raise HungUp("transferred")
        if self._time_up:
            raise TimeUp()

    def _expire(self) -> None:
        self._limit = None
        self._time_up = True
        if self._is_given_away:
            self.phone.hang_up()
            return
        self.phone.echo(False)
        if self._recording:
            self.phone.stop_recording()
        elif self._busy:
            self.phone.stop_playing()
        else:
            self._keypad.wake(None)

    def _cancel_limit(self) -> None:
        limit, self._limit = self._limit, None
        if limit is not None and limit.active():
            limit.cancel()
