"""Calls by callers who do anything at any time, over all flows: scripts/explore [CALLS] [FLOW …]

CALLS (100,000 unless told) are shared out among the flows and run in simulated time on all
processors. Prints what the calls came to and every fault with the number that tells the story
again (`scripts/explore --story FLOW NUMBER`); exits with 1 when there was one.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count

from tests.calls.flows import test_random_attendants, test_random_callers
from tests.calls.flows.voice_access import test_random_owners
from tests.calls.strange import Stories, explore, explored
from tests.roles import test_random_calls

WORLDS = {
    module.WORLD.name: module.WORLD
    for module in (
        test_random_callers,
        test_random_attendants,
        test_random_owners,
        test_random_calls,
    )
}
CALLS = 100_000
PORTION = 500
"""Calls that a process takes at a time."""


def portion(name: str, first: int, calls: int) -> tuple[str, Stories]:
    """One share of a flow's calls, in a process."""
    return name, explored(WORLDS[name], calls, first)


def gather(names: list[str], calls: int) -> dict[str, Stories]:
    """All of them."""
    shares = [
        (name, first, min(PORTION, calls - first))
        for first in range(0, calls, PORTION)
        for name in names
    ]
    totals = {name: Stories() for name in names}
    with ProcessPoolExecutor(cpu_count()) as pool:
        for name, part in pool.map(portion, *zip(*shares, strict=True)):
            totals[name].merge(part)
            done = sum(total.calls for total in totals.values())
            if sys.stderr.isatty():
                print(f"\r{done:,} of {calls * len(names):,}", end="", file=sys.stderr)
    return totals


def main(arguments: list[str]) -> int:
    """Explore and tell."""
    if arguments[:1] == ["--story"]:
        print(explore(WORLDS[arguments[1]], int(arguments[2])))
        return 0
    calls = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else CALLS
    names = arguments or sorted(WORLDS)
    if unknown := set(names) - WORLDS.keys():
        print(f"no such flow: {', '.join(unknown)}; there are: {', '.join(sorted(WORLDS))}")
        return 2
    began = time.monotonic()
    totals = gather(names, -(-calls // len(names)))
    for name, total in totals.items():
        ends = sorted(total.outcomes.items(), key=lambda item: -item[1])
        print(f"{name}: {total.calls:,} calls, {len(total.heard)} prompts heard")
        print("   " + ", ".join(f"{count:,} {outcome}" for outcome, count in ends))
        if total.faults:
            print(total.words())
    faults = sum(len(total.faults) for total in totals.values())
    print(f"{faults} faults, {time.monotonic() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
