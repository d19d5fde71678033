"""Calls that one core plays to, records from, or both, in the clear and encrypted.

Each kind runs `scripts/bench_media.py` (engine on one core, all its peers on the other) and is set
beside the floor of the same run: plain send and recv in C. As many calls are open as are promised;
what is recorded lies on the disk and is compared with what was said.
"""

from __future__ import annotations

import json
import subprocess
import sys

from benches.floor import measured
from benches.server import LOAD_CORE, SERVER_CORE

KINDS = {
    "play": (["--modes", "play"], 1500),
    "record": (["--modes", "record"], 2000),
    "record_on_disk": (["--modes", "record", "--disk"], 2000),
    "both": (["--modes", "play+record"], 1200),
    "both_srtp": (["--modes", "play+record", "--srtp", "AES_CM_128_HMAC_SHA1_80"], 600),
}
"""Options, and how many legs are open at the same time."""


def run(seconds: float, runs: int) -> dict[str, object]:
    """One run of each kind; `runs` are those of the floor."""
    floor = measured(1.0, min(runs, 3))
    result: dict[str, object] = {"floor": floor}
    plot: dict[str, float] = {"floor, played to": floor["calls_that_are_played_to"]}
    for name, (options, legs) in KINDS.items():
        figures = _legs(options, legs, max(seconds, 5.0))
        bar = floor["calls_that_are_played_to" if name == "play" else "calls_in_both_directions"]
        if not name.startswith("record"):
            figures["share_of_floor"] = figures["calls_a_core"] / bar
        result[name] = figures
        plot[f"{name}: calls a core"] = figures["calls_a_core"]
    return {**result, "plot": plot}


def _legs(options: list[str], legs: int, seconds: float) -> dict[str, float]:
    script = str(__file__).replace("benches/media.py", "bench_media.py")
    command = [sys.executable, script, str(legs), "--json", "--seconds", str(seconds), *options]
    command += ["--cores", f"{SERVER_CORE},{LOAD_CORE}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout.splitlines()[-1])
    pairs = max(told["sent"], told["heard"], 1)
    micro = 1e6 * told["cpu"] / pairs
    wanted = legs * 50 * told["wall"]
    return {
        "legs": legs,
        "us_a_packet_or_pair": micro,
        "calls_a_core": 1e6 / (50 * micro),
        "processor_share": told["cpu"] / told["wall"],
        "sent_share": told["sent"] / wanted,
        "heard_share": told["heard"] / wanted,
        "late_p50_ms": told["late"][0],
        "late_p99_ms": told["late"][1],
        "arrival_error_p99_ms": told["errors"][1],
        **({"exact_recordings": told["exact"]} if "exact" in told else {}),
    }
