"""Text to speech as the server sees it: a voice that answers later, or has to decline.

Knows: the worker process, its pipe protocol, time-outs. Must never know: prompts, calls, caches.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections import deque
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import Deferred, fail
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from zope.interface import Attribute, Interface, implementer

from umserver.edges.speech.finish import FINISH
from umserver.edges.speech.voices import PITCH, WORDS_A_MINUTE, voice_for
from umserver.interfaces import Unavailable
from umserver.wire.audio.pcm import Pcm, from_octets

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

log = Logger()

MOST_TEXT = 4000
"""Characters that are spoken in one piece."""


class IVoice(Interface):
    """Something that can speak."""

    engine: str = Attribute("Name and version; part of the identity of what it said.")

    def manner(language: str) -> str:
        """Voice and settings for a language; part of the identity of what it said."""

    def render(language: str, text: str) -> Deferred[Pcm]:
        """The text as finished 8000 Hz sound. Fails with Unavailable."""

    def stop() -> None:
        """Let go of everything; what waits fails with Unavailable."""


@define(eq=False)
class _Request:
    id: int
    octets: bytes
    seconds: float
    """How long the worker may take."""
    waiting: Deferred[Pcm]
    tries: int = 0


class AnswerReader:
    """Cuts the worker's output into answers. A length beyond reason is a ValueError."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes]]:
        """The answers, with their sound, that are whole by now."""
        self._buffer += data
        answers = []
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from(">I", self._buffer)
            if length > 65536:
                raise ValueError("the worker's answer makes no sense")
            if len(self._buffer) < 4 + length:
                break
            answer = json.loads(bytes(self._buffer[4 : 4 + length]))
            end = 4 + length + int(answer["octets"])
            if len(self._buffer) < end:
                break
            answers.append((answer, bytes(self._buffer[4 + length : end])))
            del self._buffer[:end]
        return answers


class _Worker(ProcessProtocol):
    """One run of the worker process."""

    def __init__(
        self,
        answered: Callable[[_Worker, dict[str, Any], bytes], None],
        gone: Callable[[_Worker, str], None],
    ) -> None:
        self._answered, self._gone = answered, gone
        self._answers = AnswerReader()

    def outReceived(self, data: bytes) -> None:
        try:
            answers = self._answers.feed(data)
        except (ValueError, KeyError, TypeError):
            self.kill()
            return
        for answer, sound in answers:
            self._answered(self, answer, sound)

    def errReceived(self, data: bytes) -> None:
        log.info("speech worker says: {said}", said=data.decode(errors="replace").strip()[:500])

    def processEnded(self, reason: Failure) -> None:
        self._gone(self, str(reason.value))

    def send(self, request: _Request) -> None:
        """Hand over one request."""
        if self.transport is not None:
            self.transport.write(request.octets)

    def close(self) -> None:
        """Let it end by itself."""
        if self.transport is not None:
            self.transport.closeStdin()

    def kill(self) -> None:
        """End it now."""
        if self.transport is not None and self.transport.pid is not None:
            self.transport.signalProcess("KILL")


def _environment() -> dict[str, str]:
    home = str(Path(__file__).parents[3])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _engine_version() -> str:
    try:
        return version("espeakng-loader")
    except PackageNotFoundError:
        return "unknown"


@implementer(IVoice)
@define(eq=False)
class EspeakVoice:
    """espeak-ng in a worker process, one text at a time, in order.

    A worker that dies or takes too long is replaced; the text it died of is tried once more. After
    three deaths in a row without an answer it rests for `rest` seconds and everything is
    Unavailable at once.
    """

    reactor: Any
    """Gives spawnProcess, callLater and seconds."""
    command: tuple[str, ...] = (sys.executable, "-m", "umserver.edges.speech.worker")
    most_waiting: int = 500
    patience: float = 15.0
    """Seconds a text may take; longer texts get more."""
    rest: float = 30.0
    engine: str = field(factory=lambda: f"espeak-ng/{_engine_version()}/{FINISH}")
    restarts: int = 0
    """How often a worker had to be replaced, for the status page."""
    _ids: count[int] = field(factory=count)
    _queue: deque[_Request] = field(factory=deque)
    _current: _Request | None = None
    _worker: _Worker | None = None
    _timer: IDelayedCall | None = None
    _deaths: int = 0
    _rest_until: float = 0.0
    _stopped: bool = False

    def manner(self, language: str) -> str:
        """Voice, speed and pitch."""
        return f"{voice_for(language)} {WORDS_A_MINUTE} {PITCH}"

    def render(self, language: str, text: str) -> Deferred[Pcm]:
        """Queue the text.

        Fails with Unavailable when stopped, resting, full, or the text too long.
        """
        why = self._refusal(text)
        if why:
            return fail(Unavailable(why))
        number = next(self._ids)
        words = "".join(c if c.isprintable() else " " for c in text)
        body = json.dumps(
            {
                "id": number,
                "text": words,
                "voice": voice_for(language),
                "speed": WORDS_A_MINUTE,
                "pitch": PITCH,
            }
        ).encode()
        patience = self.patience * (1 + len(text) / 1000)
        waiting: Deferred[Pcm] = Deferred()
        octets = struct.pack(">I", len(body)) + body
        self._queue.append(_Request(number, octets, patience, waiting))
        self._next()
        return waiting

    def _refusal(self, text: str) -> str:
        if self._stopped:
            return "speech is stopped"
        if len(text) > MOST_TEXT:
            return f"a text of {len(text)} characters is too long to be spoken"
        if len(self._queue) >= self.most_waiting:
            return "too many texts wait to be spoken"
        if self.reactor.seconds() < self._rest_until:
            return "the speech engine does not work just now"
        return ""

    def _next(self) -> None:
        if self._current is not None or not self._queue or self._stopped:
            return
        request = self._current = self._queue.popleft()
        request.tries += 1
        if self._worker is None:
            self._worker = _Worker(self._answered, self._gone)
            try:
                self.reactor.spawnProcess(
                    self._worker, self.command[0], list(self.command), env=_environment()
                )
            except OSError as fault:
                self._gone(self._worker, str(fault))
                return
        self._timer = self.reactor.callLater(request.seconds, self._too_slow, self._worker)
        self._worker.send(request)

    def _done(self) -> _Request | None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        request, self._current, self._timer = self._current, None, None
        return request

    def _answered(self, worker: _Worker, answer: dict[str, Any], sound: bytes) -> None:
        if self._current is None or worker is not self._worker or answer["id"] != self._current.id:
            return
        self._deaths = 0
        request = self._done()
        assert request is not None
        self._next()
        if "error" in answer:
            request.waiting.errback(Unavailable(str(answer["error"])))
        else:
            request.waiting.callback(from_octets(sound))

    def _too_slow(self, worker: _Worker) -> None:
        log.warn("the speech worker takes too long and is replaced")
        worker.kill()
        self._gone(worker, "it took too long")

    def _gone(self, worker: _Worker, why: str) -> None:
        if worker is not self._worker:
            return
        self._worker = None
        request = self._done()
        if self._stopped:
            return
        self.restarts += 1
        if request is None:
            return
        self._deaths += 1
        log.warn("the speech worker is gone: {why}", why=why)
        if self._deaths >= 3:
            self._rest_until = self.reactor.seconds() + self.rest
            self._deaths = 0
            self._fail_all([request, *self._queue], f"the speech engine does not work: {why}")
        elif request.tries < 2:
            self._queue.appendleft(request)
        else:
            request.waiting.errback(Unavailable(f"the text could not be spoken: {why}"))
        self._next()

    def _fail_all(self, requests: list[_Request], why: str) -> None:
        self._queue.clear()
        for request in requests:
            request.waiting.errback(Unavailable(why))

    def stop(self) -> None:
        """End the worker; what waits fails with Unavailable."""
        self._stopped = True
        request = self._done()
        if self._worker is not None:
            if request is None:
                self._worker.close()
            else:
                self._worker.kill()
            self._worker = None
        self._fail_all([*filter(None, [request]), *self._queue], "speech is stopped")
