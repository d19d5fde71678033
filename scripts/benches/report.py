"""What a bench came to: a table for people, JSON to keep, a plot to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, BAR, LEFT = 720, 22, 300


def lines(result: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    """Every figure with its name, nested ones with dots."""
    for name, value in result.items():
        if isinstance(value, Mapping):
            yield from lines(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def shown(value: object) -> str:
    """A figure as people read it."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value)
    return str(value)


def table(name: str, result: Mapping[str, object]) -> str:
    """Name and value, a line each."""
    rows = [(label, shown(value)) for label, value in lines(result)]
    width = max(len(label) for label, _ in rows)
    return "\n".join([name, *(f"  {label:{width}}  {value}" for label, value in rows)])


def bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    """A bar a figure, as SVG."""
    most = max((value for _, value in rows), default=1.0) or 1.0
    height = BAR * (len(rows) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="{BAR - 5}" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (label, value) in enumerate(rows):
        y, length = BAR * (number + 1) + 4, (WIDTH - LEFT - 90) * value / most
        parts += [
            f'<text x="8" y="{y + 13}">{escape(label)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 6}" fill="#3a6ea5"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 13}">{escape(shown(value))}</text>',
        ]
    return "\n".join([*parts, "</svg>\n"])


def keep(folder: Path, name: str, result: Mapping[str, object]) -> None:
    """Write `name.json` and `name.svg` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    plot = result.get("plot")
    if isinstance(plot, Mapping):
        rows = [(str(label), float(value)) for label, value in plot.items()]
        (folder / f"{name}.svg").write_text(bars(name, rows))
