"""Calls for a long time: memory, open files, lost packets, gaps in the sound.

`--seconds 1800` is the half hour of the acceptance. Calls come and go all the time: a twentieth of
them is replaced every second. The sound goes to the phones; they say nothing.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from attrs import define, field

from benches.phones import Call, Phones
from benches.server import LOAD_CORE, SERVER_CORE, Server, pin
from benches.stops import Stops

PORT = 15360
CALLS = 600
REPLACED = 20
"""Seconds in which every call is replaced once."""
WARM = 60.0
"""Seconds before memory is compared: ended calls are remembered for 32 (RFC 3261 timers)."""
SAMPLE_SECONDS = 5.0
LATE_MS = 40.0


@define
class Heard:
    """What the phones got, added up call by call."""

    packets: int = 0
    lost: int = 0
    gaps: Counter[int] = field(factory=Counter)
    """By tenths of a millisecond."""
    late: list[tuple[float, float]] = field(factory=list)
    """When the packet before came and when the next: too long apart."""

    def add(self, call: Call) -> None:
        """One call that is over; what came late for an earlier one at this port is left out."""
        own = call.sequence[-1][1] if call.sequence else b""
        packets = zip(call.arrivals, call.sequence, strict=True)
        kept = [(at, number) for at, (number, source) in packets if source == own]
        self.packets += len(kept)
        for (at, number), (next_at, next_number) in pairwise(kept):
            gap = int(1e4 * (next_at - at))
            self.gaps[gap] += 1
            if gap > LATE_MS * 10:
                self.late.append((at, next_at))
            self.lost += (next_number - number - 1) & 0xFFFF

    def percentile(self, share: float) -> float:
        """Milliseconds between two packets."""
        left = share * sum(self.gaps.values())
        for gap in sorted(self.gaps):
            left -= self.gaps[gap]
            if left <= 0:
                return gap / 10
        return 0.0

    def late_by_itself(self, stops: Stops) -> int:
        """Those of them that would have been late had the machine not stood still."""
        return sum(1e3 * (to - at - stops.within(at, to)) > LATE_MS for at, to in self.late)


def run(seconds: float, runs: int) -> dict[str, object]:
    """One run."""
    pin(LOAD_CORE)
    with Server(PORT) as server, Stops(SERVER_CORE) as stops:
        first = Phones(server.mbx, "5009")
        first.open(50)
        _churn(first, 3.0)
        first.close()
        empty, files = server.memory(), server.files()
        phones = Phones(server.mbx, "5009")
        phones.open(CALLS)
        full = server.memory()
        _churn(phones, WARM)
        begin, cpu, samples = time.monotonic(), server.cpu(), [(0.0, server.memory())]
        heard = Heard()
        while time.monotonic() - begin < max(seconds, 10.0):
            _churn(phones, SAMPLE_SECONDS, heard)
            samples.append((time.monotonic() - begin, server.memory()))
        lasted, cpu, media = time.monotonic() - begin, server.cpu() - cpu, _media(server)
        phones.close()
        time.sleep(3.0)
        stops.read()
        return {
            "calls": CALLS,
            "seconds": lasted,
            "answered": len(phones.answered),
            "refused": phones.refused or 0,
            "processor_share": cpu / lasted,
            "kB_a_call": (full - empty) / CALLS,
            "memory_kB": {
                "empty": empty,
                "full": full,
                "warm": samples[0][1],
                "end": samples[-1][1],
            },
            "growth_kB_an_hour": {
                "all": 3600 * slope(samples),
                "second_half": 3600 * slope(samples[len(samples) // 2 :]),
            },
            "files": {"before": files, "after": server.files()},
            "packets": {
                "heard": heard.packets,
                "lost": heard.lost,
                f"over_{LATE_MS:g}_ms": len(heard.late),
                "of_those_not_by_the_machine": heard.late_by_itself(stops),
            },
            "machine_stood_still": stops.told(),
            "gap_ms": {f"p{s * 100:g}": heard.percentile(s) for s in (0.5, 0.99, 0.999)},
            "clock": media,
            "samples_kB": [memory for _, memory in samples[:: max(1, len(samples) // 60)]],
        }


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Of the straight line with the least squares through these points."""
    n = len(samples)
    mean_x, mean_y = sum(x for x, _ in samples) / n, sum(y for _, y in samples) / n
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0


def _media(server: Server) -> dict[str, float]:
    """What the media clock says of itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http}/status", timeout=5) as page:
        told = json.load(page)["media"]
    return {name: told[name] for name in ("mean_lateness_ms", "worst_lateness_ms")}


def _churn(phones: Phones, seconds: float, heard: Heard | None = None) -> None:
    """Replace the oldest call by a new one, again and again."""
    open_calls: list[Call] = [c for c in phones.calls.values() if c.rtp.fileno() >= 0]
    until, turn = time.perf_counter() + seconds, time.perf_counter()
    while time.perf_counter() < until:
        turn += REPLACED / len(open_calls)
        oldest = open_calls.pop(0)
        phones.hang_up(oldest)
        if heard is not None:
            heard.add(oldest)
        phones.calls.pop(oldest.id, None)
        open_calls.append(phones.place())
        phones.listen(max(0.0, turn - time.perf_counter()))
