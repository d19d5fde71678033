"""Voices for tests: one that speaks tones at once or when told, and a spawner that knows when its
processes ended.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define, field
from twisted.internet.defer import Deferred, DeferredList, fail, maybeDeferred, succeed
from zope.interface import implementer

from umserver.edges.speech.voice import IVoice
from umserver.interfaces import Unavailable
from umserver.wire.audio.pcm import Pcm


def at_once(work: Any) -> Deferred[Any]:
    """Blocking work, done now instead of in a thread."""
    return maybeDeferred(work)


@implementer(IVoice)
@define(eq=False)
class ToneVoice:
    """Says a text as a tone of 10 ms a letter; `held` makes it wait for `release`."""

    engine: str = "tone/1"
    held: bool = False
    broken: bool = False
    said: list[tuple[str, str]] = field(factory=list)
    """Language and text of everything that was asked for."""
    waiting: list[tuple[Deferred[Pcm], Pcm]] = field(factory=list)
    stopped: bool = False

    def manner(self, language: str) -> str:
        return language

    def render(self, language: str, text: str) -> Deferred[Pcm]:
        self.said.append((language, text))
        if self.broken:
            return fail(Unavailable("the voice is broken"))
        count = 80 * max(1, len(text))
        sound = (3000 * np.sin(np.arange(count) / 3)).astype(np.int16)
        if not self.held:
            return succeed(sound)
        later: Deferred[Pcm] = Deferred()
        self.waiting.append((later, sound))
        return later

    def release(self) -> None:
        """Finish everything that waits."""
        waiting, self.waiting = self.waiting, []
        for later, sound in waiting:
            later.callback(sound)

    def stop(self) -> None:
        self.stopped = True


@define(eq=False)
class Spawner:
    """The real reactor's processes and time; `ended` fires when all processes are gone."""

    reactor: Any
    processes: list[Any] = field(factory=list)
    _ends: list[Deferred[None]] = field(factory=list)

    def spawnProcess(self, protocol: Any, *args: Any, **kwargs: Any) -> Any:
        end: Deferred[None] = Deferred()
        told = protocol.processEnded

        def process_ended(reason: Any) -> None:
            told(reason)
            end.callback(None)

        protocol.processEnded = process_ended
        transport = self.reactor.spawnProcess(protocol, *args, **kwargs)
        self._ends.append(end)
        self.processes.append(transport)
        return transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reactor, name)

    def ended(self) -> Deferred[Any]:
        """Fires when every process that was started has ended."""
        return DeferredList(self._ends)
