"""Results as text: tables and lists for people, JSON for programs.

Knows: records, columns, widths. Must never know: how results came about. Secrets are never
shown; what came from outside cannot move the cursor.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from umserver.edges.admin.outcome import Outcome, Record
from umserver.edges.admin.view import View, is_list
from umserver.org.columns import to_columns
from umserver.org.declare import declared
from umserver.org.moments import moment

MOST_CELL = 48
"""Characters of one cell of a table that goes to no terminal."""
LEAST_CELL = 12
"""Characters to which a cell is cut to make a table fit."""


def printed(
    outcome: Outcome, records: Sequence[Record], view: View, *, what_if: bool = False
) -> str:
    """What came of a cmdlet in the form that was asked for; ends without a line end."""
    if outcome.done:
        return _done(outcome, view, what_if)
    if view.format == "Json":
        return as_json([plain(record) for record in records])
    if view.format == "Csv":
        return _csv(records)
    if is_list(outcome, view):
        return "\n\n".join(_list(record) for record in records)
    titles, rows = _rows(records, outcome.columns)
    return table(rows, titles, view.width)


def _done(outcome: Outcome, view: View, what_if: bool) -> str:
    if view.format == "Json":
        return as_json({"done": outcome.done, "changed": outcome.changed and not what_if})
    if view.format == "Csv":
        return ""
    if what_if:
        return f"What if: {outcome.done}."
    return outcome.done[:1].upper() + outcome.done[1:] + "."


def as_json(value: object) -> str:
    """JSON that people can read too."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def plain(record: Record) -> dict[str, Any]:
    """A record as JSON values."""
    return {found.key or found.name: _plain(found.value) for found in record}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if not hasattr(type(value), "__attrs_attrs__"):
        return value
    return {s.name: _plain(getattr(value, s.name)) for s in declared(type(value))}


def _csv(records: Sequence[Record]) -> str:
    """A table for spreadsheets: every property, lists joined by semicolons (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if records:
        writer.writerow([found.name for found in records[0]])
    for record in records:
        writer.writerow([_defused(shown(found.value, "; ")) for found in record])
    return out.getvalue().rstrip("\n")


def _defused(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "@") else text


def _rows(
    records: Sequence[Record], columns: Sequence[str]
) -> tuple[Sequence[str], list[list[str]]]:
    """Titles and cells of the table; without columns every property is one."""
    names = columns or [found.name for found in records[0]] if records or columns else []
    rows = []
    for record in records:
        values = {found.name: found for found in record}
        rows.append([shown(values[name].value) if name in values else "" for name in names])
    kept = [n for n, name in enumerate(names) if not records or _is_there(records, name)]
    return [names[n] for n in kept], [[row[n] for n in kept] for row in rows]


def _is_there(records: Sequence[Record], name: str) -> bool:
    return any(found.name == name for record in records for found in record)


def _list(record: Record) -> str:
    """Every property on a line of its own, with its unit."""
    width = max((len(found.name) for found in record), default=0)
    lines = []
    for found in record:
        text = shown(found.value)
        unit = f" {found.unit}" if found.unit and text else ""
        lines.append(f"{found.name:{width}} : {text}{unit}".rstrip())
    return "\n".join(lines)


def shown(value: object, between: str = ", ") -> str:
    """A value as text; objects in a list as their columns."""
    if isinstance(value, tuple | list):
        if value and hasattr(type(value[0]), "__attrs_attrs__"):
            return cell("; ".join(map(to_columns, value)))
        return between.join(shown(item, between) for item in value)
    return cell(value)


def cell(value: object) -> str:
    """One value as text that stays on its line."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, tuple | list):
        return ", ".join(map(cell, value))
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def table(rows: Sequence[Sequence[str]], titles: Sequence[str], width: int = 0) -> str:
    """Columns as wide as they need; where the terminal is narrow, the widest ones are cut."""
    cut = [
        [_cut(text, MOST_CELL if not width else max(width, MOST_CELL)) for text in row]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(titles, *cut, strict=True)]
    while width and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > LEAST_CELL:
        widths[widths.index(max(widths))] -= 1
    lines = [titles, ["-" * min(len(t), w) for t, w in zip(titles, widths, strict=True)], *cut]
    return "\n".join(
        "  ".join(f"{_cut(t, w):{w}}" for t, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def queue_text(entries: Sequence[Mapping[str, Any]], now: float) -> str:
    """The messages on their way: which, since when, and why they wait."""
    if not entries:
        return "No message waits."
    titles = ["Id", "State", "Mailbox", "Kind", "Received", "Tries", "Next try", "Why"]
    rows = [
        [
            cell(entry.get("id")),
            cell(entry.get("state")),
            cell(entry.get("mailbox")),
            cell(entry.get("kind")),
            _moment(entry.get("received")),
            cell(entry.get("attempts")),
            _wait(entry.get("next_try"), now),
            cell(entry.get("why")),
        ]
        for entry in entries
    ]
    return table(rows, titles)


def _moment(value: object) -> str:
    if not isinstance(value, int | float) or not value:
        return ""
    return datetime.fromtimestamp(value).strftime("%Y-%m-%d %H:%M")


def _wait(value: object, now: float) -> str:
    if not isinstance(value, int | float) or not value:
        return ""
    left = value - now
    if left <= 0:
        return "now"
    return f"in {left:.0f} s" if left < 120 else f"in {left / 60:.0f} min"


def status_text(status: Mapping[str, Any], depth: int = 0) -> str:
    """A status as indented lines, groups below their names."""
    lines: list[str] = []
    for name, value in status.items():
        title = "  " * depth + str(name).replace("_", " ")
        if isinstance(value, Mapping):
            lines += [f"{title}:", status_text(value, depth + 1)]
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            lines.append(f"{title}:")
            lines += [f"{'  ' * (depth + 1)}{_one_line(item)}" for item in value]
        else:
            lines.append(f"{title}: {_spoken(name, value)}")
    return "\n".join(line for line in lines if line)


def _spoken(name: object, value: object) -> str:
    """One value for a person: moments as times, yes and no, and a dash where there is nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return moment(str(name), value) or cell(value) or "–"


def _one_line(item: object) -> str:
    if not isinstance(item, Mapping):
        return cell(item)
    return ", ".join(
        f"{str(name).replace('_', ' ')} {_spoken(name, value)}" for name, value in item.items()
    )
