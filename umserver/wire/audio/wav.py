"""WAV files: PCM, G.711 and GSM 6.10 out; whatever an administrator recorded in.

Knows: RIFF chunks and format tags. Must never know: file names, mail. Sources: the RIFF/WAVE format
(tags 1, 6, 7, 49, 0xFFFE), RFC 2361 for the telephone formats. All sound here is 8000 Hz mono.
"""

from __future__ import annotations

import struct

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from umserver.wire.audio import g711, gsm
from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm, to_octets
from umserver.wire.audio.resample import HIGHEST_RATE, LOWEST_RATE, to_8000

PCM_FORMAT, ALAW_FORMAT, MULAW_FORMAT, GSM_FORMAT, EXTENSIBLE = 1, 6, 7, 49, 0xFFFE
"""Format tags of the fmt chunk."""

MOST_SECONDS = 3600
"""No longer recording is read."""


class WavError(ValueError):
    """The file cannot be used; `args[0]` says why in words for an administrator."""


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def _riff(*chunks: bytes) -> bytes:
    return _chunk(b"RIFF", b"WAVE" + b"".join(chunks))


def pcm_wav(pcm: Pcm) -> bytes:
    """A WAV file of 16-bit PCM (format 1)."""
    head = struct.pack("<HHIIHH", PCM_FORMAT, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
    return _riff(_chunk(b"fmt ", head), _chunk(b"data", to_octets(pcm)))


def g711_wav(codec: str, data: bytes) -> bytes:
    """A WAV file of G.711 (PCMU: format 7, PCMA: format 6) around exactly these octets."""
    tag = {"PCMU": MULAW_FORMAT, "PCMA": ALAW_FORMAT}[codec]
    head = struct.pack("<HHIIHHH", tag, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8, 0)
    fact = struct.pack("<I", len(data))
    return _riff(_chunk(b"fmt ", head), _chunk(b"fact", fact), _chunk(b"data", data))


def gsm_wav(pcm: Pcm) -> bytes:
    """A WAV file of GSM 6.10 full rate (format 49, blocks of 65 octets for 320 samples)."""
    head = struct.pack("<HHIIHHHH", GSM_FORMAT, 1, SAMPLE_RATE, 1625, 65, 0, 2, 320)
    fact = struct.pack("<I", len(pcm))
    data = gsm.encode_wav49(pcm)
    return _riff(_chunk(b"fmt ", head), _chunk(b"fact", fact), _chunk(b"data", data))


@frozen
class _Layout:
    tag: int
    channels: int
    rate: int
    bits: int


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name; an interrupted recording ends in one shorter than it says."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("this is not a WAV file (it does not begin with RIFF … WAVE)")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data) and len(found) < 64:
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + (size & 1)
    return found


def _layout(head: bytes | None) -> _Layout:
    if head is None or len(head) < 16:
        raise WavError("the WAV file has no format description (fmt chunk)")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head)
    if tag == EXTENSIBLE and len(head) >= 26:
        tag = struct.unpack_from("<H", head, 24)[0]
    if not 1 <= channels <= 8:
        raise WavError(f"a WAV file with {channels} channels cannot be used (1-8)")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise WavError(f"a WAV file with {rate} samples a second cannot be used")
    return _Layout(tag, channels, rate, bits)


def _linear(layout: _Layout, data: bytes) -> NDArray[np.float64]:
    """All samples of all channels in file order, on the 16-bit scale."""
    if layout.tag == PCM_FORMAT and layout.bits == 8:
        return (np.frombuffer(data, dtype=np.uint8).astype(np.float64) - 128) * 256
    if layout.tag == PCM_FORMAT and layout.bits == 16:
        return np.frombuffer(data[: len(data) & ~1], dtype="<i2").astype(np.float64)
    if layout.tag == PCM_FORMAT and layout.bits == 24:
        octets = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3)
        return octets[:, 1:].copy().view("<i2")[:, 0] + octets[:, 0] / 256.0
    if layout.tag == PCM_FORMAT and layout.bits == 32:
        return np.frombuffer(data[: len(data) & ~3], dtype="<i4") / 65536.0
    if layout.tag in (MULAW_FORMAT, ALAW_FORMAT) and layout.bits == 8:
        codec = "PCMU" if layout.tag == MULAW_FORMAT else "PCMA"
        return g711.decode(codec, data).astype(np.float64)
    if layout.tag == GSM_FORMAT and layout.channels == 1:
        return gsm.decode_wav49(data).astype(np.float64)
    raise WavError(
        f"WAV coding {layout.tag} with {layout.bits} bits cannot be used; "
        "record as PCM (8, 16, 24 or 32 bits), G.711 or GSM 6.10"
    )


def read_wav(data: bytes) -> Pcm:
    """The sound of a WAV file as 8000 Hz mono: channels are averaged, other rates resampled.

    Takes PCM of 8, 16, 24 and 32 bits, G.711 of both laws and GSM 6.10. Raises WavError, with words
    for whoever recorded the file.
    """
    chunks = _chunks(data)
    layout = _layout(chunks.get(b"fmt "))
    if b"data" not in chunks:
        raise WavError("the WAV file holds no sound (no data chunk)")
    limit = MOST_SECONDS * layout.rate * layout.channels * max(1, layout.bits // 8)
    if len(chunks[b"data"]) > limit:
        raise WavError(f"the WAV file is longer than {MOST_SECONDS // 60} minutes")
    samples = _linear(layout, chunks[b"data"])
    whole = len(samples) // layout.channels * layout.channels
    mono = samples[:whole].reshape(-1, layout.channels).mean(axis=1)
    if layout.tag == GSM_FORMAT and len(chunks.get(b"fact", b"")) >= 4:
        mono = mono[: struct.unpack_from("<I", chunks[b"fact"])[0]]
    return to_8000(mono, layout.rate)
