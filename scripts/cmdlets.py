#!/usr/bin/env python3
"""How many of the known commands and parameters `umctl` has: scripts/cmdlets.py [--missing]

The known ones stand in tests/vectors/cmdlets.toml. Exit code 1 when one is missing that does not
wait for something.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from umserver.edges.admin.catalogue import by_name, cmdlets  # noqa: E402
from umserver.edges.admin.cmdlet import Cmdlet  # noqa: E402
from umserver.edges.admin.given import CHANGING, VIEWING  # noqa: E402

KNOWN = TOP / "tests" / "vectors" / "cmdlets.toml"


def names_of(cmdlet: Cmdlet) -> set[str]:
    """Every parameter that it takes, folded."""
    common = VIEWING if cmdlet.shows else CHANGING
    parameters = (*cmdlet.parameters, *common)
    return {name.casefold() for p in parameters for name in (p.name, *p.also)}


def missing(row: dict[str, object], common: list[str]) -> Iterator[str]:
    """The parameters of a known command that ours lacks; all of them when it is not there."""
    wanted = row["parameters"]
    assert isinstance(wanted, list)
    ours = by_name().get(str(row["name"]).casefold())
    have = names_of(ours) if ours is not None else set()
    more = common if ours is not None and not ours.shows else []
    yield from (name for name in [*wanted, *more] if name.casefold() not in have)


def main() -> int:
    """Print the counts by section."""
    document = tomllib.loads(KNOWN.read_text("utf-8"))
    rows, common = document["cmdlet"], document["common"]
    total = done = parameters = present = 0
    lacking: list[str] = []
    waiting: list[str] = []
    print(f"{'Section':8} {'Commands':>9} {'Parameters':>11}")
    for section in dict.fromkeys(row["section"] for row in rows):
        now = [row for row in rows if row["section"] == section and "later" not in row]
        later = [row for row in rows if row["section"] == section and "later" in row]
        waiting += [f"{row['name']} ({row['later']})" for row in later]
        gaps = {row["name"]: list(missing(row, common)) for row in now}
        there = [row for row in now if row["name"].casefold() in by_name()]
        wanted = sum(len(row["parameters"]) for row in now)
        lost = sum(len([p for p in gaps[row["name"]] if p in row["parameters"]]) for row in now)
        lacking += [f"{name} -{p}" for name, gap in gaps.items() for p in gap]
        lacking += [row["name"] for row in now if row not in there]
        print(f"{section:8} {f'{len(there)}/{len(now)}':>9} {f'{wanted - lost}/{wanted}':>11}")
        total, done = total + len(now), done + len(there)
        parameters, present = parameters + wanted, present + wanted - lost
    print(f"{'all':8} {f'{done}/{total}':>9} {f'{present}/{parameters}':>11}")
    ours = [cmdlet.name for cmdlet in cmdlets() if not any(_is(row, cmdlet) for row in rows)]
    print(f"\nWaiting: {', '.join(waiting)}\nBeside these: {', '.join(ours)}")
    if lacking:
        print("Missing: " + ", ".join(lacking))
    return 1 if lacking else 0


def _is(row: dict[str, object], cmdlet: Cmdlet) -> bool:
    return str(row["name"]).casefold() == cmdlet.name.casefold()


if __name__ == "__main__":
    sys.exit(main())
