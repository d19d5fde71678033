"""The shelf of clips: everything that can be said, ready to be played.

Knows: catalogue, voice, disk cache, recorded overrides, and which clips are in memory. Must never
know: calls, packets, settings. What is on the shelf in memory answers at once; everything else
takes a thread (disk) or the speech worker, and two who want the same wait for the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, DeferredSemaphore, fail, gatherResults, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.speech.cache import SpokenCache, spoken_key
from umserver.edges.speech.catalogue import Catalogue
from umserver.edges.speech.finish import finish
from umserver.edges.speech.imported import ImportedPrompts
from umserver.edges.speech.take import GreetingTake
from umserver.edges.speech.voice import IVoice
from umserver.interfaces import Clip, IGreetingTake, IPromptShelf, Unavailable
from umserver.wire.audio import g711, tones
from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm
from umserver.wire.audio.wav import WavError, read_wav

log = Logger()
T = TypeVar("T")
Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and what was done last."""

MOST_FREE_BYTES = 32 << 20
"""Octets of free speech (names, numbers, prompts with places) held in memory."""

PATIENCE = 1.2
"""Seconds a caller waits for speech that has to be made; it is finished for the next one."""

TIDY_EVERY = 200
"""After so many new pieces of speech the disk is tidied."""


def clip_of(name: str, pcm: Pcm) -> Clip:
    """A clip in both codings."""
    return Clip(name, g711.encode_both(pcm))


@frozen
class _Wanted:
    """One thing to be said."""

    name: str
    language: str
    text: str
    recorded: Path | None = None
    """The recording that wins over speech, when it exists."""


@implementer(IPromptShelf)
@define(eq=False)
class PromptShelf:
    """All clips of all languages (IPromptShelf)."""

    reactor: Any
    """Gives callLater and the thread pool for reading the disk."""
    cache: SpokenCache
    catalogue: Catalogue
    overrides: Path | None
    """Holds `<language>/<prompt name>.wav`; None when nothing is recorded."""
    voice: IVoice
    most_free_bytes: int = MOST_FREE_BYTES
    patience: float = PATIENCE
    tidy_every: int = TIDY_EVERY
    in_thread: Callable[[Callable[[], Any]], Deferred[Any]] | None = None
    """Runs blocking work; the reactor's thread pool when not given."""
    custom: ImportedPrompts | None = None
    """What administrators imported; None when there is no such place."""
    publish: Callable[[str, str, str, bytes], Deferred[None]] | None = None
    """Tells other servers of a prompt that was recorded: owner, name, file, octets."""
    _fixed: dict[tuple[str, str], Clip] = field(factory=dict)
    _free: OrderedDict[_Wanted, Clip] = field(factory=OrderedDict)
    _free_bytes: int = 0
    _coming: dict[_Wanted, list[Deferred[Clip]]] = field(factory=dict)
    _beep: Clip = field(factory=lambda: clip_of("beep", tones.beep()))
    _made: int = 0

    def beep(self) -> Clip:
        """The tone before a recording."""
        return self._beep

    def prompt(self, language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        """The catalogue's prompt; fails with KeyError for an unknown name or a missing value.

        Fails with Unavailable when nothing can speak it, or not soon enough for a caller.
        """
        spoken = self.catalogue.closest(language)
        ready = self._fixed.get((spoken, name))
        if ready is not None:
            return succeed(ready)
        try:
            text = self.catalogue.text(spoken, name, values)
        except KeyError as fault:
            return fail(fault)
        plain = text == self.catalogue.texts[spoken][name]
        if not plain:
            return self._soon(_Wanted(name, spoken, text))
        got = self._soon(_Wanted(name, spoken, text, self._recording(spoken, name)))
        return got.addCallback(self._keep_fixed, (spoken, name))

    def speak(self, language: str, text: str) -> Deferred[Clip]:
        """Free text. Fails with Unavailable as `prompt` does."""
        return self._soon(_Wanted("speech", language, " ".join(text.split())))

    def imported(self, owner: str, name: str, file: str) -> Deferred[Clip | None]:
        """See `IPromptShelf`; from memory or from the disk."""
        custom = self.custom
        if custom is None:
            return succeed(None)
        return self._run(lambda: custom.get(owner, name, file))

    def record(self, owner: str, name: str, file: str) -> IGreetingTake:
        """See `IPromptShelf`. Raises Unavailable where nothing can be kept."""
        custom = self.custom
        if custom is None:
            raise Unavailable("there is no place for prompts that are recorded")

        def kept(octets: bytes) -> Deferred[None]:
            return (
                succeed(None) if self.publish is None else self.publish(owner, name, file, octets)
            )

        def keep(sound: bytes) -> Deferred[None]:
            done = self._run(lambda: custom.put_sound(owner, name, file, sound))
            return done.addCallback(kept)

        return GreetingTake(keep)

    def preload(
        self, languages: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Deferred[int]:
        """Take the prompts of these languages (all, when None) into memory, rendering what is new.

        Fires with how many prompts are missing because nothing could speak them; 0 is all well.
        """
        tags = self.catalogue.languages if languages is None else languages
        spoken = sorted({self.catalogue.closest(tag) for tag in tags})
        wanted = [
            _Wanted(n, tag, self.catalogue.texts[tag][n], self._recording(tag, n))
            for tag in spoken
            for n in self.catalogue.plain(tag)
        ]
        said = [0]

        def done(result: Clip | Failure | None, one: _Wanted) -> bool:
            said[0] += 1
            if progress is not None:
                progress(said[0], len(wanted), f"{one.language} {one.name}")
            if isinstance(result, Failure):
                if not isinstance(result.value, Unavailable):
                    result.raiseException()
                return False
            if result is not None:
                self._fixed[one.language, one.name] = result
            return True

        def render_rest(found: list[Clip | None]) -> Deferred[list[bool]]:
            few = DeferredSemaphore(8)
            waiting: list[Deferred[bool]] = []
            for one, clip in zip(wanted, found, strict=True):
                got: Deferred[Any] = few.run(self._get, one) if clip is None else succeed(clip)
                waiting.append(got.addBoth(done, one))
            return gatherResults(waiting, consumeErrors=True)

        loaded = self._run(lambda: [self._from_disk(one) for one in wanted])
        return loaded.addCallback(render_rest).addCallback(lambda well: well.count(False))

    def missing(self, language: str) -> Sequence[str]:
        """Names of the plain prompts of a language that are not in memory."""
        spoken = self.catalogue.closest(language)
        return [n for n in self.catalogue.plain(spoken) if (spoken, n) not in self._fixed]

    def tidy(self) -> Deferred[int]:
        """Remove old speech from the disk beyond its bound; fires with how many files went."""
        keep = frozenset(
            self._key(_Wanted(name, tag, text))
            for tag, texts in self.catalogue.texts.items()
            for name, text in texts.items()
        )
        return self._run(lambda: self.cache.prune(keep))

    def stop(self) -> None:
        """Let the voice go."""
        self.voice.stop()

    def _run(self, work: Callable[[], T]) -> Deferred[T]:
        if self.in_thread is not None:
            return self.in_thread(work)
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work)

    def _recording(self, language: str, name: str) -> Path | None:
        return None if self.overrides is None else self.overrides / language / f"{name}.wav"

    def _key(self, wanted: _Wanted) -> str:
        return spoken_key(wanted.text, self.voice.engine, self.voice.manner(wanted.language))

    def _from_disk(self, wanted: _Wanted) -> Clip | None:
        """Blocking: the recording, or what was spoken before."""
        if wanted.recorded is not None and wanted.recorded.exists():
            try:
                pcm = finish(read_wav(wanted.recorded.read_bytes()), SAMPLE_RATE)
                if len(pcm):
                    return clip_of(wanted.name, pcm)
                raise WavError("the recording is silent")
            except (OSError, WavError) as fault:
                log.warn(
                    "{path} cannot be used, speech takes its place: {fault}",
                    path=str(wanted.recorded),
                    fault=str(fault),
                )
        found = self.cache.get(self._key(wanted))
        return None if found is None else clip_of(wanted.name, found)

    def _keep_fixed(self, clip: Clip, key: tuple[str, str]) -> Clip:
        self._fixed[key] = clip
        return clip

    def _soon(self, wanted: _Wanted) -> Deferred[Clip]:
        """The same within a caller's patience; who gives up leaves the making undisturbed."""
        got = self._get(wanted)

        def too_late(_: object, seconds: float) -> Clip:
            raise Unavailable(f"it could not be spoken within {seconds:g} seconds")

        return got if got.called else got.addTimeout(self.patience, self.reactor, too_late)

    def _get(self, wanted: _Wanted) -> Deferred[Clip]:
        """From memory, from disk, or spoken now."""
        if wanted in self._free:
            self._free.move_to_end(wanted)
            return succeed(self._free[wanted])
        waiting: Deferred[Clip] = Deferred()
        if wanted in self._coming:
            self._coming[wanted].append(waiting)
            return waiting
        self._coming[wanted] = [waiting]
        got: Deferred[Any] = self._run(lambda: self._from_disk(wanted))
        got.addCallback(lambda clip: self._render(wanted) if clip is None else clip)
        got.addBoth(self._arrived, wanted)
        return waiting

    def _render(self, wanted: _Wanted) -> Deferred[Clip]:
        def encode(pcm: Pcm) -> Clip:
            self.cache.put(self._key(wanted), pcm)
            return clip_of(wanted.name, pcm)

        self._count()
        spoken: Deferred[Any] = self.voice.render(wanted.language, wanted.text)
        return spoken.addCallback(lambda pcm: self._run(lambda: encode(pcm)))

    def _count(self) -> None:
        """Now and then, tidy: the disk stays bounded in a server that runs for years."""
        self._made += 1
        if self._made % self.tidy_every == 0:
            self.tidy().addErrback(lambda fault: log.failure("tidying speech failed", fault))

    def _arrived(self, result: Clip | Failure, wanted: _Wanted) -> None:
        if isinstance(result, Clip):
            self._remember(wanted, result)
        for waiting in self._coming.pop(wanted):
            waiting.callback(result)

    def _remember(self, wanted: _Wanted, clip: Clip) -> None:
        self._free[wanted] = clip
        self._free_bytes += 2 * len(clip.encoded["PCMU"])
        while self._free_bytes > self.most_free_bytes and len(self._free) > 1:
            _, old = self._free.popitem(last=False)
            self._free_bytes -= 2 * len(old.encoded["PCMU"])
