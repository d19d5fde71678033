"""What a server runs on: a reactor, clocks, chance, a voice, a console. A test hands in its own.

Knows: which of these things exist. Must never know: what they are used for.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from random import Random, SystemRandom
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from umserver.edges.speech.voice import EspeakVoice, IVoice


def _to_stderr(text: str) -> None:
    print(text, file=sys.__stderr__, flush=True)


@define(eq=False)
class Machine:
    """The world of one server process."""

    reactor: Any
    """A reactor of this system, or one that a test steps."""
    seconds: Callable[[], float] = time.monotonic
    """Protocol time."""
    wall: Callable[[], float] = time.time
    """Seconds since 1970, for messages and opening hours."""
    random: Random = field(factory=SystemRandom)
    voice: Callable[[Any], IVoice] = EspeakVoice
    """Makes the voice, given the reactor."""
    say: Callable[[str], None] = _to_stderr
    """Tells whoever started the server a line about its progress."""
    exact_clock: bool = True
    """Whether sound is paced by the system's own timer instead of the reactor's."""
    host: str = field(factory=socket.gethostname)
    own_signals: bool = False
    """Whether the process is ours alone, so that signals may be caught."""

    def give_up(self) -> None:
        """End the process with code 1, once everything that can be closed is closed."""
        reactor = self.reactor
        reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        reactor.stop()

    def in_thread(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Blocking work in the reactor's thread pool."""
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work)
