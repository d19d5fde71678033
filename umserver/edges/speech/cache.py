"""What was spoken once, kept on disk, one WAV file for each text, engine and voice.

Knows: files. Must never know: the reactor, calls. Every function blocks: call it in a thread.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from threading import get_ident
from time import time

from attrs import frozen
from twisted.logger import Logger

from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.wav import WavError, pcm_wav, read_wav

log = Logger()

MOST_FILES = 5000
"""Files kept by `prune`; those used last stay."""

MOST_OCTETS = 256 << 20
"""Octets kept by `prune` in all."""

_DAY = 86400.0
_STALE = 3600.0
_RIFF_HEAD = 8


def spoken_key(text: str, engine: str, manner: str) -> str:
    """The identity of a piece of speech, safe as a file name."""
    return sha256(json.dumps([text, engine, manner]).encode()).hexdigest()[:40]


@frozen
class SpokenCache:
    """A folder of rendered speech."""

    folder: Path

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.wav"

    def get(self, key: str) -> Pcm | None:
        """What was kept under this key; None when nothing is, or when the file is damaged."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            if len(data) != _RIFF_HEAD + int.from_bytes(data[4:8], "little"):
                return None
            self._note_use(path)
            return read_wav(data)
        except (OSError, WavError):
            return None

    def _note_use(self, path: Path) -> None:
        """`prune` goes by the time of the last use, to the day."""
        if abs(time() - path.stat().st_mtime) > _DAY:
            os.utime(path)

    def put(self, key: str, pcm: Pcm) -> None:
        """Keep it; appears whole or not at all. A disk that refuses is no fault of the caller's."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = self.folder / f".{key}.{os.getpid()}.{get_ident()}.tmp"
            temporary.write_bytes(pcm_wav(pcm))
            temporary.replace(self._path(key))
        except OSError as fault:
            log.warn("speech is not kept on disk: {fault}", fault=fault)

    def prune(
        self,
        keep: frozenset[str] = frozenset(),
        most: int = MOST_FILES,
        most_octets: int = MOST_OCTETS,
    ) -> int:
        """Remove what was not used longest beyond both bounds, but none of `keep`; says how many.

        What a crash left half written goes too, once it is an hour old.
        """
        try:
            for path in self.folder.glob(".*.tmp"):
                if time() - path.stat().st_mtime > _STALE:
                    path.unlink(missing_ok=True)
            files = [(p, p.stat()) for p in self.folder.glob("*.wav")]
        except OSError as fault:
            log.warn("the kept speech cannot be tidied: {fault}", fault=fault)
            return 0
        count, octets = len(files), sum(stat.st_size for _, stat in files)
        gone = 0
        for path, stat in sorted(files, key=lambda file: (file[1].st_mtime, file[0])):
            if count - gone <= most and octets <= most_octets:
                break
            if path.stem not in keep:
                path.unlink(missing_ok=True)
                gone, octets = gone + 1, octets - stat.st_size
        return gone
