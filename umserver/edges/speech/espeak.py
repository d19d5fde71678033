"""espeak-ng by ctypes, out of the wheel `espeakng_loader`.

Knows: the library's C interface (speak_lib.h). Must never be imported by the server process: the
library keeps global state and may abort; only `worker` uses it.
"""

from __future__ import annotations

import ctypes
from typing import Any

import espeakng_loader
import numpy as np

from umserver.edges.speech.engine import EngineError
from umserver.wire.audio.pcm import Pcm

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_CHARACTERS = 1
_UTF8 = 1
_RATE, _PITCH, _WORD_GAP = 1, 3, 7
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)

MOST_SECONDS = 300
"""A text that speaks longer is cut."""


class Espeak:
    """The engine, opened once a process."""

    def __init__(self) -> None:
        """Load the library. Raises EngineError or OSError."""
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT))
        if self.rate <= 0:
            raise EngineError("espeak-ng does not find its data")
        self._parts: list[bytes] = []
        self._left = 0
        self._kept = _CALLBACK(self._heard)
        self._library.espeak_SetSynthCallback(self._kept)

    def _heard(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._parts.append(ctypes.string_at(samples, 2 * count))
            self._left -= count
        return 1 if self._left <= 0 else 0

    def say(self, text: str, voice: str, speed: int, pitch: int) -> Pcm:
        """The text as samples at `rate` a second; `speed` in words a minute, `pitch` 0–100."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EngineError(f"espeak-ng has no voice {voice!r}")
        for parameter, value in ((_RATE, speed), (_PITCH, pitch), (_WORD_GAP, 1)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._parts, self._left = [], MOST_SECONDS * self.rate
        octets = text.encode() + b"\0"
        fault = self._library.espeak_Synth(
            octets, ctypes.c_size_t(len(octets)), 0, _CHARACTERS, 0, _UTF8, None, None
        )
        if fault != 0:
            raise EngineError(f"espeak-ng refused the text (error {fault})")
        self._library.espeak_Synchronize()
        return np.frombuffer(b"".join(self._parts), dtype=np.int16)
