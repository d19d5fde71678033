"""What users recorded of themselves: one folder a user, one WAV a greeting.

Knows: `<folder>/<mail address>/<kind>.wav` with kind away, personal or name, and the file `away.on` that switches the away
greeting on. Must never know: who may record, or how it sounds on the wire beyond the two codings.
A recording that cannot be read counts as none: the caller hears the generated greeting and the log says why.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.speech.shelf import clip_of
from umserver.interfaces import Clip, IGreetings
from umserver.wire.audio.wav import WavError, read_wav

log = Logger()
T = TypeVar("T")

KINDS = ("away", "personal", "name")
MOST_BYTES = 20 << 20
"""A greeting file above this size is not read (ten minutes at 16 bit, 16 kHz)."""
MOST_CACHED = 256


@implementer(IGreetings)
@define(eq=False)
class FolderGreetings:
    """Greetings in files; a file that did not change is read once."""

    folder: Path
    in_thread: Callable[[Callable[[], Any]], Deferred[Any]]
    """Runs blocking work."""
    _read: dict[Path, tuple[int, Clip | None]] = field(factory=dict)

    def recorded(self, mailbox: str, kind: str) -> Deferred[Clip | None]:
        """The user's recording of this kind, or None."""
        path = self._path(mailbox, f"{kind}.wav") if kind in KINDS else None
        return self.in_thread(lambda: self._load(path, kind))

    def is_away(self, mailbox: str) -> Deferred[bool]:
        """Whether the user switched the away greeting on."""
        path = self._path(mailbox, "away.on")
        return self.in_thread(lambda: path is not None and path.exists())

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
        known = self._read.get(path)
        if known is not None and known[0] == stat.st_mtime_ns:
            return known[1]
        clip = self._decode(path, kind) if stat.st_size <= MOST_BYTES else None
        if len(self._read) >= MOST_CACHED:
            self._read.clear()
        self._read[path] = (stat.st_mtime_ns, clip)
        return clip

    def _decode(self, path: Path, kind: str) -> Clip | None:
        try:
            return clip_of(f"recorded-{kind}", read_wav(path.read_bytes()))
        except (OSError, WavError) as fault:
            log.warn("greeting {path} cannot be played: {fault}", path=str(path), fault=fault)
            return None
