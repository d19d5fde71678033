"""Calls a second of the answering desk: INVITE to 200 with sound, 200 ms, BYE."""

from __future__ import annotations

import heapq
import time

from benches.phones import Call, Phones
from benches.server import LOAD_CORE, Server, percentile, pin

PORT = 15260
HOLD = 0.2
RATES = (50.0, 100.0, 150.0, 200.0, 300.0)


def run(seconds: float, runs: int) -> dict[str, object]:
    """One run of at least five seconds for each rate, until calls are not answered in time."""
    pin(LOAD_CORE)
    steps: dict[str, object] = {}
    plot: dict[str, float] = {}
    best = 0.0
    with Server(PORT) as server:
        _rate(server, 50.0, 2.0)  # warm
        for rate in RATES:
            step = _rate(server, rate, max(seconds, 5.0))
            steps[f"{rate:.0f}_a_second"] = step
            plot[f"p99 ms at {rate:.0f}/s"] = step["p99_ms"]
            if step["answered_share"] < 0.999 or step["p99_ms"] > 250:
                break
            if step["p99_ms"] <= 50:
                best = rate
    return {"calls_per_second_with_p99_below_50_ms": best, **steps, "plot": plot}


def _rate(server: Server, rate: float, seconds: float) -> dict[str, float]:
    phones = Phones(server.mbx, "5009")
    before, begin = server.cpu(), time.perf_counter()
    due: list[tuple[float, int, Call]] = []
    waiting: list[Call] = []
    placed = 0
    while (now := time.perf_counter() - begin) < seconds + 1.0:
        while placed < min(now, seconds) * rate:
            waiting.append(phones.place())
            placed += 1
        while due and due[0][0] <= now:
            phones.hang_up(heapq.heappop(due)[2])
        phones.listen(0.002)
        ready = [call for call in waiting if call.to]
        if ready:
            waiting = [call for call in waiting if not call.to]
            now = time.perf_counter() - begin
            for call in ready:
                heapq.heappush(due, (now + HOLD, id(call), call))
    delays = sorted(phones.answered)
    cpu = server.cpu() - before
    result = {
        "placed": float(placed),
        "answered_share": len(delays) / max(placed, 1),
        "ended_share": len(phones.over) / max(placed, 1),
        "p50_ms": 1e3 * percentile(delays, 0.5),
        "p99_ms": 1e3 * percentile(delays, 0.99),
        "processor_ms_per_call": 1e3 * cpu / max(placed, 1),
        "calls_per_core_second": placed / max(cpu, 1e-9),
    }
    phones.close()
    return result
