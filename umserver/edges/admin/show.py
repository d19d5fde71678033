"""Results as text: tables and lists for people, JSON for programs.

Knows: declarations, columns, widths. Must never know: how results came about. Secrets are never
shown; what came from outside cannot move the cursor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from umserver.edges.admin.acts import Outcome
from umserver.edges.admin.nouns import Noun
from umserver.org.declare import Kind, declared

MOST_CELL = 48
"""Characters of one cell of a table."""


def outcome_text(outcome: Outcome) -> str:
    """What came of a cmdlet, for people; ends without a line end."""
    if outcome.done:
        return f"What if: {outcome.done}." if outcome.only_said else _sentence(outcome.done)
    if outcome.in_full:
        return "\n\n".join(_list(thing) for thing in outcome.shown)
    titles = [_title(outcome.noun, column) for column in outcome.noun.columns]
    return table(_rows(outcome.noun, outcome.shown), titles)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def outcome_json(outcome: Outcome) -> str:
    """The same for programs: a list of objects with the keys of the TOML form."""
    if outcome.done:
        return as_json({"done": outcome.done, "changed": not outcome.only_said})
    return as_json([plain(thing) for thing in outcome.shown])


def as_json(value: object) -> str:
    """JSON that people can read too."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def plain(thing: Any) -> dict[str, Any]:
    """Every setting of an object as JSON values; secrets left out."""
    return {
        setting.name: _plain(getattr(thing, setting.name))
        for setting in declared(type(thing))
        if not setting.setting.secret
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return plain(value) if hasattr(type(value), "__attrs_attrs__") else value


def _title(noun: Noun, column: str) -> str:
    return next(setting.parameter for setting in noun.settings if setting.name == column)


def _rows(noun: Noun, things: Sequence[Any]) -> list[list[str]]:
    return [[cell(getattr(thing, column)) for column in noun.columns] for thing in things]


def _list(thing: Any) -> str:
    """Every setting on a line of its own, with its unit."""
    lines = []
    settings = [setting for setting in declared(type(thing)) if not setting.setting.secret]
    width = max(len(setting.parameter) for setting in settings)
    for setting in settings:
        value = getattr(thing, setting.name)
        if setting.kind is Kind.OBJECTS:
            shown = "; ".join(",".join(map(str, plain(item).values())) for item in value)
        else:
            shown = cell(value)
        unit = f" {setting.setting.unit}" if setting.setting.unit and shown else ""
        lines.append(f"{setting.parameter:{width}} : {shown}{unit}".rstrip())
    return "\n".join(lines)


def cell(value: object) -> str:
    """One value as text that stays on its line."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, tuple | list):
        return ", ".join(map(cell, value))
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def table(rows: Sequence[Sequence[str]], titles: Sequence[str]) -> str:
    """Columns as wide as they need; long cells are cut."""
    cut = [[_cut(text) for text in row] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(titles, *cut, strict=True)]
    lines = [titles, ["-" * len(title) for title in titles], *cut]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CELL else text[: MOST_CELL - 1] + "…"


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
            lines.append(f"{title}: {cell(value)}".rstrip())
    return "\n".join(line for line in lines if line)


def _one_line(item: object) -> str:
    if not isinstance(item, Mapping):
        return cell(item)
    return ", ".join(f"{name} {cell(value)}" for name, value in item.items())
