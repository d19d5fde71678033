"""The floor under the media engine: plain send and recv in C, a socket a call (needs `cc`)."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from benches.compiler import build
from benches.server import SERVER_CORE, pin

CALLS = 500
NAMES = ("send_us", "receive_us", "calls_that_are_played_to", "calls_in_both_directions")


def measured(seconds: float, runs: int) -> dict[str, float]:
    """Medians of so many runs. Raises SystemExit without a C compiler."""
    with tempfile.TemporaryDirectory() as folder:
        program = build("floor", Path(folder))
        rows = []
        for _ in range(runs):
            done = subprocess.run(
                [str(program), str(CALLS), str(seconds)], capture_output=True, text=True,
                check=True, preexec_fn=lambda: pin(SERVER_CORE),
            )  # fmt: skip
            rows.append([float(word) for word in done.stdout.split()])
    columns = [sorted(column)[len(rows) // 2] for column in zip(*rows, strict=True)]
    return dict(zip(NAMES, columns, strict=True))


def run(seconds: float, runs: int) -> dict[str, object]:
    """The bench; see the module."""
    result = measured(seconds, runs)
    return {**result, "plot": {name: result[name] for name in NAMES[:2]}}
