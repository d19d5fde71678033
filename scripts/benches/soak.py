"""Calls for a long time: memory a call, growth of memory, open files, gaps in the sound.

`--seconds 1800` is the half hour of the acceptance. Calls come and go all the time: a tenth of them
is replaced every second.
"""

from __future__ import annotations

import time
from itertools import pairwise

from benches.phones import Call, Phones
from benches.server import LOAD_CORE, Server, percentile, pin

PORT = 15360
CALLS = 300
WARM = 45.0
"""Seconds before memory is compared: ended calls are remembered for 32 (RFC 3261 timers)."""


def run(seconds: float, runs: int) -> dict[str, object]:
    """One run."""
    pin(LOAD_CORE)
    with Server(PORT) as server:
        _churn(Phones(server.mbx, "5009"), 50, 3.0)
        empty, files = server.memory(), server.files()
        phones = Phones(server.mbx, "5009")
        phones.open(CALLS)
        full = server.memory()
        _churn(phones, CALLS, WARM, keep=True)
        begin, warm, cpu = time.monotonic(), server.memory(), server.cpu()
        gaps = _churn(phones, CALLS, max(seconds, 10.0), keep=True)
        lasted = time.monotonic() - begin
        end, cpu = server.memory(), server.cpu() - cpu
        phones.close()
        time.sleep(3.0)
        gaps.sort()
        return {
            "calls": CALLS,
            "seconds": lasted,
            "answered": len(phones.answered),
            "refused": phones.refused or 0,
            "processor_share": cpu / lasted,
            "kB_a_call": (full - empty) / CALLS,
            "memory_kB": {"empty": empty, "full": full, "warm": warm, "end": end},
            "growth_kB_an_hour": (end - warm) / lasted * 3600,
            "files": {"before": files, "after": server.files()},
            "gap_ms": {f"p{s * 100:g}": percentile(gaps, s) for s in (0.5, 0.99, 0.999)},
        }


def _churn(phones: Phones, count: int, seconds: float, *, keep: bool = False) -> list[float]:
    """Hold so many calls, a tenth of them replaced a second; the gaps between packets in ms."""
    if not keep:
        phones.open(count)
    open_calls: list[Call] = [c for c in phones.calls.values() if c.rtp.fileno() >= 0]
    gaps: list[float] = []
    until, turn = time.perf_counter() + seconds, time.perf_counter()
    while time.perf_counter() < until:
        turn += 10 / count
        oldest = open_calls.pop(0)
        phones.hang_up(oldest)
        gaps += [1e3 * (b - a) for a, b in pairwise(oldest.arrivals)]
        phones.calls.pop(oldest.id, None)
        open_calls.append(phones.place())
        phones.listen(max(0.0, turn - time.perf_counter()))
    if not keep:
        phones.close()
    return gaps
