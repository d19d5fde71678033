#!/usr/bin/env python3
"""Which numbered features a test proves, read from docstrings: scripts/features.py [--all] [3 9 …]

A test names features as "feature 173", "features 9, 10" or "features 184-189". Prints a table by
chapter; with --all every feature with its tests, with numbers only those. A * marks what
is promised today; the last lines list those of it that no test names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LAST = 204
CHAPTERS = {
    "SIP edge, router, redirect": (1, 31),
    "Call classification": (32, 44),
    "Call answering": (45, 60),
    "Voice, fax, missed mail": (61, 84),
    "Voice access": (85, 120),
    "Auto attendant and prompts": (121, 136),
    "Call answering rules": (137, 145),
    "Outbound, lamps, fax, Play on Phone": (146, 165),
    "Administration": (166, 182),
    "Operation": (183, 204),
}
PROMISED = {
    *range(1, 61), *range(73, 76), *range(85, 94), *range(95, 106), *range(112, 117), 118,
    *range(121, 138), *range(146, 150), *range(151, 156), *range(166, 191), 192, 198, 202, 203,
}  # fmt: skip
"""Calls, the organisation, voice access to voice mail, attendants, lamps, security."""
MENTION = re.compile(
    r"\bfeatures?\s+(\d{1,3}(?:\s*(?:,|and|-|–|to)\s*(?:and\s+)?\d{1,3})*)", re.IGNORECASE
)
PART = re.compile(r"(\d{1,3})(?:\s*(?:-|–|to)\s*(\d{1,3}))?")


def numbers_in(text: str) -> set[int]:
    """The features that a docstring names."""
    found: set[int] = set()
    for mention in MENTION.finditer(text):
        for first, last in PART.findall(mention[1]):
            found.update(range(int(first), int(last or first) + 1))
    return {number for number in found if 1 <= number <= LAST}


def tests() -> Iterator[tuple[str, str]]:
    """Every test with its docstring; those of its class and module do not count."""
    for path in sorted((TOP / "tests").rglob("*.py")):
        module = ".".join(path.relative_to(TOP).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and node.name.startswith("test_"):
                yield f"{module}.{node.name}", ast.get_docstring(node) or ""


def main(arguments: list[str]) -> int:
    """Print what is asked for."""
    proved: dict[int, list[str]] = {}
    for name, docstring in tests():
        for number in numbers_in(docstring):
            proved.setdefault(number, []).append(name)
    wanted = [int(word) for word in arguments if word.isdigit()]
    if wanted or "--all" in arguments:
        for number in wanted or range(1, LAST + 1):
            mark = "*" if number in PROMISED else " "
            print(f"{number:4}{mark} {', '.join(proved.get(number, ['-']))}")
        return 0
    print(f"{'Chapter':38} {'proved':>9} {'of the promised':>17}")
    for title, (first, last) in CHAPTERS.items():
        all_of = range(first, last + 1)
        print(f"{title:38} {_share(all_of, proved):>9} {_share(PROMISED & {*all_of}, proved):>17}")
    print(f"{'all':38} {_share(range(1, LAST + 1), proved):>9} {_share(PROMISED, proved):>17}")
    left = sorted(PROMISED - proved.keys())
    print(f"\nOf the promised no test names: {', '.join(map(str, left)) or 'none'}")
    return 0


def _share(numbers: range | set[int], proved: dict[int, list[str]]) -> str:
    return f"{sum(number in proved for number in numbers)}/{len(numbers)}" if numbers else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
