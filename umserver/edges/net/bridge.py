"""Sending a caller on by a second call of ours whose sound is joined with the first.

Knows: both calls, which gateway comes next, how long somebody may ring. Must never know: who may be
called, what the caller hears meanwhile. Either hang-up ends both calls; a hold is a matter of each
side alone. It tells how it went exactly once, and never after the caller is gone.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from umserver.edges.net.conversation import Conversation
from umserver.edges.net.placed import NO_WAY, PlacedPhone, Wanted
from umserver.org.outcalls import Exit, Onward

log = Logger()

SIGN_OF_LIFE = 6.0
"""Seconds that a gateway may say nothing at all while there is another one."""

_TRIES_THE_NEXT = frozenset({NO_WAY, 302, 408, 500, 502, 503, 504})
"""Statuses that say something about a gateway and nothing about whom it was to call."""


@define(eq=False)
class Bridge:
    """One attempt to send one caller on; `begin` it, and tell it when the caller is gone."""

    near: Conversation
    """The caller."""
    onward: Onward
    number: str
    hops: int
    place: Callable[[Wanted], PlacedPhone]
    """Prepares a call."""
    done: Deferred[str] = field(init=False, factory=Deferred)
    """The name of the gateway through which the call was answered, empty when nobody took it."""
    far: PlacedPhone | None = field(init=False, default=None)
    _exits: list[Exit] = field(init=False)
    _alarm: IDelayedCall | None = field(init=False, default=None)
    _doubt: IDelayedCall | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._exits = list(self.onward.exits)

    @property
    def is_joined(self) -> bool:
        """Whether both hear each other."""
        return self.far is not None and self.far.established and self.far.over is None

    def begin(self) -> None:
        """Call by the first gateway."""
        self._alarm = self.near.line.clock.callLater(self.onward.ringing, self._rang_long_enough)
        self._next(NO_WAY)

    def near_is_over(self) -> None:
        """The caller is gone: so is the other call, wherever it stands."""
        self._stop_alarm()
        self._drop_far()

    def _next(self, status: int) -> None:
        if not self._exits:
            log.info("nobody took the call: {status}", status=status, call=self.near.id)
            self._tell("")
            return
        self._stop_doubt()
        exit = self._exits.pop(0)
        plan = self.near.session.plan if self.near.session is not None else None
        first = plan.codec if plan is not None else "PCMU"
        codecs = tuple(sorted(("PCMU", "PCMA"), key=lambda name: name != first))
        wanted = Wanted(
            number=self.number,
            exit=exit,
            caller=self.onward.caller,
            caller_name=self.onward.caller_name,
            codecs=codecs,
            hops=self.hops,
        )
        far = self.far = self.place(wanted)
        self._protect(far)
        far.on_answer = self._answered
        far.on_failure = self._failed
        far.on_over = self._far_is_over
        if self._exits:
            self._doubt = self.near.line.clock.callLater(SIGN_OF_LIFE, self._look_for_life, far)
        far.begin()

    def _look_for_life(self, far: PlacedPhone) -> None:
        if self.far is far and far.is_silent:
            log.warn("gateway {name} says nothing", name=far.wanted.exit.gateway, call=self.near.id)
            self._drop_far()
            self._next(NO_WAY)

    def _drop_far(self) -> None:
        far, self.far = self.far, None
        if far is not None:
            far.on_over = None
            far.hang_up()

    def _protect(self, far: PlacedPhone) -> None:
        """The other call is as secret as the caller's."""
        near, plan = self.near, self.near.session.plan if self.near.session is not None else None
        if near.secured:
            far.secured, far.offering = True, near.offering
        elif plan is not None and plan.secured:
            far.offering = "best-effort"

    def _answered(self) -> None:
        assert self.far is not None
        self._stop_alarm()
        near, far = self.near, self.far
        if near.leg is not None and far.leg is not None:
            near.leg.join(far.leg)
        near.joined, far.joined = far, near
        self._tell(far.wanted.exit.gateway)

    def _failed(self, status: int) -> None:
        self.far = None
        if status in _TRIES_THE_NEXT:
            self._next(status)
        else:
            self._stop_alarm()
            log.info("nobody took the call: {status}", status=status, call=self.near.id)
            self._tell("")

    def _far_is_over(self, by: str) -> None:
        """It ended by itself: before the join it was no good, afterwards the conversation is over.

        Nothing more is to be said to a caller who was sent on.
        """
        far, self.far = self.far, None
        if far is not None and far.established:
            self.near.joined = None
            self.near.end("callee")
        else:
            self._stop_alarm()
            self._tell("")

    def _rang_long_enough(self) -> None:
        log.info("nobody answered for {s} s", s=self.onward.ringing, call=self.near.id)
        self._exits.clear()
        self._drop_far()
        self._tell("")

    def _tell(self, gateway: str) -> None:
        if not gateway:
            self._stop_alarm()
        if not self.done.called:
            self.done.callback(gateway)

    def _stop_alarm(self) -> None:
        self._stop_doubt()
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()

    def _stop_doubt(self) -> None:
        if self._doubt is not None and self._doubt.active():
            self._doubt.cancel()
