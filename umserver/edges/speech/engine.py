"""What the worker needs of a speech engine.

Knows: the shape of an engine. Must never know: any engine.
"""

from __future__ import annotations

from typing import Protocol

from umserver.wire.audio.pcm import Pcm


class EngineError(Exception):
    """The engine refused; `args[0]` says what."""


class Engine(Protocol):
    """A speech engine, opened once a process."""

    rate: int
    """Samples a second of what it says."""

    def say(self, text: str, voice: str, speed: int, pitch: int) -> Pcm:
        """The text as samples; `speed` in words a minute, `pitch` 0–100. Raises EngineError."""
