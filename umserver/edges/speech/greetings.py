"""What users recorded of themselves: one folder a user, one WAV a greeting.

Knows: `<folder>/<mail address>/<kind>.wav` with kind away, personal or name, and the file `away.on`
that switches the away greeting on. Must never know: who may record, or how it sounds on the wire
beyond the two codings. A recording that cannot be read counts as none: the caller hears the
generated greeting and the log says why.
"""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.speech.finish import finish
from umserver.edges.speech.shelf import clip_of
from umserver.edges.speech.take import GreetingTake
from umserver.interfaces import Clip, IGreetingDesk, IGreetingTake, Unavailable
from umserver.wire.audio.pcm import SAMPLE_RATE
from umserver.wire.audio.wav import WavError, g711_wav, read_wav

log = Logger()

KINDS = ("away", "personal", "name")
MOST_BYTES = 20 << 20
"""A greeting file above this size is not read (ten minutes at 16 bit, 16 kHz)."""
MOST_CACHED_BYTES = 32 << 20
"""Octets of greetings held in memory; those used last stay."""

Stamp = tuple[int, int]
"""When a file was changed (ns) and its size."""


def _octets(clip: Clip | None) -> int:
    return 0 if clip is None else sum(map(len, clip.encoded.values()))


@define(eq=False)
class _Memory:
    """Clips by file, bounded; used from several threads."""

    most: int
    _kept: OrderedDict[Path, tuple[Stamp, Clip | None]] = field(factory=OrderedDict)
    _size: int = 0
    _lock: Lock = field(factory=Lock)

    def get(self, path: Path, stamp: Stamp) -> tuple[bool, Clip | None]:
        """Whether this very file is known, and its clip."""
        with self._lock:
            known = self._kept.get(path)
            if known is None or known[0] != stamp:
                return False, None
            self._kept.move_to_end(path)
            return True, known[1]

    def put(self, path: Path, stamp: Stamp, clip: Clip | None) -> None:
        with self._lock:
            _, old = self._kept.pop(path, (None, None))
            self._kept[path] = (stamp, clip)
            self._size += _octets(clip) - _octets(old)
            while len(self._kept) > 1 and (self._size > self.most or len(self._kept) > 4096):
                _, (_, gone) = self._kept.popitem(last=False)
                self._size -= _octets(gone)


@implementer(IGreetingDesk)
@define(eq=False)
class FolderGreetings:
    """Greetings in files; a file that did not change is read once."""

    folder: Path
    in_thread: Callable[[Callable[[], Any]], Deferred[Any]]
    """Runs blocking work."""
    most_cached_bytes: int = MOST_CACHED_BYTES
    _memory: _Memory = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._memory = _Memory(self.most_cached_bytes)

    def recorded(self, mailbox: str, kind: str) -> Deferred[Clip | None]:
        """The user's recording of this kind, or None."""
        path = self._path(mailbox, f"{kind}.wav") if kind in KINDS else None
        return self.in_thread(lambda: self._load(path, kind))

    def is_away(self, mailbox: str) -> Deferred[bool]:
        """Whether the user switched the away greeting on."""
        path = self._path(mailbox, "away.on")
        return self.in_thread(lambda: path is not None and path.is_file())

    def set_away(self, mailbox: str, on: bool) -> Deferred[None]:
        """See `IGreetingDesk`."""
        path = self._path(mailbox, "away.on")
        return self._change(path, lambda place: _switch(place, on))

    def begin(self, mailbox: str, kind: str) -> IGreetingTake:
        """See `IGreetingDesk`. Raises ValueError for a kind that there is not."""
        if kind not in KINDS:
            raise ValueError(f"there is no {kind} greeting")
        path = self._path(mailbox, f"{kind}.wav")
        return GreetingTake(lambda sound: self._change(path, lambda p: _keep(p, sound)))

    def remove(self, mailbox: str, kind: str) -> Deferred[None]:
        """See `IGreetingDesk`."""
        path = self._path(mailbox, f"{kind}.wav") if kind in KINDS else None
        return self._change(path, lambda place: _switch(place, False))

    def _change(self, path: Path | None, work: Callable[[Path], None]) -> Deferred[None]:
        def guarded() -> None:
            if path is None:
                raise Unavailable("this is no mail address")
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                work(path)
                _sync_folder(path.parent)
            except OSError as fault:
                raise Unavailable(f"{path}: {fault.strerror or fault}") from None

        return self.in_thread(guarded)

    def _path(self, mailbox: str, name: str) -> Path | None:
        """None for an address that could leave the folder."""
        if not mailbox or mailbox.startswith(".") or "/" in mailbox or "\0" in mailbox:
            return None
        return self.folder / mailbox.lower() / name

    def _load(self, path: Path | None, kind: str) -> Clip | None:
        try:
            if path is None:
                return None
            stat = path.stat()
        except OSError:
            return None
        stamp = (stat.st_mtime_ns, stat.st_size)
        known, clip = self._memory.get(path, stamp)
        if not known:
            clip = self._decode(path, kind, stat.st_size)
            self._memory.put(path, stamp, clip)
        return clip

    def _decode(self, path: Path, kind: str, size: int) -> Clip | None:
        try:
            if size > MOST_BYTES:
                raise WavError(f"the file has more than {MOST_BYTES >> 20} MiB")
            pcm = finish(read_wav(path.read_bytes()), SAMPLE_RATE)
            if len(pcm) == 0:
                raise WavError("the recording is silent")
        except (OSError, WavError) as fault:
            log.warn("greeting {path} cannot be played: {fault}", path=str(path), fault=fault)
            return None
        return clip_of(f"recorded-{kind}", pcm)


# steps that block


def _switch(path: Path, on: bool) -> None:
    """A file that says yes by being there."""
    if on:
        path.touch(mode=0o600)
    else:
        path.unlink(missing_ok=True)


def _keep(path: Path, sound: bytes) -> None:
    """The recording in its place: whole and durable, or the old one stays."""
    making = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with making.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(g711_wav("PCMU", sound))
            file.flush()
            os.fsync(file.fileno())
        making.rename(path)
    finally:
        making.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
