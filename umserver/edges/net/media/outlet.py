"""What a leg says: clips without a gap between them, cut into frames.

Knows: clips and how the wire wants them. Must never know: sockets, time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from umserver.interfaces import SAMPLE_RATE, Clip
from umserver.wire.audio import g711
from umserver.wire.audio.tones import dtmf, silence
from umserver.wire.rtp.telephone_event import EventSender


class Playlist:
    """Clips one after another.

    `next_frame` is a memoryview into the clip wherever a frame lies within one.
    """

    def __init__(self, clips: Sequence[Clip], codec: str) -> None:
        self._clips = [clip for clip in clips if clip.encoded["PCMU"]]
        self._index = 0
        self._position = 0
        self._codec = codec
        self._views: list[memoryview] = []
        self.use(codec)

    def use(self, codec: str) -> None:
        """Go on in this codec from the present place."""
        self._codec = codec
        self._views = [memoryview(clip.encoded[codec]) for clip in self._clips]

    @property
    def finished(self) -> bool:
        """Whether all was given out."""
        return self._index >= len(self._views)

    def next_frame(self, size: int) -> bytes | memoryview | None:
        """The next `size` samples, the last ones padded with silence; None at the end."""
        if self._index >= len(self._views):
            return None
        view, start = self._views[self._index], self._position
        end = start + size
        if end < len(view):
            self._position = end
            return view[start:end]
        self._index, self._position = self._index + 1, 0
        if end == len(view):
            return view[start:end]
        return self._pieced(bytes(view[start:]), size)

    def _pieced(self, frame: bytes, size: int) -> bytes:
        """A frame that lies on a border between clips, or the last one."""
        while len(frame) < size and self._index < len(self._views):
            view = self._views[self._index]
            taken = view[: size - len(frame)]
            frame += taken
            if len(taken) == len(view):
                self._index += 1
            else:
                self._position = len(taken)
        return frame.ljust(size, g711.SILENCE[self._codec])


class Mirror:
    """What is heard, to be sent back: a short queue, oldest dropped first."""

    BOUND = 1600
    """Samples that may wait (0.2 s)."""

    def __init__(self) -> None:
        self._sound = bytearray()

    def put(self, payload: bytes | bytearray, source: str, target: str) -> None:
        """Queue a payload, translated to the codec that is sent."""
        self._sound += g711.transcode(bytes(payload), source, target)
        if len(self._sound) > self.BOUND:
            del self._sound[: len(self._sound) - self.BOUND]

    def next_frame(self, size: int) -> bytes | None:
        """The next `size` samples, or None while there are not enough."""
        if len(self._sound) < size:
            return None
        frame = bytes(self._sound[:size])
        del self._sound[:size]
        return frame


class Keys(Protocol):
    """Key presses that are being sent."""

    def next_packet(self, timestamp: int, size: int) -> Packet | None:
        """What to send at this time; None during a pause. `size` samples lie between packets."""

    def use(self, codec: str) -> None:
        """Go on in this codec, where sound is sent."""

    @property
    def finished(self) -> bool:
        """Whether all was given out."""


PRESS, PAUSE = 800, 800
"""Samples that a key is held, and between two keys."""

Packet = tuple[int, bool, bool, bytes | memoryview]
"""Timestamp, marker, whether it is a telephone-event, payload."""


class EventKeys:
    """Key presses by RFC 4733."""

    def __init__(self, keys: str) -> None:
        self._left = list(keys)
        self._sender: EventSender | None = None
        self._pause = 0

    @property
    def finished(self) -> bool:
        """Whether all was given out."""
        return not self._left and self._sender is None

    def use(self, codec: str) -> None:
        """See Keys; events have no codec."""

    def next_packet(self, timestamp: int, size: int) -> Packet | None:
        """See Keys."""
        if self._pause > 0:
            self._pause -= size
            return None
        if self._sender is None:
            if not self._left:
                return None
            self._sender = EventSender(self._left.pop(0), timestamp, PRESS)
        stamp, marker, payload = self._sender.next_packet(size)
        if self._sender.finished:
            self._sender, self._pause = None, PAUSE
        return stamp, marker, True, payload


class ToneKeys:
    """Key presses as tones in the voice."""

    def __init__(self, keys: str, codec: str) -> None:
        self._playlist = Playlist([_tones(key) for key in keys], codec)
        self._first = True

    @property
    def finished(self) -> bool:
        """Whether all was given out."""
        return self._playlist.finished

    def use(self, codec: str) -> None:
        """See Keys."""
        self._playlist.use(codec)

    def next_packet(self, timestamp: int, size: int) -> Packet | None:
        """See Keys."""
        frame = self._playlist.next_frame(size)
        marker, self._first = self._first, False
        return None if frame is None else (timestamp, marker, False, frame)


def _tones(key: str) -> Clip:
    pcm = np.concatenate([dtmf(key, PRESS / SAMPLE_RATE), silence(PAUSE / SAMPLE_RATE)])
    return Clip("key", g711.encode_both(pcm))
