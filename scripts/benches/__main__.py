"""One program for all benches: runs one, prints its table, keeps JSON and SVG.

scripts/bench NAME [--out FOLDER] [--seconds S] [--runs N]
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benches.report import keep, table
from benches.server import machine

NAMES = {
    "redirect": "redirects a second of the call router, and their delay at half load",
    "setup": "calls a second of the answering desk, and the delay from INVITE to 200",
    "resolve": "what a decision costs, from memory and without",
    "flood": "what a flood of strangers does to running calls and to known gateways",
    "media": "calls that one core plays to, records, or both",
    "floor": "what the system's calls cost in C: the floor under all of this",
    "turns": "what sending costs while threads work, by how long they may hold the interpreter",
    "soak": "calls for a long time: memory, files, lateness",
    "day": "a day of calls in simulated time: objects, files, timers, memory, hour by hour",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:9} {what}" for name, what in NAMES.items()),
    )  # fmt: skip
    parser.add_argument("name", choices=NAMES, metavar="NAME")
    parser.add_argument("--out", type=Path, help="folder for JSON and SVG")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one run")
    parser.add_argument("--runs", type=int, default=5, help="the median counts")
    given = parser.parse_args()
    bench = import_module(f"benches.{given.name}")
    result = {**bench.run(given.seconds, given.runs), "machine": machine()}
    print(table(given.name, result))
    if given.out is not None:
        keep(given.out, given.name, result)


if __name__ == "__main__":
    main()
