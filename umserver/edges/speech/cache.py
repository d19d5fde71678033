"""What was spoken once, kept on disk, one WAV file for each text, engine and voice.

Knows: files. Must never know: the reactor, calls. Every function blocks: call it in a thread.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

from attrs import frozen

from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.wav import WavError, pcm_wav, read_wav

MOST_FILES = 5000
"""Files kept by `prune`; those used last stay."""


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
        try:
            return read_wav(self._path(key).read_bytes())
        except (OSError, WavError):
            return None

    def put(self, key: str, pcm: Pcm) -> None:
        """Keep it; appears whole or not at all. A disk that refuses is no fault of the caller's."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = self.folder / f".{key}.{os.getpid()}.tmp"
            temporary.write_bytes(pcm_wav(pcm))
            temporary.replace(self._path(key))
        except OSError:
            return

    def prune(self, keep: frozenset[str] = frozenset(), most: int = MOST_FILES) -> int:
        """Remove the oldest files beyond `most`, but none of `keep`; says how many."""
        try:
            files = [(p.stat().st_mtime, p) for p in self.folder.glob("*.wav")]
        except OSError:
            return 0
        spare = sorted((age, path) for age, path in files if path.stem not in keep)
        gone = spare[: max(0, len(files) - most)]
        for _, path in gone:
            path.unlink(missing_ok=True)
        return len(gone)
