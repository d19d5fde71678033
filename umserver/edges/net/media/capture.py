"""One recording while it is made: from packets to a take, about a second at a time.

Knows: the tape, the ear, the take. Must never know: sockets, files. Never are two appends
outstanding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.edges.net.media.hearing import Ear
from umserver.interfaces import SAMPLE_RATE, ITake, Recorded, Unavailable
from umserver.wire.rtp.tape import Tape

log = Logger()

CADENCE = 0.7
"""Seconds between two appends: with the disk's own time no more than a second is ever missing on
it.
"""

MOST_BEHIND = 30 * SAMPLE_RATE
"""Samples that may wait for a slow disk before the recording ends."""

News = list[tuple[Callable[..., object], tuple[object, ...]]]
"""What is to be called, with which arguments, once the tick is over."""


class Capture:
    """Feed its `tape` what is heard; `done` fires with a Recorded."""

    def __init__(
        self, take: ITake, tape: Tape, idle: float, now: float, first_append: float
    ) -> None:
        """`idle` in seconds; the first append is due `first_append` seconds from `now`."""
        self.done: Deferred[Recorded] = Deferred(lambda _: self.finish("stopped"))
        self.tape = tape
        self.ear = Ear(now)
        self._take = take
        self._idle = idle
        self._next_append = now + first_append
        self._appended = 0
        self._appending = False
        self._ended_by = ""
        self._now = now

    @property
    def ended(self) -> bool:
        """Whether no more sound is wanted."""
        return bool(self._ended_by)

    def chores(self, now: float, news: News) -> None:
        """A few times a second: look at the bounds, hand over what is due.

        Acts only through `news`.
        """
        self.tape.wake(now)
        self._now = now
        self._listen()
        if self.tape.full:
            news.append((self.finish, ("limit",)))
        elif now - self.ear.last_loud >= self._idle:
            news.append((self.finish, ("silence",)))
        elif self.tape.waiting > MOST_BEHIND:
            news.append((self._too_slow, ()))
        elif now >= self._next_append and not self._appending:
            self._next_append = now + CADENCE
            news.append((self._hand_over, ()))

    def finish(self, reason: str) -> None:
        """No more sound is wanted; `done` fires when all of it is handed over.

        Only the first reason counts.
        """
        if not self._ended_by:
            self._ended_by = reason
            self.tape.end()
            self._hand_over()

    def _listen(self) -> None:
        """Judge what became ready, in one go: that costs less than packet by packet."""
        fresh = self.tape.look()
        if fresh:
            self.ear.hear(self.tape.codec, fresh, self._now)

    def _hand_over(self) -> None:
        if self._appending or self.done.called:
            return
        self._listen()
        sound = self.tape.take()
        if sound:
            self._appending = True
            appended = maybeDeferred(self._take.append, self.tape.codec, sound)
            appended.addCallbacks(partial(self._kept, len(sound)), self._refused)
        elif self._ended_by:
            self._fire()

    def _kept(self, count: int, _: None) -> None:
        self._appending = False
        self._appended += count
        if self._ended_by:
            self._hand_over()

    def _refused(self, failure: Failure) -> None:
        if not isinstance(failure.value, Unavailable):
            log.failure("a take refused sound", failure)
        self._too_slow()

    def _too_slow(self) -> None:
        """The take holds no more than what it has."""
        self._appending = False
        self._ended_by = "disk"
        self.tape.end()
        self._fire()

    def _fire(self) -> None:
        if not self.done.called:
            spoken = min(self.ear.spoken, self._appended / SAMPLE_RATE)
            self.done.callback(Recorded(self._appended / SAMPLE_RATE, spoken, self._ended_by))
