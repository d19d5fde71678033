"""GSM 06.10 full rate (RPE-LTP), encoder and decoder, and the packing of WAV files (format 49).

Knows: the algorithm of ETSI EN 300 961 (GSM 06.10) in its integer arithmetic. Must never know:
RIFF, mail. What does not feed back (windows' correlation, reflection coefficients, the lattice of
the analysis filter) is done for the whole recording at once in numpy; only the long-term prediction
goes part by part. Names of the recommendation: LAR log area ratios, LTP long-term prediction,
RPE regular pulse excitation. A frame is 160 samples and 260 bits in 76 parameters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from umserver.wire.audio.pcm import Pcm

Ints = NDArray[np.int64]

FRAME = 160
"""Samples a frame."""

BLOCK = 65
"""Octets of one WAV49 block: two frames."""

_WIDTHS = np.array([6, 6, 5, 5, 4, 4, 3, 3] + ([7, 2, 2, 6] + [3] * 13) * 4)
_A = np.array([20480, 20480, 20480, 20480, 13964, 15360, 8534, 9036])
_B = np.array([0, 0, 2048, -2560, 94, -1792, -341, -1144])
_MIC = np.array([-32, -32, -16, -16, -8, -8, -4, -4])
_MAC = np.array([31, 31, 15, 15, 7, 7, 3, 3])
_INVA = np.array([13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708])
_DLB = (6554, 16384, 26214)
_QLB = (3277, 11469, 21299, 32767)
_H = np.array([-134, -374, 0, 2054, 5741, 8192, 5741, 2054, 0, -374, -134])
_NRFAC = (29128, 26215, 23832, 21846, 20165, 18725, 17476, 16384)
_FAC = (18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767)
_GRID = np.arange(4)[:, None] + 3 * np.arange(13)[None, :]
_SPANS = ((0, 13), (13, 27), (27, 40), (40, 160))


def _saturated(values: Ints) -> Ints:
    return np.clip(values, -32768, 32767)


def _times(a: Ints | int, b: Ints | int) -> Ints:
    """Fractional product, rounded (mult_r)."""
    product: Ints = np.multiply(a, b, dtype=np.int64)
    return (product + 16384) >> 15


def _norm(value: int) -> int:
    """Left shifts that normalise a positive 32-bit number."""
    return 31 - value.bit_length()


def _preprocessed(pcm: Pcm) -> Ints:
    """Downscaling, offset compensation and pre-emphasis (4.2.0 to 4.2.3)."""
    out = []
    z1 = z2 = mp = 0
    for sample in pcm.tolist():
        scaled = (sample >> 3) << 2
        s2 = (scaled - z1) << 15
        z1 = scaled
        msp = z2 >> 15
        s2 += ((z2 - (msp << 15)) * 32735 + 16384) >> 15
        z2 = msp * 32735 + s2
        emphasis = (mp * -28180 + 16384) >> 15
        mp = (z2 + 16384) >> 15
        out.append(mp + emphasis)
    return _saturated(np.array(out, dtype=np.int64))


def _autocorrelation(frames: Ints) -> Ints:
    """Nine coefficients a frame (4.2.4); `frames` lose the bits that scaling costs."""
    peak = np.minimum(np.abs(frames).max(axis=1), 32767)
    bits = np.array([int(p).bit_length() for p in peak])
    shift = np.maximum(0, np.where(peak == 0, 0, bits - 11))[:, None]
    scaled = np.where(shift > 0, _times(frames, 16384 >> np.maximum(shift - 1, 0)), frames)
    frames[:] = scaled << shift
    sums = [(scaled[:, k:] * scaled[:, : FRAME - k]).sum(axis=1) for k in range(9)]
    return np.stack(sums, axis=1) << 1


def _reflections(acf: Ints) -> Ints:
    """Eight reflection coefficients a frame by the Schur recursion (4.2.5)."""
    norms = np.array([_norm(int(first)) if first > 0 else 0 for first in acf[:, 0]])
    p = (acf << norms[:, None]) >> 16
    k = p.copy()
    r = np.zeros((len(acf), 8), dtype=np.int64)
    alive = acf[:, 0] > 0
    for n in range(8):
        size = np.abs(p[:, 1])
        alive &= p[:, 0] >= size
        quotient = np.minimum(32767, (size << 15) // np.maximum(p[:, 0], 1))
        value = np.where(alive, np.where(p[:, 1] > 0, -quotient, quotient), 0)
        r[:, n] = value
        p[:, 0] = _saturated(p[:, 0] + _times(p[:, 1], value))
        for m in range(1, 8 - n):
            above = p[:, m + 1].copy()
            p[:, m] = _saturated(above + _times(k[:, m], value))
            k[:, m] = _saturated(k[:, m] + _times(above, value))
    return r


def _log_area_ratios(r: Ints) -> Ints:
    """The quantised ratios LARc (4.2.6, 4.2.7)."""
    size = np.abs(r)
    bent = np.where(size < 22118, size >> 1, np.where(size < 31130, size - 11059, 0))
    bent = np.where(size >= 31130, (size - 26112) << 2, bent)
    ratios = np.where(r < 0, -bent, bent)
    coded = (_saturated(_saturated(((_A * ratios) >> 15) + _B) + 256)) >> 9
    return np.asarray(np.clip(coded, _MIC, _MAC) - _MIC, dtype=np.int64)


def _filter_coefficients(coded: Ints) -> list[Ints]:
    """Reflection coefficients of each of the four spans of each frame (4.2.8, 4.2.9)."""
    ratios = ((coded + _MIC) << 10) - (_B << 1)
    ratios = _saturated(2 * _times(_INVA, ratios))
    before = np.vstack([np.zeros((1, 8), dtype=np.int64), ratios[:-1]])
    mixed = (
        (before >> 2) + (ratios >> 2) + (before >> 1),
        (before >> 1) + (ratios >> 1),
        (before >> 2) + (ratios >> 2) + (ratios >> 1),
        ratios,
    )
    spans = []
    for one in mixed:
        size = np.abs(one)
        bent = np.where(size < 11059, size << 1, (size >> 2) + 26112)
        bent = np.where((size >= 11059) & (size < 20070), size + 11059, bent)
        spans.append(np.where(one < 0, -bent, bent))
    return spans


def _residual(frames: Ints, coded: Ints) -> Ints:
    """The short-term residual of all frames (4.2.10), stage by stage over the whole recording."""
    spans = _filter_coefficients(coded)
    rows = [
        np.repeat(s[:, None, :], e - b, axis=1) for s, (b, e) in zip(spans, _SPANS, strict=True)
    ]
    r = np.concatenate(rows, axis=1).reshape(-1, 8)
    d = frames.reshape(-1)
    saved = d
    for stage in range(8):
        u = np.concatenate([[0], saved[:-1]])
        saved = _saturated(u + _times(r[:, stage], d))
        d = _saturated(d + _times(r[:, stage], u))
    return d


def _long_term(d: Ints, past: Ints) -> tuple[int, int, Ints]:
    """Lag, gain code and prediction of 40 samples from the 120 before them (4.2.11, 4.2.12)."""
    peak = min(int(np.abs(d).max()), 32767)
    scale = max(0, peak.bit_length() - 9)
    products = np.correlate(past.astype(np.float64), (d >> scale).astype(np.float64), "valid")
    lag = 120 - int(80 - products[::-1].argmax())
    likeness = int(products[120 - lag])
    if likeness <= 0:
        lag, likeness = 40, 0
    likeness = (likeness << 1) >> (6 - scale)
    delayed = past[120 - lag : 160 - lag]
    power = int(((delayed >> 3) ** 2).sum()) << 1
    gain = _gain_code(likeness, power)
    return lag, gain, _times(_QLB[gain], delayed)


def _gain_code(likeness: int, power: int) -> int:
    if likeness <= 0:
        return 0
    if likeness >= power:
        return 3
    norm = _norm(power)
    wanted, whole = (likeness << norm) >> 16, (power << norm) >> 16
    for code, level in enumerate(_DLB):
        if wanted <= (whole * level) >> 15:
            return code
    return 3


def _block_maximum(code: int) -> tuple[int, int]:
    """Exponent and mantissa of a coded block maximum (4.2.15)."""
    exponent = (code >> 3) - 1 if code > 15 else 0
    mantissa = code - (exponent << 3)
    if mantissa == 0:
        return -4, 7
    while mantissa <= 7:
        mantissa, exponent = mantissa << 1 | 1, exponent - 1
    return exponent, mantissa - 8


def _pulses(e: Ints) -> tuple[int, int, list[int]]:
    """Grid, block maximum and 13 pulses of a long-term residual (4.2.13 to 4.2.15)."""
    x = _saturated((np.convolve(e, _H)[5:45] + 4096) >> 13)
    grids = x[_GRID]
    grid = int(((grids >> 2) ** 2).sum(axis=1).argmax())
    chosen: list[int] = grids[grid].tolist()
    peak = min(max(map(abs, chosen)), 32767)
    exponent = min(6, (peak >> 9).bit_length())
    code = (peak >> (exponent + 5)) + (exponent << 3)
    exponent, mantissa = _block_maximum(code)
    factor, shift = _NRFAC[mantissa], 6 - exponent
    return grid, code, [((((p << shift) * factor) >> 15) >> 12) + 4 for p in chosen]


def _excitation(grid: int, code: int, pulses: list[int]) -> Ints:
    """The 40 samples that a decoder makes of the pulses (4.2.16, 4.2.17)."""
    exponent, mantissa = _block_maximum(code)
    factor, shift = _FAC[mantissa], 6 - exponent
    half = 1 << (shift - 1) if shift > 0 else 0
    out = np.zeros(40, dtype=np.int64)
    out[grid::3][:13] = [
        (min(32767, ((factor * ((2 * p - 7) << 12) + 16384) >> 15) + half)) >> shift for p in pulses
    ]
    return out


def encode_frames(pcm: Pcm) -> Ints:
    """The 76 parameters of each frame, a row a frame; the last frame is filled with silence."""
    padded = np.concatenate([pcm, np.zeros(-len(pcm) % FRAME, dtype=np.int16)])
    if len(padded) == 0:
        return np.zeros((0, 76), dtype=np.int64)
    frames = _preprocessed(padded).reshape(-1, FRAME)
    coded = _log_area_ratios(_reflections(_autocorrelation(frames)))
    residual = _residual(frames, coded)
    rows: list[list[int]] = []
    past = np.zeros(120, dtype=np.int64)
    for number, ratios in enumerate(coded.tolist()):
        row = ratios
        for begin in range(number * FRAME, (number + 1) * FRAME, 40):
            d = residual[begin : begin + 40]
            lag, gain, predicted = _long_term(d, past)
            grid, peak, pulses = _pulses(_saturated(d - predicted))
            row += [lag, gain, grid, peak, *pulses]
            heard = _saturated(_excitation(grid, peak, pulses) + predicted)
            past = np.concatenate([past[40:], heard])
        rows.append(row)
    return np.array(rows, dtype=np.int64)


def _synthesis(d: list[int], r: list[list[int]], v: list[int]) -> list[int]:
    """The recursive lattice over one frame (4.3.4); `v` is its memory, `r` a row a span."""
    out = []
    for row, (begin, end) in zip(r, _SPANS, strict=True):
        stages = list(zip(range(7, -1, -1), row[::-1], strict=True))
        for sample in d[begin:end]:
            s = sample
            for i, k in stages:
                s -= (k * v[i] + 16384) >> 15
                s = -32768 if s < -32768 else 32767 if s > 32767 else s
                t = v[i] + ((k * s + 16384) >> 15)
                v[i + 1] = -32768 if t < -32768 else 32767 if t > 32767 else t
            v[0] = s
            out.append(s)
    return out


def decode_frames(rows: Ints) -> Pcm:
    """The sound of frames of 76 parameters each (4.3)."""
    if len(rows) == 0:
        return np.zeros(0, dtype=np.int16)
    spans = [one.tolist() for one in _filter_coefficients(rows[:, :8])]
    past, lag, out, v, memory = np.zeros(120, dtype=np.int64), 40, [], [0] * 9, 0
    for number, row in enumerate(rows.tolist()):
        residual: list[int] = []
        for at in range(8, 76, 17):
            asked, gain, grid, peak = row[at : at + 4]
            lag = asked if 40 <= asked <= 120 else lag
            predicted = _times(_QLB[gain], past[120 - lag : 160 - lag])
            heard = _saturated(_excitation(grid, peak, row[at + 4 : at + 17]) + predicted)
            past = np.concatenate([past[40:], heard])
            residual += heard.tolist()
        for s in _synthesis(residual, [one[number] for one in spans], v):
            memory = s + ((memory * 28180 + 16384) >> 15)
            memory = -32768 if memory < -32768 else 32767 if memory > 32767 else memory
            out.append(memory)
    doubled = np.clip(2 * np.array(out, dtype=np.int64), -32768, 32767)
    return (doubled & ~7).astype(np.int16)


def encode_wav49(pcm: Pcm) -> bytes:
    """Blocks of 65 octets for 320 samples each, bits from the lowest up; silence fills the last."""
    padded = np.concatenate([pcm, np.zeros(-len(pcm) % (2 * FRAME), dtype=np.int16)])
    rows = encode_frames(padded)
    bits = [(rows[:, [n]] >> np.arange(width)) & 1 for n, width in enumerate(_WIDTHS)]
    return np.packbits(np.hstack(bits).astype(np.uint8), bitorder="little").tobytes()


def decode_wav49(data: bytes) -> Pcm:
    """The sound of WAV49 blocks; a broken block at the end is left out."""
    whole = np.frombuffer(data[: len(data) // BLOCK * BLOCK], dtype=np.uint8)
    bits = np.unpackbits(whole, bitorder="little").astype(np.int64).reshape(-1, 260)
    ends = np.cumsum(_WIDTHS)
    rows = [
        (bits[:, end - width : end] << np.arange(width)).sum(axis=1)
        for end, width in zip(ends, _WIDTHS, strict=True)
    ]
    return decode_frames(np.stack(rows, axis=1))
