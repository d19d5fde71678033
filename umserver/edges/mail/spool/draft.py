"""A message while it is made: sound goes to disk as it comes, and the end is one rename.

Knows: one draft's folder. Must never know: mail, the queue's order. Its file operations run in
threads, one at a time and in the order they were asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredLock, fail
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.mail.spool.cabinet import Cabinet, trouble
from umserver.edges.mail.spool.record import CODECS, Fate
from umserver.edges.threads import Threads
from umserver.interfaces import Clip, IDraft, NoSpace
from umserver.org.messages import Choices, Envelope, Kind
from umserver.wire.audio.g711 import transcode

log = Logger()

P = ParamSpec("P")
T = TypeVar("T")


@implementer(IDraft)
@define(eq=False)
class Draft:
    """One call's message. The first codec appended is kept; another law is translated to it."""

    envelope: Envelope
    path: Path
    cabinet: Cabinet
    threads: Threads
    floor: int
    """Octets of the disk that recordings leave alone, for mails on their way."""
    ended: Callable[[Draft, Fate | None], Deferred[None]]
    """Takes the draft over; None for a fate means that nothing is to be sent."""
    _order: DeferredLock = field(init=False, factory=DeferredLock)
    _fd: int = field(init=False, default=-1)
    _codec: str = field(init=False, default="")
    _over: bool = field(init=False, default=False)

    @property
    def id(self) -> str:
        """The envelope's id."""
        return self.envelope.id

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """On stable storage when it fires. Fails with NoSpace; a first part may be kept then."""
        if codec not in CODECS:
            return fail(ValueError(f"a recording cannot be {codec}"))
        return self._in_order(self._append, codec, data)

    def clip(self) -> Deferred[Clip]:
        """What was recorded so far."""
        return self._in_order(self._clip)

    def erase(self) -> Deferred[None]:
        """Forget the sound, durably."""
        return self._in_order(self._erase)

    def commit(self, choices: Choices) -> Deferred[None]:
        """Durable in the queue when it fires.

        Fails with NoSpace or Unavailable; it is tried again then.
        """
        return self._end(Fate(Kind.VOICE, choices))

    def miss(self) -> Deferred[None]:
        """A missed call's mail, where it is wanted."""
        return self._end(Fate(Kind.MISSED) if self.envelope.missed_call_wanted else None)

    def discard(self) -> Deferred[None]:
        """Nothing at all."""
        return self._end(None)

    def _end(self, fate: Fate | None) -> Deferred[None]:
        if self._over:
            return fail(RuntimeError("a draft ends only once"))
        closing = self._in_order(self._close)
        self._over = True
        return closing.addCallback(lambda _: self.ended(self, fate))

    def _in_order(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        if self._over:
            return fail(RuntimeError("the draft has ended"))
        return self._order.run(lambda: self.threads.run(work, *args, **kwargs))

    # in a thread

    def _append(self, codec: str, data: bytes) -> None:
        try:
            if self.cabinet.free() < self.floor:
                raise NoSpace("the disk that holds the spool is full")
            self._append_octets(transcode(data, codec, self._codec or codec), codec)
        except OSError as fault:
            raise trouble(fault, "recording") from None

    def _append_octets(self, data: bytes, codec: str) -> None:
        if self._fd < 0:
            self._fd = self.cabinet.open_sound(self.path, codec)
            self._codec = codec
        self.cabinet.files.append(self._fd, data)

    def _clip(self) -> Clip:
        try:
            codec, sound = self.cabinet.sound(self.path)
        except OSError as fault:
            raise trouble(fault, "playing a recording") from None
        return Clip("recording", {law: transcode(sound, codec, law) for law in CODECS})

    def _erase(self) -> None:
        try:
            if self._fd >= 0:
                self.cabinet.files.empty(self._fd)
        except OSError as fault:
            raise trouble(fault, "erasing a recording") from None

    def _close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                self.cabinet.files.close(fd)
            except OSError as fault:
                log.warn("closing a recording, all of it synced: {fault}", fault=fault)
