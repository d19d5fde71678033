"""What was recorded as a file that people can play.

Knows: the attachment codings of spec 8.3. Must never know: MIME, the disk. All but the small laws
of G.711 take real time: 1/500 (MP3) to 1/100 (GSM) of the sound's length.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from umserver.wire.audio import g711, level, mp3, wav
from umserver.wire.audio.pcm import SAMPLE_RATE

KBPS = 16
"""Of an MP3 of telephone sound."""

Encode = Callable[[str, str, bytes], bytes]
"""Turns (coding, law, G.711 octets) into a whole file."""


@frozen
class SoundFile:
    """An attachment before it has a name."""

    extension: str
    content_type: str
    data: bytes = field(repr=False)
    seconds: float


def encode_here(coding: str, law: str, sound: bytes) -> bytes:
    """The file for a coding: Mp3, Gsm or Pcm with the speech brought to a pleasant level, or G711.

    G711 keeps the law and every octet as the caller's side sent them. Whatever cannot be written
    (Wma) is Mp3.
    """
    if coding == "G711":
        return wav.g711_wav(law, sound)
    pcm = level.normalise(g711.decode(law, sound))
    if coding == "Gsm":
        return wav.gsm_wav(pcm)
    if coding == "Pcm":
        return wav.pcm_wav(pcm)
    return mp3.encode(pcm, KBPS)


def sound_file(coding: str, law: str, sound: bytes, encode: Encode = encode_here) -> SoundFile:
    """The attachment; `sound` is one octet a sample at 8000 Hz."""
    coding = {name.lower(): name for name in ("G711", "Gsm", "Pcm")}.get(coding.lower(), "Mp3")
    data = encode_here(coding, law, sound) if coding == "G711" else encode(coding, law, sound)
    kind = ("mp3", "audio/mpeg") if coding == "Mp3" else ("wav", "audio/wav")
    return SoundFile(*kind, data, len(sound) / SAMPLE_RATE)
