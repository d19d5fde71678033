"""Recordings for a dial plan or an auto attendant, imported or made by telephone (spec 3.9, 6.4).

Knows: the folder, the disk, which ones are in memory. Must never know: who plays them and when.
A file that was replaced is heard from the next call on.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from attrs import define, field
from twisted.logger import Logger

from umserver.edges.speech.finish import finish
from umserver.interfaces import Clip, NoSpace, Unavailable
from umserver.org.prompt_files import folder_name
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import SAMPLE_RATE
from umserver.wire.audio.wav import WavError, pcm_wav, read_wav

log = Logger()

_FULL = {errno.ENOSPC, errno.EDQUOT}

MOST_BYTES = 32 << 20
"""Octets held in memory."""
Version = tuple[Path, int, int]
"""A file with its size and the time of its last change."""


@define(eq=False)
class ImportedPrompts:
    """Below the state folder. Its methods block, and may be called in any thread."""

    state: Path
    most_bytes: int = MOST_BYTES
    _held: OrderedDict[Version, Clip] = field(factory=OrderedDict)
    _bytes: int = 0
    _lock: Lock = field(factory=Lock)

    def get(self, owner: str, name: str, file: str) -> Clip | None:
        """The prompt of this name; None, with a line in the log, where it cannot be played."""
        path = self.state / folder_name(owner, name) / Path(file).name
        try:
            found = path.stat()
            version = (path, found.st_size, found.st_mtime_ns)
            with self._lock:
                if version in self._held:
                    self._held.move_to_end(version)
                    return self._held[version]
            pcm = finish(read_wav(path.read_bytes()), SAMPLE_RATE)
            if not len(pcm):
                raise WavError("it is silent")
        except (OSError, WavError) as fault:
            log.warn("{path} cannot be played: {fault}", path=str(path), fault=str(fault))
            return None
        clip = Clip(path.name, {law: g711.encode(law, pcm) for law in g711.SILENCE})
        with self._lock:
            self._hold(version, clip)
        return clip

    def octets(self, owner: str, name: str, file: str) -> bytes | None:
        """The file as it is; None where there is none, or none that can be read."""
        try:
            return (self.state / folder_name(owner, name) / Path(file).name).read_bytes()
        except OSError:
            return None

    def put_sound(self, owner: str, name: str, file: str, sound: bytes) -> bytes:
        """Make µ-law octets this prompt: 16 bit, 8 kHz, mono, as imported ones are. See `put`.

        Returns the octets of the file.
        """
        octets = pcm_wav(g711.decode("PCMU", sound))
        self.put(owner, name, file, octets)
        return octets

    def put(self, owner: str, name: str, file: str, octets: bytes) -> None:
        """Make this file this prompt: whole and durable, or the old one stays.

        Raises Unavailable.
        """
        path = self.state / folder_name(owner, name) / Path(file).name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, octets)
        except OSError as fault:
            words = f"{path}: {fault.strerror or fault}"
            raise (NoSpace if fault.errno in _FULL else Unavailable)(words) from None

    def _hold(self, version: Version, clip: Clip) -> None:
        if version not in self._held:
            self._held[version] = clip
            self._bytes += 2 * len(clip.encoded["PCMU"])
        while self._bytes > self.most_bytes and len(self._held) > 1:
            _, old = self._held.popitem(last=False)
            self._bytes -= 2 * len(old.encoded["PCMU"])


def _write(path: Path, data: bytes) -> None:
    making = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with making.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        making.rename(path)
    finally:
        making.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
